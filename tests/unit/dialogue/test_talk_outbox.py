"""What waits for a conversation's client: in order, bounded, and nothing of what was cut."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from lingting.dialogue.talk.talk_events import ReplySound, ReplyText, TalkEnded
from lingting.dialogue.talk.talk_outbox import MAX_SOUNDS, TalkOutbox
from lingting.dialogue.turns.turn_news import EndReason

pytestmark = pytest.mark.unit


def sound(reply: int) -> ReplySound:
    return ReplySound(reply, np.zeros(240, np.float32))


async def test_who_does_not_know_that_its_reply_was_cut_adds_nothing_to_it() -> None:
    outbox = TalkOutbox()
    outbox.put(ReplyText(1, "before"))
    outbox.drop(1)
    outbox.put(ReplyText(1, "after"))
    assert not await outbox.put_sound(sound(1))
    assert await outbox.put_sound(sound(2))
    outbox.put(TalkEnded(EndReason.HUNG_UP))
    assert [getattr(event, "reply", None) for event in [event async for event in outbox]] == [2, None]


async def test_who_makes_too_much_sound_waits_until_some_is_taken_or_dropped() -> None:
    outbox = TalkOutbox()
    for _ in range(MAX_SOUNDS):
        assert await outbox.put_sound(sound(1))
    late = asyncio.create_task(outbox.put_sound(sound(1)))
    await asyncio.sleep(0)
    assert not late.done()
    outbox.drop(1)
    assert not await late
