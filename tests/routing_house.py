"""A router over scripted engines, local and remote, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from lingting.domain import Priority, RecognizeOptions
from lingting.domain.principal import ANYBODY, Principal
from lingting.engines.base import EngineKind
from lingting.engines.fake import FakeEngine
from lingting.engines.fake_remote import FakeRemote
from lingting.recognition.batching import Scheduler
from lingting.recognition.engine_doors import EngineDoor
from lingting.recognition.remote_queue import RemoteLimits, RemoteQueue
from lingting.recognition.residency import Residency
from lingting.recognition.residents import ResidencySettings, Resident
from lingting.recognition.route_asking import RoutingSettings
from lingting.recognition.route_policy import RoutePolicy, RouteRule, routed_names
from lingting.recognition.routing import Router, RouterParts
from lingting.recognition.served import Served, ServedNames
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock, silence

LOCAL = Served("local", "fake", is_default=True)
CLOUD = Served("cloud", "fake-remote", kind=EngineKind.REMOTE, drafts=False)


@dataclass
class RoutingHouse:
    router: Router
    residency: Residency[EngineDoor]
    engines: Mapping[str, FakeEngine | FakeRemote]
    clock: VirtualClock
    telemetry: Telemetry
    broken: dict[str, Exception] = field(default_factory=dict)
    """Models that do not load, and why."""

    async def ask(
        self,
        options: RecognizeOptions | None = None,
        *,
        caller: Principal = ANYBODY,
        priority: Priority = Priority.REQUEST,
        seconds: float | None = None,
    ):
        options = options or RecognizeOptions()
        route = self.router.route(options, caller=caller, priority=priority, seconds=seconds)
        return await route.transcribe(silence(1.0), options, priority=priority)


@asynccontextmanager
async def routing_house(
    *rules: RouteRule,
    models: Sequence[Served] = (LOCAL, CLOUD),
    engines: Mapping[str, FakeEngine | FakeRemote] | None = None,
    settings: RoutingSettings = RoutingSettings(breaker_failures=3),  # noqa: B008 - frozen
) -> AsyncIterator[RoutingHouse]:
    """Each engine says the name of its model, unless others are handed in."""
    clock, telemetry = VirtualClock(), Telemetry()
    made = {served.name: _engine(served) for served in models} | dict(engines or {})
    by_name = {served.name: served for served in models}
    broken: dict[str, Exception] = {}

    @asynccontextmanager
    async def opening(name: str) -> AsyncIterator[EngineDoor]:
        if name in broken:
            raise broken[name]
        served, engine = by_name[name], made[name]
        queue = _queue(served, engine, clock)
        await queue.start()
        yield EngineDoor(served.engine, name, engine.capabilities, queue)
        await queue.stop()

    residents = [Resident(served.name) for served in models]
    residency = Residency(
        residents, opening, ResidencySettings(idle_seconds=0.0), clock=clock, observer=telemetry.routing
    )
    policy = RoutePolicy(ServedNames(models, routed_names=routed_names(rules)), rules)
    router = Router(RouterParts(policy, residency, clock, telemetry.routing), settings)
    yield RoutingHouse(router, residency, made, clock, telemetry, broken)
    await residency.aclose()


def _engine(served: Served) -> FakeEngine | FakeRemote:
    if served.is_remote:
        return FakeRemote(lambda _: served.name)
    return FakeEngine(lambda _: served.name)


def _queue(served: Served, engine, clock: VirtualClock) -> Scheduler | RemoteQueue:
    if served.is_remote:
        limits = RemoteLimits(deadline_seconds=served.deadline_seconds or 60.0)
        return RemoteQueue(engine, limits, clock=clock)
    return Scheduler(engine, clock=clock)
