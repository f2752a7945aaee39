"""What is kept, for tests: stores on a database of their own, and transcripts to put into them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Segment, Transcript, Word
from lingting.domain.conversation import ConversationTurn, TurnStages
from lingting.domain.principal import ANYBODY, Call, Principal
from lingting.storage.blob_files import BlobFiles
from lingting.storage.blobs import Blobs
from lingting.storage.conversations.conversation_records import ConversationChange, ConversationFacts
from lingting.storage.conversations.conversation_store import ConversationStore
from lingting.storage.db import Database, StorageSettings
from lingting.storage.erasing import Eraser, Stores
from lingting.storage.erasure_notice import ErasureNotice
from lingting.storage.retention import Sweeper
from lingting.storage.transcripts.history import History
from lingting.storage.transcripts.history_records import HistorySettings
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock


@dataclass
class House:
    database: Database
    vault: Vault
    clock: VirtualClock
    history: History
    conversations: ConversationStore
    blobs: Blobs
    eraser: Eraser
    sweeper: Sweeper
    folder: Path


def new_vault(*lines: str) -> Vault:
    return Vault(Keyring.parse(lines or [new_master_key()]), root=os.urandom(32))


@asynccontextmanager
async def open_house(
    url: str, folder: Path, settings: HistorySettings | None = None, *, vault: Vault | None = None
) -> AsyncIterator[House]:
    clock, vault, metrics = VirtualClock(), vault or new_vault(), Telemetry().storage
    async with Database.opened(StorageSettings(url), folder) as database:
        history = History(database, vault, clock, settings or HistorySettings(), metrics)
        blobs = Blobs(database, vault, clock, BlobFiles(None, folder / "blobs", space="test"), metrics)
        eraser = Eraser(Stores(database, vault, blobs), ErasureNotice(database, clock), metrics)
        sweeper = Sweeper(database, blobs, clock, metrics, every_seconds=60.0)
        conversations = ConversationStore(database, vault, clock)
        yield House(database, vault, clock, history, conversations, blobs, eraser, sweeper, folder)
        await history.aclose()


def call_by(key: str = "", *, user: str = "", tenant: str = "", keep: bool | None = None, door: str = "/asr") -> Call:
    principal = Principal(key, tenant=tenant) if key else ANYBODY
    return Call(principal, door, request_id="r1", user=user, keep=keep)


def said(*texts: str, language: str = "en", seconds: float = 2.0) -> Transcript:
    """A transcript with a segment for each text, each with one word."""
    segments = tuple(
        Segment(
            i, i * seconds, (i + 1) * seconds, text, language, words=(Word(text, i * seconds, i + 1.0, 0.9, (1, 2)),)
        )
        for i, text in enumerate(texts)
    )
    return Transcript(segments, language, seconds * len(texts), engine="fake", model="tiny", speech_seconds=1.0)


def talked(clock: VirtualClock, name: str, asked: str = "", heard: str = "", **more: object) -> ConversationTurn:
    """A turn of a conversation."""
    stages = TurnStages(first_token_seconds=0.25, ended_seconds=1.0)
    return ConversationTurn(
        name, clock.now(), asked or f"ask {name}", heard or f"hear {name}", "en", None, None, stages, **more
    )  # type: ignore[arg-type]


def change_of(
    clock: VirtualClock, name: str, *turns: ConversationTurn, owner: str = "key1", user: str = "", **more: object
) -> ConversationChange:
    """What these turns add to the owner's conversation."""
    facts = ConversationFacts(name, owner, owner, user, "/v1/chat", clock.now())
    return ConversationChange(facts, turns, **more)  # type: ignore[arg-type]


def row_for(table: Table, **given: object) -> dict[str, object]:
    """A row of which only some columns matter."""
    needed = (column for column in table.c if not column.nullable and column.name not in given)
    return {column.name: {bytes: b"x", int: 0}.get(column.type.python_type, "x") for column in needed} | given
