"""Models come into memory when they are wanted and leave when they are not, within a budget."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from lingting.domain.errors import (
    InvalidOption,
    ModelMissing,
    ModelNotFound,
    Overloaded,
    ShuttingDown,
    Starting,
    WrongState,
)
from lingting.recognition.residency import Residency
from lingting.recognition.residents import ResidencySettings, Resident, ResidentState
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

MODELS = (
    Resident("base", 100, is_kept=True),
    Resident("small", 300),
    Resident("medium", 400),
    Resident("large", 600),
    Resident("huge", 950),
    Resident("cloud"),
)


@dataclass
class House:
    """Opens names in place of models."""

    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def open(self, name: str):
        self.opened.append(name)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        try:
            yield f"door of {name}"
        finally:
            self.closed.append(name)


@dataclass
class Kept:
    residency: Residency[str]
    house: House
    clock: VirtualClock
    telemetry: Telemetry

    def states(self) -> dict[str, ResidentState]:
        return {report.resident.name: report.state for report in self.residency.report()}


@pytest.fixture
async def kept():
    house, clock, telemetry = House(), VirtualClock(), Telemetry()
    house.gate.set()
    settings = ResidencySettings(idle_seconds=60.0, memory_bytes=1_000, load_seconds=5.0)
    residency = Residency(MODELS, house.open, settings, clock=clock, observer=telemetry.routing)
    yield Kept(residency, house, clock, telemetry)
    await residency.aclose()
    assert house.closed == [name for name in house.closed if name in house.opened]


async def use(kept: Kept, name: str) -> str:
    async with kept.residency.use(name) as door:
        return door


async def test_a_model_is_loaded_at_its_first_use_and_stays(kept) -> None:
    assert await use(kept, "small") == "door of small"
    assert await use(kept, "small") == "door of small"
    assert kept.house.opened == ["small"]
    assert kept.states()["small"] is ResidentState.LOADED
    assert b'asr_model_loaded{model="small"} 1.0' in kept.telemetry.exposition()


async def test_all_who_wait_share_one_load(kept) -> None:
    kept.house.gate.clear()
    waiting = [asyncio.create_task(use(kept, "small")) for _ in range(5)]
    await asyncio.sleep(0)
    assert kept.states()["small"] is ResidentState.LOADING
    kept.house.gate.set()
    assert await asyncio.gather(*waiting) == ["door of small"] * 5
    assert kept.house.opened == ["small"]


async def test_an_unknown_name_is_refused(kept) -> None:
    with pytest.raises(ModelNotFound, match="base, cloud, huge, large, medium, small"):
        await use(kept, "tiny")


async def test_a_failed_load_is_told_to_all_and_tried_again_later(kept) -> None:
    kept.house.error = ModelMissing("not here")
    kept.house.gate.clear()
    waiting = [asyncio.create_task(use(kept, "small")) for _ in range(3)]
    await asyncio.sleep(0)
    kept.house.gate.set()
    assert [type(found) for found in await asyncio.gather(*waiting, return_exceptions=True)] == [ModelMissing] * 3
    with pytest.raises(ModelMissing):
        await use(kept, "small")
    assert kept.house.opened == ["small"]
    assert kept.residency.report_of("small").error == "model_missing"
    kept.house.error = None
    kept.clock.advance(5.0)
    assert await use(kept, "small") == "door of small"


async def test_a_fault_of_the_engine_does_not_leak_its_words(kept) -> None:
    kept.house.error = RuntimeError("/secret/path")
    with pytest.raises(Exception, match="cannot be loaded") as told:
        await use(kept, "small")
    assert "/secret" not in str(told.value)
    assert told.value.code == "engine_unavailable"


async def test_what_is_idle_long_enough_leaves(kept) -> None:
    await use(kept, "small")
    await use(kept, "base")
    kept.clock.advance(59.0)
    await kept.residency.sweep()
    assert kept.house.closed == []
    kept.clock.advance(1.0)
    await kept.residency.sweep()
    assert kept.house.closed == ["small"]
    assert kept.states()["base"] is ResidentState.LOADED


async def test_what_is_used_stays_however_long(kept) -> None:
    async with kept.residency.use("small"):
        kept.clock.advance(1_000.0)
        await kept.residency.sweep()
        assert kept.states()["small"] is ResidentState.LOADED
    await kept.residency.sweep()
    assert kept.states()["small"] is ResidentState.LOADED


async def test_the_one_used_longest_ago_makes_room(kept) -> None:
    for name in ("base", "small", "large", "cloud", "medium"):
        await use(kept, name)
        kept.clock.advance(1.0)
    assert kept.house.closed == ["small", "large"]
    assert kept.residency.memory_bytes == 500


async def test_when_all_are_in_use_there_is_no_room(kept) -> None:
    async with kept.residency.use("base"), kept.residency.use("small"), kept.residency.use("large"):
        with pytest.raises(Overloaded, match="no room") as told:
            await use(kept, "medium")
        assert told.value.retry_after_seconds > 0
        assert await use(kept, "cloud") == "door of cloud"


async def test_what_never_fits_beside_the_default_is_refused_for_good(kept) -> None:
    await use(kept, "base")
    with pytest.raises(InvalidOption, match="does not fit"):
        await use(kept, "huge")


async def test_what_is_in_use_or_kept_is_not_unloaded(kept) -> None:
    await use(kept, "base")
    with pytest.raises(WrongState, match="default"):
        await kept.residency.unload("base")
    async with kept.residency.use("small"):
        with pytest.raises(WrongState, match="in use by 1"):
            await kept.residency.unload("small")
    assert (await kept.residency.unload("small")).state is ResidentState.UNLOADED
    assert (await kept.residency.unload("small")).state is ResidentState.UNLOADED
    assert kept.house.closed == ["small"]


async def test_whoever_comes_while_it_leaves_gets_it_anew(kept) -> None:
    await use(kept, "small")
    leaving = asyncio.create_task(kept.residency.unload("small"))
    await asyncio.sleep(0)
    assert await use(kept, "small") == "door of small"
    await leaving
    assert kept.house.opened == ["small", "small"]


async def test_a_caller_who_goes_leaves_the_load_to_others(kept) -> None:
    kept.house.gate.clear()
    gone, stays = (asyncio.create_task(use(kept, "small")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    kept.house.gate.set()
    assert await stays == "door of small"
    assert kept.residency.report_of("small").users == 0


async def test_who_waits_too_long_is_told_to_come_back(kept) -> None:
    impatient = Residency(
        MODELS,
        kept.house.open,
        ResidencySettings(load_seconds=0.01),
        clock=kept.clock,
        observer=kept.telemetry.routing,
    )
    kept.house.gate.clear()
    with pytest.raises(Starting):
        async with impatient.use("small"):
            pass
    kept.house.gate.set()
    assert (await impatient.load("small")).state is ResidentState.LOADED
    await impatient.aclose()


async def test_closing_closes_all_and_refuses_what_comes(kept) -> None:
    await use(kept, "base")
    await use(kept, "small")
    await kept.residency.aclose()
    assert sorted(kept.house.closed) == ["base", "small"]
    with pytest.raises(ShuttingDown):
        await use(kept, "small")
