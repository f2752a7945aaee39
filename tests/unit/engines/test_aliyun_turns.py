"""Turns are bounded at once, in a second, and in who waits."""

from __future__ import annotations

import asyncio

import pytest

from lingting.domain.errors import Overloaded
from lingting.engines.aliyun.turns import Turns

pytestmark = pytest.mark.unit


async def test_no_more_than_allowed_are_in_hand_and_all_get_their_turn() -> None:
    turns = Turns(at_once=3, per_second=1e6, waiting=100)
    most = 0

    async def work() -> None:
        nonlocal most
        async with turns.turn():
            most = max(most, turns.in_hand)
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(50)))
    assert most == 3
    assert (turns.in_hand, turns.waiting) == (0, 0)


async def test_starts_are_spread_evenly() -> None:
    turns = Turns(at_once=100, per_second=200.0, waiting=100)
    loop = asyncio.get_running_loop()

    async def begin() -> float:
        async with turns.turn():
            return loop.time()

    found = sorted(await asyncio.gather(*(begin() for _ in range(10))))
    assert found[-1] - found[0] >= 9 / 200.0 - 0.001


async def test_who_finds_the_line_full_is_told_when_to_come_back() -> None:
    turns = Turns(at_once=1, per_second=1e6, waiting=1)
    async with turns.turn():
        second = asyncio.create_task(_pass(turns))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as caught:
            await _pass(turns)
    await second
    assert caught.value.retry_after_seconds >= 1.0


async def test_who_leaves_the_line_takes_no_place_with_them() -> None:
    turns = Turns(at_once=1, per_second=1e6, waiting=1)
    async with turns.turn():
        leaving = asyncio.create_task(_pass(turns))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert turns.waiting == 0
    await _pass(turns)


async def _pass(turns: Turns) -> None:
    async with turns.turn():
        pass
