"""Ends tasks for certain, also those in which a library swallows a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["end_tasks"]

AGAIN_SECONDS = 0.05


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:  # Any: what they return is not looked at
    """Cancel until all are over; what they raise is dropped.

    Once is not enough: `asyncio.wait_for` before Python 3.12, which redis-py calls, loses a cancellation that comes at
    the moment when its work is done.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()
