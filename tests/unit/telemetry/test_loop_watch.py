"""The event loop's lag is told, whether there is any or not."""

import asyncio
import time

import pytest

from lingting.telemetry import Telemetry, watching_the_loop

pytestmark = pytest.mark.unit


async def test_a_loop_that_is_held_up_is_told_of() -> None:
    told: asyncio.Queue[float] = asyncio.Queue()
    async with watching_the_loop(told.put_nowait, every_seconds=0.0):
        await told.get()
        time.sleep(0.02)  # noqa: ASYNC251 - what nobody should do on the loop
        late = [await told.get() for _ in range(3)]
    assert max(late) >= 0.015


async def test_nothing_is_told_once_the_block_is_left() -> None:
    told: list[float] = []
    async with watching_the_loop(told.append, every_seconds=0.0):
        await asyncio.sleep(0)
    count = len(told)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(told) == count


def test_what_runs_is_one_line() -> None:
    telemetry = Telemetry()
    telemetry.process.serving(engine="whisper", model="whisper-base")
    lines = [line for line in telemetry.exposition().decode().splitlines() if line.startswith("asr_build_info{")]
    assert len(lines) == 1
    assert 'model="whisper-base"' in lines[0]
    assert lines[0].endswith(" 1.0")
