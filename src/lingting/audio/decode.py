"""The door to the decoder: any file or bytes in, mono 16 kHz float32 blocks out, however hostile the input.

Files are read in other processes with bounded memory, time and rights (`decode_worker`); the caller holds one
block at a time, and a slow caller slows the decoder through the socket. All calls block: use them from a thread.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lingting.audio.decode_pool import DecoderProcess, PoolSettings, ProcessPool
from lingting.audio.decode_protocol import Answer, BadAnswer, Job, read_answer
from lingting.audio.raw import check_declaration
from lingting.domain import AudioInfo, ChannelMode, PcmFormat
from lingting.domain.errors import (
    AudioTooLarge,
    AudioTooLong,
    AudioUndecodable,
    InvalidOption,
    LingtingError,
    ShuttingDown,
)

__all__ = ["AudioSource", "DecodeSettings", "DecodedAudio", "Decoder"]

MAX_STARTS = 3
MAX_IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Larger uploads that come as bytes go to the child through a file on disk."""


@dataclass(frozen=True, slots=True)
class AudioSource:
    """Where the bytes come from: exactly one of `path` and `data`."""

    path: Path | None = None
    data: bytes | None = None
    pcm: PcmFormat | None = None
    """Set for headerless audio; None to find the format in the bytes."""
    name: str = "audio"
    """For messages; never used as a path."""

    def __post_init__(self) -> None:
        if (self.path is None) == (self.data is None):
            raise ValueError("an audio source has a path or data, not both and not neither")


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Limits on what is taken in, and on what reading it may cost."""

    max_bytes: int = 1024 * 1024 * 1024
    max_seconds: float = 4 * 3600.0
    max_channels: int = 16
    stall_seconds: float = 20.0
    """How long a decoder process may keep a waiting caller without the next second of audio."""
    memory_bytes: int = 512 * 1024 * 1024
    """Per process, on top of what its libraries map."""
    max_processes: int = 32
    """Started as they are needed, 52 MB each. One is held while a recording is read: a short one for milliseconds, one
    of over seven minutes until the engine has nearly caught up."""
    wait_seconds: float = 10.0
    """How long a caller waits for a free process before Overloaded."""
    files_per_process: int = 500
    """A process is replaced after so many files, so that a slow leak never adds up."""


class Decoder:
    """Opens audio; thread-safe; `close` ends all its processes."""

    def __init__(self, settings: DecodeSettings = DecodeSettings()) -> None:
        self._settings = settings
        self._pool = ProcessPool(
            PoolSettings(
                max_processes=settings.max_processes,
                wait_seconds=settings.wait_seconds,
                memory_bytes=settings.memory_bytes,
                files_per_process=settings.files_per_process,
            )
        )
        self._finalizer = weakref.finalize(self, self._pool.close)

    def warm_up(self) -> None:
        """Start one process ahead of the first file; blocks until it is ready.

        raises    LingtingError if it does not start
        """
        self._pool.give_back(self._pool.lend())

    def open(
        self, source: AudioSource, *, mode: ChannelMode = ChannelMode.MIX, channel: int = 0, denoise: bool = False
    ) -> DecodedAudio:
        """Begin to decode; returns once the header has been read.

        channel   counted from 0; used with ChannelMode.PICK
        denoise   suppress steady noise, after mixing and resampling
        raises    AudioUndecodable, AudioTooLarge, AudioTooLong, InvalidOption, Overloaded, ShuttingDown
        """
        settings = self._settings
        if source.pcm is not None:
            check_declaration(source.pcm, settings.max_channels)
        job = Job(source.pcm, mode, channel, denoise, settings.max_seconds, settings.max_channels)
        descriptor = _open_source(source, settings.max_bytes)
        try:
            process = self._start(job, descriptor)
        finally:
            os.close(descriptor)
        return DecodedAudio(process, self._pool, settings)

    def close(self) -> None:
        """End all processes; whoever still reads gets ShuttingDown."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, job: Job, descriptor: int) -> DecoderProcess:
        # An idle process may have been ended from outside; each such is dropped, and a fresh one is tried.
        for _ in range(MAX_STARTS):
            process = self._pool.lend()
            try:
                process.send(job, descriptor)
            except BadAnswer:
                self._pool.discard(process)
                continue
            return process
        raise LingtingError("the decoder processes end as soon as they start; run lingting doctor")


class DecodedAudio:
    """One recording on its way in: iterate for its blocks, once; use as a context manager, or close it.

    Blocks are float32 of shape (channels, n) at 16 kHz, one second each but for the last.
    """

    info: AudioInfo
    channels: int
    """1, or the file's own number for ChannelMode.SPLIT."""

    def __init__(self, process: DecoderProcess, pool: ProcessPool, settings: DecodeSettings) -> None:
        self._process, self._pool, self._settings = process, pool, settings
        self._reading = threading.Lock()
        self._ending = threading.Lock()
        """Guards the moment the process stops being ours; taken after `_reading`, never before it."""
        self._is_done = False
        self._is_closed = False
        answer, body = self._next()
        if answer is not Answer.INFO:
            raise self._give_up()
        try:
            container, codec, rate_hz, channels, duration_seconds, self.channels = json.loads(body)
        except ValueError as error:
            raise self._give_up() from error
        self.info = AudioInfo(container, codec, rate_hz, channels, duration_seconds)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks in order.

        raises    what `Decoder.open` raises; ShuttingDown if `close` is called meanwhile
        """
        while not self._is_done:
            answer, body = self._next()
            if answer is Answer.END:
                return
            if answer is not Answer.SAMPLES or len(body) % (4 * self.channels):
                raise self._give_up()
            yield np.frombuffer(body, dtype=np.float32).reshape(self.channels, -1)

    def close(self) -> None:
        """Stop the work at once; any time, from any thread, any number of times."""
        self._is_closed = True
        with self._ending:
            if self._is_done:
                return
            self._process.abort()
        with self._reading:  # a reader, if there is one, has been woken and lets go
            self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next(self) -> tuple[Answer, bytearray]:
        with self._reading:
            if self._is_done:
                raise ShuttingDown("the decoding was stopped", retry_after_seconds=1.0)
            try:
                deadline = time.monotonic() + self._settings.stall_seconds
                answer, body = read_answer(self._process.link, deadline=deadline)
            except TimeoutError as error:
                self._discard()
                raise AudioUndecodable("the file takes too long to decode; it may be damaged or made to") from error
            except BadAnswer as error:
                raise self._explain_end() from error
            if answer in {Answer.END, Answer.ERROR}:
                self._hand_back()
        if answer is Answer.ERROR:
            raise _rebuild(body, self._settings)
        return answer, body

    def _explain_end(self) -> LingtingError:
        was_stopped = self._is_closed or self._pool.is_closed
        self._discard()
        if was_stopped:
            return ShuttingDown("the decoding was stopped", retry_after_seconds=1.0)
        return AudioUndecodable("the file broke the decoder, or needs more memory than a file may; it may be damaged")

    def _give_up(self) -> LingtingError:
        with self._reading:
            self._discard()
        return AudioUndecodable("the file broke the decoder; it may be damaged")

    def _hand_back(self) -> None:
        with self._ending:
            self._is_done = True
            if self._is_closed:  # and so perhaps aborted
                self._pool.discard(self._process)
            else:
                self._pool.give_back(self._process)

    def _discard(self) -> None:
        with self._ending:
            if not self._is_done:
                self._is_done = True
                self._pool.discard(self._process)


def _open_source(source: AudioSource, max_bytes: int) -> int:
    """A read position at 0 in a plain file of acceptable size; the caller closes it."""
    if source.data is not None:
        if not source.data:
            raise AudioUndecodable("an empty file; there is nothing to recognise")
        if len(source.data) > max_bytes:
            raise AudioTooLarge(max_bytes)
        return _spill(source.data)
    assert source.path is not None
    try:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise AudioUndecodable(f"the file cannot be opened: {error.strerror}") from error
    status = os.fstat(descriptor)
    problem: LingtingError | None = None
    if not stat.S_ISREG(status.st_mode):
        problem = AudioUndecodable("this is a folder or a device, not a file")
    elif not status.st_size:
        problem = AudioUndecodable("an empty file; there is nothing to recognise")
    elif status.st_size > max_bytes:
        problem = AudioTooLarge(max_bytes)
    if problem is not None:
        os.close(descriptor)
        raise problem
    return descriptor


def _spill(data: bytes) -> int:
    if len(data) <= MAX_IN_MEMORY_BYTES and hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("audio", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _rebuild(body: bytearray, settings: DecodeSettings) -> LingtingError:
    """The error a process told; only the kinds a file can cause, with a bounded message."""
    try:
        told = json.loads(body)
        code, message, param = str(told["code"]), str(told["message"])[:300], told["param"]
    except (ValueError, KeyError, TypeError):
        return AudioUndecodable("the file broke the decoder; it may be damaged")
    if code == AudioTooLong.code:
        return AudioTooLong(settings.max_seconds)
    if code == InvalidOption.code and param == "channel":
        return InvalidOption(param, message.removeprefix(f"{param}: "))
    return AudioUndecodable(message)
