"""What is known of a kept conversation, and its turns as bytes and back.

Promises: what comes back equals what went in; a field that a later version adds does not hinder reading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from lingting.domain import Mood, MoodLabel
from lingting.domain.conversation import ConversationTurn, TurnStages
from lingting.domain.errors import SealBroken
from lingting.storage.transcripts.history_records import EPOCH

__all__ = [
    "ConversationChange",
    "ConversationFacts",
    "ConversationPage",
    "ConversationRecord",
    "KeptConversation",
    "about_from",
    "about_to",
    "record_of_conversation",
    "turn_from",
    "turn_to",
]

NESTED = ("began", "mood", "stages")
TURN_FIELDS = tuple(field.name for field in fields(ConversationTurn) if field.name not in NESTED)
STAGE_FIELDS = tuple(field.name for field in fields(TurnStages))
Row = Mapping[str, Any]  # Any: values of columns, and what JSON holds


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What does not change while it lasts."""

    id: str
    owner: str
    key_id: str
    user: str
    """The caller's own name for who speaks; kept sealed, and as a keyed hash."""
    door: str
    began: datetime


@dataclass(frozen=True, slots=True)
class ConversationChange:
    """What a turn adds to a conversation."""

    facts: ConversationFacts
    turns: Sequence[ConversationTurn]
    """Those that are not there yet, and those that have changed."""
    withdrawn: Sequence[str] = ()
    """Ids of turns that go."""
    context: str = ""
    is_begun: bool = False
    """Whether it was kept before; then one that is gone was erased, and is not made again."""


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """What is known without opening it."""

    id: str
    owner: str
    key_id: str
    began: datetime
    last: datetime
    """When something was said last."""
    expires: datetime
    door: str
    """Where it began."""
    turns: int
    revision: int
    """Another after each change."""


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """A record, opened."""

    record: ConversationRecord
    user: str
    context: str
    turns: Sequence[ConversationTurn]
    """In order."""

    @property
    def facts(self) -> ConversationFacts:
        record = self.record
        return ConversationFacts(record.id, record.owner, record.key_id, self.user, record.door, record.began)


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Those that began last come first."""

    records: Sequence[ConversationRecord]
    next_cursor: str | None
    """Where the next page begins; None on the last one."""


def turn_to(turn: ConversationTurn) -> bytes:
    row = {name: getattr(turn, name) for name in TURN_FIELDS}
    row["began"] = turn.began.isoformat()
    row["mood"] = None if turn.mood is None else [turn.mood.score, turn.mood.label.value]
    row["stages"] = {name: getattr(turn.stages, name) for name in STAGE_FIELDS}
    return _bytes_of(row)


def turn_from(data: bytes) -> ConversationTurn:
    """raises    SealBroken for what `turn_to` did not make"""
    try:
        row = json.loads(data.decode("utf-8", "surrogatepass"))
        mood = row["mood"]
        return ConversationTurn(
            **_known(row, TURN_FIELDS),
            began=datetime.fromisoformat(row["began"]),
            mood=None if mood is None else Mood(mood[0], MoodLabel(mood[1])),
            stages=TurnStages(**_known(row["stages"], STAGE_FIELDS)),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        raise SealBroken("a kept turn cannot be read; another version of Lingting wrote it") from problem


def about_to(user: str, context: str) -> bytes:
    """What is sealed of the conversation itself."""
    return _bytes_of({"user": user, "context": context})


def about_from(data: bytes) -> tuple[str, str]:
    """The user and the context.

    raises    SealBroken for what `about_to` did not make
    """
    try:
        row = json.loads(data.decode("utf-8", "surrogatepass"))
        return str(row["user"]), str(row["context"])
    except (ValueError, KeyError, TypeError) as problem:
        raise SealBroken("a kept conversation cannot be read; another version of Lingting wrote it") from problem


def record_of_conversation(row: Row) -> ConversationRecord:
    """raises    KeyError for a row without the columns"""
    return ConversationRecord(
        id=row["id"],
        owner=row["owner"],
        key_id=row["key_id"],
        began=EPOCH + timedelta(milliseconds=row["created_ms"]),
        last=EPOCH + timedelta(milliseconds=row["last_ms"]),
        expires=EPOCH + timedelta(milliseconds=row["expires_ms"]),
        door=row["door"],
        turns=row["turns"],
        revision=row["revision"],
    )


def _known(row: Row, names: tuple[str, ...]) -> dict[str, Any]:  # Any: keyword arguments
    return {name: value for name, value in row.items() if name in names}


def _bytes_of(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
