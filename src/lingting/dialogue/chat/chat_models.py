"""What a language model is here: messages go in, pieces of a reply and calls of tools come out. And a scripted one."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lingting.domain.errors import LingtingError

__all__ = [
    "TOOL_NAME",
    "ChatModel",
    "Delta",
    "Message",
    "Role",
    "ScriptedChat",
    "Tokens",
    "Tool",
    "ToolCall",
    "estimate_tokens",
]

MESSAGE_TOKENS = 4
"""What a message takes beside its words, with most models."""
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI takes as the name of a function."""
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
CHARACTERS_PER_TOKEN = 4
"""Of Latin text; a Chinese character counts as one. Too much rather than too little with current models."""


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may call."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """A JSON schema."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model wants to be done."""

    id: str
    name: str
    arguments: str
    """As the model wrote them: JSON if all is well."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    """Of the assistant, beside its words."""
    answers: str = ""
    """Of a tool: the id of the call."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a reply took."""

    read: int
    written: int
    is_estimate: bool = False
    """Whether the server did not say, and it was guessed from the length."""

    @property
    def all(self) -> int:
        return self.read + self.written


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply."""

    text: str = ""
    tokens: Tokens | None = None
    """Of the whole, near its end, where the server says."""
    is_cut: bool = False
    """Whether the reply ends for its length, not because it is whole."""
    calls: tuple[ToolCall, ...] = ()
    """At its end: what is to be done before it goes on."""


class ChatModel(Protocol):
    """Closing what `reply` gives ends the call at the server."""

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> AsyncGenerator[Delta, None]:
        """raises    ChatUnavailable, ChatFailed, Overloaded"""
        ...

    async def aclose(self) -> None: ...


def estimate_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens they take: one for a Chinese character, one for four others."""
    total = 0
    for message in messages:
        text = message.text + "".join(call.name + call.arguments for call in message.calls)
        wide = len(_WIDE.findall(text))
        total += MESSAGE_TOKENS + wide + -(-(len(text) - wide) // CHARACTERS_PER_TOKEN)
    return total


class ScriptedChat:
    """A `ChatModel` that says what it was given, reply by reply; the last again and again. For tests.

    replies    the pieces and calls of each, or the error it ends in
    """

    def __init__(self, *replies: Sequence[str | ToolCall] | LingtingError) -> None:
        self._replies = list(replies)
        self.asked: list[Sequence[Message]] = []
        self.offered: list[Sequence[Tool]] = []
        self.closed = 0
        """How many were not read to their end."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> AsyncGenerator[Delta, None]:
        self.asked.append(tuple(messages))
        self.offered.append(tuple(tools))
        said = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(said, LingtingError):
            raise said
        try:
            for piece in said:
                yield Delta(piece) if isinstance(piece, str) else Delta(calls=(piece,))
        except GeneratorExit:
            self.closed += 1
            raise
        words = "".join(piece for piece in said if isinstance(piece, str))
        calls = tuple(piece for piece in said if isinstance(piece, ToolCall))
        written = estimate_tokens([Message(Role.ASSISTANT, words, calls)])
        yield Delta(tokens=Tokens(estimate_tokens(messages), written))

    async def aclose(self) -> None: ...
