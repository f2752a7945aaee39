"""The decoder process of one live stream: compressed bytes in as they come, 16 kHz mono out as soon as it is there.

Started for `live_container` with its socket as standard input. The first byte says which container it is, the rest
is the stream; its end is a half-closed socket. The process gives up files, memory and time as `decode_worker` does,
and ends after its one stream.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import av.error
import av.logging
import numpy as np
from av.stream import Discard
from numpy.typing import NDArray

from lingting.audio.block import MAX_RATE_HZ, MIN_RATE_HZ, Block
from lingting.audio.confinement import CpuAllowance, confine
from lingting.audio.decode_protocol import ARE_YOU_THERE, WAITING_BODY, Answer, send_answer
from lingting.audio.flac_frames import FlacFrames
from lingting.audio.live_formats import CONTAINERS, Container
from lingting.audio.live_mono import MonoStream
from lingting.audio.media import refuse_second_file, warm_up
from lingting.audio.pcm import to_float
from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.errors import AudioUndecodable

__all__ = ["main"]

MAX_CHANNELS = 16
READ_BYTES = 32_768
GATHER_SECONDS = 0.5
"""How much sound is sent at once when the bytes come faster than they can be decoded."""
HEADERS_BYTES = 4_096
"""A stream that ends before it has begun is headers only, which is no error; more than this without sound is."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a declared container may be read with."""

    demuxer: str
    codecs: tuple[str, ...]
    damaged_packets: int = 0
    """How many undecodable packets in a row are passed over."""


_KINDS: dict[Container, _Kind] = {
    "webm": _Kind("matroska", ("opus", "libopus", "vorbis", "pcm_f32le", "pcm_s16le", "flac", "aac", "mp3float")),
    "ogg": _Kind("ogg", ("opus", "libopus", "vorbis", "flac", "speex", "libspeex")),
    # Tags between files that were joined to one stream come as packets.
    "mp3": _Kind("mp3", ("mp3float", "mp3"), damaged_packets=3),
    "aac": _Kind("aac", ("aac",)),
    "amr": _Kind("amr", ("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb")),
}
PROBE = {"probesize": "32", "analyzeduration": "0", "max_probe_packets": "1", "protocol_whitelist": "none"}
"""The headers and one packet must do: every packet that FFmpeg looks at ahead is sound that comes late."""


def main() -> None:
    """Decode one stream, if one comes before the server closes the socket."""
    link = socket.socket(fileno=os.dup(0))
    av.logging.set_level(None)
    warm_up()
    confine(memory_bytes=int(sys.argv[1]), spare_files=0)
    send_answer(link, Answer.READY)
    while (first := link.recv(1)) and first[0] == ARE_YOU_THERE:
        send_answer(link, Answer.TAKEN)
    if not first:
        return
    sound = _Sound(link)
    try:
        _decode(CONTAINERS[first[0]], _Input(link, sound.send), sound)
    except AudioUndecodable as error:
        send_answer(link, Answer.ERROR, json.dumps({"message": error.message}).encode())
    except MemoryError:
        return  # what is left of the heap is not to be trusted, not even to tell
    else:
        send_answer(link, Answer.END)


class _Input:
    """The stream for FFmpeg to read, which cannot seek in it; says that it waits before it does."""

    def __init__(self, link: socket.socket, before_waiting: Callable[[], None]) -> None:
        self._link, self._before_waiting = link, before_waiting
        self.taken_bytes = 1
        """With the one that says which container it is."""
        self.at_end = False

    def read(self, size: int) -> bytes:
        if self.at_end:
            return b""
        try:
            data = self._link.recv(size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._before_waiting()
            send_answer(self._link, Answer.WAITING, WAITING_BODY.pack(self.taken_bytes))
            data = self._link.recv(size)
        self.taken_bytes += len(data)
        self.at_end = not data
        return data


class _Sound:
    """Frames on their way out: gathered, since every later step has a price per call, and sent before any wait."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._cpu = CpuAllowance()
        self._mono = MonoStream()
        self._gathered: list[Block] = []
        self._gathered_samples = 0
        self.seconds = 0.0

    def add(self, block: Block) -> None:
        first = self._gathered[0] if self._gathered else block
        if (block.rate_hz, len(block.samples)) != (first.rate_hz, len(first.samples)):
            self.send()
        self._gathered.append(block)
        self._gathered_samples += block.samples.shape[1]
        self.seconds += block.samples.shape[1] / block.rate_hz
        if self._gathered_samples >= block.rate_hz * GATHER_SECONDS:
            self.send()

    def send(self) -> None:
        if self._gathered:
            samples = np.concatenate([block.samples for block in self._gathered], axis=1)
            rate_hz = self._gathered[0].rate_hz
            self._gathered, self._gathered_samples = [], 0
            self._give(self._mono.push(Block(to_float(samples), rate_hz)))

    def finish(self) -> None:
        self.send()
        self._give(self._mono.finish())

    def _give(self, samples: Samples) -> None:
        self._cpu.extend(len(samples) / SAMPLE_RATE_HZ)
        if len(samples):
            send_answer(self._link, Answer.SAMPLES, np.ascontiguousarray(samples).tobytes())


def _decode(name: Container, source: _Input, sound: _Sound) -> None:
    """Decode to the end of the stream. What is cut off there is dropped, as the live contract says."""
    try:
        for block in _blocks(name, source):
            sound.add(block)
    except (av.error.FFmpegError, ValueError, OverflowError, PermissionError) as error:
        if not sound.seconds:
            raise AudioUndecodable(f"declared as {name}, but no sound can be decoded from it") from error
        if not source.at_end:
            raise AudioUndecodable(f"the {name} stream is damaged after {sound.seconds:.1f} seconds") from error
    if not sound.seconds and source.taken_bytes > HEADERS_BYTES:
        raise AudioUndecodable(f"declared as {name}, but no sound can be decoded from it")
    sound.finish()


def _blocks(name: Container, source: _Input) -> Iterator[Block]:
    frames = _flac_frames(source) if name == "flac" else _frames(name, source)
    for frame in frames:
        yield Block(_samples(frame), frame.sample_rate)


def _flac_frames(source: _Input) -> Iterator[Any]:  # av.AudioFrame, which is untyped here
    """FLAC needs no demuxer, and FFmpeg's keeps seconds of sound to itself."""
    splitter, stream_info = FlacFrames(), b""
    codec: Any = None  # its audio half is untyped in PyAV
    while not source.at_end:
        data = source.read(READ_BYTES)
        for whole in splitter.push(data) if data else splitter.finish():
            if whole.stream_info != stream_info:
                stream_info = whole.stream_info
                codec = av.CodecContext.create("flac", "r")
                codec.extradata, codec.thread_count = stream_info, 1
            yield from codec.decode(av.Packet(whole.data))


def _frames(name: Container, source: _Input) -> Iterator[Any]:  # av.AudioFrame, which is untyped here
    kind = _KINDS[name]
    options = PROBE | {"format_whitelist": kind.demuxer, "codec_whitelist": ",".join(kind.codecs)}
    with av.open(
        source,
        "r",
        format=kind.demuxer,
        container_options=options,
        metadata_errors="replace",
        io_open=refuse_second_file,
    ) as container:
        if not container.streams.audio:
            raise AudioUndecodable(f"the {name} stream has no audio track")
        stream = container.streams.best("audio") or container.streams.audio[0]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        stream.codec_context.thread_count = 1
        damaged_packets = 0
        for packet in container.demux(stream):
            try:
                frames: list[Any] = packet.decode()
            except av.error.InvalidDataError:
                damaged_packets += 1
                if damaged_packets > kind.damaged_packets:
                    raise
                continue
            damaged_packets = 0 if frames else damaged_packets
            yield from frames


def _samples(frame: Any) -> NDArray[np.float32]:  # av.AudioFrame, which is untyped here
    """Shape (channels, n), still in the codec's own sample format."""
    channels = frame.layout.nb_channels
    if not 1 <= channels <= MAX_CHANNELS or not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        raise AudioUndecodable(f"{channels} channels at {frame.sample_rate} Hz cannot be decoded")
    samples: NDArray[np.float32] = frame.to_ndarray()
    return samples if frame.format.is_planar else samples.reshape(-1, channels).T


if __name__ == "__main__":
    main()
