"""What a voice loop does with OpenAI's Realtime client, against a server; run as a script, it may be any version.

python openai_talk.py BASE_URL SPEECH_FILE prints a JSON object: the version, and for each check None or what failed.
SPEECH_FILE holds 16-bit samples at 24 kHz: a sentence, and the silence after it.
"""

import asyncio
import base64
import json
import sys
import traceback
from contextlib import asynccontextmanager
from pathlib import Path

import openai
from openai import AsyncOpenAI

__all__ = ["ASKED", "CALLED", "CHECKS", "LEFT", "LONG", "REPLY", "RESULT", "WHAT_IS_LEFT"]

ASKED = "How are you?"
"""What the server's engine hears in any speech."""
REPLY = "Good day to you. What can I do?"
"""What its model answers, except when it is told "Tell me a tale"."""
LONG = "Once upon a time there was a king who had a very long tale to tell. " * 12
WHAT_IS_LEFT, CALLED, RESULT, LEFT = "Is there tea?", ("stock", '{"item": "tea"}'), '{"left": 3}', "There are 3 left."
"""A question for which the model calls a function of the client; what that gives, and the answer then."""
DEADLINE_SECONDS = 60
PIECE_BYTES = 9_600
SECOND_BYTES = 48_000


class Client:
    """One connection, and all that it was told."""

    def __init__(self, connection):
        self.connection = connection
        self.events = []

    async def until(self, kind, which=lambda _: True):
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                event = await self.connection.recv()
                self.events.append(event)
                assert event.type != "error" or kind == "error", event
                if event.type == kind and which(event):
                    return event

    async def update(self, **session):
        await self.connection.session.update(session={"type": "realtime", **session})
        return (await self.until("session.updated")).session

    async def speak(self, pcm):
        for first in range(0, len(pcm), PIECE_BYTES):
            audio = base64.b64encode(pcm[first : first + PIECE_BYTES]).decode()
            await self.connection.input_audio_buffer.append(audio=audio)

    async def write(self, text, role="user"):
        item = {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}
        await self.connection.conversation.item.create(item=item)

    async def refused(self, sending):
        await sending
        return (await self.until("error")).error

    def of(self, kind):
        return [event for event in self.events if event.type == kind]

    def sound(self, response_id):
        deltas = [event.delta for event in self.of("response.output_audio.delta") if event.response_id == response_id]
        return b"".join(base64.b64decode(delta) for delta in deltas)

    def check(self):
        """What holds of every dialog: items in a row, one end for each response, and nothing of it after that."""
        previous = None
        for added in self.of("conversation.item.added"):
            assert added.previous_item_id == previous, added
            previous = added.item.id
        over = set()
        for event in self.events:
            assert getattr(event, "response_id", None) not in over, event
            if event.type == "response.done":
                assert event.response.id not in over
                over.add(event.response.id)
        ids = [event.event_id for event in self.events]
        assert len(set(ids)) == len(ids)


@asynccontextmanager
async def conversation(client, **options):
    options.setdefault("model", "gpt-realtime")
    async with client.realtime.connect(websocket_connection_options={"proxy": None}, **options) as connection:
        talk = Client(connection)
        created = await talk.until("session.created")
        assert created.session.type == "realtime"
        yield talk
        talk.check()


async def a_spoken_question_is_answered_in_sound_and_words(client, speech):
    async with conversation(client) as talk:
        await talk.speak(speech)
        done = (await talk.until("response.done")).response
    assert done.status == "completed"
    (item,) = done.output
    assert item.content[0].transcript == REPLY
    assert "".join(event.delta for event in talk.of("response.output_audio_transcript.delta")) == REPLY
    assert len(talk.sound(done.id)) > SECOND_BYTES
    assert (done.usage.input_tokens, done.usage.output_tokens) == (9, 3)
    (heard,) = talk.of("conversation.item.input_audio_transcription.completed")
    assert heard.transcript == ASKED
    kinds = [event.type for event in talk.events]
    in_order = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    places = [kinds.index(kind) for kind in in_order]
    assert places == sorted(places), kinds


async def words_over_a_reply_cancel_it(client, speech):
    async with conversation(client) as talk:
        await talk.write("Tell me a tale")
        await talk.connection.response.create()
        first = await talk.until("response.output_audio.delta")
        await talk.speak(speech)
        done = (await talk.until("response.done")).response
        assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected"), done
        assert talk.of("input_audio_buffer.speech_started")
        await talk.connection.conversation.item.truncate(item_id=first.item_id, content_index=0, audio_end_ms=100)
        await talk.until("conversation.item.truncated")
        answered = (await talk.until("response.done")).response
    assert (answered.status, answered.output[0].content[0].transcript) == ("completed", REPLY)


async def a_conversation_in_writing_has_no_sound(client, _speech):
    async with conversation(client) as talk:
        session = await talk.update(output_modalities=["text"], instructions="Be a butler.")
        assert (session.output_modalities, session.instructions) == (["text"], "Be a butler.")
        await talk.write("The user is Ada.", role="system")
        await talk.write("Hello.")
        await talk.connection.response.create()
        done = (await talk.until("response.done")).response
        assert done.output[0].content[0].text == REPLY
        assert not talk.of("response.output_audio.delta")
        await talk.write("And once?")
        await talk.connection.response.create(response={"instructions": "Be a parrot."})
        await talk.until("response.done")
        await talk.write("And again?")
        await talk.connection.response.create()
        await talk.until("response.done")


async def a_client_that_commits_says_when_it_wants_a_response(client, speech):
    async with conversation(client) as talk:
        await talk.update(audio={"input": {"turn_detection": None}})
        await talk.speak(speech)
        await talk.connection.input_audio_buffer.commit()
        await talk.connection.response.create()
        done = (await talk.until("response.done")).response
        assert done.output[0].content[0].transcript == REPLY
        assert not talk.of("input_audio_buffer.speech_started")
        error = await talk.refused(talk.connection.response.create(event_id="again"))
    assert (error.code, error.event_id) == ("invalid_message", "again")


async def a_response_can_be_cancelled(client, _speech):
    async with conversation(client) as talk:
        await talk.write("Tell me a tale")
        await talk.connection.response.create()
        await talk.until("response.output_audio.delta")
        error = await talk.refused(talk.connection.response.create())
        assert error.code == "conversation_already_has_active_response"
        await talk.connection.response.cancel()
        done = (await talk.until("response.done")).response
        assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
        error = await talk.refused(talk.connection.response.cancel())
        assert error.code == "response_cancel_not_active"
        await talk.write("Hello.")
        await talk.connection.response.create()
        assert (await talk.until("response.done")).response.status == "completed"


async def telephone_sound_comes_as_wished(client, _speech):
    async with conversation(client) as talk:
        session = await talk.update(audio={"output": {"format": {"type": "audio/pcmu"}, "speed": 1.25}})
        assert (session.audio.output.format.type, session.audio.output.speed) == ("audio/pcmu", 1.25)
        await talk.write("Hello.")
        await talk.connection.response.create()
        done = (await talk.until("response.done")).response
    expected_bytes = 8_000 * len(REPLY) * 0.05 / 1.25
    assert 0.7 * expected_bytes < len(talk.sound(done.id)) < 1.3 * expected_bytes


async def turns_are_noticed_and_not_answered_where_that_is_wished(client, speech):
    async with conversation(client) as talk:
        await talk.update(audio={"input": {"turn_detection": {"type": "semantic_vad", "create_response": False}}})
        await talk.speak(speech)
        await talk.until("conversation.item.input_audio_transcription.completed")
        assert not talk.of("response.created")
        await talk.connection.response.create()
        assert (await talk.until("response.done")).response.output[0].content[0].transcript == REPLY


async def a_client_secret_opens_a_conversation_with_its_options(client, _speech):
    session = {"type": "realtime", "instructions": "Be a porter.", "output_modalities": ["text"]}
    made = await client.realtime.client_secrets.create(session=session)
    assert made.session.type == "realtime"
    async with (
        AsyncOpenAI(base_url=client.base_url, api_key=made.value) as page,
        page.realtime.connect(websocket_connection_options={"proxy": None}) as connection,
    ):
        created = await Client(connection).until("session.created")
    assert (created.session.type, created.session.instructions) == ("realtime", "Be a porter.")


async def a_function_of_the_client_is_called_and_the_reply_goes_on_with_its_result(client, _speech):
    parameters = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}
    stock = {"type": "function", "name": "stock", "description": "How many are left.", "parameters": parameters}
    async with conversation(client) as talk:
        session = await talk.update(tools=[stock])
        assert (session.tools[0].name, session.tool_choice) == ("stock", "auto")
        await talk.write(WHAT_IS_LEFT)
        await talk.connection.response.create()
        done = (await talk.until("response.done")).response
        (call,) = done.output
        assert (done.status, call.type, call.name, call.arguments) == ("completed", "function_call", *CALLED)
        (told,) = talk.of("response.function_call_arguments.done")
        assert (told.call_id, told.arguments) == (call.call_id, call.arguments)
        output = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
        await talk.connection.conversation.item.create(item=output)
        await talk.connection.response.create()
        done = (await talk.until("response.done")).response
        assert (done.status, done.output[0].content[0].transcript) == ("completed", LEFT)
        assert talk.sound(done.id)
        await talk.connection.conversation.item.create(item=output)  # late, and no harm
        error = await talk.refused(
            talk.connection.conversation.item.create(item={**output, "call_id": "call_of_nobody"})
        )
        assert error.param == "item.call_id"


async def what_is_not_offered_is_refused_by_name(client, _speech):
    async with conversation(client) as talk:
        for session, param in (
            ({"tools": [{"type": "mcp", "server_label": "s"}]}, "session.tools[0].type"),
            ({"tools": [{"type": "function", "name": "two words"}]}, "session.tools[0].name"),
            ({"tool_choice": "required"}, "session.tool_choice"),
            ({"audio": {"output": {"voice": "nobody"}}}, None),
            ({"audio": {"output": {"speed": 9}}}, "session.audio.output.speed"),
        ):
            error = await talk.refused(talk.connection.session.update(session={"type": "realtime", **session}))
            assert param is None or error.param == param, error
        error = await talk.refused(talk.connection.response.create(response={"conversation": "none"}))
        assert error.param == "response.conversation"
        error = await talk.refused(talk.connection.conversation.item.delete(item_id="x", event_id="mine"))
        assert (error.code, error.event_id) == ("invalid_message", "mine")
        session = await talk.update()
        assert session.audio.output.voice == "auto"


CHECKS = (
    a_spoken_question_is_answered_in_sound_and_words,
    words_over_a_reply_cancel_it,
    a_conversation_in_writing_has_no_sound,
    a_client_that_commits_says_when_it_wants_a_response,
    a_response_can_be_cancelled,
    telephone_sound_comes_as_wished,
    turns_are_noticed_and_not_answered_where_that_is_wished,
    a_client_secret_opens_a_conversation_with_its_options,
    a_function_of_the_client_is_called_and_the_reply_goes_on_with_its_result,
    what_is_not_offered_is_refused_by_name,
)


async def main(base_url: str, speech_file: str) -> None:
    results = {}
    speech = await asyncio.to_thread(Path(speech_file).read_bytes)
    async with AsyncOpenAI(base_url=base_url, api_key="any") as client:
        for check in CHECKS:
            try:
                await check(client, speech)
                results[check.__name__] = None
            except Exception:  # noqa: BLE001 - the report says what it was
                results[check.__name__] = traceback.format_exc()
    print(json.dumps({"version": openai.__version__, "results": results}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
