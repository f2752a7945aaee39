"""One turn with a language model: what the user says goes out without personal data, and the reply comes in pieces.

Promises: nothing leaves before personal data was hidden; what was used is charged, also for a reply that was cut off;
a conversation remembers what was given of a reply and no more, and nothing of one that failed before its first word;
only a whole reply to a first question without personal data is kept for who asks the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from lingting.dialogue.chat.asking import Asked, asked, plain_question, system_text, told, with_context
from lingting.dialogue.chat.chat_models import ChatModel, Message, Role, Tokens, ToolCall, estimate_tokens
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.conversation import Conversation
from lingting.dialogue.chat.functions import Functions, filled_in
from lingting.dialogue.chat.keeping import ConversationKeeper
from lingting.dialogue.chat.kept_replies import KeptReplies, ReplyKey
from lingting.dialogue.chat.like_questions import LikeQuestions
from lingting.dialogue.chat.memory import Conversations, in_turns, window
from lingting.dialogue.chat.put_back import PutBack, tag_note
from lingting.dialogue.chat.settling import Settled
from lingting.dialogue.chat.tool_rounds import MadeCall, Offer, Rounds
from lingting.dialogue.chat.toolkit import Toolkit
from lingting.domain import Call, Clock, PiiKind, Redaction, Scope
from lingting.domain.conversation import ConversationTurn, TurnStages
from lingting.domain.errors import LingtingError
from lingting.domain.intents import IntentMatch
from lingting.security.token_quota import TokenQuota
from lingting.storage.caching.cached_results import CachedResults
from lingting.storage.erasing import Erasure
from lingting.storage.identity import new_id
from lingting.text.privacy.redaction import hidden_by

__all__ = ["Chat", "ChatAnswer", "ChatAsk", "ChatObserver", "ChatParts", "ChatTools"]


class ChatObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def chat_ended(self, outcome: str, *, seconds: float) -> None: ...

    def chat_first_token(self, *, seconds: float) -> None: ...

    def chat_tokens(self, *, read: int, written: int) -> None: ...

    def chat_tool(self, outcome: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ChatTools:
    """What the model may have done, and who does it."""

    kit: Toolkit
    tell: Callable[[Call, Asked, IntentMatch], object]
    """Hands a command on; never waits."""


@dataclass(frozen=True, slots=True)
class ChatParts:
    """What a chat is made of."""

    model: ChatModel
    quota: TokenQuota
    results: CachedResults | None
    """Where replies are kept; None keeps none."""
    clock: Clock
    observer: ChatObserver
    keeper: ConversationKeeper | None = None
    """What stores conversations; None keeps them in this process only."""
    tools: ChatTools | None = None
    alike: LikeQuestions | None = None
    """Finds kept replies by questions in other words; None asks for the same words."""


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
    instructions: str = ""
    """What the model is told to be, without personal data; empty takes the settings' own."""
    context: str | None = None
    """What the caller knows of the matter, for this turn and those that follow; None leaves it as it is."""
    use_tools: bool = True
    functions: Functions | None = None
    """What the caller can do itself; a reply with them is neither kept nor looked for."""
    mark: int = 0
    """By which `settle` knows this question from the one before."""


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
    is_kept: bool
    """Whether the turn is stored, and the conversation can be gone on with after this process."""
    first_token_seconds: float
    total_seconds: float
    calls: tuple[MadeCall, ...] = ()
    """Of tools, by the model."""


@dataclass(slots=True)
class _Turn:
    """One reply while it comes."""

    messages: list[Message]
    began: datetime
    began_seconds: float
    rounds: Rounds
    put_back: PutBack
    text: str = ""
    """As the model gave it, which is how it is remembered."""
    is_cut: bool = False
    is_cached: bool = False
    is_alike: bool = False
    """Whether it was kept for the question in other words."""
    is_interrupted: bool = False
    first_token_seconds: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it may be given to who asks the same: it is not cut, and nothing was done for it."""
        return bool(self.text) and not (self.is_cached or self.is_cut or self.rounds.calls)


class Chat:
    """The language model of a server, as its callers may use it. Belongs to one event loop."""

    def __init__(self, settings: ChatSettings, parts: ChatParts) -> None:
        self._settings = settings
        self._redaction = Redaction(settings.redact)
        self._parts = parts
        results = parts.results if settings.cache else None
        self._replies = None if results is None else KeptReplies(results, parts.alike)
        self._conversations = Conversations(
            settings.conversations, settings.conversation_seconds, parts.clock, parts.keeper
        )

    async def reply(self, ask: ChatAsk) -> AsyncGenerator[str | ChatAnswer, None]:
        """The pieces of the reply, then its end.

        raises    RecordNotFound, WrongState, StorageUnavailable, SealBroken; QuotaExceeded; ChatUnavailable,
                  ChatFailed, Overloaded
        """
        parts, began_seconds = self._parts, self._parts.clock.monotonic()
        outcome = "gone"
        try:
            is_wanted = self._conversations.wants(ask.call)
            async with self._conversations.turn_of(ask.call, ask.conversation, mark=ask.mark) as talk:
                ask = await self._without_personal_data(ask)
                talk.tags.passed(message.text for message in talk.messages)
                looking = partial(asked, ask.text, self._redaction, language=ask.language, tags=talk.tags)
                said = await asyncio.to_thread(looking)
                if ask.context is not None:
                    talk.know(await asyncio.to_thread(hidden_by, self._redaction, ask.context), is_kept=is_wanted)
                put_back = talk.tags.put_back(is_on=self._settings.restore_tags)
                functions = self._functions(ask, said, talk, put_back)
                rounds = Rounds(parts.model, self._offer(ask, said, functions), done=talk.called_for_nothing)
                turn = _Turn(self._messages(ask, talk, said), parts.clock.now(), began_seconds, rounds, put_back)
                key = self._reply_key(ask, talk, said)
                try:
                    async with aclosing(self._pieces(ask, turn, key)) as pieces:
                        async for piece in pieces:
                            if shown := put_back.push(piece):
                                yield shown
                    if rest := put_back.finish():
                        yield rest
                except (GeneratorExit, asyncio.CancelledError):
                    turn.is_interrupted = True
                    raise
                finally:
                    talk.called, talk.called_in = rounds.called, ""
                    if turn.text:
                        remembered = self._turn(ask, said, turn)
                        talk.called_in = remembered.id
                        talk.add(remembered, is_kept=is_wanted)
                if self._replies is not None and key is not None and turn.is_whole:
                    await self._replies.keep(key, turn.text, ask.call)
                outcome = "alike" if turn.is_alike else "cached" if turn.is_cached else "answered"
                is_kept = is_wanted and await self._conversations.finish(talk)
                yield self._answer(talk, said, turn, is_kept=is_kept)
        except LingtingError as problem:
            outcome = problem.code
            raise
        finally:
            parts.observer.chat_ended(outcome, seconds=parts.clock.monotonic() - began_seconds)

    async def require(self, call: Call, conversation: str | None) -> None:
        """That a first question could be asked.

        raises    RecordNotFound, WrongState for a conversation that cannot go on; QuotaExceeded;
                  StorageUnavailable, SealBroken
        """
        await self._parts.quota.require(call.principal)
        if conversation is not None:
            async with self._conversations.turn_of(call, conversation):
                pass

    def may_act(self, call: Call) -> bool:
        """Whether the model may have something done for this caller."""
        return self._parts.tools is not None and call.principal.may(Scope.COMMANDS)

    def begin(self, owner: str) -> str:
        """The id of a conversation that begins, for those who must know it before the first answer is whole."""
        return self._conversations.begin(owner)

    def settle(self, owner: str, conversation: str, settled: Settled) -> None:
        """What became of a spoken reply, the one in hand or else the last: only what was heard of it is remembered.

        May be said more than once, the last counts. An id that is unknown, or no longer known, is passed over.
        """
        self._conversations.settle(owner, conversation, settled)

    def forget(self, asked: Erasure) -> Sequence[str]:
        """Ids of the conversations in memory that were to be erased, and are."""
        if self._replies is not None:
            self._replies.forget_questions()
        return self._conversations.forget(asked)

    async def aclose(self) -> None:
        await self._conversations.aclose()
        await self._parts.model.aclose()

    async def _pieces(self, ask: ChatAsk, turn: _Turn, key: ReplyKey | None) -> AsyncGenerator[str, None]:
        parts = self._parts
        if self._replies is not None and key is not None and (kept := await self._replies.find(key)) is not None:
            turn.text, turn.is_cached, turn.is_alike = kept.text, True, kept.is_alike
            turn.first_token_seconds = parts.clock.monotonic() - turn.began_seconds
            yield kept.text
            return
        estimate = estimate_tokens(turn.messages) + turn.rounds.offered_tokens + self._settings.max_tokens
        async with parts.quota.spending(ask.call.principal, estimate=estimate) as spending:
            try:
                async with aclosing(turn.rounds.reply(turn.messages)) as deltas:
                    async for delta in deltas:
                        turn.is_cut = turn.is_cut or delta.is_cut
                        if delta.text:
                            self._note_first(turn)
                            turn.text += delta.text
                            yield delta.text
            finally:
                for call in turn.rounds.calls:
                    parts.observer.chat_tool("refused" if call.match is None else "called")
                used = turn.rounds.used()
                if used is not None:
                    spending.tokens = used.all
                    parts.observer.chat_tokens(read=used.read, written=used.written)

    def _offer(self, ask: ChatAsk, said: Asked, functions: Functions | None) -> Offer | None:
        """Commands where the caller may command, and the message was not obeyed as one already; and their functions."""
        tools = self._parts.tools
        if tools is not None and ask.use_tools and ask.command is None and self.may_act(ask.call):
            return Offer(tools.kit, partial(tools.tell, ask.call, said), self._settings.tool_rounds, functions)
        if functions is not None:
            return Offer(Toolkit(()), lambda _: None, self._settings.tool_rounds, functions)
        return None

    def _functions(self, ask: ChatAsk, said: Asked, talk: Conversation, put_back: PutBack) -> Functions | None:
        """The caller gets their own data back in what is called; what they say became of it leaves without any."""
        functions, tags, is_back = ask.functions, talk.tags, self._settings.restore_tags
        if functions is None:
            return None

        def hidden(results: Sequence[str]) -> list[str]:
            return [told(result, self._redaction, said.language, tags) for result in results]

        async def results(calls: Sequence[ToolCall]) -> Sequence[str]:
            back = tags.put_back(is_on=is_back)
            wanted = [replace(call, arguments=filled_in(call.arguments, back)) for call in calls]
            given = await asyncio.to_thread(hidden, await functions.results(wanted))
            if is_back:
                tags.teach(put_back)
            return given

        return replace(functions, results=results)

    def _note_first(self, turn: _Turn) -> None:
        if turn.first_token_seconds is None:
            turn.first_token_seconds = self._parts.clock.monotonic() - turn.began_seconds
            self._parts.observer.chat_first_token(seconds=turn.first_token_seconds)

    async def _without_personal_data(self, ask: ChatAsk) -> ChatAsk:
        """What the caller says to the model itself."""
        if not ask.instructions:
            return ask
        return replace(ask, instructions=await asyncio.to_thread(hidden_by, self._redaction, ask.instructions))

    def _messages(self, ask: ChatAsk, talk: Conversation, said: Asked) -> list[Message]:
        prompt = ask.instructions or self._settings.system_prompt
        about = system_text(said, prompt, ask.command, is_told=ask.is_told)
        about += f"\n{tag_note(said.language)}" if talk.tags else ""
        system = Message(Role.SYSTEM, with_context(about, talk.context, said.language))
        before = window(talk.messages, self._settings.history_tokens)
        return in_turns([system, *before, Message(Role.USER, said.text)])

    def _reply_key(self, ask: ChatAsk, talk: Conversation, said: Asked) -> ReplyKey | None:
        """None where the reply is neither to be kept nor to be looked for."""
        settings = self._settings
        is_told = talk.turns or talk.context or ask.command or ask.instructions or ask.functions
        is_common = bool(plain_question(said.text)) and not said.is_personal and not is_told
        if self._replies is None or not (ask.use_cache and is_common):
            return None
        model = [settings.base_url, settings.model, settings.temperature, settings.max_tokens, settings.tools]
        whose = [ask.call.principal.owner, ask.call.user]
        agreed = [*model, *whose, system_text(said, settings.system_prompt)]
        return self._replies.key(said.text, said.language, agreed)

    def _turn(self, ask: ChatAsk, said: Asked, turn: _Turn) -> ConversationTurn:
        """As it is remembered, until it is known what was heard."""
        clock, used = self._parts.clock, turn.rounds.used()
        return ConversationTurn(
            new_id("ct", clock),
            turn.began,
            said.text,
            turn.text,
            said.language,
            mood=said.mood,
            intent=None if ask.command is None else ask.command.intent,
            stages=TurnStages(
                first_token_seconds=turn.first_token_seconds, ended_seconds=clock.monotonic() - turn.began_seconds
            ),
            read_tokens=0 if used is None else used.read,
            written_tokens=0 if used is None else used.written,
            is_cached=turn.is_cached,
            is_cut=turn.is_cut,
            is_interrupted=turn.is_interrupted,
        )

    def _answer(self, talk: Conversation, said: Asked, turn: _Turn, *, is_kept: bool) -> ChatAnswer:
        total_seconds = self._parts.clock.monotonic() - turn.began_seconds
        return ChatAnswer(
            text=turn.put_back.text,
            conversation=talk.id,
            language=said.language,
            hidden=said.kinds if self._redaction.is_on else (),
            tokens=turn.rounds.used(),
            is_cached=turn.is_cached,
            is_cut=turn.is_cut,
            is_kept=is_kept,
            first_token_seconds=total_seconds if turn.first_token_seconds is None else turn.first_token_seconds,
            total_seconds=total_seconds,
            calls=tuple(turn.rounds.calls),
        )
