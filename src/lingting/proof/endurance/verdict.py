"""Whether what was watched stayed flat. Pure.

Compared are idle moments: the median of the first third, after the warm-up, with the median of the last third.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lingting.proof.endurance.looks import Look

__all__ = ["Grown", "judge"]

FEWEST_LOOKS = 6


@dataclass(frozen=True, slots=True)
class Grown:
    """One number early and late."""

    name: str
    early: float
    late: float
    allowed: float
    """What it may be at the end."""

    @property
    def is_flat(self) -> bool:
        return self.late <= self.allowed


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    of: Callable[[Look], float]
    ratio: float
    """Of growth that is allowed, …"""
    extra: float
    """… and on top of it."""


_RULES = (
    _Rule("memory, MiB", lambda look: look.memory_bytes / 2**20, 1.05, 4.0),
    _Rule("open files", lambda look: look.open_files, 1.0, 8.0),
    _Rule("threads", lambda look: look.threads, 1.0, 4.0),
    _Rule("clips that wait", lambda look: look.queued_clips, 1.0, 0.0),
    _Rule("live sessions", lambda look: look.live_sessions, 1.0, 0.0),
    _Rule("sockets", lambda look: look.sockets, 1.0, 0.0),
)
"""5 % of memory is what models and allocators still settle by; a leak of a few KiB a session is more in a long run."""


def judge(looks: Sequence[Look]) -> tuple[Grown, ...]:
    """Each number, early and late; none where there were too few idle moments to say anything."""
    idle = [one for one in looks if one.is_idle]
    if len(idle) < FEWEST_LOOKS:
        return ()
    third = len(idle) // 3
    return tuple(_grown(rule, idle[:third], idle[-third:]) for rule in _RULES)


def _grown(rule: _Rule, first: Sequence[Look], last: Sequence[Look]) -> Grown:
    early, late = (statistics.median(rule.of(one) for one in looks) for looks in (first, last))
    return Grown(rule.name, early, late, early * rule.ratio + rule.extra)
