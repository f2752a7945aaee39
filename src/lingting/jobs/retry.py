"""Pure: whether an attempt that failed is made again, and when."""

from __future__ import annotations

from dataclasses import dataclass

from lingting.domain.errors import Busy, FetchFailed, LingtingError
from lingting.jobs.parts import JobSettings

__all__ = ["Again", "again_after"]

SPREAD_RATIO = 0.2
"""Of a pause, at random, so that jobs that failed together do not come back together."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more, later."""

    delay_seconds: float
    counts: bool
    """Whether the attempt that failed is one of `max_attempts`."""


def again_after(
    problem: LingtingError, *, attempts: int, age_seconds: float, settings: JobSettings, chance: float
) -> Again | None:
    """When to try again; None when that is of no use.

    attempts       begun, this one among them
    age_seconds    since the job was accepted
    chance         0..1, at random
    """
    if isinstance(problem, Busy):  # nothing was tried, so that nothing has failed
        if age_seconds >= settings.max_age_seconds:
            return None
        pause_seconds = max(problem.retry_after_seconds, settings.retry_seconds)
        return Again(_spread(min(pause_seconds, settings.max_retry_seconds), chance), counts=False)
    if attempts >= settings.max_attempts or not _may_pass(problem):
        return None
    pause_seconds = settings.retry_seconds * 2 ** min(attempts - 1, 32)
    return Again(_spread(min(pause_seconds, settings.max_retry_seconds), chance), counts=True)


def _may_pass(problem: LingtingError) -> bool:
    """Whether the same work may go well another time; what broke in a way of its own is given the chance."""
    return problem.retryable or isinstance(problem, FetchFailed) or type(problem) is LingtingError


def _spread(seconds: float, chance: float) -> float:
    return seconds * (1 + SPREAD_RATIO * (2 * chance - 1))
