"""Rounds of work with a pause after each, in which the server is looked at once it has nothing in hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lingting.domain import Clock
from lingting.proof.endurance.looks import Look, look
from lingting.proof.load.clips import Clip
from lingting.proof.load.requests import RequestPlan, send_requests
from lingting.proof.load.speakers import Microphone, speak_together
from lingting.proof.load.talks import Talk
from lingting.proof.transcription_door import Target

__all__ = ["SoakPlan", "Soaked", "soak"]

SETTLE_SECONDS = 90.0
"""How long the server may take to let go of a round; a live session is kept a minute for a client that comes back."""
LOOK_EVERY_SECONDS = 0.5
CLOSING_SECONDS = 1.0
"""For what is still being closed behind the counters."""


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How long, and how much at once; each round has talks over sockets and as many requests over HTTP."""

    seconds: float
    at_once: int
    language: str | None = None
    warm_up_rounds: int = 1
    """Not judged: caches fill and models settle."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a run came to."""

    looks: tuple[Look, ...]
    """After each round."""
    rounds: int
    finals: int
    answers: int
    failed: Mapping[str, int]


async def soak(
    target: Target,
    work: tuple[Sequence[Talk], Sequence[Clip]],
    plan: SoakPlan,
    *,
    clock: Clock,
    on_look: Callable[[Look], None] = lambda _: None,
) -> Soaked:
    """Round after round until the time is over; the last one is finished.

    raises    ServerUnreachable, ServerError
    """
    talks, clips = work
    began, looks, failed = clock.monotonic(), list[Look](), Counter[str]()
    rounds = finals = answers = 0
    while rounds <= plan.warm_up_rounds or clock.monotonic() - began < plan.seconds:
        heard = await speak_together(
            Microphone(target.root, plan.language or "auto", target.key or ""), talks[: plan.at_once], clock=clock
        )
        figures = await send_requests(
            target, clips, RequestPlan(plan.at_once, plan.at_once * 4, plan.seconds, plan.language), clock=clock
        )
        rounds += 1
        finals += sum(len(one.finals()) for one in heard)
        answers += figures.answered
        failed.update(figures.failed)
        failed.update(one.problem for one in heard if one.problem)
        seen = await _settled(target, began, clock)
        if rounds > plan.warm_up_rounds:
            looks.append(seen)
            on_look(seen)
    return Soaked(tuple(looks), rounds, finals, answers, dict(failed))


async def _settled(target: Target, began: float, clock: Clock) -> Look:
    """The server once nobody is served, or as it is when it will not settle."""
    until = clock.monotonic() + SETTLE_SECONDS
    while True:
        seen = await look(target, at_seconds=clock.monotonic() - began, is_idle=False)
        if not seen.live_sessions + seen.sockets + seen.queued_clips or clock.monotonic() >= until:
            break
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    await asyncio.sleep(CLOSING_SECONDS)
    return await look(target, at_seconds=clock.monotonic() - began, is_idle=True)
