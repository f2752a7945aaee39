"""One turn with a language model: what the user says goes out without personal data, and the reply comes in pieces.

Promises: nothing leaves before personal data was hidden; what was used is charged, also for a reply that was cut off;
a conversation remembers what was given of a reply and no more, and nothing of one that failed before its first word;
only a whole reply to a first question without personal data is kept for who asks the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from lingting.dialogue.asking import Asked, asked, plain_question, system_text
from lingting.dialogue.chat_models import ChatModel, Message, Role, Tokens, estimate_tokens
from lingting.dialogue.chat_settings import ChatSettings
from lingting.dialogue.memory import Conversation, Conversations, window
from lingting.domain import Call, Clock, PiiKind, Redaction
from lingting.domain.errors import LingtingError
from lingting.domain.intents import IntentMatch
from lingting.security.token_quota import TokenQuota
from lingting.storage.caching.cached_results import CachedResults

__all__ = ["Chat", "ChatAnswer", "ChatAsk", "ChatObserver", "ChatParts"]


class ChatObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def chat_ended(self, outcome: str, *, seconds: float) -> None: ...

    def chat_first_token(self, *, seconds: float) -> None: ...

    def chat_tokens(self, *, read: int, written: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ChatParts:
    """What a chat is made of."""

    model: ChatModel
    quota: TokenQuota
    results: CachedResults | None
    """Where replies are kept; None keeps none."""
    clock: Clock
    observer: ChatObserver


@dataclass(frozen=True, slots=True)
class ChatAsk:
    """One message of a user."""

    call: Call
    text: str
    conversation: str | None = None
    """The one that goes on; None begins one."""
    language: str | None = None
    """None finds it out."""
    use_cache: bool = True
    command: IntentMatch | None = None
    """What the message asks for; the model is told, and confirms it."""
    is_told: bool = False
    """Whether what obeys commands was told of it."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The end of a reply."""

    text: str
    conversation: str
    language: str
    hidden: tuple[PiiKind, ...]
    """Kinds of personal data in the question."""
    tokens: Tokens | None
    """None for a reply that was kept."""
    is_cached: bool
    is_cut: bool
    """Whether it ends for its length."""
    first_token_seconds: float
    total_seconds: float


@dataclass(slots=True)
class _Turn:
    """One reply while it comes."""

    messages: list[Message]
    began_seconds: float
    text: str = ""
    tokens: Tokens | None = None
    is_cut: bool = False
    is_cached: bool = False
    first_token_seconds: float | None = None

    def used(self) -> Tokens | None:
        """By the server's count, else by ours."""
        if self.tokens is not None or not self.text or self.is_cached:
            return self.tokens
        written = estimate_tokens([Message(Role.ASSISTANT, self.text)])
        return Tokens(estimate_tokens(self.messages), written, is_estimate=True)


class Chat:
    """The language model of a server, as its callers may use it. Belongs to one event loop."""

    def __init__(self, settings: ChatSettings, parts: ChatParts) -> None:
        self._settings = settings
        self._redaction = Redaction(settings.redact)
        self._parts = parts
        self._conversations = Conversations(settings.conversations, settings.conversation_seconds, parts.clock)

    async def reply(self, ask: ChatAsk) -> AsyncGenerator[str | ChatAnswer, None]:
        """The pieces of the reply, then its end.

        raises    RecordNotFound, WrongState; QuotaExceeded; ChatUnavailable, ChatFailed, Overloaded
        """
        parts, began_seconds = self._parts, self._parts.clock.monotonic()
        outcome = "gone"
        try:
            with self._conversations.turn_of(ask.call.principal.owner, ask.conversation) as talk:
                said = await asyncio.to_thread(asked, ask.text, self._redaction, language=ask.language)
                turn = _Turn(self._messages(ask, talk, said), began_seconds)
                name = self._cache_name(ask, talk, said)
                try:
                    async with aclosing(self._pieces(ask, turn, name)) as pieces:
                        async for piece in pieces:
                            yield piece
                finally:
                    if turn.text:
                        talk.messages += [Message(Role.USER, said.text), Message(Role.ASSISTANT, turn.text)]
                if name and not turn.is_cached and not turn.is_cut and parts.results is not None:
                    await parts.results.put_text(name, turn.text, ask.call)
                outcome = "cached" if turn.is_cached else "answered"
                yield self._answer(talk, said, turn)
        except LingtingError as problem:
            outcome = problem.code
            raise
        finally:
            parts.observer.chat_ended(outcome, seconds=parts.clock.monotonic() - began_seconds)

    async def aclose(self) -> None:
        await self._parts.model.aclose()

    async def _pieces(self, ask: ChatAsk, turn: _Turn, name: str) -> AsyncGenerator[str, None]:
        parts = self._parts
        if name and parts.results is not None and (kept := await parts.results.get_text(name)) is not None:
            turn.text, turn.is_cached = kept, True
            turn.first_token_seconds = parts.clock.monotonic() - turn.began_seconds
            yield kept
            return
        estimate = estimate_tokens(turn.messages) + self._settings.max_tokens
        async with parts.quota.spending(ask.call.principal, estimate=estimate) as spending:
            try:
                async with aclosing(parts.model.reply(turn.messages)) as deltas:
                    async for delta in deltas:
                        turn.tokens = delta.tokens or turn.tokens
                        turn.is_cut = turn.is_cut or delta.is_cut
                        if delta.text:
                            self._note_first(turn)
                            turn.text += delta.text
                            yield delta.text
            finally:
                used = turn.used()
                if used is not None:
                    spending.tokens = used.all
                    parts.observer.chat_tokens(read=used.read, written=used.written)

    def _note_first(self, turn: _Turn) -> None:
        if turn.first_token_seconds is None:
            turn.first_token_seconds = self._parts.clock.monotonic() - turn.began_seconds
            self._parts.observer.chat_first_token(seconds=turn.first_token_seconds)

    def _messages(self, ask: ChatAsk, talk: Conversation, said: Asked) -> list[Message]:
        about = system_text(said, self._settings.system_prompt, ask.command, is_told=ask.is_told)
        system = Message(Role.SYSTEM, about)
        before = window(talk.messages, self._settings.history_tokens)
        return [system, *before, Message(Role.USER, said.text)]

    def _cache_name(self, ask: ChatAsk, talk: Conversation, said: Asked) -> str:
        """Empty where the reply is neither to be kept nor to be looked for."""
        settings, results = self._settings, self._parts.results
        question = plain_question(said.text)
        is_common = bool(question) and not said.is_personal and not talk.messages and ask.command is None
        if results is None or not (settings.cache and ask.use_cache and is_common):
            return ""
        model = [settings.base_url, settings.model, settings.temperature, settings.max_tokens]
        whose = [ask.call.principal.owner, ask.call.user]
        return results.name("chat", json.dumps([*model, *whose, system_text(said, settings.system_prompt), question]))

    def _answer(self, talk: Conversation, said: Asked, turn: _Turn) -> ChatAnswer:
        total_seconds = self._parts.clock.monotonic() - turn.began_seconds
        return ChatAnswer(
            text=turn.text,
            conversation=talk.id,
            language=said.language,
            hidden=said.kinds if self._redaction.is_on else (),
            tokens=turn.used(),
            is_cached=turn.is_cached,
            is_cut=turn.is_cut,
            first_token_seconds=total_seconds if turn.first_token_seconds is None else turn.first_token_seconds,
            total_seconds=total_seconds,
        )
