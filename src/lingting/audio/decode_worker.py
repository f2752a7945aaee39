"""The decoder process: takes one file after the other, answers samples, and can open, write or spawn nothing.

Started by `decode_pool` with its socket as standard input. It ends when that socket closes, so it cannot outlive
the server. The kernel bounds its memory, its processor time per file and its open files; whatever breaks in here
costs one answer.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import BinaryIO

import av.logging
import numpy as np
from numpy.typing import NDArray

from lingting.audio.confinement import CpuAllowance, confine
from lingting.audio.decode_protocol import Answer, Job, receive_job, send_answer
from lingting.audio.media import MediaReader, warm_up
from lingting.audio.raw import RawReader
from lingting.audio.shaping import BLOCK_SAMPLES, Shaper
from lingting.audio.silk import SilkReader, is_silk, load_codec
from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.errors import AudioUndecodable, LingtingError

__all__ = ["main"]

_BLOCK_SECONDS = BLOCK_SAMPLES / SAMPLE_RATE_HZ


def main() -> None:
    """Serve until the server closes the socket."""
    link = socket.socket(fileno=os.dup(0))
    av.logging.set_level(None)
    warm_up()
    load_codec()
    confine(memory_bytes=int(sys.argv[1]), spare_files=1)  # the file of a job, and no other
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
    cpu = CpuAllowance()
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


if __name__ == "__main__":
    main()
