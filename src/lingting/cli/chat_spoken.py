"""A spoken conversation at a terminal: sound goes to a live session, what the bot does to the ear and the eye.

Promises: it ends when the bot hangs up, when it is told to stop, and with a recording once its last answer was given;
whatever ends it, session and conversation are closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lingting.audio.live_formats import LiveFormat
from lingting.audio.pcm import to_pcm
from lingting.cli.chat_display import ChatDisplay
from lingting.cli.ears import BLOCK_SECONDS, Source
from lingting.cli.loudspeaker import Mouth
from lingting.cli.typed_lines import typed_lines
from lingting.dialogue.talk.talk import Talk
from lingting.dialogue.talk.talk_events import FloorTaken, ReplyDucked, ReplyEnded, ReplySound, TalkEvent
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.turns.floor import Floor
from lingting.domain import Call, Committed, Event, PcmFormat, StreamOptions
from lingting.live.driver import LiveSession

if TYPE_CHECKING:  # else --help would load the whole server
    from lingting.server.bot import Bot

__all__ = ["SpokenPlan", "converse"]

ANSWER_SECONDS = 60.0
"""For the answer to a recording, from its end."""
LOST_SECONDS = 8.0
"""After a recording that the bot has not answered and does not think about."""
QUIET_SECONDS = 2.5
"""After a recording: longer than any patience, so that what it asks has been asked."""


@dataclass(frozen=True, slots=True)
class SpokenPlan:
    """What the command line says."""

    wish: TalkWish
    options: StreamOptions
    is_keyed: bool = False
    """Enter begins and ends each turn."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part in a conversation, and what ends it."""

    bot: Bot
    call: Call
    mouth: Mouth
    display: ChatDisplay
    stop: asyncio.Event


async def converse(party: Party, source: Source, plan: SpokenPlan) -> None:
    """raises    VoiceNotFound, QuotaExceeded; EngineError; MicrophoneUnavailable"""
    bot, owner = party.bot, party.call.principal.owner
    assert bot.live is not None, "the bot hears"
    session = await bot.live.open(plan.options, LiveFormat(PcmFormat("s16le", source.rate_hz, 1)), owner=owner)
    try:
        wish = replace(plan.wish, moment_of=session.moment_of)
        if (far_end := session.far_end) is not None:
            wish = replace(wish, played=far_end.play, silenced=far_end.stop)
        async with bot.talks.talking(wish, party.call) as talk:
            await _Spoken(session, _Told(talk, party), party, is_keyed=plan.is_keyed).run(source)
    finally:
        await session.aclose()


async def type_to(party: Party, plan: SpokenPlan) -> None:
    """One line, one reply, until there are no more lines.

    raises    VoiceNotFound, QuotaExceeded
    """
    async with party.bot.talks.talking(plan.wish, party.call) as talk:
        told = _Told(talk, party)
        await _first_of(told.follow(), _ask_all(talk, told, party.display), party.stop.wait())
        party.display.unprompt()


async def _ask_all(talk: Talk, told: _Told, display: ChatDisplay) -> None:
    display.prompt()
    async for line in typed_lines():
        if line:
            told.answered.clear()
            talk.ask(line)
            await told.answered.wait()
        display.prompt()


async def _first_of(*parts: Coroutine[object, object, object]) -> None:
    """Until one is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Told:
    """What the bot does, for the ear and the eye."""

    def __init__(self, talk: Talk, party: Party) -> None:
        self.talk = talk
        self._mouth, self._display = party.mouth, party.display
        self.floor = Floor.LISTENING
        self.answered = asyncio.Event()
        """A reply is over, and was neither withdrawn nor one that failed, which an apology follows."""

    async def follow(self) -> None:
        """Until the conversation is over."""
        try:
            async for event in self.talk.events:
                self._take(event)
        finally:
            self._mouth.stop()

    def _take(self, event: TalkEvent) -> None:
        if isinstance(event, ReplySound):
            self._mouth.play(event.samples)
        elif isinstance(event, ReplyDucked):
            self._mouth.duck(is_ducked=event.is_ducked)
        elif isinstance(event, ReplyEnded) and event.was_cut:
            self._mouth.stop()
        elif isinstance(event, FloorTaken):
            self.floor = event.floor
        self._display.tell(event)
        if isinstance(event, ReplyEnded) and (event.heard_text or not (event.was_cut or event.failure)):
            self.answered.set()


class _Spoken:
    """One conversation by sound."""

    def __init__(self, session: LiveSession, told: _Told, party: Party, *, is_keyed: bool) -> None:
        self._session, self._told, self._talk = session, told, told.talk
        self._display, self._stop = party.display, party.stop
        self._is_keyed = is_keyed
        self._is_open = not is_keyed
        """Whether what the microphone hears is sent."""

    async def run(self, source: Source) -> None:
        self._session.observe(self._display.hear)
        self._talk.attend(self._session)
        self._session.observe(self._committed)
        parts = [self._listen(source), self._told.follow(), self._stop.wait()]
        if self._is_keyed:
            parts.append(self._keys())
        await _first_of(*parts)

    async def _listen(self, source: Source) -> None:
        """Until the sound is over, and with it the answer."""
        async for block in source.blocks():
            if self._is_open:
                await self._session.feed(to_pcm(block, "s16le"))
        silence = to_pcm(np.zeros(int(BLOCK_SECONDS * source.rate_hz), np.float32), "s16le")
        loop = asyncio.get_running_loop()
        ended = loop.time()
        while (quiet_seconds := loop.time() - ended) < ANSWER_SECONDS:
            is_idle = self._told.floor is Floor.LISTENING
            if is_idle and quiet_seconds > (QUIET_SECONDS if self._told.answered.is_set() else LOST_SECONDS):
                break
            await asyncio.sleep(BLOCK_SECONDS)
            await self._session.feed(silence)
        if not self._told.answered.is_set():
            self._display.note("nothing was answered: nothing was understood, or the bot was not called")

    def _committed(self, event: Event) -> None:
        if isinstance(event, Committed) and self._is_keyed:
            self._talk.ask()

    async def _keys(self) -> None:
        """Enter opens the microphone, Enter again ends the turn."""
        self._display.note("press Enter to speak, and Enter again when you have spoken")
        async for _ in typed_lines():
            self._is_open = not self._is_open
            if self._is_open:
                self._talk.stop()
                await self._session.clear()
                self._display.note("listening")
            else:
                await self._session.commit()
