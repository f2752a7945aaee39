"""Runs an engine over recordings: each is heard once, one that fails is noted, and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lingting.domain import Clock
from lingting.domain.errors import DeadlineExceeded, LingtingError

__all__ = ["Ears", "Heard", "Hearing", "Utterance", "hear_all"]

LONGEST_SECONDS = 1_800.0
"""That one recording may take."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording and what is said in it."""

    id: str
    path: Path
    language: str
    text: str
    group: str
    seconds: float = 0.0
    """Of sound; 0 while it is not known."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one recording."""

    text: str
    latency_seconds: float
    problem_code: str = ""
    """Empty when it was heard."""
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.problem_code


@dataclass(frozen=True, slots=True)
class Hearing:
    """What an engine made of all of them, in their order."""

    heard: tuple[Heard, ...]
    wall_seconds: float
    at_once: int


class Ears(Protocol):
    """Anything that can be asked for the text of a recording."""

    async def hear(self, utterance: Utterance) -> str:
        """raises    LingtingError"""
        ...


async def hear_all(
    ears: Ears,
    utterances: Sequence[Utterance],
    *,
    at_once: int,
    clock: Clock,
    on_done: Callable[[], None] = lambda: None,
) -> Hearing:
    """Ask for every recording, so many at once; the first is asked for once before, so that loading does not count."""
    found: list[Heard | None] = [None] * len(utterances)
    left = iter(enumerate(utterances))

    async def work() -> None:
        for index, utterance in left:
            found[index] = await _hear(ears, utterance, clock)
            on_done()

    if utterances:
        await _hear(ears, utterances[0], clock)
    began = clock.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return Hearing(tuple(heard for heard in found if heard), clock.monotonic() - began, at_once)


async def _hear(ears: Ears, utterance: Utterance, clock: Clock) -> Heard:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            text = await ears.hear(utterance)
    except TimeoutError:
        late = f"no answer within {LONGEST_SECONDS:g} seconds"
        return Heard("", clock.monotonic() - began, DeadlineExceeded.code, late)
    except LingtingError as problem:
        return Heard("", clock.monotonic() - began, problem.code, problem.message)
    return Heard(text, clock.monotonic() - began)
