"""What is told to Kafka, as JSON: finals of live sessions, and how jobs ended. Pure.

Every message has `schema`, which rises when a field changes its meaning or goes; fields may be added without. Source of
the key's purpose: Kafka keeps the order of messages that share one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from lingting.crypto import hash_of
from lingting.domain import Final
from lingting.jobs.outcome import JobOutcome

__all__ = ["SCHEMA", "Message", "final_message", "job_message", "session_name"]

SCHEMA = 1
MAX_BYTES = 900_000
"""Brokers take a million by default; the key and the frame count too."""


@dataclass(frozen=True, slots=True)
class Message:
    """A key, whose messages stay in order, and what is said."""

    key: bytes
    value: bytes = field(repr=False)


def session_name(session_id: str) -> str:
    """A live session, for those who already know its id: the id itself would let others resume it."""
    return hash_of(session_id).hex()[:32]


def final_message(session_id: str, owner: str, final: Final, *, at: datetime, include_text: bool) -> Message:
    """One segment of a live session."""
    session = session_name(session_id)
    said: dict[str, object] = {
        "schema": SCHEMA,
        "type": "final",
        "at": _moment(at),
        "owner": owner,
        "session": session,
        "seq": final.seq,
        "segment": final.segment,
        "start_seconds": round(final.start_seconds, 3),
        "end_seconds": round(final.end_seconds, 3),
        "language": final.language,
        "characters": len(final.text),
        "suppressed": final.suppressed,
        "lag_seconds": round(final.lag_seconds, 3),
    }
    if include_text:
        said["text"] = final.text
        said["words"] = [
            {"word": word.text, "start": round(word.start_seconds, 3), "end": round(word.end_seconds, 3)}
            for word in final.words
        ]
    return Message(_key(owner, session), _json(said))


def job_message(outcome: JobOutcome, *, include_text: bool) -> Message:
    """How a job ended."""
    error = {"code": outcome.error_code, "message": outcome.error_message} if outcome.error_code else None
    said: dict[str, object] = {
        "schema": SCHEMA,
        "type": f"job.{outcome.state}",
        "at": _moment(outcome.finished),
        "owner": outcome.owner,
        "job_id": outcome.job_id,
        "batch_id": outcome.batch_id,
        "state": outcome.state,
        "audio_seconds": outcome.audio_seconds,
        "error": error,
    }
    key = _key(outcome.owner, outcome.job_id)
    if not include_text or outcome.result is None:
        return Message(key, _json(said))
    full = _json({**said, "result": outcome.result})
    return Message(key, full if len(full) <= MAX_BYTES else _json({**said, "result": None, "result_omitted": True}))


def _key(owner: str, name: str) -> bytes:
    return f"{owner}/{name}".encode()


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
