"""Live sessions are counted against the engine that serves them, and keep it in memory while they last."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from live_house import LevelModel, Watcher, open_decoder

from lingting.audio.live_formats import LiveFormat
from lingting.domain import RecognizeOptions, StreamOptions
from lingting.domain.errors import ModelNotFound, Overloaded
from lingting.domain.principal import Principal
from lingting.live.hub import LiveHub, LiveParts
from lingting.live.parts import LiveSettings
from lingting.recognition.route_policy import RouteRule
from lingting.recognition.served import Served
from routing_house import LOCAL, routing_house

pytestmark = pytest.mark.unit

MODELS = (LOCAL, Served("second", "fake"))


class Crowded:
    """A queue as slow as it is said to be."""

    def __init__(self, queue, pace_ratio: float) -> None:
        self._queue = queue
        self.pace_ratio, self.replicas, self.hears_once = pace_ratio, 1, False
        self.streams = 0

    def set_live_streams(self, count: int) -> None:
        self.streams = count


def wishing(model: str | None = None) -> StreamOptions:
    return StreamOptions(recognize=RecognizeOptions(model=model))


@asynccontextmanager
async def hub_of(house):
    await house.residency.load("local")
    door = house.residency.door_if_loaded("local")
    parts = LiveParts(house.router, door.scheduler, LevelModel(), open_decoder, house.clock, Watcher())
    hub = LiveHub(parts, LiveSettings())
    try:
        yield hub
    finally:
        await hub.aclose()


async def test_a_session_holds_the_model_it_named() -> None:
    async with routing_house(models=MODELS) as house, hub_of(house) as hub:
        session = await hub.open(wishing("second"), LiveFormat())
        assert (session.model, house.residency.report_of("second").users) == ("second", 1)
        await session.aclose()
        await session.closed.wait()
        await hub.aclose()
        assert house.residency.report_of("second").users == 0


async def test_a_rule_may_choose_by_the_caller() -> None:
    rule = RouteRule(("second",), labels=("app",))
    async with routing_house(rule, models=MODELS) as house, hub_of(house) as hub:
        session = await hub.open(wishing(), LiveFormat(), caller=Principal("key1", label="app"))
        assert session.model == "second"
        assert (await hub.open(wishing(), LiveFormat())).model == "local"


async def test_an_unknown_model_begins_no_session() -> None:
    async with routing_house(models=MODELS) as house, hub_of(house) as hub:
        with pytest.raises(ModelNotFound):
            await hub.open(wishing("third"), LiveFormat())
        assert len(hub) == 0


async def test_one_engine_that_is_full_leaves_room_at_the_other() -> None:
    async with routing_house(models=MODELS) as house, hub_of(house) as hub:
        await house.residency.load("second")
        slot = house.residency._slots["second"]
        slow = Crowded(slot.door.scheduler, pace_ratio=0.3)
        slot.door = replace(slot.door, scheduler=slow)
        await hub.open(wishing("second"), LiveFormat())
        assert slow.streams == 1
        with pytest.raises(Overloaded, match="keeps up with 1"):
            await hub.open(wishing("second"), LiveFormat())
        await hub.open(wishing(), LiveFormat())
        assert len(hub) == 2
