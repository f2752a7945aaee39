"""One engine's threads: clauses of many callers, each handed to the event loop as it sounds.

Whose block is made next, `precedence.py` says; where an engine cannot leave a clause, that is said to its end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from lingting.domain import Samples
from lingting.domain.errors import DeadlineExceeded, EngineFailed, EngineUnavailable, LingtingError
from lingting.speech.base import Style, VoiceEngine
from lingting.speech.precedence import Place, next_place
from lingting.telemetry import log

__all__ = ["Booth"]

_Said = Samples | LingtingError | None
"""A block, what went wrong, or the end."""


@dataclass(slots=True, eq=False)
class _Clause(Place):
    """One that is said, and who is told."""

    voice: str
    blocks: Generator[Samples]
    tell: Callable[[_Said], None]
    left: threading.Event = field(default_factory=threading.Event)
    """Set when nobody waits for it any more."""


class Booth:
    """Belongs to one event loop. A caller who leaves ends its clause at the next block."""

    def __init__(self, engine: VoiceEngine, *, stall_seconds: float, timer: Callable[[], float]) -> None:
        """timer    the clock by which sound is wanted; may be called in any thread"""
        self.engine = engine
        self._stall_seconds, self._timer = stall_seconds, timer
        self._threads = ThreadPoolExecutor(engine.threads, thread_name_prefix="lingting-voice")
        self._waiting: list[_Clause] = []
        """In the order in which they came; for each, a thread was asked to go on with one of them."""
        self._choosing = threading.Lock()
        self._warming: Future[None] | None = None

    @property
    def late_seconds(self) -> float:
        """For how long, the longest of all, somebody waits for a first sound by now; 0 while the engine is loaded."""
        if self._warming is None or not self._warming.done():
            return 0.0
        with self._choosing:
            asked_seconds = [clause.asked_seconds for clause in self._waiting if clause.is_waited_for]
        return self._timer() - min(asked_seconds) if asked_seconds else 0.0

    async def warm_up(self) -> None:
        """raises    EngineUnavailable"""
        self._warming = self._threads.submit(self.engine.warm_up)
        await asyncio.wrap_future(self._warming)

    def warm_soon(self) -> None:
        """Load it while nothing is said yet; what fails, fails again where something is said."""
        if self._warming is None:
            self._warming = self._threads.submit(self._warm)

    async def say(
        self, text: str, voice: str, style: Style, *, wanted_seconds: float | None = None
    ) -> AsyncGenerator[Samples]:
        """A clause, block by block.

        wanted_seconds    when it is to be heard; None where nobody hears it as it is made
        raises            EngineFailed, EngineUnavailable; DeadlineExceeded when nothing was heard for too long
        """
        loop, said = asyncio.get_running_loop(), asyncio.Queue[_Said]()

        def tell(block: _Said) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens
                loop.call_soon_threadsafe(said.put_nowait, block)

        blocks = self.engine.speak(text, voice, style)
        clause = _Clause(self._timer(), wanted_seconds, voice, blocks, tell)
        if not self._wait(clause):
            raise EngineUnavailable("the server is closing; try again later")
        try:
            while (block := await self._next(said)) is not None:
                if isinstance(block, LingtingError):
                    raise block
                yield block
        finally:
            clause.left.set()

    async def aclose(self) -> None:
        """Waits for the clauses that were begun, no longer than one may be silent."""
        with self._choosing:
            for clause in self._waiting:
                if not clause.is_begun:
                    clause.left.set()
        self._threads.shutdown(wait=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stall_seconds):
                await asyncio.to_thread(self._threads.shutdown)
        self.engine.close()

    async def _next(self, said: asyncio.Queue[_Said]) -> _Said:
        try:
            async with asyncio.timeout(self._stall_seconds):
                return await said.get()
        except TimeoutError as problem:
            raise DeadlineExceeded(
                f"nothing was spoken for {self._stall_seconds:g} seconds; try again, or another voice"
            ) from problem

    def _warm(self) -> None:
        try:
            self.engine.warm_up()
        except Exception as problem:  # noqa: BLE001 - nobody waits for it
            log.info("voice.not_warm", error=type(problem).__name__)

    def _wait(self, clause: _Clause) -> bool:
        """False when the booth is closing."""
        with self._choosing:
            try:
                self._threads.submit(self._go_on)
            except RuntimeError:
                return False
            self._waiting.append(clause)
            return True

    def _go_on(self) -> None:
        """With the clause whose turn it is: by a block, or to its end."""
        with self._choosing:
            clause = next_place(self._waiting, self._timer())
            self._waiting.remove(clause)
        while self._say_block(clause):
            if self.engine.may_pause and self._wait(clause):
                return

    def _say_block(self, clause: _Clause) -> bool:
        """False when it is over."""
        try:
            if clause.left.is_set():
                clause.blocks.close()
                return False
            block = next(clause.blocks, None)
        except LingtingError as problem:
            clause.tell(problem)
            return False
        except Exception as problem:  # noqa: BLE001 - whoever waits is answered
            log.exception("voice.failed", voice=clause.voice)
            failure = f"the voice {clause.voice!r} failed ({type(problem).__name__}); try another voice"
            clause.tell(EngineFailed(failure))
            return False
        clause.tell(block)
        if block is not None:
            clause.sounded(len(block) / self.engine.rate_hz, now_seconds=self._timer())
        return block is not None
