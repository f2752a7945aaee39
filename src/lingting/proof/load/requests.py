"""Many requests at once over HTTP, each client with the next one as soon as it has its answer."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lingting.domain import Clock
from lingting.domain.errors import LingtingError
from lingting.proof.figures import Spread
from lingting.proof.load.clips import Clip
from lingting.proof.load.figures import RequestFigures
from lingting.proof.transcription_door import Target, TranscriptionDoor

__all__ = ["RequestPlan", "send_requests"]

WORST_FAILURES = 100
"""In a row: a server that answers nothing else is not asked on."""


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """How much is asked, and how; it ends with the requests or the seconds, whichever come first."""

    clients: int
    requests: int
    seconds: float
    language: str | None = None
    is_fresh: bool = True
    """Let each be recognised anew where it is cached."""


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    audio_seconds: float = 0.0
    cached: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    failed_in_a_row: int = 0


async def send_requests(
    target: Target,
    clips: Sequence[Clip],
    plan: RequestPlan,
    *,
    clock: Clock,
    on_done: Callable[[], None] = lambda: None,
) -> RequestFigures:
    """The recordings in turn, again and again; one request before the clock starts, so that loading does not count.

    raises    ServerError, ServerUnreachable where that first one fails
    """
    tally = _Tally()
    async with TranscriptionDoor(target, connections=plan.clients) as door:
        await _ask(door, clips[0], plan)
        began = clock.monotonic()
        until = began + plan.seconds
        turns = itertools.islice(itertools.cycle(clips), plan.requests)

        async def client() -> None:
            for clip in turns:
                if clock.monotonic() >= until or tally.failed_in_a_row >= WORST_FAILURES:
                    return
                await _count(door, clip, plan, tally)
                on_done()

        async with asyncio.TaskGroup() as group:
            for _ in range(plan.clients):
                group.create_task(client())
        wall_seconds = clock.monotonic() - began
    return RequestFigures(
        target.base_url,
        plan.clients,
        answered=len(tally.latencies),
        failed=dict(tally.failed),
        wall_seconds=wall_seconds,
        audio_seconds=tally.audio_seconds,
        latency=Spread.of(tally.latencies),
        cached=tally.cached,
    )


async def _ask(door: TranscriptionDoor, clip: Clip, plan: RequestPlan) -> tuple[float, bool]:
    fields = {"language": plan.language} if plan.language else {}
    answer = await door.ask(clip.name, clip.data, fields=fields, is_fresh=plan.is_fresh)
    return answer.latency_seconds, answer.cache == "hit"


async def _count(door: TranscriptionDoor, clip: Clip, plan: RequestPlan, tally: _Tally) -> None:
    try:
        latency_seconds, is_hit = await _ask(door, clip, plan)
    except LingtingError as problem:
        tally.failed[problem.code] += 1
        tally.failed_in_a_row += 1
        return
    tally.failed_in_a_row = 0
    tally.latencies.append(latency_seconds)
    tally.audio_seconds += clip.seconds
    tally.cached += is_hit
