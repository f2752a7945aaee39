"""Whose clause is said next, where several wait for one voice. Pure.

    0  a clause that was begun and will be missed soon: nobody stops in the middle of a word
    1  the first sound of a reply, for which somebody waits
    2  the next clause of a reply that is over soon: a pause at a comma is borne better than no answer
    3  the rest, the earliest first: what has sound ahead, and texts that nobody hears as they are made

So a new caller is heard as soon as those before have a little sound ahead, and where the voice cannot keep up, clauses
come late instead of all callers stuttering.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Place", "next_place"]

SOON_SECONDS = 0.5
"""Twice what the first sound of a clause takes on two cores, by Kokoro."""


@dataclass(slots=True, eq=False)
class Place:
    """A clause that is to be said; all by one clock."""

    asked_seconds: float
    wanted_seconds: float | None
    """When its next sound is to be heard; None where nobody hears it as it is made."""
    is_begun: bool = field(default=False, init=False)

    @property
    def is_waited_for(self) -> bool:
        """Whether nothing sounds meanwhile."""
        return not self.is_begun and self.wanted_seconds is not None and self.wanted_seconds <= self.asked_seconds

    def sounded(self, seconds: float, *, now_seconds: float) -> None:
        """So much of it was given."""
        if self.wanted_seconds is not None:
            begins_seconds = self.wanted_seconds if self.is_begun else max(self.wanted_seconds, now_seconds)
            self.wanted_seconds = begins_seconds + seconds
        self.is_begun = True

    def rank(self, now_seconds: float) -> tuple[int, float]:
        """The least goes first."""
        if self.wanted_seconds is None:
            return 3, self.asked_seconds
        if self.is_waited_for:
            return 1, self.asked_seconds
        if self.wanted_seconds - now_seconds >= SOON_SECONDS:
            return 3, self.wanted_seconds
        return 0 if self.is_begun else 2, self.wanted_seconds


SomePlace = TypeVar("SomePlace", bound=Place)


def next_place(places: Iterable[SomePlace], now_seconds: float) -> SomePlace:
    """Of those alike, the first."""
    return min(places, key=lambda place: place.rank(now_seconds))
