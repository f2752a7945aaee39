"""One engine's threads: clauses of many callers one after the other, each handed to the event loop as it sounds.

A clause that somebody waits for goes before those whose callers have something to play meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from itertools import count
from queue import PriorityQueue

from lingting.domain import Samples
from lingting.domain.errors import DeadlineExceeded, EngineFailed, LingtingError
from lingting.speech.base import Style, VoiceEngine
from lingting.telemetry import log

__all__ = ["Booth"]

_Said = Samples | LingtingError | None
"""A block, what went wrong, or the end."""


class Booth:
    """Belongs to one event loop. A caller who leaves ends its clause at the next block."""

    def __init__(self, engine: VoiceEngine, *, stall_seconds: float) -> None:
        self.engine = engine
        self._stall_seconds = stall_seconds
        self._threads = ThreadPoolExecutor(engine.threads, thread_name_prefix="lingting-voice")
        self._waiting: PriorityQueue[tuple[bool, int, Callable[[], None]]] = PriorityQueue()
        """What is to be said, with whether it can wait, and its number."""
        self._numbers = count()
        self._is_warm = False

    async def warm_up(self) -> None:
        """raises    EngineUnavailable"""
        self._is_warm = True
        await asyncio.get_running_loop().run_in_executor(self._threads, self.engine.warm_up)

    def warm_soon(self) -> None:
        """Load it while nothing is said yet; what fails, fails again where something is said."""
        if not self._is_warm:
            self._is_warm = True
            self._threads.submit(self._warm)

    async def say(self, text: str, voice: str, style: Style) -> AsyncGenerator[Samples]:
        """A clause, block by block.

        raises    EngineFailed, EngineUnavailable; DeadlineExceeded when nothing was heard for too long
        """
        loop, said, left = asyncio.get_running_loop(), asyncio.Queue[_Said](), threading.Event()

        def tell(block: _Said) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens
                loop.call_soon_threadsafe(said.put_nowait, block)

        work = partial(self._work, text, voice, style, tell, left)
        self._waiting.put((not style.is_urgent, next(self._numbers), work))
        self._threads.submit(self._say_next)
        try:
            while (block := await self._next(said)) is not None:
                if isinstance(block, LingtingError):
                    raise block
                yield block
        finally:
            left.set()

    async def aclose(self) -> None:
        """Waits for the clauses in hand, no longer than one may be silent."""
        self._threads.shutdown(wait=False, cancel_futures=True)
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

    def _say_next(self) -> None:
        _, _, work = self._waiting.get_nowait()  # there is one for each time that this is called
        work()

    def _work(self, text: str, voice: str, style: Style, tell: Callable[[_Said], None], left: threading.Event) -> None:
        if left.is_set():
            return
        try:
            with closing(self.engine.speak(text, voice, style)) as blocks:
                for block in blocks:
                    if left.is_set():
                        return
                    tell(block)
        except LingtingError as problem:
            tell(problem)
        except Exception as problem:  # noqa: BLE001 - whoever waits is answered
            log.exception("voice.failed", voice=voice)
            tell(EngineFailed(f"the voice {voice!r} failed ({type(problem).__name__}); try another voice"))
        else:
            tell(None)
