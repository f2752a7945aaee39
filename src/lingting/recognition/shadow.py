"""Sends a share of the clips to a second model as well, and measures how far its answers are from those given.

Promises: nobody waits for it, gets its answer or pays for it; it asks with the priority of a job; what is in hand is
bounded, and what comes beyond is left out. Which clips are taken is decided by counting, so that a share of 0.1 is one
in ten from the start, in no rhythm that callers could share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from lingting.domain import Hypothesis, Priority
from lingting.domain.errors import LingtingError
from lingting.recognition.route_asking import Passed, Sent
from lingting.recognition.route_policy import Way
from lingting.recognition.served import Served
from lingting.text.disagreement import disagreement

__all__ = ["Shadow", "ShadowObserver"]

GOLDEN_RATIO = 0.618_033_988_749_895
"""Multiples of it, without their whole parts, lie evenly in 0..1 however many there are. Source: Weyl's theorem."""
SEED = 0.5


class ShadowObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def shadowed(self, model: str, shadow: str, *, disagreement: float) -> None: ...

    def shadow_lost(self, shadow: str, reason: str) -> None: ...


class Shadow:
    """Belongs to one event loop."""

    def __init__(
        self, ask: Callable[[Served, Sent], Awaitable[Hypothesis]], *, at_once: int, observer: ShadowObserver
    ) -> None:
        """ask: raises Passed, LingtingError"""
        self._ask = ask
        self._at_once = at_once
        self._observer = observer
        self._counts: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_hand(self) -> int:
        return len(self._tasks)

    def follow(self, way: Way, sent: Sent, answer: Hypothesis) -> None:
        """After a clip was answered: perhaps ask the other model as well."""
        served = way.shadow
        if served is None or sent.priority is Priority.STREAM_PARTIAL or served.name == answer.model:
            return
        if not self._is_taken(served.name, way.shadow_ratio):
            return
        if len(self._tasks) >= self._at_once:
            self._observer.shadow_lost(served.name, "full")
            return
        # Not of its stream: there it would take the place of what somebody waits for.
        quiet = Sent(replace(sent.clip, origin=None), Priority.JOB, None)
        task = asyncio.create_task(self._compare(served, quiet, answer), name="shadow")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_taken(self, name: str, ratio: float) -> bool:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return (SEED + count * GOLDEN_RATIO) % 1.0 < ratio

    async def _compare(self, served: Served, sent: Sent, answer: Hypothesis) -> None:
        try:
            other = await self._ask(served, sent)
        except Passed as passed:
            self._observer.shadow_lost(served.name, passed.reason)
        except LingtingError as problem:
            self._observer.shadow_lost(served.name, problem.code)
        else:
            apart = disagreement(answer.text, other.text)
            self._observer.shadowed(answer.model, served.name, disagreement=apart)
