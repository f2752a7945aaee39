"""The doors beside HTTP with Whisper base: the project's own samples come out as what was spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import pytest
from rapidfuzz.distance import Levenshtein

from absent import require_whisper_base
from lingting.api.grpc.limits import GrpcSettings
from lingting.api.grpc.server import GrpcServer
from lingting.api.http.doors import Doors, HttpLimits
from lingting.api.wyoming.limits import WyomingSettings
from lingting.api.wyoming.server import WyomingServer
from lingting.grpc import RecognizeRequest, SpeechStub, StreamRequest
from lingting.server import open_services
from lingting.settings import load_settings
from spoken import pcm_of
from wyoming_client import AsyncTcpClient, Transcribe, heard, speak

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"
MAX_CHARACTER_ERROR_RATE = 0.08
"""Whisper base makes 0 to 3 % here; the room is for other machines' arithmetic."""
PIECE_BYTES = 6_400


@dataclass(frozen=True)
class Sample:
    recording: bytes
    pcm: bytes
    """16 kHz s16le."""
    spoken: str
    language: str


def sample(name: str) -> Sample:
    recording = (SAMPLES / f"{name}.flac").read_bytes()
    return Sample(
        recording, pcm_of(recording), (SAMPLES / f"{name}.txt").read_text(encoding="utf-8"), name.partition("-")[0]
    )


@asynccontextmanager
async def doors_open() -> AsyncIterator[Doors]:
    require_whisper_base()
    settings = load_settings()
    async with open_services(settings) as services:
        doors = Doors(HttpLimits(), settings.request_defaults())
        doors.open(services)
        yield doors
        await services.live.aclose()


def characters(text: str) -> str:
    """Letters and digits only, so that punctuation and spacing do not count."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def assert_heard(text: str, sample: Sample) -> None:
    spoken, heard = characters(sample.spoken), characters(text)
    assert Levenshtein.distance(spoken, heard) / len(spoken) <= MAX_CHARACTER_ERROR_RATE, text


async def test_grpc_and_wyoming_hear_what_was_spoken() -> None:
    async with doors_open() as doors:
        await over_grpc(doors)
        await over_wyoming(doors)


async def over_wyoming(doors: Doors) -> None:
    server = await WyomingServer.started(doors, WyomingSettings(port=0), "127.0.0.1", None)
    async with AsyncTcpClient("127.0.0.1", server.port) as client:
        for name in ("en-short", "zh-short"):
            spoken = sample(name)
            await client.write_event(Transcribe(language=spoken.language).event())
            await speak(client, spoken.pcm)
            assert_heard((await heard(client))[-2].data["text"], spoken)
    await server.stop(1.0)


async def over_grpc(doors: Doors) -> None:
    server = await GrpcServer.started(doors, GrpcSettings(port=0), "127.0.0.1")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for name in ("en-short", "zh-short"):
            await hear(SpeechStub(channel), sample(name))
    await server.stop(None)


async def hear(stub: SpeechStub, spoken: Sample) -> None:
    answer = await stub.Recognize(RecognizeRequest(audio=spoken.recording))
    assert answer.language == spoken.language
    assert_heard(answer.transcript, spoken)

    async def speak() -> AsyncIterator[StreamRequest]:
        yield StreamRequest(config={"language": spoken.language})
        for first in range(0, len(spoken.pcm), PIECE_BYTES):
            yield StreamRequest(audio=spoken.pcm[first : first + PIECE_BYTES])

    said = [event async for event in stub.StreamRecognize(speak())]
    assert_heard(said[-1].ended.transcript, spoken)
