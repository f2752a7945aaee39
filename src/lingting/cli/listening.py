"""Sends sound and shows what comes back, until the sound ends or somebody has heard enough."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from lingting.cli.ears import Source
from lingting.client import ConnectionLost, Event, LiveStream
from lingting.domain import Samples

__all__ = ["listen_to", "stop_on_signal"]

LAST_FINALS_SECONDS = 60.0


async def listen_to(
    stream: LiveStream,
    source: Source,
    *,
    show: Callable[[Event], None],
    hear: Callable[[Samples, float], None],
    stop: asyncio.Event,
) -> None:
    """Every event is shown, the last finals too.

    hear      is told each block that was sent, and how long the stream is with it
    stop      ends the sound, and not what was said
    raises    what the stream or the source raises; ConnectionLost when the last finals do not come
    """
    loop = asyncio.get_running_loop()
    patience = asyncio.timeout(None)

    async def talk() -> None:
        try:
            await _send_until(stop, stream, source, hear)
        finally:
            await stream.finish()
            patience.reschedule(loop.time() + LAST_FINALS_SECONDS)

    talking: asyncio.Task[None] | None = None
    try:
        async with patience:
            talking = asyncio.create_task(talk())
            async for event in stream:
                show(event)
            await talking
    except TimeoutError as error:
        raise ConnectionLost(f"the last text did not come within {LAST_FINALS_SECONDS:g} seconds") from error
    finally:
        if talking is not None:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


async def _send_until(
    stop: asyncio.Event, stream: LiveStream, source: Source, hear: Callable[[Samples, float], None]
) -> None:
    sending = asyncio.create_task(_send_all(stream, source, hear))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            await sending
    finally:
        for task in (sending, stopping):
            task.cancel()
        await asyncio.gather(sending, stopping, return_exceptions=True)


async def _send_all(stream: LiveStream, source: Source, hear: Callable[[Samples, float], None]) -> None:
    sent_samples = 0
    async for block in source.blocks():
        await stream.send(block)
        sent_samples += len(block)
        hear(block, sent_samples / source.rate_hz)


@contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, or SIGTERM, stops once in good order; the second one interrupts. Inside a running loop."""
    loop = asyncio.get_running_loop()
    kinds = (signal.SIGINT, signal.SIGTERM)

    def once(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)
        signal.signal(number, before[signal.Signals(number)])

    before = {kind: signal.getsignal(kind) for kind in kinds}
    before[signal.SIGINT] = signal.default_int_handler
    usual = {kind: signal.signal(kind, once) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in usual.items():
            signal.signal(kind, handler)
