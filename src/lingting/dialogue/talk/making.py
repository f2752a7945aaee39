"""Makes one reply: words of the model or of ours, cut into clauses, each said and handed over while the next is read.

Promises: what is made is never more than `ahead_seconds` before what is played; a voice that breaks leaves the text;
whatever happens is told to turn-taking exactly once, as `Spoken` or `Failed`, unless the reply was cut before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from lingting.dialogue.chat.chat import ChatAnswer
from lingting.dialogue.chat.chat_models import ToolCall
from lingting.dialogue.talk.cutting import ClauseCutter
from lingting.dialogue.talk.talk_events import ReplyAsks, ReplyMade, ReplySound, ReplyText, TalkEvent, TalkProblem
from lingting.dialogue.talk.talk_outbox import TalkOutbox
from lingting.dialogue.turns.turn_news import Clause, Failed, Measured, News, Spoken, Token
from lingting.domain import Call, Clock, Samples
from lingting.domain.errors import LingtingError
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk, SpeechHub
from lingting.telemetry import log

__all__ = ["Making", "Mouth", "Words", "words_of"]

Words = AsyncGenerator[str | ChatAnswer, None]
"""Pieces of a reply as they come; the answer that ends a model's is not said."""
GUESSED_SECONDS_PER_CHARACTER = 0.12
"""Between Chinese (0.2) and Latin letters (0.065): until the sound of a clause is all there."""
_End = LingtingError | ChatAnswer | None
"""After the last clause: what broke it, or how it ended; None for words of ours."""
BROKE = "something broke here; the log has more"


@dataclass(frozen=True, slots=True)
class Mouth:
    """How a conversation speaks."""

    speech: SpeechHub | None
    """None for replies in writing only."""
    call: Call
    voice: str | None
    speed: float
    played: Callable[[Samples], None]
    """Told of each sound that is handed over; must be quick."""


@dataclass(slots=True)
class Making:
    """One reply's making; `run` it in a task, and cancel that to stop it at once."""

    reply: int
    language: str
    mouth: Mouth
    outbox: TalkOutbox
    tell: Callable[[News], None]
    clock: Clock
    ahead_seconds: float
    is_held: bool = False
    """Until `give` its first clause is made, but nothing is handed over or told."""
    _cutter: ClauseCutter = field(default_factory=ClauseCutter, init=False)
    _clauses: asyncio.Queue[str | ReplyAsks | _End] = field(default_factory=asyncio.Queue, init=False)
    """What is to be said, and where the client is asked in between."""
    filling: asyncio.Task[None] | None = field(default=None, init=False)
    """Says a filler."""
    _has_filled: bool = field(default=False, init=False)
    _given: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _held: list[Callable[[], None]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not self.is_held:
            self._given.set()

    def give(self) -> None:
        """What is held goes out, and what follows as it is made."""
        self._given.set()
        held, self._held = self._held, []
        for act in held:
            act()

    async def run(self, words: Words, *, after: asyncio.Task[None] | None) -> None:
        """Say the words.

        after    what must be over before they are asked for: the reply before
        """
        if after is not None:
            await asyncio.wait([after])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(words))
            tasks.create_task(self._speak())

    def ask(self, calls: Sequence[ToolCall]) -> None:
        """Tell the client what the model wants it to do, after the words before that."""
        for clause in self._cutter.finish():
            self._clauses.put_nowait(clause)
        self._clauses.put_nowait(ReplyAsks(self.reply, tuple(calls)))

    def fill(self, text: str) -> None:
        """Let a word be heard that is no part of the reply, unless the reply's own come before it."""
        self.filling = asyncio.create_task(self._say_filler(text), name="filler")

    async def _say_filler(self, text: str) -> None:
        """A voice that fails leaves silence."""
        try:
            async with aclosing(self._sound(text, self.clock.monotonic())) as blocks:
                async for block in blocks:
                    self._has_filled = True
                    if await self.outbox.put_sound(ReplySound(self.reply, block, is_filler=True)):
                        self.mouth.played(block)
        except LingtingError as problem:
            log.info("talk.no_filler", code=problem.code)

    async def _read(self, words: Words) -> None:
        cutter, clauses, has_begun = self._cutter, self._clauses, False
        end: _End = None
        try:
            async with aclosing(words):
                async for piece in words:
                    if isinstance(piece, ChatAnswer):
                        end = piece
                        continue
                    if not has_begun:
                        has_begun = True
                        self._drop_filler()
                        self._tell(Token(self.reply))
                    for clause in cutter.push(piece):
                        clauses.put_nowait(clause)
        except LingtingError as error:
            end = error
        except Exception as error:  # noqa: BLE001 - the reply's worker loop: turn-taking gets an answer
            log.error("talk.broke", error=type(error).__name__, exc_info=True)
            end = LingtingError(BROKE)
        for clause in cutter.finish():
            clauses.put_nowait(clause)
        clauses.put_nowait(end)

    def _drop_filler(self) -> None:
        """If nothing of it was heard."""
        if self.filling is not None and not self._has_filled:
            self.filling.cancel()

    async def _speak(self) -> None:
        """Until there are no more clauses; a voice that fails is not asked again."""
        voiceless, until_seconds = self.mouth.speech is None, 0.0
        while isinstance(clause := await self._clauses.get(), str | ReplyAsks):
            if isinstance(clause, ReplyAsks):
                self._put(clause)
                continue
            self._put(ReplyText(self.reply, clause))
            sound_seconds = 0.0
            if not voiceless:
                try:
                    sound_seconds = await self._say(clause, until_seconds)
                except LingtingError as problem:
                    voiceless = True
                    self._put(TalkProblem(self.reply, problem.code, problem.message))
            if not sound_seconds:
                self._tell(Clause(self.reply, clause, 0.0))
            until_seconds = max(until_seconds, self.clock.monotonic()) + sound_seconds
        end = clause
        if isinstance(end, LingtingError):
            self._put(TalkProblem(self.reply, end.code, end.message))
            self._tell(Failed(self.reply, end.code))
            return
        self._put(ReplyMade(self.reply) if end is None else ReplyMade(self.reply, end.tokens, end.is_cut))
        self._tell(Spoken(self.reply))

    def _put(self, event: TalkEvent) -> None:
        self._do(partial(self.outbox.put, event))

    def _tell(self, news: News) -> None:
        self._do(partial(self.tell, news))

    def _do(self, act: Callable[[], None]) -> None:
        """Now, or when the reply is given."""
        if self._given.is_set():
            act()
        else:
            self._held.append(act)

    async def _say(self, clause: str, until_seconds: float) -> float:
        """Hand over its sound; gives its length.

        until_seconds    when what was handed over before will have been played
        """
        sound_seconds = 0.0
        async with aclosing(self._sound(clause, until_seconds)) as blocks:
            async for block in blocks:
                if not len(block):
                    continue
                await self._wait_for_turn(until_seconds + sound_seconds)
                if not sound_seconds:
                    guess = max(len(block) / SPEECH_RATE_HZ, len(clause) * GUESSED_SECONDS_PER_CHARACTER)
                    self._tell(Clause(self.reply, clause, guess))
                    await self._given.wait()
                sound_seconds += len(block) / SPEECH_RATE_HZ
                if await self.outbox.put_sound(ReplySound(self.reply, block)):
                    self.mouth.played(block)
        if sound_seconds:
            self._tell(Measured(self.reply, sound_seconds))
        return sound_seconds

    async def _sound(self, text: str, wanted_seconds: float) -> AsyncGenerator[Samples, None]:
        """
        wanted_seconds    when it is to begin, by the clock
        raises            VoiceNotFound, QuotaExceeded, Overloaded, EngineError
        """
        mouth = self.mouth
        if mouth.speech is None or not any(letter.isalnum() for letter in text):
            return
        language = self.language or None
        ask = SpeechAsk(text, voice=mouth.voice, language=language, speed=mouth.speed, wanted_seconds=wanted_seconds)
        said = await mouth.speech.prepare(ask, mouth.call)
        async with aclosing(said.sound) as blocks:
            async for block in blocks:
                yield block

    async def _wait_for_turn(self, until_seconds: float) -> None:
        early_seconds = until_seconds - self.clock.monotonic() - self.ahead_seconds
        if early_seconds > 0:
            await asyncio.sleep(early_seconds)


async def words_of(text: str) -> Words:
    """A sentence of ours."""
    yield text
