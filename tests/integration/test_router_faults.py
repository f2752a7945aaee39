"""What callers see when a model is slow, away, broken, doubted or throttled, and how soon it is used again.

Each row of the table in docs/engines.md is played here, with engines that fail by script and a clock that is moved by
hand. Run this file as a program to write the table anew.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pytest

from lingting.domain import Hypothesis
from lingting.domain.errors import EngineUnavailable, LingtingError, Overloaded
from lingting.engines.fake import Answer, FakeEngine, Gate
from lingting.engines.fake_remote import FakeRemote
from lingting.recognition.route_asking import RoutingSettings
from lingting.recognition.route_policy import RouteRule
from routing_house import CLOUD, LOCAL, RoutingHouse, routing_house

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"
CLIPS = 20
"""While the fault lasts, one after the other."""
DEADLINE_SECONDS = 0.15
"""Of the wall, since an engine that hangs is not known by any clock; long, because the machine may be busy."""
PAUSE_SECONDS = 7.0
"""What a throttled server asks for."""
LONGEST_SECONDS = 60
SETTINGS = RoutingSettings(breaker_failures=5, breaker_seconds=30.0)
HEADER = (
    f"| chain | fault | the first caller got | clips it saw of {CLIPS} | the last of them got | used again after |\n"
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Fault:
    """One way for a model not to do what it should."""

    name: str
    answer: Callable[[], Answer] | None = None
    """What it gives instead."""
    holds: bool = False
    """It gives nothing."""
    does_not_load: bool = False
    rule: float | None = None
    """The bound of the cascade."""


FAULTS = {
    "cloud": (
        Fault("slow: no answer by its deadline", holds=True),
        Fault("away: connections refused", lambda: EngineUnavailable("away")),
        Fault("broken: answers that make no sense", lambda: ValueError("no JSON")),
        Fault("doubted: low log-probability", lambda: Hypothesis("um", "en", avg_logprob=-2.0), rule=-0.8),
        Fault(
            f"throttled: come back in {PAUSE_SECONDS:.0f} s",
            lambda: Overloaded("later", retry_after_seconds=PAUSE_SECONDS),
        ),
    ),
    "local": (
        Fault("slow: the engine hangs", holds=True),
        Fault("away: the model does not load", does_not_load=True),
        Fault("broken: each batch raises", lambda: ValueError("bad state")),
        Fault("doubted: low log-probability", lambda: Hypothesis("um", "en", avg_logprob=-2.0), rule=-0.8),
    ),
}
CHAINS = (("cloud", "local"), ("local", "cloud"), ("cloud",), ("local",))
SCENES = [(chain, fault) for chain in CHAINS for fault in FAULTS[chain[0]]]


class Patient:
    """The first model of the chain, which falls ill and recovers."""

    def __init__(self, name: str, fault: Fault) -> None:
        self._name, self._fault = name, fault
        self._is_ill = True
        self._gate = Gate()
        self.engine = FakeRemote(self._say) if name == "cloud" else FakeEngine(self._say, gate=self._gate)
        if name == "cloud" and fault.holds:
            self.engine.hold()
        if not fault.holds:
            self._gate.let_through(10_000)

    @property
    def seen(self) -> int:
        return len(self.engine.heard) if isinstance(self.engine, FakeRemote) else len(self.engine.computed)

    def fall_ill(self, house: RoutingHouse) -> None:
        if self._fault.does_not_load:
            house.broken[self._name] = EngineUnavailable("not here")

    def recover(self, house: RoutingHouse) -> None:
        self._is_ill = False
        house.broken.clear()
        self._gate.let_through(10_000)
        if isinstance(self.engine, FakeRemote):
            self.engine.let_go()

    def _say(self, _clip: object) -> Answer:
        return self._fault.answer() if self._is_ill and self._fault.answer is not None else self._name


@asynccontextmanager
async def ward(chain: tuple[str, ...], fault: Fault):
    patient = Patient(chain[0], fault)
    deadline_seconds = DEADLINE_SECONDS if fault.holds else None
    models = tuple(
        replace(served, deadline_seconds=deadline_seconds) if served.name == chain[0] else served
        for served in (LOCAL, CLOUD)
    )
    rule = RouteRule(chain, min_logprob=fault.rule)
    async with routing_house(rule, models=models, engines={chain[0]: patient.engine}, settings=SETTINGS) as house:

        class Time:
            time = staticmethod(house.clock.monotonic)

        with mock.patch("purgatory.domain.model.time", Time):  # it counts by the machine's
            patient.fall_ill(house)
            try:
                yield house, patient
            finally:
                patient.recover(house)


async def told(house: RoutingHouse) -> str:
    """What one caller sees."""
    try:
        found = await house.ask()
    except LingtingError as error:
        return f"`{error.code}`"
    tried = f", attempts `{', '.join(found.attempts)}`" if found.attempts else ""
    return f"{found.model}'s answer{tried}"


async def idle(house: RoutingHouse, model: str) -> None:
    """A thread that hung ends its batch."""
    door = house.residency.door_if_loaded(model)
    async with asyncio.timeout(30.0):
        while door is not None and door.scheduler.busy_replicas:  # noqa: ASYNC110 - nothing tells when it changes
            await asyncio.sleep(0.001)


async def play(chain: tuple[str, ...], fault: Fault) -> str:
    """One row of the table."""
    async with ward(chain, fault) as (house, patient):
        seen = [await told(house) for _ in range(CLIPS)]
        clips = patient.seen
        patient.recover(house)
        await idle(house, chain[0])
        waited_seconds = 0
        while await told(house) != f"{chain[0]}'s answer":
            house.clock.advance(1.0)
            waited_seconds += 1
            assert waited_seconds <= LONGEST_SECONDS, "it was never used again"
    again = "at once" if not waited_seconds else f"{waited_seconds} s"
    cells = (" → ".join(chain), fault.name, seen[0], str(clips), seen[-1], again)
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize(("chain", "fault"), SCENES, ids=[f"{'-'.join(c)}-{f.name.split(':')[0]}" for c, f in SCENES])
async def test_what_callers_see_is_what_the_page_says(chain, fault) -> None:
    assert await play(chain, fault) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_has_no_other_rows() -> None:
    rows = PAGE.read_text(encoding="utf-8").split(HEADER)[1].split("\n\n")[0].strip().splitlines()
    assert len(rows) == len(SCENES)


async def write() -> None:
    before, rest = PAGE.read_text(encoding="utf-8").split(HEADER)
    after = rest.split("\n\n", 1)[1] if "\n\n" in rest else ""
    rows = [await play(chain, fault) for chain, fault in SCENES]
    PAGE.write_text(f"{before}{HEADER}\n" + "\n".join(rows) + f"\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(write()))
