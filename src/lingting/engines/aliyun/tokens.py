"""The token that every call carries: made once for all who need it, renewed before it expires.

Promises: one renewal at a time, however many tasks and threads ask; while the token is good nobody waits for a renewal,
and one that fails costs nothing but another attempt later; a token that was refused is not handed out again.

How that holds: what is known (the token, and the renewal under way) changes only under a lock that is never held while
anything is awaited, so threads with event loops of their own may share one keeper. Who finds no renewal under way
starts one, as a task of its own that outlives its caller; the others wait for its outcome through a future that belongs
to no loop.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lingting.domain.clock import Clock

__all__ = ["Token", "TokenKeeper"]

MARGIN_RATIO, MAX_MARGIN_SECONDS = 0.1, 600.0
"""How long before its end a token is renewed: a tenth of its life, ten minutes at most."""
JITTER_RATIO = 0.5
"""Of the margin; so that servers that were started together do not all ask at once."""
MIN_LIFE_SECONDS = 60.0
"""Of a token just made, whatever the clocks say: one that is wrong must not mean a token for each call."""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 60.0
"""After a renewal that failed while the token was good; doubled each time."""


@dataclass(frozen=True, slots=True)
class Token:
    """Compared by identity: a token that was made again is another one."""

    text: str = field(repr=False)
    life_seconds: float | None
    """None for one that somebody else renews."""


@dataclass(frozen=True, slots=True)
class _Held:
    token: Token
    renew_at: float
    expires_at: float


class TokenKeeper:
    """Hands out the token. Safe in threads and tasks; has an `aclose`.

    make    a new token; raises Fault
    """

    def __init__(
        self,
        make: Callable[[], Coroutine[Any, Any, Token]],
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:  # Any: of every coroutine
        self._make = make
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._under_way: Future[Token] | None = None
        self._not_before = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._tasks: set[asyncio.Task[Token]] = set()

    async def current(self) -> Token:
        """A token that is good, without waiting where there is one.

        raises    Fault when none can be made
        """
        while True:
            with self._lock:
                held, under_way, mine = self._look()
            if mine is not None:
                self._begin(mine)
            if held is not None:
                return held
            assert under_way is not None, "a renewal is under way where there is no token"
            try:
                return await asyncio.shield(asyncio.wrap_future(under_way))
            except _Abandoned:
                continue

    def refuse(self, token: Token) -> None:
        """The service does not take it any more; others that were made since stay."""
        with self._lock:
            if self._held is not None and self._held.token is token:
                self._held = None

    async def aclose(self) -> None:
        """End renewals that this loop began."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _look(self) -> tuple[Token | None, Future[Token] | None, Future[Token] | None]:
        """The token if it is good, the renewal under way, and the same again if it is for the caller to begin."""
        now = self._clock.monotonic()
        held = self._held if self._held is not None and now < self._held.expires_at else None
        is_due = held is None or (now >= held.renew_at and now >= self._not_before)
        mine = None
        if is_due and self._under_way is None:
            mine = self._under_way = Future()
            mine.set_running_or_notify_cancel()  # so that no waiter can cancel it for the others
        return (held.token if held else None), self._under_way, mine

    def _begin(self, outcome: Future[Token]) -> None:
        task = asyncio.get_running_loop().create_task(self._make())
        self._tasks.add(task)
        task.add_done_callback(partial(self._settle, outcome))

    def _settle(self, outcome: Future[Token], task: asyncio.Task[Token]) -> None:
        """Where the task was cancelled, as when its loop ends, those who waited look again; one begins anew."""
        self._tasks.discard(task)
        problem = _Abandoned() if task.cancelled() else task.exception()
        with self._lock:
            self._under_way = None
            now = self._clock.monotonic()
            if problem is None:
                self._held = self._kept(task.result(), now)
                self._pause_seconds = FIRST_PAUSE_SECONDS
            else:
                self._not_before = now + self._pause_seconds
                self._pause_seconds = min(2 * self._pause_seconds, MAX_PAUSE_SECONDS)
        if problem is None:
            outcome.set_result(task.result())
        else:
            outcome.set_exception(problem)

    def _kept(self, token: Token, now: float) -> _Held:
        if token.life_seconds is None:
            return _Held(token, float("inf"), float("inf"))
        life_seconds = max(MIN_LIFE_SECONDS, token.life_seconds)
        margin_seconds = min(MAX_MARGIN_SECONDS, MARGIN_RATIO * life_seconds)
        ahead_seconds = margin_seconds * (1.0 + JITTER_RATIO * self._jitter())
        return _Held(token, now + life_seconds - ahead_seconds, now + life_seconds)


class _Abandoned(Exception):
    """The task that renewed is gone."""
