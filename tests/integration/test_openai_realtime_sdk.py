"""OpenAI's Realtime API over a real server, with the official client, real speech and a scripted engine."""

import asyncio
import base64
import contextlib
import io
import json

import av
import httpx
import openai
import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

FORMATS = {
    "pcm-24000": ({"type": "audio/pcm", "rate": 24_000}, "pcm_s16le", 24_000),
    "pcm-16000": ({"type": "audio/pcm", "rate": 16_000}, "pcm_s16le", 16_000),
    "pcm-8000": ({"type": "audio/pcm", "rate": 8_000}, "pcm_s16le", 8_000),
    "pcmu": ({"type": "audio/pcmu"}, "pcm_mulaw", 8_000),
    "pcma": ({"type": "audio/pcma"}, "pcm_alaw", 8_000),
}
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()  # noqa: SIM905
DEADLINE_SECONDS = 30.0
SPEECH_ENDS_MS = 7_000
"""The last sentence of the sample, and no other, ends after this."""
COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"
ADDED, DONE = "conversation.item.added", "conversation.item.done"
COMMITTED, STOPPED = "input_audio_buffer.committed", "input_audio_buffer.speech_stopped"


def two_words_a_second(clip):
    """Drafts and finals that agree on the words, and not on how they are written."""
    words = WORDS[: max(1, int(clip.audio.duration_seconds * 2))]
    return " ".join(words) if clip.options.beam_size == 1 else f"{', '.join(words).capitalize()}."


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(FakeEngine(two_words_a_second)) as running:
        yield running


def encoded(speech: bytes, codec: str, rate_hz: int) -> bytes:
    """The sample as headerless audio, with a second of silence behind it."""
    made = io.BytesIO()
    container = {"pcm_s16le": "s16le", "pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}[codec]
    with av.open(io.BytesIO(speech)) as source, av.open(made, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate_hz, layout="mono")
        resampler = av.AudioResampler("s16", "mono", rate_hz)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        for part in resampler.resample(None):
            target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    silence = {"pcm_s16le": bytes(2 * rate_hz), "pcm_mulaw": b"\xff" * rate_hz, "pcm_alaw": b"\xd5" * rate_hz}
    return made.getvalue() + silence[codec]


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    return encoded(speech, "pcm_s16le", 24_000)


class Dialog:
    """One connection of the official client, and all that it was told."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.events: list = []

    async def hear(self, until: str):
        """The next event of the type."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                event = await self.connection.recv()
                self.events.append(event)
                assert event.type != "error" or until == "error", event
                if event.type == until:
                    return event

    async def hear_of_all_speech(self) -> None:
        while (await self.hear(STOPPED)).audio_end_ms < SPEECH_ENDS_MS:
            pass
        while len(self.of(COMPLETED)) < len(self.of(STOPPED)):
            await self.hear(COMPLETED)

    async def send(self, data: bytes, *, piece_bytes: int = 24_000) -> None:
        for first in range(0, len(data), piece_bytes):
            audio = base64.b64encode(data[first : first + piece_bytes]).decode()
            await self.connection.input_audio_buffer.append(audio=audio)

    async def update(self, **audio_input) -> None:
        await self.connection.session.update(session={"type": "transcription", "audio": {"input": audio_input}})
        await self.hear("session.updated")

    def of(self, kind: str) -> list:
        return [event for event in self.events if event.type == kind]

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def has_live_deltas(self) -> bool:
        """Whether text of an item came before it was committed."""
        return bool({event.item_id for event in self.of(DELTA)} - {event.item_id for event in self.of(COMMITTED)})

    def deltas(self, item_id: str) -> str:
        return "".join(event.delta for event in self.of(DELTA) if event.item_id == item_id)

    def check(self) -> None:
        """What holds of every dialog."""
        ids = [event.event_id for event in self.events]
        assert len(set(ids)) == len(ids)
        for done in self.of(COMPLETED):
            assert done.transcript == self.deltas(done.item_id)
            assert done.usage.type == "duration"
        previous = None
        for added in self.of(ADDED):
            assert added.previous_item_id == previous
            previous = added.item.id


@contextlib.asynccontextmanager
async def dialog(live, *, key: str = "none", **options):
    async with (
        AsyncOpenAI(base_url=f"{live.url}/v1", api_key=key) as client,
        client.realtime.connect(websocket_connection_options={"proxy": None}, **options) as connection,
    ):
        talk = Dialog(connection)
        yield talk
        talk.check()


@pytest.mark.parametrize(
    "options",
    [{}, {"model": "whisper-1"}, {"extra_query": {"intent": "transcription"}}],
    ids=["bare", "model", "intent"],
)
async def test_a_client_is_greeted_however_it_names_what_it_wants(live, options) -> None:
    async with dialog(live, **options) as talk:
        created = await talk.hear("session.created")
        assert created.session.type == "transcription"
        assert created.session.audio.input.turn_detection.type == "server_vad"
        assert created.session.audio.input.format.rate == 24_000


async def test_each_turn_is_an_item_whose_text_comes_while_it_is_spoken(live, pcm) -> None:
    async with dialog(live, extra_query={"intent": "transcription"}) as talk:
        pieces = [pcm[first : first + 12_000] for first in range(0, len(pcm), 12_000)]
        while pieces and not talk.has_live_deltas:
            await talk.send(pieces.pop(0))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await talk.hear(DELTA)
        assert talk.has_live_deltas
        await talk.send(b"".join(pieces))
        await talk.hear_of_all_speech()
        starts = talk.of("input_audio_buffer.speech_started")
        assert [event.item_id for event in starts] == [event.item_id for event in talk.of(COMPLETED)]
        assert all(event.transcript for event in talk.of(COMPLETED))


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_is_heard(live, speech, name) -> None:
    fmt, codec, rate_hz = FORMATS[name]
    async with dialog(live) as talk:
        await talk.update(format=fmt, turn_detection={"type": "server_vad", "silence_duration_ms": 700})
        await talk.send(encoded(speech, codec, rate_hz))
        await talk.hear_of_all_speech()
        assert talk.of(STOPPED)[-1].audio_end_ms < 9_000


async def test_a_client_that_commits_gets_one_item_for_all_it_sent(live, pcm) -> None:
    async with dialog(live) as talk:
        await talk.update(turn_detection=None)
        await talk.send(pcm)
        await talk.connection.input_audio_buffer.commit()
        done = await talk.hear(COMPLETED)
        assert [kind for kind in talk.kinds if kind.startswith("input_audio_buffer.")] == [COMMITTED]
        assert {event.item.id for event in talk.of(DONE)} == {done.item_id}
        assert done.transcript.startswith("One")
        assert done.usage.seconds == pytest.approx(len(pcm) / 48_000, abs=0.1)
        await talk.connection.input_audio_buffer.commit()
        error = await talk.hear("error")
        assert error.error.code == "input_audio_buffer_commit_empty"
        await talk.send(pcm[:48_000])
        await talk.connection.input_audio_buffer.clear()
        await talk.hear("input_audio_buffer.cleared")
        await talk.send(bytes(48_000))
        await talk.connection.input_audio_buffer.commit()
        assert (await talk.hear(COMPLETED)).transcript == ""


async def test_mistakes_are_told_with_the_clients_own_id_and_forgiven(live, pcm) -> None:
    async with dialog(live) as talk:
        await talk.connection.send_raw("no json")
        assert (await talk.hear("error")).error.code == "invalid_message"
        await talk.connection.send({"type": "response.create", "event_id": "mine"})
        assert (await talk.hear("error")).error.event_id == "mine"
        await talk.connection.input_audio_buffer.append(audio="%%%", event_id="mine too")
        assert (await talk.hear("error")).error.event_id == "mine too"
        await talk.connection.session.update(session={"type": "realtime"})
        assert (await talk.hear("error")).error.code == "wrong_state"
        await talk.connection.session.update(
            session={"type": "transcription", "audio": {"input": {"transcription": {"language": "klingon"}}}}
        )
        assert (await talk.hear("error")).error.code == "unsupported_language"
        await talk.send(pcm)
        await talk.hear(COMPLETED)
        await talk.connection.session.update(
            session={"type": "transcription", "audio": {"input": {"format": {"type": "audio/pcmu"}}}}
        )
        assert (await talk.hear("error")).error.param == "session.audio.input.format"


async def test_an_unknown_model_is_told_and_the_connection_closed_for_good(live) -> None:
    async with dialog(live, model="gpt-9") as talk:
        assert (await talk.hear("error")).error.code == "model_not_found"
        with pytest.raises(ConnectionClosed) as closed:
            await talk.connection.recv()
        assert closed.value.rcvd.code == 1008


async def test_a_conversation_without_a_language_model_is_refused_for_good(live) -> None:
    async with dialog(live, model="gpt-realtime") as talk:
        error = (await talk.hear("error")).error
        assert (error.code, "chat" in error.message) == ("wrong_state", True)
        with pytest.raises(ConnectionClosed) as closed:
            await talk.connection.recv()
        assert closed.value.rcvd.code == 1008


async def test_a_client_secret_opens_sessions_with_its_options(live) -> None:
    async with AsyncOpenAI(base_url=f"{live.url}/v1", api_key="none") as client:
        made = await client.realtime.client_secrets.create(
            expires_after={"anchor": "created_at", "seconds": 60},
            session={
                "type": "transcription",
                "audio": {"input": {"transcription": {"language": "zh"}, "turn_detection": None}},
            },
        )
    assert made.value.startswith("ek_")
    assert made.session.type == "transcription"
    assert made.session.audio.input.transcription.language == "zh"
    for _ in range(2):
        async with dialog(live, key=made.value) as talk:
            created = await talk.hear("session.created")
            assert created.session.audio.input.transcription.language == "zh"
            assert created.session.audio.input.turn_detection is None
    browser = ["realtime", f"openai-insecure-api-key.{made.value}"]
    async with connect(f"ws://127.0.0.1:{live.port}/v1/realtime", proxy=None, subprotocols=browser) as socket:
        assert socket.subprotocol == "realtime"
        created = json.loads(await socket.recv())
        assert created["session"]["audio"]["input"]["transcription"]["language"] == "zh"


async def test_a_client_secret_that_nobody_made_is_refused_before_the_socket_opens(live) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with dialog(live, key="ek_nobody"):
            pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_after": {"seconds": 5}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "expires_after.anchor"),
        ({"expires_after": 5}, "expires_after"),
        ({"session": {"type": "conversation"}}, "session.type"),
    ],
)
async def test_a_secret_that_cannot_be_is_refused_in_openais_shape(live, body, param) -> None:
    async with AsyncOpenAI(base_url=f"{live.url}/v1", api_key="none", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.realtime.client_secrets.create(**body)
    assert (refused.value.code, refused.value.param) == ("invalid_option", param)


async def test_an_older_client_gets_its_key_and_its_names(live, pcm) -> None:
    async with httpx.AsyncClient(base_url=live.url) as client:
        answer = await client.post(
            "/v1/realtime/transcription_sessions",
            json={"input_audio_transcription": {"model": "whisper-1", "language": "en"}},
        )
    assert answer.json()["input_audio_transcription"]["language"] == "en"
    key = answer.json()["client_secret"]["value"]
    offered = ["realtime", f"openai-insecure-api-key.{key}", "openai-beta.realtime-v1"]
    async with connect(f"ws://127.0.0.1:{live.port}/v1/realtime", proxy=None, subprotocols=offered) as socket:
        created = json.loads(await socket.recv())
        assert created["type"] == "transcription_session.created"
        assert created["session"]["input_audio_transcription"]["language"] == "en"
        await socket.send(json.dumps({"type": "transcription_session.update", "session": {"turn_detection": None}}))
        assert json.loads(await socket.recv())["session"]["turn_detection"] is None
        audio = base64.b64encode(pcm[:240_000]).decode()
        await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
        await socket.send(json.dumps({"type": "input_audio_buffer.commit"}))
        kinds = []
        async with asyncio.timeout(DEADLINE_SECONDS):
            while COMPLETED not in kinds:
                kinds.append(json.loads(await socket.recv())["type"])
        assert "conversation.item.created" in kinds
        assert not {ADDED, DONE} & set(kinds)
