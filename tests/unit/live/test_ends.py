"""Pauses are judged by their sound beside the recognition, and a judge that fails is done without."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lingting.domain import Audio, RecognizeOptions
from lingting.live.asks import Ask, AskKind
from lingting.live.ends import Ends

pytestmark = pytest.mark.unit


def ask(number: int, segment: int = 1) -> Ask:
    return Ask(number, AskKind.FINAL, segment, Audio(np.full(1_600, number / 10, np.float32)), RecognizeOptions())


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Told(list[tuple[int, float]]):
    """Of what was judged, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._came = asyncio.Event()

    def __call__(self, segment: int, probability: float) -> None:
        self.append((segment, probability))
        self._came.set()

    async def first(self) -> tuple[int, float]:
        async with asyncio.timeout(10.0):
            await self._came.wait()
        return self[0]


async def test_a_pause_is_judged_by_its_sound(executor) -> None:
    told = Told()
    ends = Ends(lambda samples: float(samples[0]), told, executor)
    ends.begin(ask(7, segment=3))
    assert await told.first() == (3, pytest.approx(0.7))
    await ends.aclose()


async def test_only_the_latest_pause_counts(executor) -> None:
    told = Told()
    goes = threading.Event()

    def judge(samples) -> float:
        goes.wait(10.0)
        return float(samples[0])

    ends = Ends(judge, told, executor)
    ends.begin(ask(1))
    ends.begin(ask(2))
    goes.set()
    await told.first()
    await ends.aclose()
    assert told == [(1, pytest.approx(0.2))]


async def test_a_judge_that_fails_is_done_without(executor) -> None:
    told = Told()

    def judge(samples) -> float:
        if samples[0] < 0.15:
            raise RuntimeError("broken")
        return 1.0

    ends = Ends(judge, told, executor)
    ends.begin(ask(1))
    await asyncio.sleep(0)
    ends.begin(ask(2, segment=2))
    assert await told.first() == (2, 1.0)
    await ends.aclose()
