"""The Python client over real sockets: a real server with a scripted engine, and connections that are cut."""

import asyncio
import json
import random
import re
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from test_ws_native import PIECE_BYTES, SILENCE, samples_of
from websockets.asyncio.server import ServerConnection, serve

from cut_line import relay
from lingting.client import (
    Committed,
    Disconnected,
    Ended,
    Final,
    Ready,
    RetryPolicy,
    ServerError,
    ServerUnreachable,
    SessionRestarted,
    SpeechStarted,
    connect,
)
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
HASTY = RetryPolicy(first_seconds=0.01, max_seconds=0.05, give_up_seconds=20.0)


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    """Several sentences, 16 kHz s16le, with pauses that end them."""
    once = samples_of(speech, rate_hz=16_000, layout="mono", kind="s16")
    return once + SILENCE + once + SILENCE


async def speak(stream, data: bytes) -> None:
    for first in range(0, len(data), PIECE_BYTES):
        await stream.send(data[first : first + PIECE_BYTES])


async def said(url: str, data: bytes, **config) -> list:
    async with connect(url, **config) as stream:
        await speak(stream, data)
        await stream.finish()
        return [event async for event in stream]


def finals(events: list) -> list[tuple[int, float, float, str]]:
    return [(e.segment, e.start_seconds, e.end_seconds, e.text) for e in events if isinstance(e, Final)]


@pytest.fixture(scope="module")
def plain(live, pcm) -> list:
    return asyncio.run(said(live.url, pcm))


async def test_speech_becomes_events(plain, pcm) -> None:
    assert isinstance(plain[0], Ready)
    assert any(isinstance(event, SpeechStarted) for event in plain)
    assert len(finals(plain)) >= 2
    assert plain[-1] == Ended(" ".join(text for *_, text in finals(plain)), len(pcm) / 32_000)
    assert all(event.words[0].text and event.words[1].text[0] == " " for event in plain if isinstance(event, Final))


async def test_samples_are_heard_like_bytes(live, plain, pcm) -> None:
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32_767
    async with connect(live.url) as stream:
        await stream.send(samples)
        await stream.finish()
        assert finals([event async for event in stream]) == finals(plain)


async def test_without_acknowledgements_it_is_the_same(live, plain, pcm) -> None:
    assert finals(await said(live.url, pcm, ack=False)) == finals(plain)


async def test_a_commit_is_answered(live, pcm) -> None:
    async with connect(live.url) as stream:
        await speak(stream, pcm)
        await stream.commit()
        await stream.finish()
        assert [event.number async for event in stream if isinstance(event, Committed)] == [1]


@pytest.mark.parametrize("ack", [True, False])
async def test_connections_that_are_cut_change_nothing(live, plain, pcm, ack) -> None:
    """Somewhere in a message, with audio and answers on the way."""
    chance = random.Random(1)
    after_bytes = [chance.randrange(40_000, 120_000) for _ in range(12)]
    async with (
        relay(live.port, after_bytes) as (cuts, port),
        connect(f"ws://127.0.0.1:{port}", retry=HASTY, ack=ack) as stream,
    ):
        await speak(stream, pcm)
        await stream.finish()
        events = [event async for event in stream]
    assert cuts.connections > 5
    assert any(isinstance(event, Disconnected) for event in events)
    assert not any(isinstance(event, SessionRestarted) for event in events)
    assert finals(events) == finals(plain)
    assert events[-1] == plain[-1]


async def test_a_server_that_was_started_anew_hears_again_what_was_not_final(open_live, plain, pcm) -> None:
    """The second server knows nothing of the first one's session."""
    with open_live(FakeEngine()) as first, open_live(FakeEngine()) as second:
        async with relay(first.port) as (cuts, port), connect(f"ws://127.0.0.1:{port}", retry=HASTY) as stream:
            await speak(stream, pcm[: len(pcm) // 2])
            events = []
            while not any(isinstance(event, Final) for event in events):
                events.append(await anext(stream))
            cuts.target = second.port
            cuts.cut()
            await speak(stream, pcm[len(pcm) // 2 :])
            await stream.finish()
            events += [event async for event in stream]
    assert any(isinstance(event, SessionRestarted) for event in events)
    numbers = [number for number, *_ in finals(events)]
    assert numbers == list(range(1, len(numbers) + 1))
    starts = [start for _, start, *_ in finals(events)]
    assert starts == sorted(starts)
    assert starts == pytest.approx([start for _, start, *_ in finals(plain)], abs=0.1)
    assert events[-1].audio_seconds == pytest.approx(len(pcm) / 32_000, abs=0.01)


async def test_options_that_are_wrong_are_told_with_their_name(live) -> None:
    with pytest.raises(ServerError) as caught:
        await said(live.url, b"", language="xx")
    assert (caught.value.code, caught.value.param) == ("unsupported_language", "language")


async def test_options_that_are_unknown_are_named(live) -> None:
    events = await said(live.url, b"", colour="blue")
    assert events[0].ignored == ("colour",)


async def test_an_address_that_is_not_ours_is_told(live) -> None:
    with pytest.raises(ServerError) as caught:
        await said(f"{live.url}/somewhere", b"")
    assert caught.value.code in {"not_found", "http_403", "http_404"}


async def test_nobody_there_is_told() -> None:
    async with relay(1) as (_, port):
        pass
    with pytest.raises(ServerUnreachable):
        await said(f"ws://127.0.0.1:{port}", b"")


async def test_the_key_goes_with_the_handshake() -> None:
    """A small server of the test's own, for ours asks for none."""
    seen = []

    async def answer(connection: ServerConnection) -> None:
        seen.append(connection.request.headers.get("Authorization"))
        await connection.recv()
        await connection.send(json.dumps({"type": "READY", "session": "s", "received_ms": 0, "seq": 0}))
        await connection.recv()
        await connection.send(json.dumps({"type": "END", "seq": 1, "transcript": "", "audio_ms": 0}))
        await connection.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await said(f"ws://127.0.0.1:{port}", b"", api_key="lt-secret")
    assert seen == ["Bearer lt-secret"]


async def test_the_sample_of_the_page_runs(live, pcm, tmp_path) -> None:
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
    sample = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    hasty = sample.replace("ws://127.0.0.1:8000", live.url).replace("sleep(0.1)", "sleep(0)")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", hasty, str(path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert "   0.63  1.3 seconds of speech" in output.decode().replace("\r", "\n").splitlines()
