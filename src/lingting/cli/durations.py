"""Lengths of time as people write them: 45s, 30m, 12h, 90d, 2w."""

from __future__ import annotations

import re

from lingting.domain.errors import InvalidOption

__all__ = ["read_duration"]

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


def read_duration(text: str, *, option: str) -> float:
    """Seconds.

    raises    InvalidOption
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidOption(option, f"{text[:40]!r} is no length of time; write 30m, 12h, 90d or 2w")
    return float(int(match[1]) * UNIT_SECONDS[match[2]])
