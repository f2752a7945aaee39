"""What can be set about jobs, and the stores that all of their parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.storage.blobs import Blobs
from lingting.storage.jobs.job_queue import JobQueue
from lingting.storage.jobs.job_store import JobStore

__all__ = ["MAX_PRIORITY", "JobObserver", "JobParts", "JobSettings"]

MAX_PRIORITY = 9
"""The least urgent; 0 is the most."""


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How jobs are accepted, worked on and kept."""

    workers: int = 2
    """Jobs at once in one process; 0 in a server leaves them to `lingting worker`."""
    max_open: int = 10_000
    """Jobs of all callers that have not ended; more are refused."""
    max_batch: int = 100
    """Recordings in one request."""
    max_attempts: int = 3
    """Attempts that failed or whose worker died; one that found the engine busy does not count."""
    retry_seconds: float = 5.0
    """Before the second attempt; doubled for each further one."""
    max_retry_seconds: float = 600.0
    max_age_seconds: float = 7 * 86_400.0
    """A job that has not begun, or finds the engine busy, so long after it was accepted fails."""
    attempt_seconds: float = 86_400.0
    """One attempt takes at most this long."""
    lease_seconds: float = 30.0
    """A worker that is not heard of for so long has died: its job is given to another."""
    watch_seconds: float = 1.0
    """Between two looks of a worker at its job: how quickly a cancel is seen, and how often progress is told."""
    poll_seconds: float = 1.0
    """Between two looks of an idle worker at the queue, for jobs that another server has accepted."""
    fetch_seconds: float = 900.0
    """Fetching a recording from its URL takes at most this long."""
    ttl_days: float = 7.0
    """How long a job that has ended is kept, with its result."""
    broker_url: str | None = field(default=None, repr=False)
    """Redis or RabbitMQ, by which Celery tells the workers; None leaves it to the database alone."""
    sent_ahead: int = 256
    """Jobs that a broker is told of before a worker begins them; urgent ones pass all that were not sent."""
    resend_seconds: float = 600.0
    """A message to a broker that no worker followed for so long counts as lost."""

    @property
    def renew_seconds(self) -> float:
        """A third of the lease: two renewals may fail."""
        return self.lease_seconds / 3


class JobObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def job_accepted(self, count: int = 1) -> None: ...

    def job_began(self, *, waited_seconds: float | None = None) -> None: ...

    def job_left(self, outcome: str) -> None: ...

    def job_ended(self, state: str, *, seconds: float) -> None: ...

    def jobs_open(self, counts: Mapping[str, int]) -> None: ...


@dataclass(frozen=True, slots=True)
class JobParts:
    """What the desk, the workers and the upkeep have in common."""

    store: JobStore
    queue: JobQueue
    blobs: Blobs
    vault: Vault
    clock: Clock
    observer: JobObserver
