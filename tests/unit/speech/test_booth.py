"""Whose clause is said next."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import numpy as np
import pytest

from lingting.speech.base import Style
from lingting.speech.booth import Booth
from lingting.speech.voices.fake import FakeVoices

pytestmark = pytest.mark.unit

LATER, URGENT = Style("en"), Style("en", is_urgent=True)


class Held(FakeVoices):
    """Says nothing further before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go = threading.Event(), threading.Event()

    def speak(self, text, voice, style):
        self.begun.set()
        assert self.may_go.wait(30)
        yield from super().speak(text, voice, style)


async def said(booth: Booth, text: str, style: Style) -> int:
    async with aclosing(booth.say(text, "tone-en", style)) as blocks:
        return len(np.concatenate([block async for block in blocks]))


async def test_a_clause_that_somebody_waits_for_goes_first_and_the_others_in_their_order() -> None:
    voices = Held()
    booth = Booth(voices, stall_seconds=30)
    async with asyncio.TaskGroup() as group:
        group.create_task(said(booth, "now", LATER))
        await asyncio.to_thread(voices.begun.wait, 30)
        for text, style in (("one", LATER), ("two", LATER), ("urgent", URGENT), ("three", LATER), ("too", URGENT)):
            group.create_task(said(booth, text, style))
            await asyncio.sleep(0)
        voices.may_go.set()
    assert voices.said == ["now", "urgent", "too", "one", "two", "three"]
    await booth.aclose()


async def test_nothing_is_said_for_those_who_have_left() -> None:
    voices = Held()
    booth = Booth(voices, stall_seconds=30)
    now = asyncio.create_task(said(booth, "now", LATER))
    await asyncio.to_thread(voices.begun.wait, 30)
    gone = asyncio.create_task(said(booth, "gone", URGENT))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    voices.may_go.set()
    assert await now > 0
    assert await said(booth, "next", LATER) > 0
    assert voices.said == ["now", "next"]
    await booth.aclose()
