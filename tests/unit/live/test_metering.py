"""Live audio is counted as it goes, and a session whose owner may have no more ends with what was said."""

import pytest
from live_house import house, rest, speech

from lingting.audio.live_formats import LiveFormat
from lingting.domain import CloseReason, Final, StreamOptions
from lingting.domain.errors import QuotaExceeded
from lingting.live.metering import STEP_SECONDS

pytestmark = pytest.mark.unit


class CountingMeter:
    """Allows so many seconds."""

    def __init__(self, most_seconds: float) -> None:
        self.told: list[float] = []
        self.last_seconds: float | None = None
        self._left_seconds = most_seconds

    async def heard(self, audio_seconds: float) -> None:
        self.told.append(audio_seconds)
        self._left_seconds -= audio_seconds
        if self._left_seconds <= 0:
            raise QuotaExceeded("used up", retry_after_seconds=60.0)

    async def aclose(self, audio_seconds: float) -> None:
        assert self.last_seconds is None, "closed once"
        self.last_seconds = audio_seconds


async def heard_by(meter: CountingMeter, seconds: float):
    async with house() as it:
        session = await it.hub.open(StreamOptions(partials=False), LiveFormat(), meter=meter)
        subscription = session.attach()
        await session.feed(speech(seconds))
        await session.finish()
        return await rest(subscription)


async def test_all_audio_is_told_once_and_in_steps() -> None:
    meter = CountingMeter(1_000)
    events = await heard_by(meter, 25.0)
    assert min(meter.told) >= STEP_SECONDS
    assert sum(meter.told) + meter.last_seconds == pytest.approx(events[-1].audio_seconds)
    assert events[-1].reason is CloseReason.FINISHED


async def test_a_used_up_quota_ends_it_with_what_was_said() -> None:
    meter = CountingMeter(5)
    async with house() as it:
        session = await it.hub.open(StreamOptions(partials=False), LiveFormat(), meter=meter)
        subscription = session.attach()
        await session.feed(speech(60.0))
        events = await rest(subscription)
    assert (events[-1].reason, events[-1].message) == (CloseReason.QUOTA_EXCEEDED, "used up")
    assert any(isinstance(event, Final) for event in events)
    assert sum(meter.told) + meter.last_seconds < 30


async def test_a_session_that_is_dropped_closes_its_meter() -> None:
    meter = CountingMeter(1_000)
    async with house() as it:
        session = await it.hub.open(StreamOptions(partials=False), LiveFormat(), meter=meter)
        await session.feed(speech(1.0))
        await session.aclose()
    assert meter.last_seconds is not None
