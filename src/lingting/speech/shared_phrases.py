"""What was said of late, shared with the other servers of an installation.

Promises: a sound is looked for no longer than a moment, and kept without holding up its text; what waits to be kept is
bounded, and dropped where the store is slow; a store that is away counts as nothing found.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import numpy as np

from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE, pcm16
from lingting.domain.principal import Call

__all__ = ["PhraseStore", "SharedPhrases"]

MAX_WAITING = 32
"""Of up to half a megabyte each."""
LOOK_SECONDS = 0.1
"""Longer than a store in the same house takes, and shorter than making a sound."""
FLUSH_SECONDS = 1.0
_Waiting = tuple[str, bytes, Call]


class PhraseStore(Protocol):
    """Where sounds are kept, sealed; errors stay there."""

    async def get_bytes(self, key: str) -> bytes | None: ...

    async def put_bytes(self, key: str, data: bytes, call: Call) -> None: ...

    def name(self, about: str, text: str) -> str:
        """A key that tells nobody what was said."""
        ...


class SharedPhrases:
    """Belongs to one event loop; enter `running`."""

    def __init__(self, store: PhraseStore) -> None:
        self._store = store
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(MAX_WAITING)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until this is left; what waits then is given a second."""
        keeping = asyncio.create_task(self._keep(), name="phrases-keep")
        try:
            yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._waiting.join()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def get(self, key: bytes) -> Samples | None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                data = await self._store.get_bytes(self._name(key))
        except TimeoutError:
            return None
        if not data or len(data) % 2:
            return None
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(INT16_SCALE)

    def put_soon(self, key: bytes, samples: Samples, call: Call) -> None:
        """Keep it when there is time, for the same owner; it is erased with what else is kept of this call."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait((self._name(key), pcm16(samples).astype("<i2").tobytes(), call))

    async def _keep(self) -> None:
        while True:
            name, data, call = await self._waiting.get()
            try:
                await self._store.put_bytes(name, data, call)
            finally:
                self._waiting.task_done()

    def _name(self, key: bytes) -> str:
        return self._store.name("phrase", key.hex())
