"""The life of a job: its states, and the one table of which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["ENDED", "OPEN", "TRANSITIONS", "JobState", "may_become", "states_before"]


class JobState(StrEnum):
    QUEUED = "queued"
    """Accepted; waits for a worker, or for the time of its next attempt."""
    RUNNING = "running"
    """A worker holds its lease."""
    CANCELLING = "cancelling"
    """A worker holds its lease and has been asked to stop; it ends as cancelled, whatever the worker has by then."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.CANCELLING, JobState.SUCCEEDED, JobState.FAILED}),
    JobState.CANCELLING: frozenset({JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
"""Every change of state in SQL takes its condition from here. A queued job fails when it has waited for too long."""

ENDED = frozenset(state for state, after in TRANSITIONS.items() if not after)
OPEN = frozenset(TRANSITIONS) - ENDED


def may_become(state: JobState, after: JobState) -> bool:
    return after in TRANSITIONS[state]


def states_before(state: JobState) -> frozenset[JobState]:
    """From where a job may come into this state."""
    return frozenset(before for before, after in TRANSITIONS.items() if state in after)
