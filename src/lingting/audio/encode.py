"""The house's audio as a file, whole or while it is made: WAV by hand, compressed forms through FFmpeg.

For our own samples only. A file that is made piece by piece is the same as one that is made at once, but for what its
header cannot know yet.
"""

from __future__ import annotations

import io
import struct
from enum import StrEnum
from typing import Any, Protocol

import av
import numpy as np

from lingting.audio.pcm import to_pcm
from lingting.audio.resample import StreamResampler
from lingting.domain import Audio, Samples

__all__ = ["AudioFormat", "Encoder", "encode", "to_wav"]


class AudioFormat(StrEnum):
    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"
    """In Ogg."""
    MP3 = "mp3"
    AAC = "aac"
    """In ADTS."""


_CONTAINERS = {
    AudioFormat.FLAC: ("flac", "flac"),
    AudioFormat.OPUS: ("ogg", "libopus"),
    AudioFormat.MP3: ("mp3", "libmp3lame"),
    AudioFormat.AAC: ("adts", "aac"),
}
_LIVE_OPTIONS = {
    # Else a page of Ogg holds a second, and is sent when it is full.
    AudioFormat.OPUS: {"page_duration": "100000"},
    # A frame at the front that is filled in at the end, where nobody can go back.
    AudioFormat.MP3: {"write_xing": "0"},
}
_BIT_RATES = {AudioFormat.MP3: 64_000, AudioFormat.AAC: 64_000}
"""Enough for one voice at 24 kHz; the codecs' own choice is half of it."""
_OPUS_RATE_HZ = 48_000
"""What every Opus decoder gives back. Source: RFC 7845."""
_FRAME_SAMPLES = 4_096
_UNKNOWN_BYTES = 0xFFFFFFFF
"""As the size in the header of a WAV file whose end is not known: read on to the end. What FFmpeg writes and reads."""


class _Sink(Protocol):
    def write(self, data: bytes) -> int: ...


class _Outbox:
    """A file that only grows, and forgets what was taken from it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


class _Compressor:
    """Samples into a container, by FFmpeg."""

    def __init__(self, form: AudioFormat, rate_hz: int, sink: _Sink, *, is_live: bool) -> None:
        container, codec = _CONTAINERS[form]
        target_hz = _OPUS_RATE_HZ if form is AudioFormat.OPUS else rate_hz
        options = {"flush_packets": "1", **_LIVE_OPTIONS.get(form, {})} if is_live else {}
        self._writer = av.open(sink, "w", format=container, options=options)
        # PyAV types it by literal codec names.
        stream: Any = self._writer.add_stream(codec, rate=target_hz, layout="mono")
        self._stream = stream
        if form in _BIT_RATES:
            stream.bit_rate = _BIT_RATES[form]
        self._shape = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=target_hz)
        self._resampler = StreamResampler(rate_hz, target_hz)
        self._rate_hz, self._position_samples = target_hz, 0

    def push(self, samples: Samples) -> None:
        self._encode(self._resampler.push(samples[np.newaxis, :])[0])

    def finish(self) -> None:
        self._encode(self._resampler.finish()[0])
        self._writer.mux(self._stream.encode(None))
        self._writer.close()

    def _encode(self, samples: Samples) -> None:
        steps = np.frombuffer(to_pcm(samples, "s16le"), dtype="<i2").astype(np.int16)
        for start in range(0, len(steps), _FRAME_SAMPLES):
            piece = np.ascontiguousarray(steps[np.newaxis, start : start + _FRAME_SAMPLES])
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts = self._rate_hz, self._position_samples
            self._position_samples += piece.shape[1]
            for ready in self._shape.resample(frame):
                self._writer.mux(self._stream.encode(ready))


class Encoder:
    """A file that is made while its sound is; sends on what is ready. For one thread at a time."""

    def __init__(self, form: AudioFormat | None, rate_hz: int) -> None:
        """form    None gives bare samples, s16le"""
        self._outbox = _Outbox()
        self._compressor: _Compressor | None = None
        if form is AudioFormat.WAV:
            self._outbox.write(_wav_head(rate_hz, None))
        elif form is not None:
            self._compressor = _Compressor(form, rate_hz, self._outbox, is_live=True)

    def push(self, samples: Samples) -> bytes:
        """Take sound, and return what is ready of the file, which may be nothing."""
        if self._compressor is None:
            self._outbox.write(to_pcm(samples, "s16le"))
        else:
            self._compressor.push(samples)
        return self._outbox.take()

    def finish(self) -> bytes:
        """The rest of the file."""
        if self._compressor is not None:
            self._compressor.finish()
        return self._outbox.take()


def encode(audio: Audio, form: AudioFormat) -> bytes:
    """Return a whole file; WAV and FLAC are 16 bit and exact to that, Opus, MP3 and AAC lose.

    keeps     duration, to what the codec pads; rate, except that Opus is always 48 kHz
    """
    if form is AudioFormat.WAV:
        return to_wav(audio)
    out = io.BytesIO()
    compressor = _Compressor(form, audio.rate_hz, out, is_live=False)
    compressor.push(audio.samples)
    compressor.finish()
    return out.getvalue()


def to_wav(audio: Audio) -> bytes:
    """Return a 16-bit mono WAV file, clipped and rounded by `pcm`."""
    data = to_pcm(audio.samples, "s16le")
    return _wav_head(audio.rate_hz, len(data)) + data


def _wav_head(rate_hz: int, data_bytes: int | None) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    sizes = (_UNKNOWN_BYTES, _UNKNOWN_BYTES) if data_bytes is None else (36 + data_bytes, data_bytes)
    return (
        struct.pack("<4sI4s4sI", b"RIFF", sizes[0], b"WAVE", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", sizes[1])
    )
