"""Jobs on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from lingting.domain.job import ENDED, JobState
from lingting.storage.jobs.job_records import Job

__all__ = ["batch_answer", "job_answer"]


def job_answer(job: Job) -> dict[str, object]:
    """All that its caller may know."""
    return {
        "id": job.id,
        "batch_id": job.batch_id,
        "state": str(job.state),
        "priority": job.priority,
        "attempts": job.attempts,
        "created_at": _time(job.created_ms),
        "started_at": _time(job.started_ms),
        "finished_at": _time(job.finished_ms),
        "expires_at": _time(job.expires_ms),
        "progress": _progress(job),
        "name": job.spec.name,
        "url": job.spec.url,
        "metadata": job.spec.metadata,
        "error": {"code": job.error_code, "message": job.error_message} if job.error_code else None,
    }


def batch_answer(batch_id: str, counts: Mapping[JobState, int]) -> dict[str, object]:
    total, ended = sum(counts.values()), sum(counts[state] for state in ENDED)
    return {
        "id": batch_id,
        "jobs": total,
        "ended": ended,
        "done": ended == total,
        "counts": {str(state): count for state, count in counts.items()},
    }


def _progress(job: Job) -> dict[str, object]:
    total = None if job.total_ms is None else job.total_ms / 1_000
    ratio = min(1.0, job.done_ms / job.total_ms) if job.total_ms else None
    if job.state is JobState.SUCCEEDED:
        ratio = 1.0
    return {
        "done_seconds": job.done_ms / 1_000,
        "total_seconds": total,
        "ratio": None if ratio is None else round(ratio, 4),
    }


def _time(moment_ms: int | None) -> str | None:
    if moment_ms is None:
        return None
    moment = datetime.fromtimestamp(moment_ms / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
