"""Spoken conversations by the driver, in virtual time: what is heard, a model and a voice that take time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from conversation import Line, events_of

from lingting.dialogue.chat.chat import Chat, ChatParts
from lingting.dialogue.chat.chat_models import Delta, Message, Tool
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.talk.talk import Talk
from lingting.dialogue.talk.talk_events import ReplyAsks, ReplySound, TalkEvent
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.dialogue.talk.talk_parts import TalkParts, TalkWish
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.domain import Call, Closed, CloseReason, Principal, Samples
from lingting.domain.errors import LingtingError
from lingting.live.asks import Foreseen
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.security.token_quota import TokenQuota
from lingting.speech.base import VoiceInfo
from lingting.speech.hub import SPEECH_RATE_HZ, Speech, SpeechAsk
from lingting.telemetry import Telemetry
from talk_house import CALL
from virtual_loop import LoopClock, run_virtual

EventT = TypeVar("EventT", bound=TalkEvent)
SECONDS_PER_CHARACTER = 0.2
BLOCK_SECONDS = 0.25
VOICE = VoiceInfo("virtual", "virtual", ("zh", "en"))


@dataclass
class SlowModel:
    """Gives the same reply to every question, piece by piece."""

    pieces: Sequence[str] = ("今天上海是晴天，", "最高气温二十八度。")
    first_seconds: float = 0.3
    between_seconds: float = 0.05
    problem: LingtingError | None = None
    stalls_after: int | None = None
    """After so many pieces it says nothing more."""
    asked: list[Sequence[Message]] = field(default_factory=list)
    open_calls: int = 0

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> AsyncGenerator[Delta, None]:
        self.asked.append(tuple(messages))
        self.open_calls += 1
        try:
            await asyncio.sleep(self.first_seconds)
            if self.problem is not None:
                raise self.problem
            for i, piece in enumerate(self.pieces):
                if i == self.stalls_after:
                    await asyncio.sleep(600.0)
                yield Delta(piece)
                await asyncio.sleep(self.between_seconds)
        finally:
            self.open_calls -= 1

    async def aclose(self) -> None: ...


@dataclass
class SlowVoice:
    """Stands in for the speech hub; a fifth of a second for each character."""

    first_seconds: float = 0.1
    problem: LingtingError | None = None
    said: list[str] = field(default_factory=list)
    speaking: int = 0

    def expect(self, *, voice: str | None, language: str) -> None: ...

    async def require(self, principal: Principal, *, voice: str | None, speed: float) -> None: ...

    async def prepare(self, ask: SpeechAsk, call: Call) -> Speech:
        if self.problem is not None:
            raise self.problem
        return Speech(VOICE, ask.language or "zh", len(ask.text), self._sound(ask.text))

    async def _sound(self, text: str) -> AsyncGenerator[Samples]:
        self.said.append(text)
        self.speaking += 1
        try:
            await asyncio.sleep(self.first_seconds)
            left = round(len(text) * SECONDS_PER_CHARACTER * SPEECH_RATE_HZ)
            while left > 0:
                block = min(left, round(BLOCK_SECONDS * SPEECH_RATE_HZ))
                left -= block
                yield np.zeros(block, np.float32)
                await asyncio.sleep(BLOCK_SECONDS / 10)
        finally:
            self.speaking -= 1


class NoUsage:
    def add(self, key_id: str, *, tokens: int) -> None: ...


@dataclass
class Stage:
    """Run it, then read `log`: every event of the driver, with its virtual time."""

    lines: Sequence[Line]
    model: SlowModel = field(default_factory=SlowModel)
    voice: SlowVoice = field(default_factory=SlowVoice)
    settings: TalkSettings = field(default_factory=lambda: TalkSettings(no_input_seconds=0.0))
    wish: TalkWish = field(default_factory=TalkWish)
    closes_at: float | None = None
    """When the connection is lost."""
    plays_from: float | None = None
    """When the client says that it plays only now what it got: a second of it."""
    stops_at: float | None = None
    foreseen: Sequence[tuple[float, Foreseen]] = ()
    """What the live session says of finals before they come, and when."""
    results_after: float | None = None
    """So long after it was asked the client says what became of calls; None never."""
    tokens_per_day: int = 0
    until: float = 30.0
    log: list[tuple[float, TalkEvent]] = field(default_factory=list)
    telemetry: Telemetry = field(default_factory=Telemetry)

    def run(self) -> Stage:
        run_virtual(self._run())
        assert self.model.open_calls == 0, "no call of the model is left"
        assert self.voice.speaking == 0, "no voice is left speaking"
        return self

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for _, event in self.log if isinstance(event, kind)]

    def when(self, kind: type[TalkEvent], which: int = 0) -> float:
        return [at for at, event in self.log if isinstance(event, kind)][which]

    @property
    def names(self) -> list[str]:
        """Kinds of events, each run of sounds and texts once."""
        names: list[str] = []
        for _, event in self.log:
            name = type(event).__name__
            if name != "FloorTaken" and (not names or names[-1] != name):
                names.append(name)
        return names

    def sound_seconds(self, reply: int) -> float:
        sounds = [event for event in self.of(ReplySound) if event.reply == reply and not event.is_filler]
        return sum(len(event.samples) for event in sounds) / SPEECH_RATE_HZ

    async def _run(self) -> None:
        clock, telemetry = LoopClock(), self.telemetry
        store = CountStore(ClockedMemory(clock), on_failure="allow", clock=clock, observer=telemetry.limits)
        chosen = ChatSettings(base_url="http://127.0.0.1:1/v1", model="m")
        quota = TokenQuota(self.tokens_per_day, store, NoUsage(), clock)
        chat = Chat(chosen, ChatParts(self.model, quota, None, clock, telemetry.dialogue))
        hub = TalkHub(TalkParts(chat, self.voice, clock, self.settings, telemetry.dialogue))
        async with hub.talking(replace(self.wish, moment_of=lambda place: place), CALL) as talk:
            reading = asyncio.create_task(self._read(talk))
            await self._play(talk)
            await asyncio.sleep(max(0.0, self.until - clock.monotonic()))
        await reading

    async def _read(self, talk: Talk) -> None:
        async for event in talk.events:
            loop = asyncio.get_running_loop()
            self.log.append((round(loop.time(), 3), event))
            if isinstance(event, ReplyAsks) and self.results_after is not None:
                loop.call_later(self.results_after, self._give_results, talk, event)

    def _give_results(self, talk: Talk, asked: ReplyAsks) -> None:
        for call in asked.calls:
            talk.calls.answer(call.id, f"{call.name}: 3")
        talk.calls.go_on()

    async def _play(self, talk: Talk) -> None:
        """Hand over what is heard, each at its time."""
        plan = [(at, event) for i, line in enumerate(self.lines, 1) for at, event in events_of(i, line)]
        planned = [(at, lambda event=event: talk.hear(event)) for at, event in plan]
        planned += [(at, lambda each=each: talk.foresee(each)) for at, each in self.foreseen]
        if self.closes_at is not None:
            planned.append((self.closes_at, lambda: talk.hear(Closed(0, CloseReason.ABANDONED, 0.0))))
        if self.stops_at is not None:
            planned.append((self.stops_at, talk.stop))
        if self.plays_from is not None:
            planned.append((self.plays_from, lambda: talk.played(1, 1.0)))
        for at, act in sorted(planned, key=lambda each: each[0]):
            await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
            act()
