"""A microphone that Chromium takes for real: a recording, played again and again."""

from __future__ import annotations

import wave
from pathlib import Path

from spoken import pcm_of

SAMPLES = Path(__file__).parents[1] / "samples"
BYTES_PER_SECOND = 2 * 16_000
DEVICE = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"


def microphone_flags(
    folder: Path,
    recording: Path | None = SAMPLES / "en-short.flac",
    *,
    speech_seconds: float = 60.0,
    silence_seconds: float = 1.0,
) -> tuple[str, ...]:
    """Flags of a browser that hears the recording, or its beginning, and silence, again and again.

    recording    None is silence alone
    """
    file = folder / "microphone.wav"
    pcm = pcm_of(recording.read_bytes()) if recording else b""
    with wave.open(str(file), "wb") as heard:
        heard.setparams((1, 2, 16_000, 0, "NONE", ""))
        heard.writeframes(
            pcm[: int(speech_seconds * BYTES_PER_SECOND)] + bytes(int(silence_seconds * BYTES_PER_SECOND))
        )
    return (DEVICE, ALLOWED, f"--use-file-for-fake-audio-capture={file}")
