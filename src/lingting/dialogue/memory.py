"""What is kept of conversations while they last: what was said, by whose id, within bounds. In this process only."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cachetools import TTLCache

from lingting.dialogue.chat_models import Message, estimate_tokens
from lingting.domain import Clock
from lingting.domain.errors import RecordNotFound, WrongState

__all__ = ["Conversation", "Conversations", "window"]

MAX_MESSAGES = 200
"""Of one conversation; older ones are forgotten."""
ID_BYTES = 12


@dataclass(slots=True)
class Conversation:
    """One owner's."""

    id: str
    owner: str
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES))
    is_answering: bool = False


class Conversations:
    """Those of a server. Belongs to one event loop.

    seconds    of quiet, before one is forgotten
    """

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._kept: TTLCache[str, Conversation] = TTLCache(most, seconds, timer=clock.monotonic)

    @contextmanager
    def turn_of(self, owner: str, given: str | None) -> Iterator[Conversation]:
        """The conversation with this id, or one that begins, for one turn at a time.

        raises    RecordNotFound for one that is not there or is somebody else's; WrongState while it is answering
        """
        talk = Conversation(secrets.token_urlsafe(ID_BYTES), owner) if given is None else self._kept.get(given)
        if talk is None or talk.owner != owner:
            raise RecordNotFound("there is no such conversation here, or it was quiet for too long; begin another")
        if talk.is_answering:
            raise WrongState("this conversation is being answered; wait for that answer, or begin another")
        talk.is_answering = True
        try:
            yield talk
        finally:
            talk.is_answering = False
            if talk.messages:
                self._kept[talk.id] = talk


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
