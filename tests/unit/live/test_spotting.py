"""Words that are heard in the sound of a live session."""

from __future__ import annotations

import numpy as np
import pytest
from live_house import PLAIN, house, rest, silence, speech

from lingting.audio.wake_words import Spotted
from lingting.domain import Final, Samples, SpeechStarted
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.unit


class LoudSpotter:
    """Its word is the first sound that is loud."""

    def __init__(self) -> None:
        self.heard_samples = 0
        self.has_spotted = self.is_closed = False

    def hear(self, samples: Samples) -> list[Spotted]:
        loud = np.flatnonzero(np.abs(samples) > 0.1)
        before, self.heard_samples = self.heard_samples, self.heard_samples + len(samples)
        if self.has_spotted or not len(loud):
            return []
        self.has_spotted = True
        return [Spotted("loud", (before + int(loud[0])) / 16_000)]

    def close(self) -> None:
        self.is_closed = True


async def test_a_word_is_told_with_its_time_before_what_is_said_in_it_and_closed_with_the_session() -> None:
    spotter, told = LoudSpotter(), []
    async with house(FakeEngine(["one"])) as it:
        session, subscription = await it.session(PLAIN)
        session.observe(lambda event: told.append(type(event)))
        session.spot(spotter, told.append)
        for part in (silence(0.5), speech(1.0), silence(1.0)):
            await session.feed(part)
        await session.finish()
        await rest(subscription)
    assert told[0] == Spotted("loud", 0.5)
    assert told.index(SpeechStarted) < told.index(Final)
    assert sum(isinstance(each, Spotted) for each in told) == 1
    assert spotter.is_closed
