"""One thread per engine replica: takes a batch, runs prepare, compute and finish, reports to the event loop.

The thread outlives every failure of the engine. It never touches the queue or a caller's future, except to ask
whether the caller is still there; all it has to say goes through `call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lingting.domain import Clock, Hypothesis
from lingting.domain.errors import EngineFailed, LingtingError
from lingting.engines.base import BatchEngine, NoLongerWanted
from lingting.recognition.batch_queue import BatchItem

__all__ = ["BatchOutcome", "Replica", "engine_failed", "step_back"]

NICENESS = 5
"""A third of the loop's share of a contended core (the kernel weighs 335 to 1,024)."""


def step_back() -> None:
    """Let this thread, and those it starts, leave a contended core to the event loop."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@dataclass(frozen=True, slots=True, eq=False)
class BatchOutcome:
    """What became of one batch."""

    items: tuple[BatchItem, ...]
    """Those that were still wanted when the engine got them."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """One for each item, in order; empty when the batch failed or was no longer wanted."""
    error: LingtingError | None = None
    began_seconds: float = 0.0
    """When the engine got it, by the scheduler's clock."""
    prepare_seconds: float = 0.0
    compute_seconds: float = 0.0
    finish_seconds: float = 0.0


class Replica:
    """A thread that owns one seat at the engine; one batch at a time."""

    def __init__(self, engine: BatchEngine, clock: Clock, *, name: str, steps_back: bool = False) -> None:
        """steps_back    for engines that compute in this thread itself"""
        self._steps_back = steps_back
        self._engine = engine
        self._clock = clock
        self._inbox: queue.SimpleQueue[tuple[BatchItem, ...] | None] = queue.SimpleQueue()
        # A daemon, so that an engine that hangs cannot keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self, report: Callable[[Replica, BatchOutcome], None]) -> None:
        """Begin; `report` is called on the running event loop, once for each batch."""
        self._loop = asyncio.get_running_loop()
        self._report = report
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._thread.start()

    def run(self, items: Sequence[BatchItem]) -> None:
        """Hand over a batch; only when the previous one was reported."""
        self._inbox.put(tuple(items))

    def end(self) -> None:
        """Let the thread end after the batch in hand; `ended` tells when."""
        self._inbox.put(None)

    def _work(self) -> None:
        if self._steps_back:
            step_back()
        while (items := self._inbox.get()) is not None:
            outcome = self._recognise(items)
            if not self._tell(self._report, self, outcome):
                return
        self._tell(_settle, self.ended)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> bool:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop has closed: nobody waits any more
            return False
        return True

    def _recognise(self, items: tuple[BatchItem, ...]) -> BatchOutcome:
        wanted = tuple(item for item in items if not item.is_answered)
        if not wanted:
            return BatchOutcome(())
        try:
            return self._run_engine(wanted)
        except NoLongerWanted:
            return BatchOutcome(())
        except LingtingError as error:
            return BatchOutcome(wanted, error=error)
        except BaseException as error:  # noqa: BLE001  a panic in tokenizers' Rust is no Exception; callers wait for an answer
            return BatchOutcome(wanted, error=engine_failed(error))

    def _run_engine(self, items: tuple[BatchItem, ...]) -> BatchOutcome:
        began = self._clock.monotonic()
        prepared = self._engine.prepare([replace(item.clip, is_wanted=item.is_wanted) for item in items])
        if all(item.is_answered for item in items):
            return BatchOutcome(())
        prepared_at = self._clock.monotonic()
        raw = self._engine.compute(prepared)
        computed_at = self._clock.monotonic()
        hypotheses = tuple(self._engine.finish(raw))
        if len(hypotheses) != len(items):
            raise EngineFailed(f"the engine gave {len(hypotheses)} answers for {len(items)} clips; try again")
        return BatchOutcome(
            items,
            hypotheses,
            began_seconds=began,
            prepare_seconds=prepared_at - began,
            compute_seconds=computed_at - prepared_at,
            finish_seconds=self._clock.monotonic() - computed_at,
        )


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def engine_failed(cause: BaseException) -> EngineFailed:
    """Return what callers may know of a fault inside an engine; the fault itself is its `__cause__`."""
    failure = EngineFailed("the engine failed on this audio; try again, and tell the operator if it happens again")
    failure.__cause__ = cause
    return failure
