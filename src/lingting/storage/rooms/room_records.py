"""What is kept of a subtitle room: its card, and its captions. Values only; the stores and the bus carry them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

__all__ = [
    "Caption",
    "RoomRecord",
    "Standing",
    "captions_from",
    "captions_to",
    "order_of",
    "record_from",
    "record_to",
]

MAX_SEGMENT = 1_000_000
"""Segments of one publication; a session of four hours has a few thousand."""


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """What does not change while the room is there."""

    name: str
    title: str
    language: str
    """As the owner wrote it; empty when not told."""
    is_public: bool
    """Anybody who knows the name may watch."""
    history_limit: int
    """Final captions kept."""
    ttl_seconds: float
    """How long the room stays after the last caption."""
    publish_hash: str
    """SHA-256 of the token, in hexadecimal."""
    view_hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A room as the store has it."""

    record: RoomRecord
    begun_at_seconds: float | None
    """Unix time of the first publish, where room time is 0; None before it."""
    is_live: bool
    """Somebody publishes, on this replica or another."""


@dataclass(frozen=True, slots=True)
class Caption:
    """One segment of speech as viewers see it; each revision replaces the one before."""

    publication: int
    """Counts the sessions that published in the room, from 1."""
    segment: int
    revision: int
    """From 0; a caption with a lower or equal one is no news."""
    start_ms: int
    """In room time."""
    end_ms: int
    text: str
    """Empty for a caption that was taken back."""
    is_final: bool
    language: str
    changed: int = 0
    """Where this revision stands among all changes of the room: Unix time in ms, made to rise with every change."""

    @property
    def id(self) -> str:
        """Unique in the room, stable for the segment."""
        return f"{self.publication}-{self.segment}"

    @property
    def order(self) -> int:
        """Sorts captions as they were said."""
        return self.publication * MAX_SEGMENT + self.segment


def order_of(caption_id: str) -> int | None:
    """The `order` of the caption with this id; None for what is no id."""
    publication, _, segment = caption_id.partition("-")
    if not (publication.isascii() and publication.isdigit() and segment.isascii() and segment.isdigit()):
        return None
    if len(publication) > 9 or len(segment) > 6:
        return None
    return int(publication) * MAX_SEGMENT + int(segment)


def captions_to(captions: Iterable[Caption]) -> str:
    """JSON, for a store or a bus."""
    rows = [
        [c.publication, c.segment, c.revision, c.start_ms, c.end_ms, c.text, c.is_final, c.language, c.changed]
        for c in captions
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def captions_from(text: str | bytes) -> Sequence[Caption]:
    """raises    ValueError, TypeError for what `captions_to` did not write"""
    return [Caption(*row) for row in json.loads(text)]


def record_to(record: RoomRecord) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)


def record_from(text: str | bytes) -> RoomRecord:
    return RoomRecord(**json.loads(text))
