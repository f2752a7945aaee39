"""Stores conversations beside the replies: in order, bounded, and without holding a word up.

Promises: what was said to be kept is committed; what could not be stored is counted, logged, and tried again with the
next turn; a conversation that was erased is not made again. While the database is away conversations go on in memory,
but for a history that is required.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.dialogue.chat.conversation import MAX_TURNS, Conversation
from lingting.domain import Call, Redaction
from lingting.domain.conversation import ConversationTurn
from lingting.domain.errors import LingtingError, RecordNotFound, StorageUnavailable
from lingting.storage.conversations.conversation_records import ConversationChange
from lingting.storage.conversations.conversation_store import ConversationStore
from lingting.telemetry import log
from lingting.text.privacy.redaction import hidden_by

__all__ = ["ConversationKeeper", "KeepObserver", "KeepSettings"]

WAIT_SECONDS = 0.25
"""How long the end of an answer waits to be able to say that it is kept; a commit takes milliseconds."""
REQUIRED_SECONDS = 10.0
"""The same where what cannot be kept is an error."""
RETRY_SECONDS = 5.0
MAX_WRITING = 1_000
"""Conversations that are being stored at once; those beyond wait for their next turn."""
CLOSE_SECONDS = 10.0


class KeepObserver(Protocol):
    """Told what became of turns, for metrics."""

    def conversation_kept(self, turns: int) -> None: ...

    def conversation_failed(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """What is stored, for how long."""

    seconds: float
    """Since the last turn; 0 stores nothing."""
    redaction: Redaction
    is_required: bool = False
    """Answer with an error when a turn cannot be stored."""


class ConversationKeeper:
    """Belongs to one event loop."""

    def __init__(self, store: ConversationStore, settings: KeepSettings, observer: KeepObserver) -> None:
        self._store = store
        self._settings = settings
        self._observer = observer
        self._writing: dict[str, asyncio.Task[None]] = {}

    def wants(self, call: Call) -> bool:
        """Whether turns of this call are stored."""
        return self._settings.seconds > 0 and call.keep is not False

    async def current(self, owner: str, name: str, talk: Conversation | None) -> Conversation:
        """The conversation as it is now: another server may have gone on with it, or somebody erased it.

        talk      as it is in memory; None where it is not
        raises    RecordNotFound; StorageUnavailable where memory cannot do instead; SealBroken
        """
        if talk is not None:
            await self._written(talk, WAIT_SECONDS)
            if talk.revision == 0 or name in self._writing:
                return talk
        try:
            if talk is not None and await self._store.revision(name, owner=owner) == talk.revision:
                return talk
            kept = await self._store.get(name, owner=owner, newest=MAX_TURNS)
        except StorageUnavailable as error:
            if talk is None or self._settings.is_required:
                raise
            self._failed(error)
            return talk
        talk = talk or Conversation(kept.facts)
        talk.go_on_from(kept)
        return talk

    def note(self, talk: Conversation) -> None:
        """Store what is not yet, in the background; a conversation's changes one after the other."""
        if not talk.has_news or talk.id in self._writing:
            return
        if len(self._writing) >= MAX_WRITING:
            self._observer.conversation_failed()
            return
        task = asyncio.create_task(self._write(talk), name="conversation-keeper")
        self._writing[talk.id] = task
        task.add_done_callback(lambda _: self._writing.pop(talk.id, None))

    async def finish(self, talk: Conversation) -> bool:
        """Whether all of it is stored; does not wait long for that.

        raises    StorageUnavailable where it must be and is not
        """
        self.note(talk)
        must = self._settings.is_required
        await self._written(talk, REQUIRED_SECONDS if must else WAIT_SECONDS)
        if must and talk.has_news:
            raise StorageUnavailable(
                "the conversation could not be kept, as the settings require; try again",
                retry_after_seconds=RETRY_SECONDS,
            )
        return not talk.has_news and not talk.is_gone

    async def aclose(self) -> None:
        """Wait until what was said is stored; not for ever."""
        if self._writing:
            await asyncio.wait(self._writing.values(), timeout=CLOSE_SECONDS)

    async def _written(self, talk: Conversation, seconds: float) -> None:
        task = self._writing.get(talk.id)
        if task is not None:
            await asyncio.wait((task,), timeout=seconds)

    async def _write(self, talk: Conversation) -> None:
        try:
            while talk.has_news:
                change = talk.change()
                hidden = await asyncio.to_thread(self._hidden, change)
                revision = await self._store.save(hidden, keep_seconds=self._settings.seconds)
                talk.stored(change, revision)
                self._observer.conversation_kept(len(change.turns))
        except RecordNotFound:
            talk.is_gone = True
        except LingtingError as error:
            self._failed(error)

    def _hidden(self, change: ConversationChange) -> ConversationChange:
        """What a model or a tool said may hold personal data, too."""
        return replace(change, turns=tuple(self._hidden_turn(turn) for turn in change.turns))

    def _hidden_turn(self, turn: ConversationTurn) -> ConversationTurn:
        redaction = self._settings.redaction
        return replace(turn, asked=hidden_by(redaction, turn.asked), heard=hidden_by(redaction, turn.heard))

    def _failed(self, error: LingtingError) -> None:
        self._observer.conversation_failed()
        log.error("conversation.failed", code=error.code)
