"""The captions of one room, as far as this replica knows: bounded, idempotent, and the same whatever the order.

Pure. A caption is replaced by a higher revision only, so that hearing of it twice, or late, changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from lingting.storage.rooms.room_records import Caption
from lingting.storage.rooms.room_store import MAX_OPEN_CAPTIONS

__all__ = ["RoomState"]


class RoomState:
    """Final captions up to a limit, and the open ones."""

    def __init__(self, history_limit: int) -> None:
        self._history_limit = history_limit
        self._captions: dict[int, Caption] = {}
        self._finals: list[int] = []
        """Orders, sorted."""
        self._open: list[int] = []
        self.latest = 0
        """The highest `changed` there is."""

    def __len__(self) -> int:
        """How many final captions there are, those taken back among them."""
        return len(self._finals)

    def stamp(self, now_ms: int) -> int:
        """A `changed` for the next change: the time, and more than any before."""
        return max(now_ms, self.latest + 1)

    def apply(self, caption: Caption) -> bool:
        """Take in a caption; False when it is no news."""
        order = caption.order
        known = self._captions.get(order)
        if known is not None and known.revision >= caption.revision:
            return False
        if len(self._finals) >= self._history_limit and order < self._finals[0]:
            return False
        self._captions[order] = caption
        self.latest = max(self.latest, caption.changed)
        if known is None or (caption.is_final and not known.is_final):
            self._forget(self._open, order)
            insort(self._finals if caption.is_final else self._open, order)
        self._trim()
        return True

    def get(self, order: int) -> Caption | None:
        return self._captions.get(order)

    def shown(self, last: int) -> list[Caption]:
        """The last final captions that have text, then the open ones."""
        chosen: list[Caption] = []
        for order in reversed(self._finals):
            if len(chosen) >= last:
                break
            if self._captions[order].text:
                chosen.append(self._captions[order])
        return chosen[::-1] + self._with_text(self._open)

    def changed_after(self, position: int, most: int) -> list[Caption]:
        """What changed after it, those taken back among it; the latest ones when there are more."""
        orders = [*self._finals, *self._open]
        changed = [caption for order in orders if (caption := self._captions[order]).changed > position]
        return changed[-most:]

    def finals(self) -> list[Caption]:
        """All final captions that have text, by time."""
        return sorted(self._with_text(self._finals), key=lambda caption: (caption.start_ms, caption.order))

    @property
    def end_ms(self) -> int:
        """Where the last caption ends; 0 before the first."""
        return max((caption.end_ms for caption in self._captions.values()), default=0)

    def _with_text(self, orders: Iterable[int]) -> list[Caption]:
        return [self._captions[order] for order in orders if self._captions[order].text]

    def _trim(self) -> None:
        for held, limit in ((self._finals, self._history_limit), (self._open, MAX_OPEN_CAPTIONS)):
            while len(held) > limit:
                del self._captions[held.pop(0)]

    @staticmethod
    def _forget(orders: list[int], order: int) -> None:
        at = bisect_left(orders, order)
        if at < len(orders) and orders[at] == order:
            del orders[at]
