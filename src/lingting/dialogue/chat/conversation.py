"""One conversation in memory: its turns, what was heard of them, and what of it waits to be stored. Plain state."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from lingting.dialogue.chat.chat_models import Message, Role
from lingting.dialogue.chat.put_back import TagBook
from lingting.dialogue.chat.settling import Settled, settled_turn
from lingting.domain.conversation import ConversationTurn
from lingting.storage.conversations.conversation_records import (
    ConversationChange,
    ConversationFacts,
    KeptConversation,
)

__all__ = ["MAX_TURNS", "Conversation"]

MAX_TURNS = 100
"""Of one conversation; older ones are forgotten, though not by the store."""


@dataclass(slots=True)
class Conversation:
    """One owner's."""

    facts: ConversationFacts
    context: str = ""
    """What the service knows of the matter, without personal data."""
    kept_context: str = ""
    """As it is stored: what came with a message that is not to be is not."""
    turns: deque[ConversationTurn] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    revision: int = 0
    """Of what is stored; 0 where nothing is."""
    is_gone: bool = False
    """It was erased, and is neither gone on with nor stored."""
    _unstored: dict[str, ConversationTurn] = field(default_factory=dict)
    """Turns that are to be stored, or stored anew, by their ids."""
    _withdrawn: list[str] = field(default_factory=list)
    _last: str = ""
    """The id of the turn of which it may still be said what was heard; empty for none."""
    _is_last_kept: bool = False
    """Whether that is one to be stored."""
    _mark: int = 0
    """Of the question that was asked last."""
    _is_coming: bool = False
    """Whether a reply is in hand."""
    _settled: Settled | None = None
    """What became of that, said before it was known to be over."""
    called: frozenset[tuple[str, str]] = frozenset()
    """What the model had done in its last reply: tools with their arguments."""
    called_in: str = ""
    """The id of that turn; empty where it left no trace."""
    tags: TagBook = field(default_factory=TagBook)
    """The personal data under the tags of its turns; never stored."""

    @property
    def id(self) -> str:
        return self.facts.id

    @property
    def messages(self) -> list[Message]:
        """What was said, as the model is told of it."""
        return [
            Message(role, text)
            for turn in self.turns
            for role, text in ((Role.USER, turn.asked), (Role.ASSISTANT, turn.heard))
            if text
        ]

    @property
    def has_news(self) -> bool:
        """Whether something is to be stored."""
        return not self.is_gone and bool(self._unstored or (self._withdrawn and self.revision))

    @property
    def called_for_nothing(self) -> frozenset[tuple[str, str]]:
        """What was done in a reply that is not among the turns: its words come again."""
        is_there = bool(self.turns) and self.turns[-1].id == self.called_in
        return frozenset() if is_there else self.called

    def know(self, context: str, *, is_kept: bool) -> None:
        """Of the matter, from now on; empty for nothing."""
        self.context = context
        if is_kept:
            self.kept_context = context

    def open_turn(self, mark: int) -> None:
        """A reply is asked for: of those before nothing more is to be said."""
        self._is_coming, self._settled, self._mark = True, None, mark
        self._last = ""

    def close_turn(self) -> None:
        """It is over, with or without words."""
        self._is_coming, self._settled = False, None

    def add(self, turn: ConversationTurn, *, is_kept: bool = False) -> None:
        """What the reply in hand came to.

        is_kept    to be stored
        """
        self._put_last(turn, is_kept=is_kept)
        settled = self._settled
        self.close_turn()
        if settled is not None:
            self._settle_last(settled)

    def settle(self, settled: Settled) -> None:
        """What was heard of the reply in hand, else of the last one, if that is the one that is meant."""
        if settled.mark != self._mark:
            return
        settled = replace(settled, heard_text=self.tags.hidden_again(settled.heard_text))
        if self._is_coming:
            self._settled = settled
        elif self.turns and self.turns[-1].id == self._last:
            self._settle_last(settled)

    def go_on_from(self, kept: KeptConversation) -> None:
        """Take over what is stored; what is still to be stored stays, what was not to be is forgotten."""
        self.revision, self.context, self.kept_context = kept.record.revision, kept.context, kept.context
        stored = [self._unstored.get(turn.id, turn) for turn in kept.turns if turn.id not in self._withdrawn]
        there = {turn.id for turn in stored}
        added = [turn for name, turn in self._unstored.items() if name not in there]
        self.turns = deque([*stored, *added], maxlen=MAX_TURNS)
        self._last = ""

    def change(self) -> ConversationChange:
        """What is to be stored."""
        return ConversationChange(
            self.facts,
            tuple(self._unstored.values()),
            tuple(self._withdrawn),
            context=self.kept_context,
            is_begun=self.revision > 0,
        )

    def stored(self, change: ConversationChange, revision: int) -> None:
        """It was; what has changed since is still to be."""
        self.revision = revision
        self._withdrawn = self._withdrawn[len(change.withdrawn) :]
        for turn in change.turns:
            if self._unstored.get(turn.id) is turn:
                del self._unstored[turn.id]

    def _put_last(self, turn: ConversationTurn, *, is_kept: bool) -> None:
        self.turns.append(turn)
        self._last, self._is_last_kept = turn.id, is_kept
        if is_kept:
            self._unstored[turn.id] = turn
            if len(self._unstored) > MAX_TURNS:
                del self._unstored[next(iter(self._unstored))]

    def _settle_last(self, settled: Settled) -> None:
        last, is_kept = self.turns.pop(), self._is_last_kept
        if not settled.is_withdrawn:
            self._put_last(settled_turn(last, settled), is_kept=is_kept)
            return
        self._last = ""
        self._unstored.pop(last.id, None)
        if is_kept:  # it may be stored already, or just now
            self._withdrawn.append(last.id)
