"""An engine that streams behind a real server: live sessions hear each sound once, and leave nothing behind."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from faster_whisper.audio import decode_audio
from websockets.asyncio.client import connect

from absent import require_recordings
from engine_rows import KOREAN, opened
from lingting.engines.fake_stream import FakeStreamEngine
from lingting.settings import load_settings

pytestmark = pytest.mark.integration

PIECE_BYTES = 3_200
PAUSE = bytes(32_000)
MOST_SETTLE_SECONDS = 5


def pcm_of(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def engine() -> FakeStreamEngine:
    return FakeStreamEngine(goes_on=True)


@pytest.fixture(scope="module")
def server(open_live, engine) -> Iterator:
    with open_live(engine) as running:
        yield running


@pytest.fixture(scope="module")
def pcm(speech: bytes) -> bytes:
    return pcm_of(decode_audio(io.BytesIO(speech))) + PAUSE


async def spoken(server, data: bytes, **config: object) -> list[dict]:
    """What a session says while the data is sent, each piece once the one before was taken."""
    messages: list[dict] = []
    async with connect(f"ws://127.0.0.1:{server.port}/v1/asr/stream", proxy=None) as client:
        await client.send(json.dumps({"type": "INIT", "config": config}))
        messages.append(json.loads(await client.recv()))
        for first in range(0, len(data), PIECE_BYTES):
            await client.send(data[first : first + PIECE_BYTES])
            while messages[-1]["type"] != "ACK" or messages[-1]["received_ms"] * 32 < min(
                first + PIECE_BYTES, len(data)
            ):
                messages.append(json.loads(await client.recv()))
        await client.send('{"type":"END"}')
        messages += [json.loads(message) async for message in client]
    return messages


async def transcribed(http: httpx.AsyncClient, file: bytes) -> dict:
    wishes = {"model": "whisper-1", "response_format": "verbose_json", "timestamp_granularities[]": "word"}
    answer = await http.post("/v1/audio/transcriptions", files={"file": file}, data=wishes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of(kind: str, messages: list[dict]) -> list[dict]:
    return [message for message in messages if message["type"] == kind]


async def test_partials_and_finals_come_with_words_in_the_sessions_time(server, engine, pcm) -> None:
    messages = await spoken(server, pcm + pcm, words=True)
    assert of("PARTIAL", messages)
    finals = of("FINAL", messages)
    assert len(finals) >= 2
    for final in finals:
        times = [time for word in final["words"] for time in (word["start_ms"], word["end_ms"])]
        assert times == sorted(times)
        assert final["start_ms"] <= times[0] <= times[-1] <= final["end_ms"] + 350
    assert finals[-1]["start_ms"] > finals[0]["end_ms"]


async def test_what_is_spoken_is_heard_hardly_more_than_once(server, engine, pcm) -> None:
    before = len(engine.streams)
    await spoken(server, pcm)
    heard = sum(len(stretch) for stream in engine.streams[before:] for stretch in stream.heard)
    assert heard <= 1.2 * len(pcm) / 2


async def test_a_recording_is_recognised_by_the_same_engine(server, speech) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await transcribed(http, speech)
    assert "seconds of speech" in answer["text"]
    assert answer["words"]


async def test_twenty_sessions_need_a_bounded_number_of_threads_and_leave_no_stream(server, engine, pcm) -> None:
    before = {thread.name for thread in threading.enumerate()}
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, engine.open_streams)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    sessions = await asyncio.gather(*(spoken(server, pcm, partials=False) for _ in range(20)))
    watching.cancel()
    assert all(of("FINAL", messages) for messages in sessions)
    assert most <= 20
    engines = [thread.name for thread in threading.enumerate() if thread.name.startswith("engine-replica")]
    assert len(engines) == engine.capabilities.replicas
    assert not {name for name in before if name.startswith("engine-replica")} ^ set(engines)
    for stream in engine.streams:
        assert await asyncio.to_thread(stream.closed.wait, MOST_SETTLE_SECONDS)


@pytest.mark.model
async def test_korean_is_written_while_it_is_spoken(open_live) -> None:
    require_recordings(KOREAN)
    data = pcm_of(decode_audio(str(KOREAN))) + PAUSE
    with open_live(opened("vosk"), load_settings(model="vosk-ko")) as server:
        messages = await spoken(server, data)
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            answer = await transcribed(http, KOREAN.read_bytes())
    (final,) = of("FINAL", messages)
    assert final["language"] == "ko"
    assert final["transcript"].startswith("조금만 생각을 하면서")
    assert final["words"][0]["word"] == "조금만"
    assert "생각을" in answer["text"]
