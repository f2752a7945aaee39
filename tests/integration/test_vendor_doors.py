"""Other vendors' protocols with Whisper base: a real recording goes in, and comes out as it was spoken."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from rapidfuzz.distance import Levenshtein
from websockets.sync.client import connect

from absent import require_whisper_base
from lingting.settings import load_settings
from spoken import pcm_of, pieces_of

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"
RECORDING = (SAMPLES / "zh-short.flac").read_bytes()
SPOKEN = (SAMPLES / "zh-short.txt").read_text(encoding="utf-8")
MAX_CHARACTER_ERROR_RATE = 0.1
FRAME_BYTES = 6_400


@pytest.fixture(scope="module")
def house(open_live):
    """A server with Whisper and all doors open."""
    settings = load_settings()
    require_whisper_base()
    doors = settings.doors.model_copy(update={"deepgram": True, "vosk": True, "funasr": True})
    with open_live(None, settings.model_copy(update={"doors": doors})) as live:
        yield live


def is_as_spoken(text: str) -> bool:
    heard, spoken = ("".join(sign for sign in each if sign.isalnum()) for each in (text, SPOKEN))
    return Levenshtein.distance(spoken, heard) / len(spoken) <= MAX_CHARACTER_ERROR_RATE


def open_socket(house, path: str, **options):
    return connect(f"ws://127.0.0.1:{house.port}{path}", proxy=None, **options)


def frames() -> list[bytes]:
    return pieces_of(pcm_of(RECORDING), FRAME_BYTES)


def test_deepgrams_live_door_hears_right(house) -> None:
    texts = []
    with open_socket(house, "/v1/listen?encoding=linear16&sample_rate=16000&language=zh") as socket:
        for piece in frames():
            socket.send(piece)
        socket.send('{"type": "CloseStream"}')
        while (message := json.loads(socket.recv()))["type"] != "Metadata":
            texts.append(message["channel"]["alternatives"][0]["transcript"])
    assert is_as_spoken("".join(texts)), texts


def test_deepgrams_door_for_recordings_hears_right(house) -> None:
    answer = httpx.post(f"{house.url}/v1/listen?model=nova-3&language=zh", content=RECORDING, timeout=60)
    text = answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"]
    assert is_as_spoken(text), text


def test_vosks_door_hears_right(house) -> None:
    replies = []
    with open_socket(house, "/?language=zh") as socket:
        socket.send('{"config": {"sample_rate": 16000}}')
        for piece in frames():
            socket.send(piece)
            replies.append(json.loads(socket.recv()))
        socket.send('{"eof" : 1}')
        replies.append(json.loads(socket.recv()))
    text = "".join(reply.get("text", "") for reply in replies)
    assert is_as_spoken(text), text


@pytest.mark.parametrize("mode", ["2pass", "online", "offline"])
def test_funasrs_door_hears_right(house, mode) -> None:
    text = ""
    with open_socket(house, "/", subprotocols=["binary"]) as socket:
        socket.send(json.dumps({"mode": mode, "wav_format": "pcm", "audio_fs": 16_000, "svs_lang": "zh"}))
        for piece in frames():
            socket.send(piece)
        socket.send('{"is_speaking": false, "is_end": true}')
        while not (message := json.loads(socket.recv())).get("is_end"):
            text += "" if message["mode"] == "2pass-online" else message["text"]
    assert is_as_spoken(text), text
