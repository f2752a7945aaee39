"""Who is let in, and what becomes of work whose caller has gone."""

import asyncio
from types import SimpleNamespace

import pytest

from lingting.api.http.doors import ClientGone, Doors, HttpLimits, Phase, unless_gone
from lingting.domain import RecognizeOptions
from lingting.domain.errors import Overloaded, ShuttingDown, Starting

pytestmark = pytest.mark.unit
SERVICES = SimpleNamespace(estimated_wait_seconds=lambda: 7.0)


@pytest.fixture
def doors() -> Doors:
    return Doors(HttpLimits(max_requests=2), RecognizeOptions())


def test_nobody_is_let_in_before_the_model_is_loaded(doors) -> None:
    assert doors.phase is Phase.STARTING
    with pytest.raises(Starting):
        doors.require_open()


def test_one_request_too_many_is_told_how_long_the_others_take(doors) -> None:
    doors.open(SERVICES)
    with doors.holding_a_place(), doors.holding_a_place(), pytest.raises(Overloaded) as caught:
        doors.require_open()
    assert caught.value.retry_after_seconds == 7.0


def test_a_place_is_given_back_when_the_work_fails(doors) -> None:
    doors.open(SERVICES)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), doors.holding_a_place():
            raise ZeroDivisionError
    doors.require_open()


def test_a_stopping_server_lets_nobody_in_but_works_for_those_inside(doors) -> None:
    doors.open(SERVICES)
    doors.shut()
    with pytest.raises(ShuttingDown):
        doors.require_open()
    with doors.holding_a_place() as services:
        assert services is SERVICES


async def test_work_is_cancelled_when_the_caller_hangs_up() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        await unless_gone(SimpleNamespace(receive=receive), work())
    assert ended == ["work"]


async def test_an_answer_is_given_while_the_caller_listens() -> None:
    async def work() -> str:
        return "text"

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    assert await unless_gone(SimpleNamespace(receive=receive), work()) == "text"


async def test_an_error_of_the_work_is_passed_on() -> None:
    async def work() -> str:
        raise Starting("loading", retry_after_seconds=1.0)

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Starting):
        await unless_gone(SimpleNamespace(receive=receive), work())
