"""Health: named checks that are bounded in time, and asked seldom."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lingting.domain.errors import StorageUnavailable
from lingting.telemetry.health import Check, CheckState, Health, HealthSettings
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit
QUICK = HealthSettings(timeout_seconds=0.01, keep_seconds=1.0)


class Part:
    """Something that is asked how it is."""

    def __init__(self, problem: Exception | None = None, *, hangs: bool = False) -> None:
        self.problem = problem
        self.asked = 0
        self._way = asyncio.Event()
        if not hangs:
            self._way.set()

    async def probe(self) -> None:
        self.asked += 1
        await self._way.wait()
        if self.problem is not None:
            raise self.problem

    def let_go(self) -> None:
        self._way.set()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def opened(clock) -> AsyncIterator:
    made: list[Health] = []

    def make(*checks: Check) -> Health:
        made.append(Health(checks, QUICK, clock=clock))
        return made[-1]

    yield make
    for health in made:
        await health.aclose()


async def test_a_server_whose_parts_are_well_is_fit(opened) -> None:
    report = await opened(Check("database", Part().probe), Check("disk", Part().probe)).look()
    assert report.is_fit
    assert [(finding.name, finding.state) for finding in report.findings] == [("database", "ok"), ("disk", "ok")]


async def test_a_required_part_that_fails_makes_it_unfit(opened) -> None:
    problem = StorageUnavailable("the database at 10.1.2.3 does not answer", retry_after_seconds=1.0)
    report = await opened(Check("database", Part(problem).probe)).look()
    assert not report.is_fit
    assert report.findings[0].reason == "storage_unavailable"


async def test_a_part_that_is_not_required_may_fail(opened) -> None:
    report = await opened(Check("redis", Part(OSError("refused")).probe, is_required=False)).look()
    assert report.is_fit
    assert (report.findings[0].state, report.findings[0].reason) == (CheckState.FAILING, "OSError")


async def test_a_part_that_hangs_has_failed_and_holds_up_nobody(opened) -> None:
    hanging, quick = Part(hangs=True), Part()
    report = await opened(Check("engine", hanging.probe), Check("disk", quick.probe)).look()
    assert [finding.reason for finding in report.findings] == ["timeout", None]


async def test_a_part_that_hangs_is_not_asked_a_second_time(opened, clock) -> None:
    hanging = Part(hangs=True)
    health = opened(Check("engine", hanging.probe))
    for _ in range(3):
        await health.look()
        clock.advance(2.0)
    assert hanging.asked == 1


async def test_a_part_that_came_back_is_well_again(opened, clock) -> None:
    hanging = Part(hangs=True)
    health = opened(Check("engine", hanging.probe))
    await health.look()
    hanging.let_go()
    clock.advance(2.0)
    assert (await health.look()).is_fit


async def test_many_that_ask_at_once_cost_one_look(opened) -> None:
    part = Part()
    health = opened(Check("database", part.probe))
    await asyncio.gather(*(health.look() for _ in range(50)))
    assert part.asked == 1


async def test_an_answer_is_given_again_for_a_while_only(opened, clock) -> None:
    part = Part()
    health = opened(Check("database", part.probe))
    await health.look()
    clock.advance(0.9)
    await health.look()
    assert part.asked == 1
    clock.advance(0.2)
    await health.look()
    assert part.asked == 2
