"""One look at a server's metrics, in Prometheus's text form. Pure but for the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from lingting.client.errors import ServerError, ServerUnreachable
from lingting.proof.transcription_door import Target

__all__ = ["Look", "look", "read_metrics"]

ANSWER_SECONDS = 30.0
NAMES = {
    "memory_bytes": "process_resident_memory_bytes",
    "open_files": "process_open_fds",
    "threads": "asr_threads",
    "queued_clips": "asr_queue_clips",
    "live_sessions": "asr_live_sessions",
    "sockets": "asr_sockets_open",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the server says of itself at one moment."""

    at_seconds: float
    """Since the run began."""
    is_idle: bool
    """Nobody was being served by us; only such moments are compared."""
    memory_bytes: float
    open_files: float
    threads: float
    queued_clips: float
    live_sessions: float
    sockets: float


async def look(target: Target, *, at_seconds: float, is_idle: bool) -> Look:
    """raises    ServerUnreachable, ServerError where the metrics are not open to us, or are not Lingting's"""
    headers = {"Authorization": f"Bearer {target.key}"} if target.key else {}
    try:
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS) as http:
            answer = await http.get(f"{target.root}/metrics", headers=headers)
    except httpx2.TransportError as problem:
        raise ServerUnreachable(f"the server cannot be reached: {type(problem).__name__}") from problem
    if answer.is_error:
        message = f"/metrics answers with status {answer.status_code}; it takes a key with the scope metrics"
        raise ServerError(f"http_{answer.status_code}", message)
    return Look(at_seconds, is_idle, **read_metrics(answer.text))


def read_metrics(text: str) -> Mapping[str, float]:
    """The numbers that are watched, each summed over its labels; one that a server has not is 0.

    raises    ServerError for what is not Prometheus's form, or where the memory is missing
    """
    sums: dict[str, float] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    except ValueError as problem:
        raise ServerError("unreadable_answer", "/metrics is not in Prometheus's text form") from problem
    if NAMES["memory_bytes"] not in sums:
        raise ServerError("unreadable_answer", "/metrics says nothing of memory; is it a Lingting server on Linux?")
    return {field: sums.get(name, 0.0) for field, name in NAMES.items()}
