"""Has the asks of one session recognised: finals wait until there is room, drafts do without."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from lingting.domain import Clock, Hypothesis, Priority
from lingting.domain.errors import LingtingError, Overloaded, QuotaExceeded, Superseded
from lingting.engines.base import Origin
from lingting.live.asks import Ask, AskKind, Pace
from lingting.recognition.engine_doors import Route

__all__ = ["Asking", "Load"]

RETRY_SECONDS = 0.3
"""How long a final waits before it asks a full queue again."""


class Load(Protocol):
    """The meter of all sessions, as one of them sees it."""

    @property
    def pace(self) -> Pace: ...

    def answered(self, kind: AskKind, seconds: float) -> None: ...


OnAnswer = Callable[[int, Hypothesis | LingtingError], None]


class AskingParts(Protocol):
    """What the sessions of a server share."""

    @property
    def recognizer(self) -> Route: ...

    @property
    def load(self) -> Load: ...

    @property
    def clock(self) -> Clock: ...


class Asking:
    """The asks in hand, each a task. Belongs to one event loop; sets `changed` whenever there is one less."""

    def __init__(self, parts: AskingParts, *, stream: str, on_answer: OnAnswer, changed: asyncio.Event) -> None:
        self._recognizer = parts.recognizer
        self._load = parts.load
        self._clock = parts.clock
        self._changed = changed
        self._stream = stream
        self._on_answer = on_answer
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.finals_in_hand = 0

    def begin(self, ask: Ask) -> None:
        self.finals_in_hand += ask.kind is AskKind.FINAL
        task = asyncio.create_task(self._recognize(ask), name=f"ask-{ask.kind.value}")
        self._tasks[ask.number] = task
        task.add_done_callback(lambda _: self._ended(ask))

    def drop(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        task = self._tasks.get(number)
        if task is not None:
            task.cancel()

    async def aclose(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, ask: Ask) -> None:
        del self._tasks[ask.number]
        self.finals_in_hand -= ask.kind is AskKind.FINAL
        self._changed.set()

    async def _recognize(self, ask: Ask) -> None:
        began_seconds = self._clock.monotonic()
        answer = await self._answer(ask)
        if not isinstance(answer, LingtingError):
            self._load.answered(ask.kind, self._clock.monotonic() - began_seconds)
        self._on_answer(ask.number, answer)

    async def _answer(self, ask: Ask) -> Hypothesis | LingtingError:
        is_final = ask.kind is AskKind.FINAL
        priority = Priority.STREAM_FINAL if is_final else Priority.STREAM_PARTIAL
        origin = Origin(self._stream, ask.segment, is_final)
        while True:
            try:
                return await self._recognizer.transcribe(
                    ask.audio, ask.options, priority=priority, coalesce=self._stream, origin=origin
                )
            except Overloaded as busy:
                if ask.kind is AskKind.DRAFT or isinstance(busy, QuotaExceeded):
                    return busy
                await asyncio.sleep(min(busy.retry_after_seconds, RETRY_SECONDS))
            except Superseded as newer:
                return newer
            except LingtingError as error:
                return error
