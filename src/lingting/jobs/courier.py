"""Delivers callbacks: one courier in each server, which share the rows of `deliveries`.

Promises: at least once, always under the same id; a receiver that is slow or away holds up nobody else; nothing that a
receiver says is believed but its status; a callback that is given up stays on the list of the dead until its time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import random
from typing import Protocol

from lingting.domain import Clock
from lingting.domain.errors import LingtingError, SettingsInvalid, StorageUnavailable
from lingting.security.signatures import CallbackSigner
from lingting.storage.jobs.delivery_store import Claimed, DeliveryState, DeliveryStore
from lingting.telemetry import about, log, span
from lingting.telemetry.traces import Span, outgoing_headers

__all__ = ["CallbackObserver", "CallbackSettings", "Courier", "CourierParts", "Poster", "pause_seconds"]

GONE = 410
"""The receiver says that there will never be one. Source: Standard Webhooks, "delivery retries"."""
MARGIN_SECONDS = 30.0
"""Between the longest attempt and the end of its lease: for telling the database."""
COUNT_SECONDS = 30.0
"""Between two counts of what is open, for metrics."""
JITTER = 0.2
"""Of a pause, added at random, so that what failed together does not come back together."""

MAX_PAUSES = 50
MAX_PAUSE_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """How callbacks are delivered."""

    seconds: float = 10.0
    """For one attempt."""
    pauses_seconds: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 3_600.0, 21_600.0)
    """Between attempts; after the last one it is given up."""
    at_once: int = 16
    """Attempts of one server at the same time."""
    per_host: int = 4
    """Of these, to one receiver."""
    poll_seconds: float = 5.0
    """How soon a server sees what another one left."""
    keep_delivered_seconds: float = 86_400.0
    keep_dead_seconds: float = 30 * 86_400.0
    secret_grace_seconds: float = 86_400.0
    """How long a rotated secret goes on signing."""


class Poster(Protocol):
    """Sends one callback and returns the status."""

    async def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> int: ...


class CallbackObserver(Protocol):
    """Told what happened, for metrics."""

    def callback_tried(self, outcome: str, *, seconds: float) -> None: ...

    def callbacks_open(self, *, waiting: int, dead: int) -> None: ...


@dataclass(frozen=True, slots=True)
class CourierParts:
    """What a courier works with."""

    store: DeliveryStore
    signer: CallbackSigner
    post: Poster
    clock: Clock
    observer: CallbackObserver


class Courier:
    """Takes what is due, and delivers it. Belongs to one event loop; has an `aclose`.

    raises    SettingsInvalid
    """

    def __init__(
        self, parts: CourierParts, settings: CallbackSettings, *, chance: Callable[[], float] = random
    ) -> None:
        pauses = settings.pauses_seconds
        if len(pauses) > MAX_PAUSES or not all(0.0 <= pause <= MAX_PAUSE_SECONDS for pause in pauses):
            raise SettingsInvalid(
                f"callbacks.pauses_seconds: at most {MAX_PAUSES}, each from 0 to {MAX_PAUSE_SECONDS:.0f} seconds",
                param="callbacks.pauses_seconds",
            )
        self._parts = parts
        self._settings = settings
        self._chance = chance
        self._woken = asyncio.Event()
        self._hands: dict[asyncio.Task[None], Claimed] = {}
        self._running: asyncio.Task[None] | None = None
        self._counted_seconds = float("-inf")

    def start(self) -> None:
        """Called once."""
        self._running = asyncio.create_task(self._run(), name="courier")

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._woken.set()

    async def aclose(self) -> None:
        """Break off what is under way, and let other servers take it."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        left = dict(self._hands)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            with suppress(StorageUnavailable):  # then their leases end by themselves
                await self._parts.store.release(list(left.values()))

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                wait_seconds = await self._take()
            except StorageUnavailable as error:
                log.warning("callbacks.not_taken", code=error.code)
                wait_seconds = self._settings.poll_seconds
            except Exception as error:  # noqa: BLE001 - the worker loop: the next round may go well
                log.error("callbacks.broke", error=type(error).__name__, exc_info=True)
                wait_seconds = self._settings.poll_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds):
                    await self._woken.wait()

    async def _take(self) -> float:
        """Begin what is due and has a place; how long to wait until there may be more."""
        store, settings = self._parts.store, self._settings
        await self._count()
        places = settings.at_once - len(self._hands)
        if places <= 0:
            return settings.poll_seconds
        busy = Counter(claimed.host_hash for claimed in self._hands.values())
        lease_ms = int((settings.seconds + MARGIN_SECONDS) * 1_000)
        for claimed in await store.claim(places, busy, per_host=settings.per_host, lease_ms=lease_ms):
            task = asyncio.create_task(self._deliver(claimed), name="callback")
            self._hands[task] = claimed
            task.add_done_callback(self._left)
        due_ms = await store.next_due_ms()
        due_seconds = settings.poll_seconds if due_ms is None else (due_ms - store.now_ms()) / 1_000
        # What is due already waits for a place, which `_left` tells of, or for a server that has just taken it.
        return min(due_seconds, settings.poll_seconds) if due_seconds > 0 else settings.poll_seconds

    def _left(self, task: asyncio.Task[None]) -> None:
        self._hands.pop(task, None)
        self._woken.set()

    async def _deliver(self, claimed: Claimed) -> None:
        with about(delivery_id=claimed.id), span("callback", kind="client", attempt=claimed.attempts + 1) as spent:
            await self._tried(claimed, spent)

    async def _tried(self, claimed: Claimed, spent: Span) -> None:
        began_seconds = self._parts.clock.monotonic()
        status, error = await self._attempted(claimed)
        took_seconds = self._parts.clock.monotonic() - began_seconds
        if error and status is None:
            spent.fail(error)
        elif status is not None:
            spent.set(**{"http.response.status_code": status})
        try:
            outcome = await self._settled(claimed, status, error)
        except StorageUnavailable as problem:  # the lease ends, and it is sent again
            log.warning("callback.not_marked", code=problem.code, delivery_id=claimed.id)
            return
        self._parts.observer.callback_tried(outcome, seconds=took_seconds)

    async def _attempted(self, claimed: Claimed) -> tuple[int | None, str]:
        """What the receiver answered, or what went wrong."""
        parts = self._parts
        try:
            headers = await parts.signer.headers(claimed.owner, claimed.id, claimed.payload)
            headers |= {"content-type": "application/json"} | outgoing_headers()
            status = await parts.post(
                claimed.url, headers=headers, body=claimed.payload, seconds=self._settings.seconds
            )
        except LingtingError as problem:
            return None, problem.code
        except Exception as problem:  # noqa: BLE001 - the worker loop: one callback must not stop the others
            log.error("callback.broke", delivery_id=claimed.id, error=type(problem).__name__, exc_info=True)
            return None, LingtingError.code
        return status, f"answered_{status}"

    async def _settled(self, claimed: Claimed, status: int | None, error: str) -> str:
        store, settings = self._parts.store, self._settings
        if status is not None and 200 <= status < 300:
            await store.delivered(claimed, status=status, keep_ms=int(settings.keep_delivered_seconds * 1_000))
            return "delivered"
        pause = pause_seconds(status, claimed.attempts + 1, settings.pauses_seconds, self._chance())
        await store.failed(
            claimed,
            status=status,
            error=error,
            next_ms=None if pause is None else store.now_ms() + int(pause * 1_000),
            keep_ms=int(settings.keep_dead_seconds * 1_000),
        )
        if pause is None:
            log.warning("callback.dead", delivery_id=claimed.id, attempts=claimed.attempts + 1, error=error)
        return "dead" if pause is None else "retried"

    async def _count(self) -> None:
        now_seconds = self._parts.clock.monotonic()
        if now_seconds - self._counted_seconds < COUNT_SECONDS:
            return
        self._counted_seconds = now_seconds
        counts = await self._parts.store.counts()
        self._parts.observer.callbacks_open(waiting=counts[DeliveryState.WAITING], dead=counts[DeliveryState.DEAD])


def pause_seconds(status: int | None, attempts: int, pauses: Sequence[float], chance: float) -> float | None:
    """How long until the next attempt; None to give up.

    attempts    made so far, at least one
    chance      0..1, random
    """
    if status == GONE or attempts > len(pauses):
        return None
    return pauses[attempts - 1] * (1.0 + JITTER * chance)
