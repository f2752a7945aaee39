"""A share of the clips goes to a second model as well, unseen by those who asked."""

import asyncio
from dataclasses import replace

import pytest

from lingting.domain import Priority, RecognizeOptions, Redaction, RedactMode
from lingting.domain.errors import EngineUnavailable
from lingting.engines.fake import FakeEngine
from lingting.recognition.route_asking import RoutingSettings
from lingting.recognition.route_policy import RouteRule
from routing_house import CLOUD, LOCAL, RoutingHouse, routing_house

pytestmark = pytest.mark.unit

ALWAYS = RouteRule(("local",), shadow="cloud", shadow_ratio=1.0)


async def done(house: RoutingHouse) -> None:
    async with asyncio.timeout(5.0):
        while house.router._shadow.in_hand:  # noqa: ASYNC110 - nothing tells when it changes
            await asyncio.sleep(0)


def counted(house: RoutingHouse, metric: str) -> float:
    for line in house.telemetry.exposition().decode().splitlines():
        if line.startswith(metric):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


COMPARED = 'asr_shadow_disagreement_ratio_count{model="local",shadow="cloud"}'


async def test_the_answer_is_that_of_the_first_and_the_difference_is_measured() -> None:
    async with routing_house(ALWAYS) as house:
        found = await house.ask()
        await done(house)
        assert (found.text, found.attempts) == ("local", ())
        assert len(house.engines["cloud"].heard) == 1
        assert counted(house, COMPARED) == 1.0


async def test_a_share_is_taken_evenly() -> None:
    async with routing_house(replace(ALWAYS, shadow_ratio=0.1)) as house:
        for _ in range(100):
            await house.ask()
            await done(house)
        assert 9 <= len(house.engines["cloud"].heard) <= 11


async def test_nobody_waits_for_it_and_what_is_in_hand_is_bounded() -> None:
    settings = RoutingSettings(shadow_at_once=2)
    async with routing_house(ALWAYS, settings=settings) as house:
        house.engines["cloud"].hold()
        for _ in range(5):
            assert (await house.ask()).text == "local"
        assert house.router._shadow.in_hand == 2
        assert counted(house, 'asr_shadows_lost_total{reason="full",shadow="cloud"}') == 3.0
        await house.router.aclose()
        assert house.router._shadow.in_hand == 0


async def test_its_failures_are_counted_and_hurt_nobody() -> None:
    async with routing_house(ALWAYS) as house:
        house.engines["cloud"].script = lambda _: EngineUnavailable("away")
        assert (await house.ask()).text == "local"
        await done(house)
        assert counted(house, 'asr_shadows_lost_total{reason="engine_unavailable",shadow="cloud"}') == 1.0


@pytest.mark.parametrize(
    "options", [RecognizeOptions(local_only=True), RecognizeOptions(redaction=Redaction(RedactMode.MASK))]
)
async def test_what_is_to_stay_here_gets_none(options) -> None:
    async with routing_house(ALWAYS) as house:
        await house.ask(options)
        await done(house)
        assert house.engines["cloud"].heard == []


async def test_partials_get_none_and_nobody_is_compared_with_itself() -> None:
    async with routing_house(ALWAYS) as house:
        await house.ask(priority=Priority.STREAM_PARTIAL)
        await done(house)
        assert house.engines["cloud"].heard == []
    broken = {"local": FakeEngine(lambda _: RuntimeError("broke"))}
    async with routing_house(replace(ALWAYS, chain=("local", "cloud")), engines=broken) as house:
        assert (await house.ask()).text == "cloud"
        await done(house)
        assert len(house.engines["cloud"].heard) == 1


class Purse:
    """Counts what is charged."""

    def __init__(self) -> None:
        self.charged: list[str] = []

    def spending(self, caller, *, model, seconds, price_per_minute):
        from contextlib import nullcontext

        self.charged.append(model)
        return nullcontext()


async def test_it_is_not_charged_to_the_caller() -> None:
    models = (replace(LOCAL, price_per_minute=0.1), replace(CLOUD, price_per_minute=0.5))
    async with routing_house(ALWAYS, models=models) as house:
        purse = Purse()
        house.router.charge_to(purse)
        await house.ask()
        await done(house)
        assert purse.charged == ["local"]
