"""Clauses of many callers on the threads of one voice."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing

import numpy as np
import pytest

from lingting.domain.errors import EngineUnavailable
from lingting.speech.base import Style
from lingting.speech.booth import Booth
from lingting.speech.voices.fake import FakeVoices

pytestmark = pytest.mark.unit

STYLE = Style("en")
LATER, WAITED_FOR = None, 0.0
"""When it is wanted: nobody hears it as it is made, and at once."""


class Held(FakeVoices):
    """Says nothing further before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go = threading.Event(), threading.Event()

    def speak(self, text, voice, style):
        self.begun.set()
        assert self.may_go.wait(30)
        yield from super().speak(text, voice, style)


def booth_of(voices: FakeVoices) -> Booth:
    return Booth(voices, stall_seconds=30, timer=time.monotonic)


async def said(booth: Booth, text: str, wanted_seconds: float | None) -> int:
    async with aclosing(booth.say(text, "tone-en", STYLE, wanted_seconds=wanted_seconds)) as blocks:
        return len(np.concatenate([block async for block in blocks]))


async def test_a_clause_that_somebody_waits_for_goes_first_and_the_others_in_their_order() -> None:
    voices = Held()
    booth = booth_of(voices)
    async with asyncio.TaskGroup() as group:
        group.create_task(said(booth, "now", LATER))
        await asyncio.to_thread(voices.begun.wait, 30)
        for text, wanted in (
            ("one", LATER),
            ("two", LATER),
            ("urgent", WAITED_FOR),
            ("three", LATER),
            ("too", WAITED_FOR),
        ):
            group.create_task(said(booth, text, wanted))
            await asyncio.sleep(0)
        voices.may_go.set()
    assert voices.said == ["now", "urgent", "too", "one", "two", "three"]
    await booth.aclose()


async def test_nothing_is_said_for_those_who_have_left() -> None:
    voices = Held()
    booth = booth_of(voices)
    now = asyncio.create_task(said(booth, "now", LATER))
    await asyncio.to_thread(voices.begun.wait, 30)
    gone = asyncio.create_task(said(booth, "gone", WAITED_FOR))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    voices.may_go.set()
    assert await now > 0
    assert await said(booth, "next", LATER) > 0
    assert voices.said == ["now", "next"]
    await booth.aclose()


class Noted(Held):
    """Notes whose block is made."""

    def __init__(self, *, may_pause: bool) -> None:
        super().__init__()
        self.may_pause, self.made = may_pause, list[str]()

    def speak(self, text, voice, style):
        for block in super().speak(text, voice, style):
            self.made.append(text)
            yield block


@pytest.mark.parametrize(
    ("may_pause", "made"), [(True, ["long", "new", "new", "long"]), (False, ["long", "long", "new", "new"])]
)
async def test_a_clause_is_left_for_a_new_caller_where_the_voice_can(may_pause, made) -> None:
    voices = Noted(may_pause=may_pause)
    booth = booth_of(voices)
    async with asyncio.TaskGroup() as group:
        group.create_task(said(booth, "long", LATER))
        await asyncio.to_thread(voices.begun.wait, 30)
        group.create_task(said(booth, "new", WAITED_FOR))
        await asyncio.sleep(0)
        voices.may_go.set()
    assert voices.made == made
    await booth.aclose()


async def test_what_was_begun_is_said_to_its_end_when_the_booth_closes_and_nothing_else() -> None:
    voices = Held()
    booth = booth_of(voices)
    begun = asyncio.create_task(said(booth, "begun", WAITED_FOR))
    await asyncio.to_thread(voices.begun.wait, 30)
    waiting = asyncio.create_task(said(booth, "waiting", WAITED_FOR))
    await asyncio.sleep(0)
    closing = asyncio.create_task(booth.aclose())
    await asyncio.sleep(0)
    voices.may_go.set()
    await closing
    assert await begun > 0
    assert voices.said == ["begun"]
    with pytest.raises(EngineUnavailable):
        await said(booth, "too late", WAITED_FOR)
    waiting.cancel()
