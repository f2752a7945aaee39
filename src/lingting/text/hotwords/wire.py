"""What a correction looks like in JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lingting.domain import Correction

__all__ = ["correction_fields"]


def correction_fields(
    corrections: Sequence[Correction], *, suffix: str = "", time: Callable[[float], float] = lambda s: round(s, 3)
) -> dict[str, object]:
    """`corrections` where there are any; nothing otherwise.

    suffix    of the names of the times, `_seconds` or `_ms`
    """
    if not corrections:
        return {}
    return {
        "corrections": [
            {
                f"start{suffix}": time(made.start_seconds),
                f"end{suffix}": time(made.end_seconds),
                "heard": made.heard,
                "written": made.written,
                "score": made.score,
                "pack": made.pack or None,
            }
            for made in corrections
        ]
    }
