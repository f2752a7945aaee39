"""Conversations that are kept, each turn sealed: begun, gone on with, listed and read again.

Promises: `save` returns once it is committed; nobody's conversation is seen by another owner; one that was erased is
not made again by a turn that was in hand; what was said is only sealed. `erasing.py` and `retention.py` delete them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.domain.conversation import ConversationTurn
from lingting.domain.errors import RecordNotFound
from lingting.storage.conversations.conversation_records import (
    ConversationChange,
    ConversationPage,
    KeptConversation,
    about_from,
    about_to,
    record_of_conversation,
    turn_from,
    turn_to,
)
from lingting.storage.db import Database
from lingting.storage.identity import hash_of_user, milliseconds
from lingting.storage.tables import conversation_turns, conversations
from lingting.storage.transcripts.history_records import cursor_at, moment_of, place_of

__all__ = ["MAX_KEPT_TURNS", "ConversationStore"]

MAX_KEPT_TURNS = 1_000
"""Of one conversation; the oldest go first."""
DOOR_CHARACTERS = 80
UNSEALED = tuple(column for column in conversations.c if column.name != "sealed")
Row = Mapping[str, Any]  # Any: values of columns


class ConversationStore:
    """The conversations of one installation. Belongs to one event loop."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def save(self, change: ConversationChange, *, keep_seconds: float) -> int:
        """Keep what a turn added, for so long from now on; the conversation's revision after it.

        raises    RecordNotFound for one that was erased meanwhile; StorageUnavailable
        """
        row, turns = await asyncio.to_thread(self._sealed, change)
        now_ms = milliseconds(self._clock)
        row |= {"last_ms": now_ms, "expires_ms": now_ms + round(keep_seconds * 1_000)}
        return await self._database.write(lambda connection: _write(connection, change, row, turns))

    async def revision(self, name: str, *, owner: str) -> int | None:
        """Which one is kept; None where it is not there or is somebody else's.

        raises    StorageUnavailable
        """
        rows = await self._rows(select(conversations.c.revision).where(*_own(name, owner)))
        return rows[0]["revision"] if rows else None

    async def get(self, name: str, *, owner: str | None, newest: int = MAX_KEPT_TURNS) -> KeptConversation:
        """One of the owner's, opened, with its newest turns; None as owner finds anybody's.

        raises    RecordNotFound, SealBroken, StorageUnavailable
        """
        rows = await self._rows(select(conversations).where(*_own(name, owner)))
        if not rows:
            raise RecordNotFound("there is no such conversation, or its time is over")
        columns = conversation_turns.c
        query = select(conversation_turns).where(columns.conversation_id == name)
        turns = await self._rows(query.order_by(columns.number.desc()).limit(newest))
        return await asyncio.to_thread(self._opened, rows[0], turns[::-1])

    async def page(
        self, owner: str | None, *, user: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ConversationPage:
        """Without what was said; None as owner lists everybody's.

        raises    InvalidOption, StorageUnavailable
        """
        columns = conversations.c
        query = select(*UNSEALED)
        if owner is not None:
            query = query.where(columns.owner == owner)
        if user:
            query = query.where(columns.user_hash == hash_of_user(self._vault, user))
        if cursor:
            query = query.where(place_of(cursor, conversations))
        rows = await self._rows(query.order_by(columns.created_ms.desc(), columns.id.desc()).limit(limit + 1))
        records = [record_of_conversation(row) for row in rows[:limit]]
        more = cursor_at(records[-1].began, records[-1].id) if len(rows) > limit else None
        return ConversationPage(records, more)

    def _sealed(self, change: ConversationChange) -> tuple[dict[str, object], list[dict[str, object]]]:
        facts = change.facts
        row: dict[str, object] = {
            "id": facts.id,
            "owner": facts.owner,
            "key_id": facts.key_id,
            "user_hash": hash_of_user(self._vault, facts.user),
            "created_ms": moment_of(facts.began),
            "door": facts.door[:DOOR_CHARACTERS],
            "sealed": self._vault.seal(about_to(facts.user, change.context), about=_about(facts.id)),
        }
        turns: list[dict[str, object]] = [
            {
                "id": turn.id,
                "conversation_id": facts.id,
                "created_ms": moment_of(turn.began),
                "sealed": self._vault.seal(turn_to(turn), about=_about_turn(facts.id, turn.id)),
            }
            for turn in change.turns
        ]
        return row, turns

    def _opened(self, row: Row, turns: Sequence[Row]) -> KeptConversation:
        name = row["id"]
        user, context = about_from(self._vault.open(row["sealed"], about=_about(name)))
        opened: list[ConversationTurn] = [
            turn_from(self._vault.open(turn["sealed"], about=_about_turn(name, turn["id"]))) for turn in turns
        ]
        return KeptConversation(record_of_conversation(row), user, context, opened)

    async def _rows(self, query: Any) -> list[Row]:  # Any: a Select of any columns
        async def work(connection: AsyncConnection) -> list[Row]:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)


async def _write(
    connection: AsyncConnection, change: ConversationChange, row: dict[str, object], turns: Sequence[dict[str, object]]
) -> int:
    name, mine = change.facts.id, conversation_turns.c.conversation_id == change.facts.id
    found = select(conversations.c.revision).where(conversations.c.id == name).with_for_update()
    before: int | None = await connection.scalar(found)
    if before is None and change.is_begun:
        raise RecordNotFound("the conversation was erased; begin another")
    if before is None:
        await connection.execute(insert(conversations).values(row | {"turns": 0, "revision": 0}))
    if change.withdrawn:
        await connection.execute(delete(conversation_turns).where(mine, conversation_turns.c.id.in_(change.withdrawn)))
    await _put_turns(connection, mine, turns)
    number, count = (await connection.execute(_counts(mine))).one()
    if count > MAX_KEPT_TURNS:
        is_old = conversation_turns.c.number <= number - MAX_KEPT_TURNS
        await connection.execute(delete(conversation_turns).where(mine, is_old))
        count = (await connection.execute(_counts(mine))).one()[1]
    revision = (before or 0) + 1
    changed = {each: row[each] for each in ("last_ms", "expires_ms", "sealed")} | {"turns": count, "revision": revision}
    await connection.execute(update(conversations).where(conversations.c.id == name).values(changed))
    return revision


async def _put_turns(
    connection: AsyncConnection, mine: ColumnElement[bool], turns: Sequence[dict[str, object]]
) -> None:
    """Those that are there are changed: what was heard of a reply is known after it was given."""
    columns = conversation_turns.c
    ids = [turn["id"] for turn in turns]
    there = set((await connection.scalars(select(columns.id).where(mine, columns.id.in_(ids)))).all())
    last = (await connection.execute(_counts(mine))).one()[0] or 0
    missing = [turn for turn in turns if turn["id"] not in there]
    if missing:
        numbered = [turn | {"number": last + i} for i, turn in enumerate(missing, start=1)]
        await connection.execute(insert(conversation_turns), numbered)
    for turn in turns:
        if turn["id"] in there:
            changed = update(conversation_turns).where(mine, columns.id == turn["id"])
            await connection.execute(changed.values(sealed=turn["sealed"]))


def _counts(mine: ColumnElement[bool]) -> Any:  # Any: a Select of two numbers
    """The last number, and how many there are."""
    return select(func.max(conversation_turns.c.number), func.count()).where(mine)


def _own(name: str, owner: str | None) -> list[ColumnElement[bool]]:
    is_one = conversations.c.id == name
    return [is_one] if owner is None else [is_one, conversations.c.owner == owner]


def _about(name: str) -> str:
    return f"conversations.sealed:{name}"


def _about_turn(name: str, turn: str) -> str:
    return f"conversation_turns.sealed:{name}:{turn}"
