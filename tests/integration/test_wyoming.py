"""The Wyoming door on a real server, with the official client, and with bytes that are no protocol at all."""

import asyncio
import json
import sys
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from access_doors import make_keys, settings_in
from grpc_client import free_port
from lingting.api.http.doors import Doors, HttpLimits
from lingting.domain import RecognizeOptions
from lingting.domain.errors import SettingsInvalid
from lingting.engines.fake import FakeEngine
from lingting.server.side_doors import SideDoors
from lingting.settings import Settings, load_settings
from spoken import pcm_of
from wyoming_client import (
    RATE,
    AsyncTcpClient,
    AudioChunk,
    AudioStart,
    AudioStop,
    Describe,
    Error,
    Event,
    Info,
    Ping,
    Pong,
    Transcribe,
    Transcript,
    heard,
    speak,
    told_until,
)

pytestmark = pytest.mark.integration

PATIENCE_SECONDS = 60.0
SILENCE = bytes(32_000)


class Door:
    """A server that speaks Wyoming."""

    def __init__(self, url: str, port: int) -> None:
        self.url, self.port = url, port

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncTcpClient]:
        async with AsyncTcpClient("127.0.0.1", self.port, read_timeout=PATIENCE_SECONDS) as client:
            yield client

    async def metric(self, name: str) -> float:
        async with httpx.AsyncClient(base_url=self.url) as http:
            lines = (await http.get("/metrics")).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    async def becomes(self, name: str, value: float) -> None:
        for _ in range(2_000):
            if await self.metric(name) == value:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} did not become {value}")


def with_wyoming(settings: Settings, **changes: object) -> Settings:
    section = settings.wyoming.model_copy(update={"enabled": True, "port": free_port(), **changes})
    return settings.model_copy(update={"wyoming": section})


@pytest.fixture(scope="module")
def door(open_live) -> Iterator[Door]:
    settings = with_wyoming(load_settings(), max_connections=8)
    with open_live(FakeEngine(), settings) as live:
        yield Door(live.url, settings.wyoming.port)


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    return pcm_of(speech) + SILENCE


async def test_it_says_what_it_serves(door) -> None:
    async with door.client() as client:
        await client.write_event(Describe().event())
        info = Info.from_event((await told_until(client, "info"))[0])
    (program,) = info.asr
    assert (program.name, program.installed, program.supports_transcript_streaming) == ("lingting", True, True)
    assert program.models[0].name == "whisper-base"
    assert {"en", "zh"} <= set(program.models[0].languages)


async def test_several_utterances_go_over_one_connection(door, pcm) -> None:
    texts = []
    async with door.client() as client:
        for language in ("en", "fr", None):
            await client.write_event(Transcribe(language=language).event())
            await speak(client, pcm)
            events = await heard(client)
            kinds = [event.type for event in events]
            assert kinds[0] == "transcript-start"
            assert kinds[-2:] == ["transcript", "transcript-stop"]
            transcript = Transcript.from_event(events[-2])
            chunks = [event.data["text"] for event in events if event.type == "transcript-chunk"]
            assert "".join(chunks) == transcript.text
            assert len(chunks) >= 2
            assert transcript.language == (language or "en")
            texts.append(transcript.text)
    assert len(set(texts)) == 1
    assert "seconds of speech" in texts[0]


def test_the_example_of_the_page_runs(door, pcm, tmp_path, capsys, monkeypatch) -> None:
    page = Path(__file__).parents[2] / "docs" / "wyoming.md"
    code = page.read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        file.writeframes(pcm)
    monkeypatch.setattr(sys, "argv", ["example", "127.0.0.1", str(door.port), str(tmp_path / "a.wav")])
    exec(compile(code, "docs/wyoming.md", "exec"), {"__name__": "__main__"})
    assert "seconds of speech" in capsys.readouterr().out


async def test_a_first_chunk_will_do_for_a_start_and_silence_has_no_text(door) -> None:
    async with door.client() as client:
        await client.write_event(AudioChunk(**RATE, audio=SILENCE).event())
        await client.write_event(AudioStop().event())
        events = await heard(client)
        assert [event.type for event in events] == ["transcript-start", "transcript", "transcript-stop"]
        assert events[1].data["text"] == ""


async def test_pings_are_answered_also_while_somebody_speaks(door, pcm) -> None:
    async with door.client() as client:
        await client.write_event(Event("song", {"verse": 1}))  # dropped, as the protocol has it
        await client.write_event(AudioStart(**RATE).event())
        await client.write_event(AudioChunk(**RATE, audio=pcm[:32_000]).event())
        await client.write_event(Ping(text="there?").event())
        assert Pong.from_event((await told_until(client, "pong"))[-1]).text == "there?"
        await client.write_event(AudioStop().event())
        await heard(client)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([Transcribe(language="klingon").event()], "unsupported_language"),
        ([Transcribe(name="huge").event()], "model_not_found"),
        ([AudioStart(rate=16_000, width=4, channels=1).event()], "unsupported_format"),
        ([AudioStart(rate=96_000, width=2, channels=1).event()], "invalid_option"),
        ([Event("audio-start", {"rate": "fast"})], "invalid_option"),
        ([Event("transcribe", {"transcript_terms": "no list"})], "invalid_option"),
        ([AudioStop().event()], "invalid_message"),
        ([Event("ping", {"text": ["no text"]})], "invalid_message"),
    ],
)
async def test_a_mistake_costs_its_utterance_and_no_more(door, pcm, events, code) -> None:
    async with door.client() as client:
        for event in events:
            await client.write_event(event)
        assert Error.from_event((await told_until(client, "error"))[-1]).code == code
        if events[0].type == "transcribe":
            await speak(client, pcm)
        elif events[0].type == "audio-start":
            await client.write_event(AudioChunk(**RATE, audio=pcm[:3_200]).event())
            await client.write_event(AudioStop().event())
        await client.write_event(Transcribe(language="en").event())
        await speak(client, pcm)
        assert "seconds of speech" in (await heard(client))[-2].data["text"]


async def test_an_utterance_before_the_transcript_of_the_last_is_refused_once(door, pcm) -> None:
    async with door.client() as client:
        await speak(client, pcm)
        await speak(client, pcm)
        await client.write_event(Ping().event())
        events = await told_until(client, "transcript-stop")
        events += [] if any(event.type == "pong" for event in events) else await told_until(client, "pong")
        assert [event.type for event in events].count("error") <= 1
        assert [event.type for event in events].count("transcript") >= 1
        await speak(client, pcm)
        while (events := await told_until(client, "transcript-stop", "error"))[-1].type == "error":
            pass
        assert "seconds of speech" in events[-2].data["text"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET / HTTP/1.1\r\n", "invalid_message"),
        (b"[1]\n", "invalid_message"),
        (b"{}\n", "invalid_message"),
        (b"\xff\xfe\n", "invalid_message"),
        (b'{"type": "ping", "data": []}\n', "invalid_message"),
        (b'{"type": "ping", "data_length": -1}\n', "invalid_message"),
        (b'{"type": "ping", "data_length": "9"}\n', "invalid_message"),
        (b'{"type": "ping", "data_length": 2}\n[]', "invalid_message"),
        (b'{"type": "ping", "data_length": 99999999999}\n', "limit_exceeded"),
        (b'{"type": "audio-chunk", "payload_length": 1048577}\n', "limit_exceeded"),
        (b'{"type": "' + b"a" * 70_000 + b'"}\n', "limit_exceeded"),
    ],
)
async def test_what_is_no_event_ends_the_connection(door, data, code) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    told = json.loads(answer.split(b"\n", 1)[1])
    assert told["code"] == code
    writer.close()


async def test_a_client_that_hangs_up_leaves_nothing(door, pcm) -> None:
    async with door.client() as client:
        await client.write_event(AudioStart(**RATE).event())
        await client.write_event(AudioChunk(**RATE, audio=pcm[:64_000]).event())
        await door.becomes("asr_live_sessions ", 1)
    for gauge in ("asr_live_sessions ", "asr_stream_places ", 'asr_sockets_open{door="wyoming"', "asr_queue_clips"):
        await door.becomes(gauge, 0)


async def test_more_connections_than_may_be_are_refused(door) -> None:
    await door.becomes('asr_sockets_open{door="wyoming"', 0)
    others = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(8)]
    await door.becomes('asr_sockets_open{door="wyoming"', 8)
    async with door.client() as client:
        assert Error.from_event((await told_until(client, "error"))[-1]).code == "overloaded"
        assert await client.read_event() is None
    for _, writer in others:
        writer.close()
    await door.becomes('asr_sockets_open{door="wyoming"', 0)


async def test_a_server_that_stops_tells_those_who_speak(open_live, pcm) -> None:
    settings = with_wyoming(load_settings())
    opened, stop = threading.Event(), threading.Event()

    def serve() -> None:
        with open_live(FakeEngine(), settings):
            opened.set()
            stop.wait(PATIENCE_SECONDS)

    serving = asyncio.create_task(asyncio.to_thread(serve))
    assert await asyncio.to_thread(opened.wait, PATIENCE_SECONDS)
    door = Door("", settings.wyoming.port)
    async with door.client() as speaker, door.client() as idle:
        await speaker.write_event(AudioStart(**RATE).event())
        await speaker.write_event(AudioChunk(**RATE, audio=pcm[:64_000]).event())
        await speaker.write_event(Ping().event())
        await told_until(speaker, "pong")
        stop.set()
        assert Error.from_event((await told_until(speaker, "error"))[-1]).code == "shutting_down"
        assert await idle.read_event() is None
    await serving


@pytest.mark.parametrize(
    ("kind", "code"),
    [(None, "missing_api_key"), ("not stream", "missing_scope"), ("stream", None)],
)
def test_it_acts_under_the_key_that_the_settings_name(open_live, tmp_path, kind, code) -> None:
    settings = settings_in(tmp_path)
    keys, _ = asyncio.run(make_keys(settings))
    file = tmp_path / "wyoming.key"
    file.write_text(f"{keys.get(kind, '')}\n")
    settings = with_wyoming(settings, key_file=file if kind else None)

    async def ask() -> Event:
        async with Door("", settings.wyoming.port).client() as client:
            if code is None:
                await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            return event

    with open_live(FakeEngine(), settings):
        event = asyncio.run(ask())
    assert event.data.get("code") == code
    assert event.type == ("error" if code else "info")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"host": "0.0.0.0"}, "access.networks"),
        ({"key_file": Path("gone.key")}, "cannot be read"),
        ({"host": "203.0.113.1"}, "access.networks"),
    ],
)
async def test_settings_that_cannot_be_stop_the_start(changes, message) -> None:
    doors = SideDoors(with_wyoming(load_settings(), **changes), Doors(HttpLimits(), RecognizeOptions()))
    with pytest.raises(SettingsInvalid, match=message):
        await doors.start()
