"""A token is made once for all who ask, renewed ahead of its end, and kept while a renewal fails."""

from __future__ import annotations

import asyncio

import pytest

from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.tokens import Token, TokenKeeper
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

HOUR_SECONDS = 3_600.0


class Maker:
    """Makes tokens when it is let; counts them."""

    def __init__(self, life_seconds: float | None = HOUR_SECONDS) -> None:
        self.made = 0
        self.life_seconds = life_seconds
        self.problem: Fault | None = None
        self.door = asyncio.Event()
        self.door.set()

    async def make(self) -> Token:
        self.made += 1
        number = self.made
        await self.door.wait()
        if self.problem is not None:
            raise self.problem
        return Token(f"t{number}", self.life_seconds)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def keeper(maker: Maker, clock: VirtualClock, jitter: float = 0.0) -> TokenKeeper:
    return TokenKeeper(maker.make, clock, jitter=lambda: jitter)


async def settled() -> None:
    """Let what is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_who_ask_at_once_get_one_token(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    found = await asyncio.gather(*(tokens.current() for _ in range(50)))
    assert {token.text for token in found} == {"t1"}


async def test_nobody_waits_for_a_renewal_while_the_token_is_good(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    await tokens.current()
    clock.advance(HOUR_SECONDS - 359.0)
    maker.door.clear()
    assert (await tokens.current()).text == "t1"
    await settled()
    assert maker.made == 2
    maker.door.set()
    await settled()
    assert (await tokens.current()).text == "t2"


async def test_a_token_is_not_renewed_before_the_margin(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    await tokens.current()
    clock.advance(HOUR_SECONDS - 361.0)
    await tokens.current()
    await settled()
    assert maker.made == 1


async def test_servers_do_not_all_renew_at_once(clock: VirtualClock) -> None:
    early, late = Maker(), Maker()
    keepers = keeper(early, clock, jitter=1.0), keeper(late, clock, jitter=0.0)
    for tokens in keepers:
        await tokens.current()
    clock.advance(HOUR_SECONDS - 500.0)
    for tokens in keepers:
        await tokens.current()
    await settled()
    assert (early.made, late.made) == (2, 1)


async def test_a_renewal_that_fails_leaves_the_token_and_is_tried_again_later(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    await tokens.current()
    maker.problem = Fault(FaultKind.AWAY, "away")
    clock.advance(HOUR_SECONDS - 100.0)
    for _ in range(5):
        assert (await tokens.current()).text == "t1"
        await settled()
    assert maker.made == 2
    clock.advance(1.1)
    await tokens.current()
    await settled()
    assert maker.made == 3
    clock.advance(1.1)
    await tokens.current()
    await settled()
    assert maker.made == 3, "the pause doubles"


async def test_an_expired_token_is_never_handed_out(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    await tokens.current()
    maker.problem = Fault(FaultKind.AWAY, "away")
    clock.advance(HOUR_SECONDS)
    with pytest.raises(Fault, match="away"):
        await tokens.current()
    maker.problem = None
    assert (await tokens.current()).text == "t3"


async def test_a_refused_token_is_not_handed_out_again_but_a_later_one_stays(clock: VirtualClock) -> None:
    maker = Maker()
    tokens = keeper(maker, clock)
    first = await tokens.current()
    tokens.refuse(first)
    second = await tokens.current()
    tokens.refuse(first)
    assert await tokens.current() is second
    assert maker.made == 2


async def test_a_waiter_who_leaves_takes_the_token_from_nobody(clock: VirtualClock) -> None:
    maker = Maker()
    maker.door.clear()
    tokens = keeper(maker, clock)
    leaving, staying = (asyncio.create_task(tokens.current()) for _ in range(2))
    await settled()
    leaving.cancel()
    await settled()
    maker.door.set()
    assert (await staying).text == "t1"
    assert leaving.cancelled()


async def test_a_renewal_whose_loop_ended_is_begun_anew_by_another(clock: VirtualClock) -> None:
    maker = Maker()
    maker.door.clear()
    tokens = keeper(maker, clock)
    waiting = asyncio.create_task(tokens.current())
    await settled()
    maker.door.set()
    for task in tuple(tokens._tasks):
        task.cancel()
    assert (await waiting).text == "t2"


async def test_a_token_that_is_given_lasts_until_it_is_refused(clock: VirtualClock) -> None:
    maker = Maker(life_seconds=None)
    tokens = keeper(maker, clock)
    await tokens.current()
    clock.advance(1e9)
    assert (await tokens.current()).text == "t1"


async def test_a_clock_that_is_wrong_does_not_mean_a_token_for_each_call(clock: VirtualClock) -> None:
    maker = Maker(life_seconds=-500.0)
    tokens = keeper(maker, clock)
    for _ in range(10):
        await tokens.current()
    await settled()
    assert maker.made == 1


async def test_closing_ends_a_renewal_under_way(clock: VirtualClock) -> None:
    maker = Maker()
    await keeper(maker, clock).aclose()
    tokens = keeper(maker, clock)
    await tokens.current()
    clock.advance(HOUR_SECONDS - 10.0)
    maker.door.clear()
    await tokens.current()
    await tokens.aclose()
    assert not tokens._tasks


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Token("secret", 1.0))
