"""A transcript as a row: what may be filtered by in columns, everything that was said in one sealed value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lingting.crypto import Vault
from lingting.domain import Transcript
from lingting.storage.identity import hash_of_user
from lingting.storage.tables import transcripts
from lingting.storage.transcripts.history_records import KeptTranscript, record_of
from lingting.storage.transcripts.history_terms import hash_terms, terms_of
from lingting.storage.transcripts.transcript_records import transcript_from, transcript_to

__all__ = ["KeptRow", "RowFacts", "make_row", "open_row"]


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What a row says beside its transcript."""

    id: str
    owner: str
    key_id: str
    user: str
    created_ms: int
    expires_ms: int | None
    door: str
    kind: str
    request_id: str
    is_of_job: bool
    cache_key: str | None
    blob_id: str | None


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Ready to be written."""

    values: Mapping[str, object]
    terms: Sequence[int]
    is_of_job: bool
    """Its id is that of a job."""


def make_row(vault: Vault, facts: RowFacts, transcript: Transcript) -> KeptRow:
    """Seal it and hash its words; a millisecond for a sentence, tens for an hour of speech. Safe in threads."""
    text = transcript.text
    user = facts.user.encode("utf-8", "surrogatepass").replace(b"\n", b" ")
    values = {
        "id": facts.id,
        "owner": facts.owner,
        "key_id": facts.key_id,
        "user_hash": hash_of_user(vault, facts.user),
        "created_ms": facts.created_ms,
        "expires_ms": facts.expires_ms,
        "door": _cut("door", facts.door),
        "kind": facts.kind,
        "language": _cut("language", transcript.language),
        "engine": _cut("engine", transcript.engine),
        "model": _cut("model", transcript.model),
        "duration_ms": round(transcript.duration_seconds * 1_000),
        "speech_ms": round(transcript.speech_seconds * 1_000),
        "characters": len(text),
        "request_id": _cut("request_id", facts.request_id),
        "cache_key": facts.cache_key,
        "blob_id": facts.blob_id,
        "sealed": vault.seal(user + b"\n" + transcript_to(transcript), about=_about(facts.id)),
    }
    return KeptRow(values, hash_terms(vault, facts.owner, terms_of(text)), is_of_job=facts.is_of_job)


def open_row(vault: Vault, row: Mapping[str, Any]) -> KeptTranscript:  # Any: values of columns
    """raises    SealBroken for one that was changed, or is another row's"""
    user, _, body = vault.open(row["sealed"], about=_about(row["id"])).partition(b"\n")
    return KeptTranscript(record_of(row), transcript_from(body), user.decode("utf-8", "surrogatepass"))


def _about(name: str) -> str:
    return f"transcripts.sealed:{name}"


def _cut(column: str, text: str) -> str:
    """To what the column holds: these are names, and one that is too long shall not cost the transcript."""
    length: int = transcripts.c[column].type.length  # type: ignore[attr-defined]
    return text[:length]
