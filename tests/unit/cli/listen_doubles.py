"""Ears for tests: sound that is there at once, and a server that answers from a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from cli_doubles import ScriptedHouse

from lingting.cli.ears import Call
from lingting.cli.microphone import Device
from lingting.client import LiveStream
from lingting.client.protocol import StreamConfig
from lingting.client.sound import StreamFormat
from lingting.client.stream import Timing, open_stream
from lingting.client.transport import TransportClosed, Unreachable
from lingting.domain import Samples
from lingting.domain.errors import LingtingError

READY = {"type": "READY", "session": "s1", "transcript": "", "received_ms": 0, "seq": 0}


def final(seq: int, segment: int, text: str, **more: object) -> dict:
    span = {"segment": segment, "start_ms": segment * 60_000, "end_ms": segment * 60_000 + 1_500}
    return {"type": "FINAL", "seq": seq, "transcript": text, "language": "en", **span, **more}


class ScriptedLine:
    """One connection: READY, then `said` after the first sound, END after END; a number ends it with that code."""

    def __init__(self, said: Sequence[dict | int]) -> None:
        self._said = list(said)
        self._waiting: asyncio.Queue[dict | int] = asyncio.Queue()
        self.init: dict = {}

    async def send(self, message: str | bytes) -> None:
        kind = "AUDIO" if isinstance(message, bytes) else json.loads(message)["type"]
        if kind in {"INIT", "RESUME"}:
            self.init = json.loads(message)
            self._waiting.put_nowait(READY)
        if kind == "AUDIO" or (kind == "END" and self._said):
            for one in self._said:
                self._waiting.put_nowait(one)
            self._said = []
        if kind == "END":
            self._waiting.put_nowait({"type": "END", "seq": 1_000, "transcript": "", "audio_ms": 0})

    async def receive(self) -> str:
        said = await self._waiting.get()
        if isinstance(said, int):
            raise TransportClosed(said, "")
        return json.dumps(said)

    async def close(self, code: int) -> None:
        self._waiting.put_nowait(1006)


@dataclass
class ScriptedSource:
    rate_hz: int = 16_000
    label: str = "scripted"
    lost_seconds: float = 0.0
    blocks_before: int = 3
    """How many blocks there are; after them it ends, breaks, or goes on for ever."""
    problem: LingtingError | None = None
    ends: bool = True

    async def blocks(self) -> AsyncIterator[Samples]:
        for _ in range(self.blocks_before):
            yield np.full(1_600, 0.1, np.float32)
        if self.problem is not None:
            raise self.problem
        if not self.ends:
            await asyncio.Event().wait()


@dataclass
class ScriptedEars:
    """`lines` are the connections, in order; with none left nobody answers."""

    lines: list[ScriptedLine] = field(default_factory=list)
    source: ScriptedSource = field(default_factory=ScriptedSource)
    found: list[Device] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    opened: list[Path | str | None] = field(default_factory=list)

    @contextmanager
    def file(self, path: Path) -> Iterator[ScriptedSource]:
        self.opened.append(path)
        yield self.source

    @contextmanager
    def microphone(self, device: str | None) -> Iterator[ScriptedSource]:
        self.opened.append(device)
        yield self.source

    def devices(self) -> Sequence[Device]:
        return self.found

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[LiveStream]:
        self.calls.append(call)
        lines = iter(self.lines)

        async def open_line() -> ScriptedLine:
            line = next(lines, None)
            if line is None:
                raise Unreachable("connection refused")
            return line

        async def no_wait(_seconds: float) -> None:
            await asyncio.sleep(0)

        config = StreamConfig(StreamFormat(rate_hz=call.rate_hz), call.options)
        async with open_stream(config, open_line, timing=Timing(lambda: 0.0, no_wait, lambda: 0.0)) as stream:
            yield stream


@dataclass
class ListeningHouse(ScriptedHouse):
    hears: ScriptedEars = field(default_factory=ScriptedEars)

    def ears(self) -> ScriptedEars:
        return self.hears
