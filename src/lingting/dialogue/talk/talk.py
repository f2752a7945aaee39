"""The driver round `turns.py`: what the live session hears goes in, what is said comes out as events.

Promises: a reply that is cut stops model, voice and what waits for the client in the same step; the next is asked for
once the one before has let go of the conversation; what was heard of a reply is what the conversation remembers;
nothing is left when it has closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.dialogue.chat.chat import Chat, ChatAsk
from lingting.dialogue.chat.settling import outcome_of, settled_by, stages_of
from lingting.dialogue.talk.gate import Gate
from lingting.dialogue.talk.making import Making, Mouth, Words
from lingting.dialogue.talk.sentences import filler, fixed_sentence
from lingting.dialogue.talk.talk_events import (
    BotCalled,
    BotSlept,
    FloorTaken,
    ReplyDucked,
    ReplyEnded,
    ReplyKind,
    ReplyStarted,
    TalkEnded,
    TalkEvent,
    TalkProblem,
)
from lingting.dialogue.talk.talk_outbox import TalkOutbox
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.dialogue.turns.floor import Floor, TurnSettings
from lingting.dialogue.turns.turn_news import (
    Cancel,
    Command,
    Duck,
    End,
    Failed,
    Fill,
    Finished,
    Likely,
    News,
    Played,
    Resume,
    Say,
    StartReply,
    Stop,
    Unduck,
)
from lingting.dialogue.turns.turns import Turns
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.dialogue.wake.wake import Passed, Slept, Wake, Woke
from lingting.domain import Call, Clock, Closed, CloseReason, Event, Samples, SpeechEnded
from lingting.domain.conversation import TurnStages
from lingting.domain.errors import InvalidMessage
from lingting.domain.intents import IntentMatch
from lingting.speech.hub import SpeechHub

__all__ = ["Talk", "TalkObserver", "TalkParts", "TalkWish", "Understand"]

LEAVING_SECONDS = 5.0
"""For the last reply to let go, when the conversation closes."""
NOTHING_ASKED = "there is nothing to answer: nothing was said or written since the last reply"
Understand = Callable[[str, str], Awaitable[tuple[IntentMatch | None, bool]]]
"""Given what the user says, and the language: what it asks for, where it is a command, and whether that was told."""


@dataclass(frozen=True, slots=True)
class TalkWish:
    """What a client wants of its conversation."""

    conversation: str | None = None
    """One that goes on; None begins one."""
    voice: str | None = None
    """None lets the language choose."""
    speed: float = 1.0
    speaks: bool = True
    """False for replies in writing."""
    language: str = "zh"
    """Until the user has said something."""
    is_automatic: bool = True
    """Whether the end of the user's turn is found; else the client says when, by `ask`."""
    may_interrupt: bool = True
    """Whether words of the user end a reply; else they are answered after it."""
    asks_back: bool = True
    """Whether a user who is silent is asked for words, and at last hung up on."""
    instructions: str = ""
    """What the model is told to be; empty leaves that to the settings."""
    wake: Wake | None = None
    """Where the bot is to be called, a new one; made in a thread, since it may load the pinyin."""
    key: PushToTalk | None = None
    """Where a key says when the user speaks, a new one; who has it clears and commits the live session as it says."""
    understand: Understand | None = None
    moment_of: Callable[[float], float | None] | None = None
    """When a place in the session's audio was said; None where speech ends when it is known to."""
    played: Callable[[Samples], None] | None = None
    """Told of each sound that the client is to play, at the rate of speech; must be quick."""
    silenced: Callable[[], None] | None = None
    """Told when what was to be played is not to be any more; must be quick."""


class TalkObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def talk_opened(self) -> None: ...

    def talk_closed(self) -> None: ...

    def talk_turn(self, outcome: str, stages: TurnStages) -> None: ...


@dataclass(frozen=True, slots=True)
class TalkParts:
    """What every conversation of a server is made of."""

    chat: Chat
    speech: SpeechHub
    clock: Clock
    settings: TalkSettings
    observer: TalkObserver


@dataclass(slots=True)
class _InHand:
    """The reply that is being made or heard."""

    making: Making
    task: asyncio.Task[None]
    is_answer: bool
    filling: asyncio.Task[None] | None = None


class Talk:
    """One conversation. Belongs to one event loop; `start` it, then read `events` until they end."""

    def __init__(self, wish: TalkWish, call: Call, parts: TalkParts) -> None:
        self._wish, self._call, self._parts = wish, call, parts
        self.conversation = wish.conversation or parts.chat.begin(call.principal.owner)
        self._gate = Gate(wish.wake, wish.key)
        self._turns = Turns(
            _turns(wish, parts.settings),
            now_seconds=parts.clock.monotonic(),
            language=wish.language,
        )
        self._outbox = TalkOutbox()
        self._floor = self._turns.floor
        self._in_hand: _InHand | None = None
        self._leaving: asyncio.Task[None] | None = None
        """The reply before, while it lets go."""
        self._last_answer: Cancel | Finished | None = None
        """How it ended."""
        self._failure: str | None = None
        self._changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def events(self) -> AsyncIterator[TalkEvent]:
        """For one reader."""
        return aiter(self._outbox)

    def start(self) -> None:
        """Called once."""
        self._watching = asyncio.create_task(self._watch(), name="talk")

    def hear(self, event: Event) -> None:
        """What the live session says of the user; an observer of it."""
        self._pass(self._gate.filter(event, self._now))

    def spotted(self, word: str, at_seconds: float) -> None:
        """A fixed wake word was heard in the sound, and ended there in the session's audio."""
        self._pass(self._gate.spotted(word, at_seconds, now_seconds=self._now))

    def ask(self, text: str = "") -> None:
        """The user's turn is over: with a message in writing, or with what was said so far, if it was anything."""
        commands = self._turns.ask(text, now_seconds=self._now)
        self._obey(commands)
        if not any(isinstance(command, StartReply | Say) for command in commands):
            self._outbox.put(TalkProblem(0, InvalidMessage.code, NOTHING_ASKED))

    def note(self, text: str, language: str | None = None) -> None:
        """Something in writing that goes with what is asked next."""
        self._obey(self._turns.note(text, now_seconds=self._now, language=language))

    async def configure(self, wish: TalkWish) -> None:
        """Another wish of replies and turns, from the next reply on; the conversation, and how it hears, stay.

        raises    InvalidOption, VoiceNotFound, QuotaExceeded
        """
        if wish.speaks:
            await self._parts.speech.require(self._call.principal, voice=wish.voice, speed=wish.speed)
        now = self._wish
        self._wish = wish = replace(
            wish,
            wake=now.wake,
            key=now.key,
            understand=now.understand,
            moment_of=now.moment_of,
            played=now.played,
            silenced=now.silenced,
        )
        self._obey(self._turns.configure(_turns(wish, self._parts.settings), now_seconds=self._now))

    def stop(self) -> None:
        """The client wants to hear no more of the reply in hand."""
        if self._in_hand is not None:
            self._tell(Stop(self._in_hand.making.reply))

    def played(self, reply: int, seconds: float) -> None:
        """The client has played so much of the reply; of the last one also after its end."""
        self._tell(Played(reply, seconds))
        end = self._last_answer
        heard_text = self._turns.heard_of(reply, seconds)
        if self._in_hand is None and end is not None and end.reply == reply and heard_text is not None:
            self._last_answer = replace(end, heard_text=heard_text)
            self._settle(self._last_answer)

    async def aclose(self) -> None:
        """Stop everything; what was heard of a reply that had ended is remembered first."""
        lost = Closed(0, CloseReason.ABANDONED, 0.0)
        self._obey(self._turns.hear(lost, now_seconds=self._now))
        if self._leaving is not None:
            await asyncio.wait([self._leaving], timeout=LEAVING_SECONDS)
        running = [task for task in (self._watching, self._leaving) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._outbox.close()

    @property
    def _now(self) -> float:
        return self._parts.clock.monotonic()

    def _pass(self, passed: Sequence[Passed | Likely]) -> None:
        for each in passed:
            match each:
                case Woke(phrase):
                    self._outbox.put(BotCalled(phrase))
                case Slept(reason):
                    self._outbox.put(BotSlept(reason))
                case Likely():
                    self._tell(each)
                case _:
                    self._obey(self._turns.hear(each, now_seconds=self._now, silent_seconds=self._silent_from(each)))
        self._changed.set()

    def _silent_from(self, event: Event) -> float | None:
        if isinstance(event, SpeechEnded) and self._wish.moment_of is not None:
            return self._wish.moment_of(event.end_seconds)
        return None

    def _tell(self, news: News) -> None:
        if isinstance(news, Failed):
            self._failure = news.code
        self._obey(self._turns.tell(news, now_seconds=self._now))

    async def _watch(self) -> None:
        """Do what is due."""
        while self._turns.floor is not Floor.ENDED:
            self._changed.clear()
            dues = [due for due in (self._turns.due_seconds, self._gate.due_seconds) if due is not None]
            due_seconds = min(dues, default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due_seconds is None else max(0.0, due_seconds - self._now)):
                    await self._changed.wait()
            self._pass(self._gate.tick(self._now))
            self._obey(self._turns.tick(now_seconds=self._now))

    def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case StartReply(reply, text, language):
                    self._begin(reply, language, ReplyKind.ANSWER, text)
                case Say(reply, what, language):
                    self._begin(reply, language, ReplyKind.FIXED, fixed_sentence(what, language))
                case Resume(reply, text, language):
                    self._begin(reply, language, ReplyKind.RESUMED, text)
                case Fill():
                    self._fill()
                case Duck(reply):
                    self._outbox.put(ReplyDucked(reply, is_ducked=True))
                case Unduck(reply):
                    self._outbox.put(ReplyDucked(reply, is_ducked=False))
                case Cancel(reply):
                    self._cut(reply)
                    self._end_reply(command, was_cut=True)
                case Finished():
                    self._end_reply(command, was_cut=False)
                case End(reason):
                    self._outbox.put(TalkEnded(reason))
        if self._turns.floor is not self._floor:
            self._floor = self._turns.floor
            self._outbox.put(FloorTaken(self._floor))
        self._changed.set()

    def _begin(self, reply: int, language: str, kind: ReplyKind, text: str) -> None:
        """Make a reply of the model to this text, or of the text itself."""
        self._gate.replying(is_replying=True, now_seconds=self._now)
        parts = self._parts
        is_answer = kind is ReplyKind.ANSWER
        making = Making(
            *(reply, language, self._mouth(), self._outbox, self._tell, parts.clock, parts.settings.ahead_seconds)
        )
        if is_answer:
            words = self._answer(reply, text, language, self._wish)
        else:
            self._outbox.put(ReplyStarted(reply, kind, "", language))
            words = _given(text)
        task = asyncio.create_task(making.run(words, after=self._leaving), name=f"reply-{reply}")
        self._in_hand, self._failure = _InHand(making, task, is_answer), None

    def _mouth(self) -> Mouth:
        wish, speech = self._wish, self._parts.speech if self._wish.speaks else None
        return Mouth(speech, self._call, wish.voice, wish.speed, wish.played or (lambda _: None))

    async def _answer(self, reply: int, text: str, language: str, wish: TalkWish) -> Words:
        understand = wish.understand
        command, is_told = await understand(text, language) if understand is not None else (None, False)
        self._outbox.put(ReplyStarted(reply, ReplyKind.ANSWER, text, language, command))
        ask = ChatAsk(
            self._call,
            text,
            conversation=self.conversation,
            language=language,
            command=command,
            is_told=is_told,
            instructions=wish.instructions,
        )
        async with aclosing(self._parts.chat.reply(ask)) as pieces:
            async for piece in pieces:
                yield piece

    def _fill(self) -> None:
        if self._in_hand is not None:
            making = self._in_hand.making
            self._in_hand.filling = asyncio.create_task(making.say_filler(filler(making.language)), name="filler")

    def _cut(self, reply: int) -> None:
        self._outbox.drop(reply)
        if self._wish.silenced is not None:
            self._wish.silenced()

    def _end_reply(self, command: Cancel | Finished, *, was_cut: bool) -> None:
        self._gate.replying(is_replying=False, now_seconds=self._now)
        in_hand, self._in_hand = self._in_hand, None
        assert in_hand is not None, "a reply is in hand"
        in_hand.task.cancel()
        if in_hand.filling is not None:
            in_hand.filling.cancel()
        self._leaving = asyncio.create_task(self._leave(in_hand, command), name=f"leave-{command.reply}")
        failure = self._failure or (command.failure if isinstance(command, Cancel) else None)
        stages = stages_of(command.times)
        ended = ReplyEnded(command.reply, command.heard_text, was_cut, stages, self.conversation, failure)
        self._outbox.put(ended)
        if in_hand.is_answer:
            self._last_answer = command
            self._parts.observer.talk_turn(outcome_of(command, failure), stages)

    async def _leave(self, in_hand: _InHand, command: Cancel | Finished) -> None:
        """Wait until the reply has let go of the conversation, which then remembers what was heard."""
        waited = [in_hand.task, *([in_hand.filling] if in_hand.filling is not None else [])]
        await asyncio.wait(waited)
        if in_hand.is_answer:
            last = self._last_answer
            self._settle(last if last is not None and last.reply == command.reply else command)

    def _settle(self, end: Cancel | Finished) -> None:
        self._parts.chat.settle(self._call.principal.owner, self.conversation, settled_by(end))


def _turns(wish: TalkWish, settings: TalkSettings) -> TurnSettings:
    asks_back = wish.asks_back and wish.wake is None and wish.key is None
    return settings.turns(is_automatic=wish.is_automatic, may_interrupt=wish.may_interrupt, asks_back=asks_back)


async def _given(text: str) -> Words:
    yield text
