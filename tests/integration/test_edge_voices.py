"""The client of Microsoft Edge's voices against a stand-in that speaks the service's protocol. Nothing leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from absent import absent
from lingting.audio.encode import AudioFormat, Encoder
from lingting.domain.errors import EngineFailed, EngineUnavailable, SettingsInvalid
from lingting.speech.base import Style

pytestmark = pytest.mark.integration

VOICE = "en-US-AvaNeural"
RATE_HZ = 24_000
TONE = (0.3 * np.sin(np.arange(RATE_HZ) * (2 * np.pi * 440 / RATE_HZ))).astype(np.float32)


def mp3_of(samples: np.ndarray) -> bytes:
    encoder = Encoder(AudioFormat.MP3, RATE_HZ)
    return encoder.push(samples) + encoder.finish()


def text_frame(path: str) -> str:
    return f"X-RequestId:1\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}\r\n\r\n{{}}"


def sound_frame(data: bytes) -> bytes:
    head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nX-StreamId:1\r\nPath:audio\r\n"
    return len(head).to_bytes(2, "big") + head + data


def speaking(socket: ServerConnection) -> None:
    sound = mp3_of(TONE)
    socket.send(text_frame("turn.start"))
    for start in range(0, len(sound), 1_000):
        socket.send(sound_frame(sound[start : start + 1_000]))
    socket.send(text_frame("turn.end"))


@contextmanager
def service(monkeypatch: pytest.MonkeyPatch, answer: Callable[[ServerConnection], None]) -> Iterator[list[str]]:
    """What came in, while it answers as told."""
    if find_spec("edge_tts") is None:
        absent("the client of Edge's voices is not installed; pip install 'lingting[edge]'")
    from edge_tts import communicate

    came: list[str] = []

    def handle(socket: ServerConnection) -> None:
        came.extend(str(socket.recv(timeout=5)) for _ in range(2))
        answer(socket)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setattr(communicate, "WSS_URL", f"ws://127.0.0.1:{server.socket.getsockname()[1]}/?x=1")
        try:
            yield came
        finally:
            server.shutdown()
            thread.join(5)


def said(text: str = "Hello & good day.", speed: float = 1.0) -> np.ndarray:
    from lingting.speech.voices.edge import EdgeVoices

    blocks = list(EdgeVoices([VOICE]).speak(text, f"edge-{VOICE}", Style("en", speed)))
    assert len(blocks) > 1
    return np.concatenate(blocks)


def test_a_text_is_said_as_it_comes_from_the_service(monkeypatch) -> None:
    with service(monkeypatch, speaking) as came:
        sound = said(speed=1.5)
    assert len(sound) == pytest.approx(RATE_HZ, abs=2_500)
    middle = sound[RATE_HZ // 4 : RATE_HZ * 3 // 4]
    assert np.argmax(np.abs(np.fft.rfft(middle))) * 2 == pytest.approx(440, abs=4)
    assert "Path:speech.config" in came[0]
    assert f"<voice name='{'Microsoft Server Speech Text to Speech Voice (en-US, AvaNeural)'}'>" in came[1]
    assert "rate='+50%'" in came[1]
    assert "Hello &amp; good day." in came[1]


def test_a_caller_who_leaves_hangs_up(monkeypatch) -> None:
    gone = threading.Event()

    def for_ever(socket: ServerConnection) -> None:
        try:
            while True:
                socket.send(sound_frame(mp3_of(TONE)))
        except Exception:  # noqa: BLE001 - however the connection ends
            gone.set()

    with service(monkeypatch, for_ever):
        from lingting.speech.voices.edge import EdgeVoices

        blocks = EdgeVoices([VOICE]).speak("Hello.", f"edge-{VOICE}", Style("en"))
        assert len(next(blocks))
        blocks.close()
        assert gone.wait(5)


@pytest.mark.parametrize(
    "answer",
    [
        lambda socket: socket.send(text_frame("turn.end")),
        lambda socket: (socket.send(sound_frame(b"no sound at all" * 500)), socket.send(text_frame("turn.end"))),
        lambda socket: socket.send(text_frame("something else")),
    ],
    ids=["silence", "no MP3", "another protocol"],
)
def test_a_service_that_gives_no_sound_is_a_failure_with_a_reason(monkeypatch, answer) -> None:
    with service(monkeypatch, answer), pytest.raises(EngineFailed, match="gave no sound"):
        said()


def test_a_service_that_is_away_is_unavailable(monkeypatch) -> None:
    with service(monkeypatch, speaking):
        pass
    with pytest.raises(EngineUnavailable, match="does not answer"):
        said()


def test_a_voice_without_the_services_form_of_name_stops_the_start() -> None:
    if find_spec("edge_tts") is None:
        absent("the client of Edge's voices is not installed; pip install 'lingting[edge]'")
    from lingting.speech.voices.edge import EdgeVoices

    with pytest.raises(SettingsInvalid, match=r"speech\.edge_voices"):
        EdgeVoices(["Ava' onload='"])
