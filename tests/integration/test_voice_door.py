"""Spoken conversations over a real server: scripted engine and model, voices of tones, real voice detection."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chat_stream import calling
from lingting.client import ReplyCalls, ReplyEnded, ReplySound, ReplyText, TalkEnded, talk
from lingting.engines.fake import FakeEngine
from model_server import messages_of, model_in_a_thread, talking_settings
from raw_server import RawServer
from spoken import pcm_of
from voice_client import to_its_end, voice_client

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[2] / "docs" / "voice.md"
SILENCE = bytes(48_000)
REPLY = ("Good ", "day to you. ", "What can I do?")


@pytest.fixture(scope="module")
def sentence(speech: bytes) -> bytes:
    """Two seconds of real speech, and the silence that ends it."""
    return pcm_of(speech)[: 2 * 32_000] + SILENCE


@dataclass
class House:
    """A server that talks, and its model's."""

    port: int
    model: RawServer


def answered(said: str) -> Sequence[str] | bytes:
    if "tea" in said:
        return calling(("c1", "stock", '{"item": "tea"}'))
    return ["There are 3 left."] if "left" in said else ["好的。"] if "空调" in said else REPLY


@contextmanager
def opened(open_live, **settings: object) -> Iterator[House]:
    with (
        model_in_a_thread(answered) as model,
        open_live(FakeEngine(lambda _: "How are you?"), talking_settings(model.port, **settings)) as live,
    ):
        yield House(live.port, model)


@pytest.fixture(scope="module")
def house(open_live) -> Iterator[House]:
    with opened(open_live) as running:
        yield running


@pytest.fixture
def client_of(house):
    house.model.requests.clear()
    return lambda: voice_client(house.port)


async def test_what_is_said_is_answered_in_words_and_in_sound(house, client_of, sentence) -> None:
    async with client_of() as client:
        ready = await client.begin(language="en")
        assert ready["conversation"]
        assert ready["reply_audio"] == {"encoding": "LINEAR16", "sample_rate": 24_000, "channels": 1}
        await client.speak(sentence)
        ended = await client.until("REPLY_ENDED")
        await client.send("END")
        await client.until("END")
        await client.socket.wait_closed()
        assert client.socket.close_code == 1000
    assert [message["transcript"] for message in client.of("FINAL")] == ["How are you?"]
    assert client.of("REPLY_STARTED")[0]["asked"] == "How are you?"
    assert client.reply_text(1) == "Good day to you. What can I do?"
    assert len(client.reply_samples(1)) / 24_000 == pytest.approx(len(client.reply_text(1)) * 0.05, rel=0.2)
    assert (ended["heard"], ended["cut"], ended["conversation"]) == (client.reply_text(1), False, ready["conversation"])
    times = ended["timings"]
    assert times["final_ms"] <= times["asked_ms"] <= times["first_token_ms"] <= times["first_audio_ms"]
    assert [message["reason"] for message in client.of("TALK_ENDED")] == ["hung_up"]


async def test_a_message_in_writing_goes_on_with_a_conversation_on_another_connection(house, client_of) -> None:
    async with client_of() as client:
        ready = await client.begin(speak=False)
        await client.send("TEXT", text="Hello.")
        await client.until("REPLY_ENDED")
    async with client_of() as client:
        again = await client.begin(speak=False, conversation=ready["conversation"])
        assert again["conversation"] == ready["conversation"]
        await client.send("TEXT", text="And now?")
        await client.until("REPLY_ENDED")
        assert not client.of("REPLY_AUDIO")
    said = [message["content"] for message in messages_of(house.model.requests[1])[1:]]
    assert said == ["Hello.", "Good day to you. What can I do?", "And now?"]


async def test_a_client_that_ends_turns_itself_asks_with_all_that_was_said(house, client_of, sentence) -> None:
    async with client_of() as client:
        await client.begin(language="en", turns="manual")
        await client.speak(sentence + sentence[:40_000])
        await client.send("TURN_END")
        await client.until("REPLY_ENDED")
    assert client.of("REPLY_STARTED")[0]["asked"] == "How are you? How are you?"
    assert len(house.model.requests) == 1


async def test_the_client_of_the_house_talks(house, sentence) -> None:
    async with talk(f"ws://127.0.0.1:{house.port}", language="en") as bot:
        await bot.send(sentence)
        events = await to_its_end(bot)
    texts = [event.text for event in events if isinstance(event, ReplyText)]
    assert "".join(texts) == "".join(REPLY)
    assert [event.heard for event in events if isinstance(event, ReplyEnded)] == ["".join(REPLY)]
    assert sum(len(event.samples) for event in events if isinstance(event, ReplySound)) > 24_000
    assert events[-1] == TalkEnded("hung_up")


async def test_the_client_of_the_house_does_what_the_model_calls(house) -> None:
    function = {"name": "stock", "description": "How many are left.", "parameters": {"type": "object"}}
    async with talk(f"ws://127.0.0.1:{house.port}", language="en", functions=[function]) as bot:
        await bot.say("Is there tea?")
        events = []
        async for event in bot:
            events.append(event)
            if isinstance(event, ReplyCalls):
                await bot.results({call.id: '{"left": 3}' for call in event.calls})
            elif isinstance(event, ReplyEnded):
                break
    (asked,) = [event for event in events if isinstance(event, ReplyCalls)]
    assert [(call.name, call.arguments) for call in asked.calls] == [("stock", '{"item": "tea"}')]
    assert event.heard == "There are 3 left."


async def test_the_sample_of_the_page_runs(house, sentence, tmp_path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script, question, answer = (tmp_path / name for name in ("sample.py", "question.wav", "answer.wav"))
    script.write_text(code.replace("ws://127.0.0.1:8000", f"ws://127.0.0.1:{house.port}"), encoding="utf-8")
    with wave.open(str(question), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sentence)
    command = (sys.executable, str(script), str(question), str(answer))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=os.environ | {"NO_PROXY": "*"}
    )
    output, _ = await process.communicate()
    said = [line.split(" ", 1) for line in output.decode().splitlines()]
    assert said[0] == ["FINAL", "How are you?"]
    assert "".join(text for kind, text in said if kind == "REPLY_TEXT").replace(" ", "") == "".join(REPLY).replace(
        " ", ""
    )
    with wave.open(str(answer)) as file:
        assert file.getnframes() > 24_000


async def test_a_command_is_told_with_the_reply(house, client_of) -> None:
    async with client_of() as client:
        await client.begin(intents="car", language="zh")
        await client.send("TEXT", text="把空调调到二十六度")
        started = await client.until("REPLY_STARTED")
        await client.until("REPLY_ENDED")
    assert started["command"]["pack"] == "car"
    assert started["command"]["intent"] in messages_of(house.model.requests[0])[0]["content"]


async def test_the_bot_says_goodbye_and_closes_when_nobody_speaks(open_live) -> None:
    with opened(open_live, no_input_seconds=0.2, max_no_inputs=0) as house:
        async with voice_client(house.port) as client:
            await client.begin(language="en", speak=False)
            ended = await client.until("TALK_ENDED")
            await client.socket.wait_closed()
            assert client.socket.close_code == 1000
    assert ended["reason"] == "no_input"
    assert client.of("REPLY_STARTED")[-1]["kind"] == "fixed"


@pytest.mark.parametrize(
    ("config", "code", "param"),
    [
        ({"voice": "nobody"}, "voice_not_found", "voice"),
        ({"speed": 9}, "invalid_option", "speed"),
        ({"conversation": "gone"}, "record_not_found", None),
        ({"intents": "nothing"}, "invalid_option", "intents"),
        ({"publish": True}, "invalid_option", "publish"),
        ({"reply_encoding": "speex"}, "unsupported_format", "reply_encoding"),
        ({"functions": [{"name": "two words"}]}, "invalid_option", "functions[0].name"),
    ],
)
async def test_what_cannot_be_had_is_refused_at_once(client_of, config, code, param) -> None:
    async with client_of() as client:
        refused = await client.begin(**config)
        assert (refused["code"], refused["param"]) == (code, param)
        assert (await client.begin())["type"] == "READY"


async def test_without_a_model_or_a_voice_the_refusal_says_what_to_do(open_live, live) -> None:
    async with voice_client(live.port) as client:
        refused = await client.begin()
        assert (refused["code"], "chat" in refused["message"]) == ("wrong_state", True)
    with opened(open_live, engines=()) as house:
        async with voice_client(house.port) as client:
            refused = await client.begin()
            assert (refused["code"], "pip install" in refused["message"]) == ("voice_not_found", True)
            assert (await client.begin(speak=False))["type"] == "READY"


async def test_a_key_without_tokens_is_told_before_it_speaks(open_live) -> None:
    with opened(open_live, chat={"tokens_per_day": 1}) as house:
        async with voice_client(house.port) as client:
            await client.begin(speak=False)
            await client.send("TEXT", text="Hello.")
            await client.until("REPLY_ENDED")
        async with voice_client(house.port) as client:
            refused = await client.begin(speak=False)
            await client.socket.wait_closed()
            assert (client.socket.close_code, client.socket.close_reason) == (1008, "quota_exceeded")
    assert (refused["code"], refused["retry_after_ms"] > 0) == ("quota_exceeded", True)
