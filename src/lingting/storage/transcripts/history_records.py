"""What history is about: a record, what may be asked of it, and how both stand in the table."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_

from lingting.crypto import Vault
from lingting.domain import Transcript
from lingting.domain.errors import InvalidOption
from lingting.storage.identity import hash_of_user
from lingting.storage.tables import transcripts

__all__ = [
    "EPOCH",
    "HistoryFilter",
    "HistoryPage",
    "HistoryRecord",
    "HistorySettings",
    "KeptTranscript",
    "conditions_of",
    "cursor_at",
    "cursor_of",
    "moment_of",
    "place_of",
    "record_of",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_CURSOR_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """What is kept of recognised speech, and for how long."""

    enabled: bool = True
    """Keep transcripts, sealed."""
    required: bool = False
    """Answer with an error when a transcript cannot be kept; else the answer is given, and the failure counted."""
    ttl_days: float = 30.0
    """How long transcripts are kept; 0 is for ever."""
    keep_audio: bool = False
    """Keep recordings as well."""
    audio_ttl_days: float = 7.0
    """How long recordings are kept; 0 is for ever."""
    sweep_seconds: float = 60.0
    """How often what has had its time is looked for."""


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """What is known of a transcript without opening it."""

    id: str
    owner: str
    key_id: str
    created: datetime
    expires: datetime | None
    """None for one that is kept until it is deleted."""
    door: str
    kind: str
    """file, stream or job."""
    language: str
    engine: str
    model: str
    duration_seconds: float
    speech_seconds: float
    characters: int
    request_id: str
    blob_id: str | None
    """Of the recording, where it was kept."""


@dataclass(frozen=True, slots=True)
class KeptTranscript:
    """A record, opened."""

    record: HistoryRecord
    transcript: Transcript
    user: str
    """The caller's own name for whose speech it is; empty for none."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which records; None does not ask. Only commands on the server's own machine leave the owner out."""

    owner: str | None
    since: datetime | None = None
    until: datetime | None = None
    """Not that moment itself."""
    language: str | None = None
    kind: str | None = None
    engine: str | None = None
    door: str | None = None
    user: str | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Newest first."""

    records: Sequence[HistoryRecord]
    next_cursor: str | None
    """Where the next page begins; None on the last one."""
    opened: Mapping[str, KeptTranscript] = field(default_factory=dict)
    """By id, what a search has had to open."""


def conditions_of(asked: HistoryFilter, vault: Vault) -> list[ColumnElement[bool]]:
    """As SQL takes them."""
    columns = transcripts.c
    given: list[tuple[object, ColumnElement[bool]]] = [
        (asked.owner, columns.owner == asked.owner),
        (asked.since, columns.created_ms >= moment_of(asked.since)),
        (asked.until, columns.created_ms < moment_of(asked.until)),
        (asked.language, columns.language == asked.language),
        (asked.kind, columns.kind == asked.kind),
        (asked.engine, columns.engine == asked.engine),
        (asked.door, columns.door == asked.door),
        (asked.user, columns.user_hash == hash_of_user(vault, asked.user or "")),
        (asked.min_seconds, columns.duration_ms >= round((asked.min_seconds or 0.0) * 1_000)),
        (asked.max_seconds, columns.duration_ms <= round((asked.max_seconds or 0.0) * 1_000)),
    ]
    return [condition for value, condition in given if value is not None]


def moment_of(moment: datetime | None) -> int:
    """Milliseconds since 1970 UTC; 0 for None."""
    return 0 if moment is None else (moment - EPOCH) // timedelta(milliseconds=1)


def cursor_of(record: HistoryRecord) -> str:
    """Where a page ends, in text that means nothing to a caller."""
    return cursor_at(record.created, record.id)


def cursor_at(created: datetime, name: str) -> str:
    """The same for a row of another table."""
    return base64.urlsafe_b64encode(f"{moment_of(created)}:{name}".encode()).decode().rstrip("=")


def place_of(cursor: str, table: Table = transcripts) -> ColumnElement[bool]:
    """What comes after the cursor, where pages go from the newest row of the table to the oldest.

    raises    InvalidOption
    """
    padded = cursor[:MAX_CURSOR_CHARACTERS] + "=" * (-len(cursor[:MAX_CURSOR_CHARACTERS]) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        moment, _, name = text.partition(":")
        created_ms = int(moment)
    except (ValueError, binascii.Error) as problem:
        raise InvalidOption("cursor", "is not one that a page ended with") from problem
    columns = table.c
    return or_(columns.created_ms < created_ms, and_(columns.created_ms == created_ms, columns.id < name))


def record_of(row: Mapping[str, Any]) -> HistoryRecord:  # Any: values of columns
    """raises    KeyError for a row without the columns"""
    expires_ms = row["expires_ms"]
    return HistoryRecord(
        id=row["id"],
        owner=row["owner"],
        key_id=row["key_id"],
        created=EPOCH + timedelta(milliseconds=row["created_ms"]),
        expires=None if expires_ms is None else EPOCH + timedelta(milliseconds=expires_ms),
        door=row["door"],
        kind=row["kind"],
        language=row["language"],
        engine=row["engine"],
        model=row["model"],
        duration_seconds=row["duration_ms"] / 1_000,
        speech_seconds=row["speech_ms"] / 1_000,
        characters=row["characters"],
        request_id=row["request_id"],
        blob_id=row["blob_id"],
    )
