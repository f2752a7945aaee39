"""The decoder process: takes one file after the other, answers samples, and can open, write or spawn nothing.

Started by `decode_pool` with its socket as standard input. It ends when that socket closes, so it cannot outlive
the server. The kernel bounds its memory, its processor time per file and its open files; whatever breaks in here
costs one answer.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from typing import BinaryIO

import av.logging
import numpy as np
from numpy.typing import NDArray

from lingting.audio.decode_protocol import Answer, Job, receive_job, send_answer
from lingting.audio.media import MediaReader, warm_up
from lingting.audio.raw import RawReader
from lingting.audio.shaping import BLOCK_SAMPLES, Shaper
from lingting.audio.silk import SilkReader, is_silk, load_codec
from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.errors import AudioUndecodable, LingtingError

__all__ = ["main"]

CPU_SECONDS_PER_FILE = 30.0
CPU_SECONDS_PER_AUDIO_SECOND = 0.25
"""A hundred times what the slowest honest codec needs; a file made to be slow is ended by the kernel."""
_BLOCK_SECONDS = BLOCK_SAMPLES / SAMPLE_RATE_HZ


def main() -> None:
    """Serve until the server closes the socket."""
    link = socket.socket(fileno=os.dup(0))
    av.logging.set_level(None)
    warm_up()
    load_codec()
    _confine(memory_bytes=int(sys.argv[1]))
    send_answer(link, Answer.READY)
    while (received := receive_job(link)) is not None:
        job, descriptor = received
        with os.fdopen(descriptor, "rb") as file:
            send_answer(link, Answer.TAKEN)
            try:
                _answer(link, job, file)
            except MemoryError:
                return  # what is left of the heap is not to be trusted; the server takes a fresh process


def _answer(link: socket.socket, job: Job, file: BinaryIO) -> None:
    cpu = _CpuAllowance()
    try:
        reader = _open(job, file)
        try:
            shaper = Shaper(
                job.mode,
                job.channel,
                channels_in=reader.info.channels,
                denoise=job.denoise,
                max_seconds=job.max_seconds,
            )
            send_answer(link, Answer.INFO, json.dumps([*_fields(reader), shaper.channels]).encode())
            for block in reader.blocks():
                for ready in shaper.push(block):
                    _send_samples(link, ready)
                    cpu.extend(_BLOCK_SECONDS)
            for ready in shaper.finish():
                _send_samples(link, ready)
        finally:
            reader.close()
    except LingtingError as error:
        problem = {"code": error.code, "message": error.message, "param": error.param}
        send_answer(link, Answer.ERROR, json.dumps(problem).encode())
    else:
        send_answer(link, Answer.END)


def _fields(reader: MediaReader | RawReader | SilkReader) -> list[object]:
    info = reader.info
    return [info.container, info.codec, info.rate_hz, info.channels, info.duration_seconds]


def _open(job: Job, file: BinaryIO) -> MediaReader | RawReader | SilkReader:
    size_bytes = os.fstat(file.fileno()).st_size
    if not size_bytes:
        raise AudioUndecodable("an empty file; there is nothing to recognise")
    if job.pcm is not None:
        return RawReader(file, size_bytes, job.pcm, max_seconds=job.max_seconds)
    head = file.read(16)
    file.seek(0)
    if is_silk(head):
        return SilkReader(file, max_seconds=job.max_seconds)
    return MediaReader(file, size_bytes, max_channels=job.max_channels, max_seconds=job.max_seconds)


def _send_samples(link: socket.socket, samples: NDArray[np.float32]) -> None:
    send_answer(link, Answer.SAMPLES, np.ascontiguousarray(samples).tobytes())


class _CpuAllowance:
    """Processor time for one file, granted as its audio comes out; the kernel ends the process past it."""

    def __init__(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._limit_seconds = usage.ru_utime + usage.ru_stime + CPU_SECONDS_PER_FILE
        self.extend(0.0)

    def extend(self, audio_seconds: float) -> None:
        self._limit_seconds += audio_seconds * CPU_SECONDS_PER_AUDIO_SECOND
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(self._limit_seconds) + 1, hard))


def _confine(*, memory_bytes: int) -> None:
    """Give up what decoding does not need; memory is counted on top of what the libraries already map."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    mapped_bytes = _mapped_bytes()
    if mapped_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (mapped_bytes + memory_bytes,) * 2)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.close(silence)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    # One more than is open: room for the file of a job, and for no other.
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + 1,) * 2)


def _mapped_bytes() -> int | None:
    """The address space in use; None where the system does not say (only Linux enforces the limit)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is one more import here
            return int(statm.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    main()
