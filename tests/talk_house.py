"""A spoken conversation without sockets or services: a scripted model, voices of tones, words handed over by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from lingting.dialogue.chat.chat import Chat, ChatParts
from lingting.dialogue.chat.chat_models import ScriptedChat
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.talk.talk import Talk
from lingting.dialogue.talk.talk_events import TalkEvent
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.dialogue.talk.talk_parts import TalkParts, TalkWish
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.domain import ANYBODY, Call, Event, Final, Principal, SpeechEnded, SpeechStarted, SystemClock
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.security.token_quota import TokenQuota
from lingting.speech.hub import SpeechHub
from lingting.speech.settings import SpeechSettings
from lingting.speech.voices.fake import FakeVoices
from lingting.telemetry import Telemetry

EventT = TypeVar("EventT", bound=TalkEvent)
CALL = Call(ANYBODY, "test")
DEADLINE_SECONDS = 20.0


class _NoUsage:
    def add(self, key_id: str, *, tokens: int) -> None: ...


class _NoMeter:
    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None: ...


def said(segment: int, text: str, *, language: str = "zh") -> list[Event]:
    """A segment, as the live session tells of it."""
    return [
        SpeechStarted(1, segment, 0.0),
        SpeechEnded(2, segment, 0.0, 1.0),
        Final(3, segment, 0.0, 1.0, text, language),
    ]


class TalkHouse:
    """What a server has of it; `voices` and `model` tell what they were asked for."""

    def __init__(self, *replies: object, voices: FakeVoices | None = None, **settings: object) -> None:
        clock, telemetry = SystemClock(), Telemetry()
        self.telemetry = telemetry
        self.model = ScriptedChat(*(replies or (["你好", "，世界。"],)))
        self.voices = voices or FakeVoices()
        store = CountStore(ClockedMemory(clock), on_failure="allow", clock=clock, observer=telemetry.limits)
        chosen = ChatSettings(base_url="http://127.0.0.1:1/v1", model="m")
        quota = TokenQuota(0, store, _NoUsage(), clock)
        self.chat = Chat(chosen, ChatParts(self.model, quota, None, clock, telemetry.dialogue))
        speech = SpeechHub([self.voices], SpeechSettings(), clock=clock, meter=_NoMeter(), observer=telemetry.speech)
        patience = {"finished_seconds": 0.0, "plain_seconds": 0.0, "no_input_seconds": 0.0} | settings
        self.hub = TalkHub(TalkParts(self.chat, speech, clock, TalkSettings(**patience), telemetry.dialogue))

    @asynccontextmanager
    async def talking(self, wish: TalkWish | None = None) -> AsyncIterator[Listener]:
        async with self.hub.talking(wish or TalkWish(), CALL) as talk:
            yield Listener(talk)


class Listener:
    """A client that keeps all it was told."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self._events = talk.events
        self.heard: list[TalkEvent] = []

    def say(self, segment: int, text: str, *, language: str = "zh") -> None:
        for event in said(segment, text, language=language):
            self.talk.hear(event)

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def until(self, kind: type[TalkEvent], *, which: Callable[[TalkEvent], bool] = lambda _: True) -> TalkEvent:
        """Read on to the next such event."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for event in self._events:
                self.heard.append(event)
                if isinstance(event, kind) and which(event):
                    return event
        raise AssertionError(f"the conversation ended without {kind.__name__}")
