"""The house's audio as a file: WAV by hand, compressed forms through FFmpeg. For our own samples only."""

from __future__ import annotations

import io
import struct
from enum import StrEnum
from typing import Any

import av
import numpy as np

from lingting.audio.pcm import to_pcm
from lingting.audio.resample import resample
from lingting.domain import Audio

__all__ = ["AudioFormat", "encode", "to_wav"]


class AudioFormat(StrEnum):
    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"
    """In Ogg."""
    MP3 = "mp3"


_CONTAINERS = {
    AudioFormat.FLAC: ("flac", "flac"),
    AudioFormat.OPUS: ("ogg", "libopus"),
    AudioFormat.MP3: ("mp3", "libmp3lame"),
}
_OPUS_RATE_HZ = 48_000
"""What every Opus decoder gives back. Source: RFC 7845."""
_FRAME_SAMPLES = 4_096


def encode(audio: Audio, form: AudioFormat) -> bytes:
    """Return a whole file; WAV and FLAC are 16 bit and exact to that, Opus and MP3 lose.

    keeps     duration, to what the codec pads; rate, except that Opus is always 48 kHz
    """
    if form is AudioFormat.WAV:
        return to_wav(audio)
    container, codec = _CONTAINERS[form]
    if form is AudioFormat.OPUS:
        audio = Audio(resample(audio.samples, audio.rate_hz, _OPUS_RATE_HZ), _OPUS_RATE_HZ)
    steps = np.frombuffer(to_pcm(audio.samples, "s16le"), dtype="<i2").astype(np.int16)
    out = io.BytesIO()
    with av.open(out, "w", format=container) as writer:
        # PyAV types it by literal codec names.
        stream: Any = writer.add_stream(codec, rate=audio.rate_hz, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=audio.rate_hz)
        for start in range(0, len(steps), _FRAME_SAMPLES):
            piece = np.ascontiguousarray(steps[np.newaxis, start : start + _FRAME_SAMPLES])
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts = audio.rate_hz, start
            for ready in resampler.resample(frame):
                writer.mux(stream.encode(ready))
        writer.mux(stream.encode(None))
    return out.getvalue()


def to_wav(audio: Audio) -> bytes:
    """Return a 16-bit mono WAV file, clipped and rounded by `pcm`."""
    data = to_pcm(audio.samples, "s16le")
    form = struct.pack("<HHIIHH", 1, 1, audio.rate_hz, 2 * audio.rate_hz, 2, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", len(form))
    return head + form + struct.pack("<4sI", b"data", len(data)) + data
