"""What a callback says of a job, as a row that waits to be delivered."""

from __future__ import annotations

import json

from lingting.crypto import Vault
from lingting.jobs.outcome import JobOutcome
from lingting.storage.jobs.delivery_store import NewDelivery, delivery_row

__all__ = ["callback_payload", "callback_row"]

MAX_PAYLOAD_BYTES = 2**20
"""A larger result is left out: the receiver can ask for it."""


def callback_row(vault: Vault, outcome: JobOutcome, url: str, *, now_ms: int) -> dict[str, object]:
    """The values to insert into `deliveries`, within the transaction that ends the job; then wake the courier.

    url    as `UrlGuard.check(..., is_callback=True).url` spelled it
    """
    new = NewDelivery(outcome.owner, outcome.job_id, url, callback_payload(outcome))
    return delivery_row(vault, new, now_ms=now_ms)


def callback_payload(outcome: JobOutcome) -> bytes:
    """JSON in the form of Standard Webhooks; holds the transcript only where the outcome does."""
    data: dict[str, object] = {
        "job_id": outcome.job_id,
        "batch_id": outcome.batch_id,
        "state": outcome.state,
        "audio_seconds": outcome.audio_seconds,
        "error": {"code": outcome.error_code, "message": outcome.error_message} if outcome.error_code else None,
    }
    if outcome.result is None:
        return _json(outcome, data)
    full = _json(outcome, {**data, "result": outcome.result})
    return full if len(full) <= MAX_PAYLOAD_BYTES else _json(outcome, {**data, "result": None, "result_omitted": True})


def _json(outcome: JobOutcome, data: dict[str, object]) -> bytes:
    at = outcome.finished.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"type": f"job.{outcome.state}", "timestamp": at, "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
