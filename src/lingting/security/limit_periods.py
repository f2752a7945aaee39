"""Pure: the calendar days and months, in UTC, that quotas of audio are counted by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

__all__ = ["Period", "day_of", "month_of"]


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month."""

    kind: str
    """`day` or `month`."""
    name: str
    """As 2026-01-31 or 2026-01."""
    first_day: str
    remaining_seconds: float
    """Until the next one begins."""


def day_of(now: datetime) -> Period:
    ends = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    name = now.date().isoformat()
    return Period("day", name, name, (ends - now).total_seconds())


def month_of(now: datetime) -> Period:
    first = now.date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    ends = datetime.combine(following, time(), now.tzinfo)
    return Period("month", first.isoformat()[:7], first.isoformat(), (ends - now).total_seconds())
