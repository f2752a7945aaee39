"""A server that fails again and again is left alone; then one call tries whether it is back."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from purgatory.domain import model

from lingting.domain.errors import EngineUnavailable, Overloaded
from lingting.engines.remote_breaker import RemoteBreaker

pytestmark = pytest.mark.unit


class Wall:
    """The wall clock that the library reads."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    clock = Wall()
    monkeypatch.setattr(model, "time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def breaker(wall: Wall) -> RemoteBreaker:
    return RemoteBreaker("far", failures=3, open_seconds=10.0, counts=lambda problem: isinstance(problem, OSError))


async def call(breaker: RemoteBreaker, problem: BaseException | None = None) -> None:
    async with breaker.watched():
        if problem is not None:
            raise problem


async def fail(breaker: RemoteBreaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="away"):
            await call(breaker, OSError("away"))


async def test_failures_in_a_row_open_it(breaker: RemoteBreaker) -> None:
    await fail(breaker, 2)
    await call(breaker)
    await fail(breaker, 3)
    assert breaker.state == "opened"
    with pytest.raises(EngineUnavailable, match="left alone"):
        await call(breaker)


async def test_what_does_not_count_neither_opens_nor_forgives(breaker: RemoteBreaker) -> None:
    for problem in (Overloaded("busy", retry_after_seconds=1.0), asyncio.CancelledError(), ValueError("bad")):
        with pytest.raises(type(problem)):
            await call(breaker, problem)
        await fail(breaker, 1)
    assert breaker.state == "opened"


async def test_one_call_tries_and_the_rest_is_refused_meanwhile(breaker: RemoteBreaker, wall: Wall) -> None:
    await fail(breaker, 3)
    wall.now += 10.1
    async with breaker.watched():
        assert breaker.state == "half-opened"
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                await call(breaker)
    assert breaker.state == "closed"
    await call(breaker)


@pytest.mark.parametrize("problem", [OSError("away"), ValueError("bad"), asyncio.CancelledError()])
async def test_a_try_that_tells_nothing_good_closes_nothing(
    breaker: RemoteBreaker, wall: Wall, problem: BaseException
) -> None:
    await fail(breaker, 3)
    wall.now += 10.1
    with pytest.raises(type(problem)):
        await call(breaker, problem)
    assert breaker.state == "opened"
    wall.now += 10.1
    await call(breaker)
    assert breaker.state == "closed"
