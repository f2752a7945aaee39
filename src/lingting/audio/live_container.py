"""Compressed sound as it arrives: one decoder process for one stream, so that no stranger's bytes meet FFmpeg here.

A push hands its bytes over, gives the process a moment to decode them, and takes what is there; what takes longer
comes with the next push.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from lingting.audio import sniff
from lingting.audio.decode_pool import TAKE_SECONDS, DecoderProcess, ProcessPool
from lingting.audio.decode_protocol import ARE_YOU_THERE, Answer, BadAnswer, read_answer
from lingting.audio.live_formats import CONTAINERS, Container, LiveSettings
from lingting.audio.live_link import LiveLink
from lingting.domain import Samples
from lingting.domain.errors import AudioUndecodable, LingtingError, ShuttingDown

__all__ = ["ContainerDecoder"]

MAX_STARTS = 3
HEAD_BYTES = 16
"""How many bytes are looked at here before any goes to the process."""
_UNKNOWN = "bytes of no known audio format"
_LOOKS: dict[Container, tuple[str, ...]] = {
    "webm": ("a Matroska or WebM file",),
    "ogg": ("an Ogg file",),
    "flac": ("FLAC audio",),
    "amr": ("AMR audio",),
    # These may begin in the middle of a broadcast, where the first bytes say nothing.
    "mp3": ("MP3 audio", _UNKNOWN),
    "aac": ("AAC audio", _UNKNOWN),
}


class ContainerDecoder:
    """A `LiveDecoder` for one compressed stream.

    A moment in `push` is at most `prompt_seconds`; a process that stands still for `stall_seconds` is ended. Its
    place in the pool is free again after `finish`, after an error and after `close`. The first push that goes to the
    process also starts its successor; a process that never got a byte is put back.
    """

    def __init__(self, name: Container, pool: ProcessPool, settings: LiveSettings) -> None:
        """raises Overloaded, ShuttingDown; LingtingError if no process starts"""
        self._name, self._pool, self._settings = name, pool, settings
        self._working = threading.Lock()
        self._ending = threading.Lock()
        """Guards the moment the process stops being ours; taken after `_working`, never before it."""
        self._is_done = self._is_closed = False
        self._head = b""
        self._is_judged = False
        self._process = _lend(pool)
        self._link = LiveLink(self._process.link, stall_seconds=settings.stall_seconds)

    def push(self, data: bytes) -> Samples:
        """raises AudioUndecodable; ShuttingDown after `close`"""
        with self._at_work():
            data = self._judge(data, is_last=False)
            self._link.send(data)
            self._link.wait(self._settings.prompt_seconds if data else 0.0)
            return self._link.take()

    def finish(self) -> Samples:
        """raises AudioUndecodable; ShuttingDown after `close`"""
        with self._at_work():
            self._link.send(self._judge(b"", is_last=True))
            if self._is_judged:
                self._link.drain()
            samples = self._link.take()
            self._end()
            return samples

    def close(self) -> None:
        self._is_closed = True
        with self._ending:
            if self._is_done:
                return
            self._process.abort()
        with self._working:  # whoever is at work has been woken and lets go
            self._end()

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._working:
            if self._is_done:
                raise ShuttingDown("the decoding was stopped", retry_after_seconds=1.0)
            try:
                yield
            except BadAnswer as error:
                was_stopped = self._is_closed or self._pool.is_closed
                self._end()
                if was_stopped:
                    raise ShuttingDown("the decoding was stopped", retry_after_seconds=1.0) from error
                raise AudioUndecodable(
                    f"the {self._name} stream broke the decoder, or needs more memory than a stream may"
                ) from error
            except LingtingError:
                self._end()
                raise

    def _judge(self, data: bytes, *, is_last: bool) -> bytes:
        """Hold the first bytes back until they show what they are; return what may go to the process."""
        if self._is_judged:
            return data
        self._head += data
        if len(self._head) < HEAD_BYTES and not (is_last and self._head):
            return b""
        seen = sniff.describe(self._head[:HEAD_BYTES])
        has_tag = self._name == "aac" and self._head.startswith(b"ID3")
        if seen not in _LOOKS[self._name] and not has_tag:
            raise AudioUndecodable(f"declared as {self._name}, but it looks like {seen}")
        self._is_judged = True
        head, self._head = self._head, b""
        self._pool.start_spares()
        return bytes([CONTAINERS.index(self._name)]) + head

    def _end(self) -> None:
        with self._ending:
            if self._is_done:
                return
            self._is_done = True
            if self._is_judged or self._is_closed:  # and so perhaps aborted
                self._pool.discard(self._process)
            else:
                self._pool.put_back(self._process)


def _lend(pool: ProcessPool) -> DecoderProcess:
    """A process that answers; an idle one may have been ended from outside, and then another is tried."""
    for _ in range(MAX_STARTS):
        process = pool.lend()
        try:
            process.link.settimeout(TAKE_SECONDS)
            process.link.sendall(bytes([ARE_YOU_THERE]))
            answer, _body = read_answer(process.link, deadline=time.monotonic() + TAKE_SECONDS)
        except (BadAnswer, OSError):
            pool.discard(process)
            continue
        if answer is Answer.TAKEN:
            return process
        pool.discard(process)
    raise LingtingError("the decoder processes end as soon as they start; run lingting doctor")
