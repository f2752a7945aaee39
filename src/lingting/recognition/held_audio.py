"""A recording that stays readable, and unchanged in name, for as long as somebody works on it, with its digest.

The caller who sent it may hang up, and take the upload with them, while others wait for the same answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

from lingting.audio.decode import AudioSource

__all__ = ["HeldAudio", "hold_audio"]

THREAD_FROM_BYTES = 512 * 1024
"""Hashing more takes over a millisecond where the processor has no instruction for it."""


class HeldAudio:
    """A source with a descriptor of its own; close it when the work has ended."""

    def __init__(self, source: AudioSource, digest: bytes, descriptor: int | None = None) -> None:
        self.source = source
        self.digest = digest
        """SHA-256 of the bytes."""
        self._descriptor = descriptor

    def again(self) -> HeldAudio:
        """The same for somebody else, who closes it."""
        if self._descriptor is None:
            return HeldAudio(self.source, self.digest)
        return _held(os.dup(self._descriptor), self.source, self.digest)

    def close(self) -> None:
        """Any number of times."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


async def hold_audio(source: AudioSource) -> HeldAudio | None:
    """The recording, held and hashed; None for what is no plain file, which the decoder refuses with a reason."""
    if source.data is None:
        return await asyncio.to_thread(_hold_file, source)
    if len(source.data) >= THREAD_FROM_BYTES:
        return HeldAudio(source, await asyncio.to_thread(_digest, source.data))
    return HeldAudio(source, _digest(source.data))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _hold_file(source: AudioSource) -> HeldAudio | None:
    assert source.path is not None
    try:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        os.lseek(descriptor, 0, os.SEEK_SET)  # where /dev/fd shares the position
    except OSError:
        os.close(descriptor)
        return None
    return _held(descriptor, source, digest)


def _held(descriptor: int, source: AudioSource, digest: bytes) -> HeldAudio:
    return HeldAudio(replace(source, path=Path(f"/dev/fd/{descriptor}")), digest, descriptor)
