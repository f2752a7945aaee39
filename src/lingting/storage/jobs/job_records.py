"""Jobs as the rest of the house sees them, made from rows of the table."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lingting.crypto import Vault
from lingting.domain.errors import InvalidOption
from lingting.domain.job import JobState
from lingting.storage.jobs.job_codec import JobSpec, spec_from, spec_to
from lingting.storage.tables import jobs

__all__ = [
    "UNSEALED",
    "Claim",
    "Ending",
    "Job",
    "JobPage",
    "NewJob",
    "about_result",
    "cursor_of",
    "job_of",
    "place_of",
    "seal_spec",
]

MAX_CURSOR_CHARACTERS = 200
UNSEALED = tuple(column for column in jobs.c if column.name != "sealed_result")
"""Without the result, which may be megabytes."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is written of a job when it is accepted."""

    id: str
    owner: str
    key_id: str
    spec: JobSpec
    priority: int
    """Among jobs; smaller is sooner."""
    batch_id: str | None = None
    blob_id: str | None = None
    """Of the uploaded recording."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its row stood."""

    id: str
    owner: str
    key_id: str
    batch_id: str | None
    state: JobState
    priority: int
    attempts: int
    """Begun so far."""
    not_before_ms: int
    created_ms: int
    started_ms: int | None
    """Of the first attempt."""
    finished_ms: int | None
    expires_ms: int | None
    done_ms: int
    """Of its audio."""
    total_ms: int | None
    """None while the length is not known."""
    blob_id: str | None
    lease: str | None
    error_code: str | None
    error_message: str | None
    spec: JobSpec


@dataclass(frozen=True, slots=True)
class JobPage:
    """Newest first."""

    jobs: Sequence[Job]
    next_cursor: str | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job, as long as the lease is renewed."""

    job: Job
    lease: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended."""

    state: JobState
    error_code: str | None = None
    error_message: str | None = None
    result: bytes | None = None
    """Of `transcript_to`; None unless it succeeded."""
    audio_ms: int | None = None
    """None where nothing was heard."""


def seal_spec(vault: Vault, job_id: str, spec: JobSpec) -> bytes:
    return vault.seal(spec_to(spec), about=_about(job_id))


def job_of(vault: Vault, row: Mapping[str, Any]) -> Job:  # Any: values of columns
    """raises    SealBroken"""
    return Job(
        id=row["id"],
        owner=row["owner"],
        key_id=row["key_id"],
        batch_id=row["batch_id"],
        state=JobState(row["state"]),
        priority=row["priority"],
        attempts=row["attempts"],
        not_before_ms=row["not_before_ms"],
        created_ms=row["created_ms"],
        started_ms=row["started_ms"],
        finished_ms=row["finished_ms"],
        expires_ms=row["expires_ms"],
        done_ms=row["done_ms"],
        total_ms=row["total_ms"],
        blob_id=row["blob_id"],
        lease=row["lease"],
        error_code=row["error_code"],
        error_message=row["error_message"],
        spec=spec_from(vault.open(row["sealed"], about=_about(row["id"]))),
    )


def about_result(job_id: str) -> str:
    """What a sealed result is, for the vault."""
    return f"jobs.sealed_result:{job_id}"


def cursor_of(job: Job) -> str:
    """Where a page ends, in text that means nothing to a caller."""
    return base64.urlsafe_b64encode(f"{job.created_ms}:{job.id}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[int, str]:
    """The time and id of the last job of the page before.

    raises    InvalidOption
    """
    padded = cursor[:MAX_CURSOR_CHARACTERS] + "=" * (-len(cursor[:MAX_CURSOR_CHARACTERS]) % 4)
    try:
        moment, _, name = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(":")
        return min(int(moment), 2**62), name
    except (ValueError, binascii.Error) as problem:
        raise InvalidOption("cursor", "is not one that a page ended with") from problem


def _about(job_id: str) -> str:
    return f"jobs.sealed:{job_id}"
