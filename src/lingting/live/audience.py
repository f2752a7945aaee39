"""Who a live session speaks to: the client that reads its events, or is waited for, and those who watch."""

from __future__ import annotations

from collections.abc import Callable

from lingting.domain import Clock, Closed, Event
from lingting.live.outbox import Log, Subscription
from lingting.live.parts import LiveSettings

__all__ = ["Audience"]


class Audience:
    """One session's. Belongs to one event loop; nothing here waits."""

    def __init__(self, settings: LiveSettings, clock: Clock) -> None:
        self._waiting_events = settings.waiting_events
        self._clock = clock
        self._log = Log(settings.replayed_events)
        self._observers: list[Callable[[Event], None]] = []
        self._subscription: Subscription | None = None
        self._left_for_good = False
        self.left_seconds: float | None = None
        """When its client's connection was lost; None while there is one."""

    @property
    def may_come_back(self) -> bool:
        """Whether there is a client that is gone, and not for good."""
        return self.left_seconds is not None and not self._left_for_good

    def observe(self, callback: Callable[[Event], None]) -> None:
        """Call it with every event from now on; it must be quick and not raise."""
        self._observers.append(callback)

    def attach(self, *, after_seq: int) -> Subscription:
        """Results after `after_seq` first; takes over from whoever reads them now."""
        if self._subscription is not None:
            self._subscription.replace()
        self._subscription = Subscription(self._waiting_events, self._log.after(after_seq))
        self.left_seconds = None
        return self._subscription

    def detach(self, subscription: Subscription, *, for_good: bool) -> bool:
        """The client's connection was lost; says whether it was not another's by then."""
        if self._subscription is not subscription:
            return False
        self._left_for_good = for_good
        self._subscription = None
        self.left_seconds = self._clock.monotonic()
        return True

    def tell(self, event: Event) -> None:
        """Those who watch first; after `Closed` they are let go."""
        self._log.append(event)
        for callback in self._observers:
            callback(event)
        if self._subscription is not None:
            self._subscription.put(event)
        if isinstance(event, Closed):
            self._observers.clear()

    def end(self) -> None:
        """Nothing more is told."""
        if self._subscription is not None:
            self._subscription.end()
