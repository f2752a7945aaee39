"""Conversations while they last: whose they are, one turn at a time, within bounds; and on from what is stored.

Promises: nobody goes on with somebody else's conversation; one that was erased is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from cachetools import TTLCache

from lingting.dialogue.chat.chat_models import Message, estimate_tokens
from lingting.dialogue.chat.conversation import Conversation
from lingting.dialogue.chat.keeping import ConversationKeeper
from lingting.dialogue.chat.settling import Settled
from lingting.domain import Call, Clock
from lingting.domain.errors import RecordNotFound, WrongState
from lingting.storage.conversations.conversation_records import ConversationFacts
from lingting.storage.erasing import Erasure
from lingting.storage.identity import new_id

__all__ = ["Conversations", "in_turns", "window"]


class Conversations:
    """Those of a server. Belongs to one event loop.

    seconds    of quiet, before one is forgotten here; the keeper's store knows it longer
    keeper     None stores nothing
    """

    def __init__(self, most: int, seconds: float, clock: Clock, keeper: ConversationKeeper | None = None) -> None:
        self._kept: TTLCache[str, Conversation] = TTLCache(most, seconds, timer=clock.monotonic)
        self._in_hand: dict[tuple[str, str], Conversation | None] = {}
        """Those with a turn in hand, by owner and id; None while one is looked for."""
        self._clock = clock
        self._keeper = keeper

    def begin(self, owner: str) -> str:
        """The id of one that has no turn yet."""
        talk = self._new(owner)
        self._kept[talk.id] = talk
        return talk.id

    def wants(self, call: Call) -> bool:
        """Whether turns of this call are stored."""
        return self._keeper is not None and self._keeper.wants(call)

    def settle(self, owner: str, name: str, settled: Settled) -> None:
        """Of a conversation that is not here any more there is nothing to be said."""
        talk = self._in_hand.get((owner, name)) or self._kept.get(name)
        if talk is not None and talk.facts.owner == owner:
            talk.settle(settled)
            if self._keeper is not None:
                self._keeper.note(talk)

    @asynccontextmanager
    async def turn_of(self, call: Call, given: str | None, *, mark: int | None = None) -> AsyncIterator[Conversation]:
        """The conversation with this id, or one that begins, for one turn at a time.

        mark      of the question that is asked in it; None where none is
        raises    RecordNotFound for one that is not there or is somebody else's; WrongState while it is answering;
                  StorageUnavailable, SealBroken
        """
        owner = call.principal.owner
        talk = self._new(owner) if given is None else None
        place = owner, given or (talk.id if talk else "")
        if place in self._in_hand:
            raise WrongState("this conversation is being answered; wait for that answer, or begin another")
        self._in_hand[place] = talk
        try:
            talk = talk or await self._found(*place)
            self._in_hand[place] = talk
            if not talk.turns and not talk.revision:
                talk.facts = _facts(talk, call)
            if mark is not None:
                talk.open_turn(mark)
            yield talk
        finally:
            del self._in_hand[place]
            if talk is not None:
                self._put_back(talk, given)

    async def finish(self, talk: Conversation) -> bool:
        """Whether what was said is stored.

        raises    StorageUnavailable where it must be and is not
        """
        return self._keeper is not None and await self._keeper.finish(talk)

    def forget(self, asked: Erasure) -> Sequence[str]:
        """Ids of those in memory that were to be erased, and are forgotten."""
        in_hand = [talk for talk in self._in_hand.values() if talk is not None]
        gone = {talk.id: talk for talk in [*self._kept.values(), *in_hand] if _is_meant(talk, asked)}
        for name, talk in gone.items():
            talk.is_gone = True
            self._kept.pop(name, None)
        return list(gone)

    async def aclose(self) -> None:
        if self._keeper is not None:
            await self._keeper.aclose()

    async def _found(self, owner: str, name: str) -> Conversation:
        talk = self._kept.get(name)
        if talk is not None and talk.facts.owner != owner:
            talk = None
        elif self._keeper is not None:
            try:
                talk = await self._keeper.current(owner, name, talk)
            except RecordNotFound:
                self._kept.pop(name, None)
                talk = None
        if talk is None or talk.is_gone:
            raise RecordNotFound("there is no such conversation here, or it was quiet for too long; begin another")
        return talk

    def _put_back(self, talk: Conversation, given: str | None) -> None:
        talk.close_turn()
        if talk.is_gone:
            self._kept.pop(talk.id, None)
        elif talk.turns or given is not None:
            self._kept[talk.id] = talk
            if self._keeper is not None:
                self._keeper.note(talk)

    def _new(self, owner: str) -> Conversation:
        return Conversation(ConversationFacts(new_id("cv", self._clock), owner, "", "", "", self._clock.now()))


def _facts(talk: Conversation, call: Call) -> ConversationFacts:
    """Those of the call that says the first words."""
    return replace(talk.facts, key_id=call.principal.key_id, user=call.user, door=call.door)


def _is_meant(talk: Conversation, asked: Erasure) -> bool:
    """By the rules that `Eraser` puts to the rows."""
    facts = talk.facts
    return all(
        (
            asked.owner is None or asked.owner == facts.owner,
            not asked.user or asked.user == facts.user,
            asked.key is None or asked.key == facts.key_id,
            not asked.id or asked.id == facts.id,
            asked.before is None or facts.began < asked.before,
        )
    )


def window(messages: Iterable[Message], most_tokens: int) -> list[Message]:
    """The newest messages that fit, in order."""
    kept: list[Message] = []
    left = most_tokens
    for message in reversed(list(messages)):
        left -= estimate_tokens([message])
        if left < 0:
            break
        kept.append(message)
    return kept[::-1]


def in_turns(messages: Iterable[Message]) -> list[Message]:
    """With neighbours of one role joined, as words that got no answer leave them: some models refuse the like."""
    said: list[Message] = []
    for message in messages:
        text = f"{said.pop().text}\n{message.text}" if said and said[-1].role is message.role else message.text
        said.append(Message(message.role, text))
    return said
