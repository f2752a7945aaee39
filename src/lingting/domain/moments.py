"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from lingting.domain.errors import InvalidOption

__all__ = ["iso_of_ms", "ms_of", "read_moment"]

MAX_CHARACTERS = 40


def read_moment(text: str, param: str) -> datetime:
    """Of ISO 8601, a day or a time; in UTC where it says nothing else.

    raises    InvalidOption
    """
    try:
        moment = datetime.fromisoformat(text[:MAX_CHARACTERS])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise InvalidOption(param, "is no moment; write it as 2026-01-31 or 2026-01-31T12:00:00Z") from problem


def ms_of(moment: datetime) -> int:
    """Milliseconds since 1970, as they are kept."""
    return int(moment.timestamp() * 1_000)


def iso_of_ms(ms: int) -> str:
    """As 2026-01-31T12:00:00.000Z; what is no moment stays a number."""
    try:
        return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(ms)
