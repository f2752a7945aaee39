"""The driver round `turns.py`: what the live session hears goes in, what is said comes out as events.

Promises: a reply that is cut stops model, voice and what waits for the client in the same step; the next is asked for
once the one before has let go of the conversation; what was heard of a reply is what the conversation remembers;
a reply that is made ahead of its turn does nothing that is seen before it; nothing is left when it has closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import count

from lingting.dialogue.chat.chat import ChatAsk
from lingting.dialogue.chat.chat_models import ToolCall
from lingting.dialogue.chat.settling import Settled, outcome_of, settled_by, stages_of
from lingting.dialogue.talk.caller_calls import CallerCalls
from lingting.dialogue.talk.foresight import Ahead, Foresight
from lingting.dialogue.talk.gate import Gate
from lingting.dialogue.talk.making import Making, Mouth, Words, words_of
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
from lingting.dialogue.talk.talk_parts import TalkParts, TalkWish
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
from lingting.dialogue.wake.wake import Passed, Slept, Woke
from lingting.domain import Call, Closed, CloseReason, Event, SpeechEnded, SpeechStarted
from lingting.domain.errors import InvalidMessage
from lingting.domain.intents import IntentMatch
from lingting.live.asks import Foreseen
from lingting.live.driver import LiveSession

__all__ = ["Talk"]

LEAVING_SECONDS = 5.0
"""For the last reply to let go, when the conversation closes."""
_MARKS = count(1)
NOTHING_ASKED = "there is nothing to answer: nothing was said or written since the last reply"


@dataclass(slots=True)
class _InHand:
    """The reply that is being made or heard."""

    making: Making
    task: asyncio.Task[None]
    mark: int | None
    """Of the question that it answers; None for words of ours."""


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
        self.calls = CallerCalls()
        self._floor = self._turns.floor
        self._in_hand: _InHand | None = None
        self._foresight = Foresight(self._withdraw, parts.observer.talk_foreseen)
        self._leaving: asyncio.Task[None] | None = None
        """The reply before, while it lets go."""
        self._last_answer: tuple[Cancel | Finished, int] | None = None
        """How it ended, and the mark of its question."""
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

    def attend(self, session: LiveSession) -> None:
        """Hear what is said there from now on."""
        session.observe(self.hear)
        session.foresee(self.foresee)
        if self._parts.judge is not None:
            session.judge_ends(self._parts.judge, lambda *judged: self._tell(Likely(*judged)))

    def hear(self, event: Event) -> None:
        """What the live session says of the user; an observer of it."""
        self._pass(self._gate.filter(event, self._now))

    def foresee(self, foreseen: Foreseen) -> None:
        """What the user will have said if they do not go on: the reply to it is made, and held until they have."""
        now = foreseen.segment, foreseen.text, foreseen.language
        command = self._turns.foresee(*now, now_seconds=self._now) if self._may_foresee else None
        if command is None or not self._foresight.has(command):
            self._drop_ahead()
        if command is not None and not self._foresight.has(command):
            mark = next(_MARKS)
            words = self._words(command, self._wish, mark)
            making, task = self._make(command.reply, command.language, words, is_held=True)
            self._foresight.hold(Ahead(command, making, task, mark))

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
        self._drop_ahead()
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
        heard_text = self._turns.heard_of(reply, seconds)
        if self._in_hand is None and self._last_answer is not None and heard_text is not None:
            end, mark = self._last_answer
            if end.reply == reply:
                self._last_answer = replace(end, heard_text=heard_text), mark
                self._settle(*self._last_answer)

    async def aclose(self) -> None:
        """Stop everything; what was heard of a reply that had ended is remembered first."""
        lost = Closed(0, CloseReason.ABANDONED, 0.0)
        self._obey(self._turns.hear(lost, now_seconds=self._now))
        self._drop_ahead()
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

    @property
    def _may_foresee(self) -> bool:
        """A reply that may do something is not begun before it is asked for; nor one to speech that may not count."""
        wish, parts = self._wish, self._parts
        is_plain = wish.understand is None and wish.wake is None and wish.key is None and not wish.functions
        return parts.settings.preemptive and is_plain and not parts.chat.may_act(self._call)

    def _drop_ahead(self) -> None:
        self._leaving = self._foresight.drop(self._leaving)

    def _withdraw(self, mark: int) -> None:
        """The reply was never asked for."""
        settled = Settled("", is_withdrawn=True, mark=mark)
        self._parts.chat.settle(self._call.principal.owner, self.conversation, settled)

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
                    if isinstance(each, SpeechStarted):
                        self._drop_ahead()
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
                case StartReply():
                    self._begin_answer(command)
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
        self._note_floor()
        self._changed.set()

    def _note_floor(self) -> None:
        if self._turns.floor is not self._floor:
            self._floor = self._turns.floor
            self._outbox.put(FloorTaken(self._floor))
            if self._floor is not Floor.HEARING:
                self._drop_ahead()

    def _begin_answer(self, asked: StartReply) -> None:
        """Make a reply of the model, or give out what was made of it ahead."""
        self._gate.replying(is_replying=True, now_seconds=self._now)
        ahead = self._foresight.take(asked)
        if ahead is None:
            self._drop_ahead()
            mark = next(_MARKS)
            making, task = self._make(asked.reply, asked.language, self._answer(asked, self._wish, mark))
        else:
            making, task, mark = ahead.making, ahead.task, ahead.mark
            self._outbox.put(ReplyStarted(asked.reply, ReplyKind.ANSWER, asked.text, asked.language))
        self._in_hand, self._failure = _InHand(making, task, mark), None
        making.give()

    def _begin(self, reply: int, language: str, kind: ReplyKind, text: str) -> None:
        """Say the text itself."""
        self._gate.replying(is_replying=True, now_seconds=self._now)
        self._drop_ahead()
        self._outbox.put(ReplyStarted(reply, kind, "", language))
        making, task = self._make(reply, language, words_of(text))
        self._in_hand, self._failure = _InHand(making, task, None), None

    def _make(
        self, reply: int, language: str, words: Words, *, is_held: bool = False
    ) -> tuple[Making, asyncio.Task[None]]:
        parts = self._parts
        given = self._mouth(), self._outbox, self._tell, parts.clock, parts.settings.ahead_seconds
        making = Making(reply, language, *given, is_held=is_held)
        return making, asyncio.create_task(making.run(words, after=self._leaving), name=f"reply-{reply}")

    def _mouth(self) -> Mouth:
        wish, speech = self._wish, self._parts.speech if self._wish.speaks else None
        return Mouth(speech, self._call, wish.voice, wish.speed, wish.played or (lambda _: None))

    async def _answer(self, asked: StartReply, wish: TalkWish, mark: int) -> Words:
        text, language, understand = asked.text, asked.language, wish.understand
        understood = await understand(text, language) if understand is not None else (None, False)
        self._outbox.put(ReplyStarted(asked.reply, ReplyKind.ANSWER, text, language, understood[0]))
        async with aclosing(self._words(asked, wish, mark, understood)) as pieces:
            async for piece in pieces:
                yield piece

    async def _words(
        self, asked: StartReply, wish: TalkWish, mark: int, understood: tuple[IntentMatch | None, bool] = (None, False)
    ) -> Words:
        """Of the model."""
        command, is_told = understood
        ask = ChatAsk(
            self._call,
            asked.text,
            conversation=self.conversation,
            language=asked.language,
            command=command,
            is_told=is_told,
            instructions=wish.instructions,
            functions=self.calls.offered(wish.functions, self._ask_client),
            mark=mark,
        )
        async with aclosing(self._parts.chat.reply(ask)) as pieces:
            async for piece in pieces:
                yield piece

    def _ask_client(self, calls: Sequence[ToolCall]) -> None:
        assert self._in_hand is not None, "with functions no reply is made ahead"
        self._in_hand.making.ask(calls)

    def _fill(self) -> None:
        if self._in_hand is not None:
            self._in_hand.making.fill(filler(self._in_hand.making.language))

    def _cut(self, reply: int) -> None:
        self._outbox.drop(reply)
        if self._wish.silenced is not None:
            self._wish.silenced()

    def _end_reply(self, command: Cancel | Finished, *, was_cut: bool) -> None:
        self._gate.replying(is_replying=False, now_seconds=self._now)
        in_hand, self._in_hand = self._in_hand, None
        assert in_hand is not None, "a reply is in hand"
        in_hand.task.cancel()
        if in_hand.making.filling is not None:
            in_hand.making.filling.cancel()
        leaving = self._leave(in_hand, command, self._leaving)
        self._leaving = asyncio.create_task(leaving, name=f"leave-{command.reply}")
        failure = self._failure or (command.failure if isinstance(command, Cancel) else None)
        stages = stages_of(command.times)
        ended = ReplyEnded(command.reply, command.heard_text, was_cut, stages, self.conversation, failure)
        self._outbox.put(ended)
        if in_hand.mark is not None:
            self._last_answer = command, in_hand.mark
            self._parts.observer.talk_turn(outcome_of(command, failure), stages)

    async def _leave(self, in_hand: _InHand, command: Cancel | Finished, before: asyncio.Task[None] | None) -> None:
        """Wait until the reply has let go of the conversation, which then remembers what was heard."""
        await asyncio.wait([each for each in (before, in_hand.task, in_hand.making.filling) if each is not None])
        if in_hand.mark is not None:
            last = self._last_answer
            self._settle(command if last is None or last[1] != in_hand.mark else last[0], in_hand.mark)

    def _settle(self, end: Cancel | Finished, mark: int) -> None:
        self._parts.chat.settle(self._call.principal.owner, self.conversation, settled_by(end, mark))


def _turns(wish: TalkWish, settings: TalkSettings) -> TurnSettings:
    asks_back = wish.asks_back and wish.wake is None and wish.key is None
    return settings.turns(is_automatic=wish.is_automatic, may_interrupt=wish.may_interrupt, asks_back=asks_back)
