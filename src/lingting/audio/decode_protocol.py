"""What a server and its decoder processes say to each other over a Unix socket: framed, bounded, no pickles.

The job goes down as JSON with one open file; information, samples and the end or an error come back. The server
does not trust the answers: lengths are bounded and errors are rebuilt from a table.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import asdict, dataclass
from enum import IntEnum

from lingting.domain import ChannelMode, PcmFormat

__all__ = [
    "WAITING_BODY",
    "Answer",
    "BadAnswer",
    "Job",
    "read_answer",
    "receive_job",
    "send_answer",
    "send_job",
    "split_answer",
]

_HEADER = struct.Struct("<BI")
_JOB_HEADER = struct.Struct("<I")
WAITING_BODY = struct.Struct("<Q")
ARE_YOU_THERE = 255
"""What a live process answers with TAKEN; any other first byte is the index of a container, and its stream follows."""
MAX_JOB_BYTES = 4_096
MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A second of 255 channels is 16 MB; anything past this is a broken process."""


class Answer(IntEnum):
    READY = 1
    TAKEN = 2
    """The job has arrived; from here on the file is to blame for what happens."""
    INFO = 3
    SAMPLES = 4
    END = 5
    ERROR = 6
    WAITING = 7
    """All bytes of a live stream up to a number, the body, have been used, and more is needed."""


class BadAnswer(Exception):  # private to the two ends of the socket; never reaches a caller
    """The other side closed the socket, or sent what the protocol does not have."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to make of the one file that comes with it."""

    pcm: PcmFormat | None
    mode: ChannelMode
    channel: int
    denoise: bool
    max_seconds: float
    max_channels: int


def send_job(link: socket.socket, job: Job, file_descriptor: int) -> None:
    """Hand a job and its open file to the process at the other end."""
    body = json.dumps(asdict(job)).encode()
    socket.send_fds(link, [_JOB_HEADER.pack(len(body)) + body], [file_descriptor])


def receive_job(link: socket.socket) -> tuple[Job, int] | None:
    """Wait for a job; None when the other side has closed."""
    data, descriptors, _, _ = socket.recv_fds(link, _JOB_HEADER.size + MAX_JOB_BYTES, 1)
    if not data:
        return None
    while len(data) < _JOB_HEADER.size or len(data) < _JOB_HEADER.size + _JOB_HEADER.unpack_from(data)[0]:
        data += link.recv(MAX_JOB_BYTES)
    fields = json.loads(data[_JOB_HEADER.size :])
    pcm = fields.pop("pcm")
    mode = ChannelMode(fields.pop("mode"))
    return Job(pcm=PcmFormat(**pcm) if pcm else None, mode=mode, **fields), descriptors[0]


def send_answer(link: socket.socket, answer: Answer, body: bytes | memoryview = b"") -> None:
    link.sendall(_HEADER.pack(answer, len(body)))
    if len(body):
        link.sendall(body)


def split_answer(data: bytearray, *, max_bytes: int) -> tuple[Answer, bytes] | None:
    """Take the first whole answer off the front of what has been received; None if it has not all come yet.

    raises    BadAnswer when the other side talks nonsense
    """
    if len(data) < _HEADER.size:
        return None
    kind, length = _checked_header(data, max_bytes)
    if len(data) < _HEADER.size + length:
        return None
    body = bytes(data[_HEADER.size : _HEADER.size + length])
    del data[: _HEADER.size + length]
    return kind, body


def read_answer(link: socket.socket, *, deadline: float) -> tuple[Answer, bytearray]:
    """Wait for the next answer until `deadline`, a time of `time.monotonic`.

    raises    TimeoutError past the deadline; BadAnswer when the other side is gone or talks nonsense
    """
    kind, length = _checked_header(_read_exactly(link, _HEADER.size, deadline), MAX_ANSWER_BYTES)
    return kind, _read_exactly(link, length, deadline)


def _checked_header(data: bytearray, max_bytes: int) -> tuple[Answer, int]:
    kind, length = _HEADER.unpack_from(data)
    if kind not in _ANSWERS or length > max_bytes:
        raise BadAnswer(f"an answer of kind {kind} and {length} bytes")
    return Answer(kind), length


_ANSWERS = frozenset(Answer)


def _read_exactly(link: socket.socket, length: int, deadline: float) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    while view:
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError
        link.settimeout(left_seconds)
        try:
            count = link.recv_into(view)
        except TimeoutError:
            raise
        except OSError as error:
            raise BadAnswer("the socket broke") from error
        if not count:
            raise BadAnswer("the socket was closed")
        view = view[count:]
    return data
