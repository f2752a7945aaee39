"""Any file PyAV reads, as float32 blocks at the file's own rate: containers, codecs and their damage.

Runs in the decoder process only. FFmpeg gets an open file object, a list of demuxers and a list of audio
decoders; it cannot open a second file or a URL, and it decodes no picture. Timestamps are not trusted: the
samples of a stream are played back to back.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

import av
import av.error
import numpy as np
from av.codec import codecs_available
from av.stream import Discard

from lingting.audio import sniff, truncation
from lingting.audio.block import MAX_RATE_HZ, MIN_RATE_HZ, Block
from lingting.audio.pcm import to_float
from lingting.domain import AudioInfo
from lingting.domain.errors import AudioTooLong, AudioUndecodable

__all__ = ["MediaReader", "refuse_second_file", "warm_up"]

# fmt: off
DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "asf_o", "au", "avi", "caf", "dts", "eac3", "flac",
    "flv", "gsm", "loas", "matroska", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "ogg", "oma", "qcp", "rm", "sox",
    "tak", "tta", "voc", "w64", "wav", "wv", "xwma",
)
# fmt: on
"""Containers of one self-contained file. Left out on purpose: all that name other files or devices (hls, concat,
dash, image2, sdp, rtsp, lavfi, ...), pictures, subtitles, and game formats."""
HONEST_DURATION = (
    "aiff",
    "ape",
    "asf",
    "au",
    "caf",
    "flac",
    "matroska,webm",
    "mov,mp4,m4a,3gp,3g2,mj2",
    "tta",
    "w64",
    "wv",
)
"""Containers whose header counts the audio; the others guess a duration from the bit rate."""
FRAMELESS = ("aiff", "au", "avi", "caf", "voc", "w64", "wav")
"""Containers that are read in pieces of any size, where a short last piece means nothing."""
WAV_PROBE = {"max_probe_packets": "1"}
"""One packet tells DTS or S/PDIF in disguise from sound; FFmpeg's 32 cost 24 ms of work at 48 kHz."""
GATHER_SECONDS = 0.5
MISSING_SECONDS, MISSING_RATIO = 0.5, 0.01
"""How much less than promised a file may hold: encoders round, and count their own padding."""


class MediaReader:
    """One file, opened and probed; `blocks` may be read once.

    raises    AudioUndecodable for what is not audio, is damaged or is cut short; AudioTooLong when an honest
              header already says so
    """

    def __init__(self, file: BinaryIO, size_bytes: int, *, max_channels: int, max_seconds: float) -> None:
        self._file, self._size_bytes = file, size_bytes
        self._seen = sniff.describe(file.read(256))
        self._promised_samples = truncation.xing_samples(file)
        self._refuse_cut_file()
        file.seek(0)
        try:
            self._open(max_channels)
        except (av.error.FFmpegError, ValueError, PermissionError) as error:
            raise AudioUndecodable(f"no audio can be decoded from this; it looks like {self._seen}") from error
        self._promised_seconds = self._count_promise()
        if (self._promised_seconds or 0.0) > max_seconds:
            raise AudioTooLong(max_seconds)

    def blocks(self) -> Iterator[Block]:
        """Decode from the start to the end.

        raises    AudioUndecodable at the first damage, and at the end if the file held less than it promised
        """
        done_seconds = 0.0
        try:
            for block in self._decode():
                done_seconds += block.samples.shape[1] / block.rate_hz
                yield block
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            raise AudioUndecodable(f"{self._seen}, damaged after {done_seconds:.1f} seconds of audio") from error
        if not done_seconds:
            raise AudioUndecodable(f"{self._seen} without any sound in it")
        promised_seconds = self._promised_seconds or 0.0
        if done_seconds < promised_seconds * (1 - MISSING_RATIO) - MISSING_SECONDS:
            raise AudioUndecodable(
                f"{self._seen}, cut short: it promises {promised_seconds:.1f} seconds and holds {done_seconds:.1f}"
            )

    def close(self) -> None:
        self._container.close()

    def _open(self, max_channels: int) -> None:
        # `metadata_errors`: a title in another encoding is no reason to refuse the sound.
        options = _whitelists() | (WAV_PROBE if self._seen == "a WAV file" else {})
        self._container = av.open(
            self._file, "r", container_options=options, metadata_errors="replace", io_open=refuse_second_file
        )
        if not self._container.streams.audio:
            raise AudioUndecodable(f"{self._seen} without an audio stream")
        self._stream = self._container.streams.best("audio") or self._container.streams.audio[0]
        context: Any = self._stream.codec_context  # its audio half is untyped in PyAV
        if context is None:
            raise AudioUndecodable(f"{self._seen} with audio in a codec that is not supported")
        rate_hz, channels = context.sample_rate, context.channels
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise AudioUndecodable(f"{self._seen} at {rate_hz} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be decoded")
        if not 1 <= channels <= max_channels:
            raise AudioUndecodable(f"{self._seen} with {channels} channels; 1 to {max_channels} can be decoded")
        for other in self._container.streams:
            if other.index != self._stream.index:
                other.discard = Discard.all
        context.thread_count = 1
        self._channels_max = max_channels
        duration_seconds = _seconds(self._stream.duration, self._stream.time_base)
        if duration_seconds is None and self._container.duration:
            duration_seconds = self._container.duration / av.time_base
        self.info = AudioInfo(self._container.format.name, context.name, rate_hz, channels, duration_seconds)

    def _decode(self) -> Iterator[Block]:
        """Frames in gathered form: codecs give 5 to 30 ms at a time, and every later step has a price per call."""
        waiting: list[Block] = []
        waiting_samples = 0
        for frame in self._frames():
            block = self._to_block(frame)
            if waiting and (block.rate_hz, len(block.samples)) != (waiting[0].rate_hz, len(waiting[0].samples)):
                yield _join(waiting)
                waiting, waiting_samples = [], 0
            waiting.append(block)
            waiting_samples += block.samples.shape[1]
            if waiting_samples >= block.rate_hz * GATHER_SECONDS:
                yield _join(waiting)
                waiting, waiting_samples = [], 0
        if waiting:
            yield _join(waiting)

    def _frames(self) -> Iterator[Any]:  # av.AudioFrame, which is untyped here
        has_frames = self.info.container not in FRAMELESS
        for packet in self._container.demux(self._stream):
            if packet.is_corrupt and has_frames:
                raise AudioUndecodable(f"{self._seen}, cut in the middle of a frame")
            frames: list[Any] = packet.decode()
            for frame in frames:
                if frame.samples:
                    yield frame

    def _to_block(self, frame: Any) -> Block:  # av.AudioFrame, which is untyped here
        channels = frame.layout.nb_channels
        if not 1 <= channels <= self._channels_max or not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
            raise AudioUndecodable(f"{self._seen} that changes to {channels} channels at {frame.sample_rate} Hz")
        samples = frame.to_ndarray()
        if not frame.format.is_planar:
            samples = samples.reshape(-1, channels).T
        return Block(samples, frame.sample_rate)  # still in the file's own sample format: `_join` converts

    def _count_promise(self) -> float | None:
        if self._promised_samples is not None and self.info.container == "mp3":
            return self._promised_samples / self.info.rate_hz
        other_media = any(
            stream.type in {"audio", "video"} for stream in self._container.streams if stream != self._stream
        )
        if self.info.container not in HONEST_DURATION or (self._stream.duration is None and other_media):
            return None
        return self.info.duration_seconds

    def _refuse_cut_file(self) -> None:
        missing_bytes = truncation.missing_bytes(self._file, self._size_bytes)
        if missing_bytes:
            raise AudioUndecodable(f"{self._seen}, cut short: {missing_bytes} bytes of its sound are missing")
        if self._seen == "an Ogg file" and truncation.ogg_is_cut(self._file, self._size_bytes):
            raise AudioUndecodable("an Ogg file, cut short in the middle of its last page")


def _join(blocks: list[Block]) -> Block:
    return Block(to_float(np.concatenate([block.samples for block in blocks], axis=1)), blocks[0].rate_hz)


def warm_up() -> None:
    """Load what FFmpeg and the codecs need, so that nothing has to be opened later."""
    silence = io.BytesIO()
    with wave.open(silence, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(MIN_RATE_HZ)
        writer.writeframes(bytes(MIN_RATE_HZ))
    size_bytes = silence.tell()
    silence.seek(0)
    reader = MediaReader(silence, size_bytes, max_channels=1, max_seconds=1.0)
    list(reader.blocks())
    reader.close()


@cache
def _whitelists() -> dict[str, str]:
    codecs = sorted(name for name in codecs_available if _is_audio_decoder(name))
    return {
        "format_whitelist": ",".join(DEMUXERS),
        "codec_whitelist": ",".join(codecs),
        "protocol_whitelist": "none",
    }


def _is_audio_decoder(name: str) -> bool:
    try:
        return bool(av.Codec(name, "r").type == "audio")
    except ValueError:  # an encoder only
        return False


def refuse_second_file(_url: str, _flags: int, _options: dict[str, str]) -> None:
    """What FFmpeg gets for opening anything by name."""
    raise PermissionError("a file may not open another one")


def _seconds(ticks: int | None, time_base: Any) -> float | None:  # fractions.Fraction or None
    return None if ticks is None or time_base is None else float(ticks * time_base)
