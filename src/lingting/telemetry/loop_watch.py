"""Measures how late the event loop is: a timer that asks to be woken, and looks when it was."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

__all__ = ["watching_the_loop"]

EVERY_SECONDS = 0.5
"""Often enough to see a stall of a second, seldom enough to cost nothing."""


@asynccontextmanager
async def watching_the_loop(
    tell: Callable[[float], None], *, every_seconds: float = EVERY_SECONDS
) -> AsyncIterator[None]:
    """Tell, as long as the block lasts, by how many seconds each timer of this loop was late."""
    watch = asyncio.create_task(_watch(tell, every_seconds))
    try:
        yield
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _watch(tell: Callable[[float], None], every_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_seconds
        await asyncio.sleep(every_seconds)
        tell(max(0.0, loop.time() - due))
