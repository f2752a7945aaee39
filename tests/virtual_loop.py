"""An event loop whose time is not the machine's: it jumps to the next timer as soon as nothing else is to be done.

What runs in the loop's own threads is waited for, without time passing, so that the same program always takes the same
virtual time. Threads of others are not known to it: use fakes for what has its own.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")
THREAD_SECONDS = 0.002
"""Between two looks at whether a thread is done."""
PATIENCE_SECONDS = 10.0
"""For a thread of somebody else's, where no timer is set."""
MAX_VIRTUAL_SECONDS = 3_600.0
BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Says at once that nothing happened, and lets the time pass instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:  # Any: the selector's own keys
        if self.loop.busy_threads:
            return super().select(THREAD_SECONDS)
        if timeout is None:
            found = super().select(PATIENCE_SECONDS)
            assert found, "the program waits for what never happens"
            return found
        found = super().select(0)
        if not found:
            self.loop.jump(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0 seconds."""

    def __init__(self) -> None:
        self.busy_threads = 0
        self._seconds = 0.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._seconds

    def jump(self, seconds: float) -> None:
        self._seconds += max(0.0, seconds)
        assert self._seconds < MAX_VIRTUAL_SECONDS, "the program does not end"

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        self.busy_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self.busy_threads -= 1


class LoopClock:
    """The time of the loop that runs."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self.monotonic())


def run_virtual(program: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run it in a loop of its own; nothing of it may be left."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)
