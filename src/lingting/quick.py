"""`lingting.transcribe("a.wav")`: the whole house behind one blocking call.

The first call loads the model; later ones reuse it, from any thread, also from inside a notebook's event loop. One loop
runs in one background thread until the program ends or `close()` is called. Programs that are async themselves use
`lingting.server.open_recognition` instead.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from lingting.audio.decode import AudioSource
from lingting.domain import ChannelMode, PcmFormat, Punctuation, RecognizeOptions, Script, Spacing, Task, Transcript
from lingting.domain.errors import InvalidOption, LingtingError
from lingting.server import open_recognition
from lingting.settings import load_settings
from lingting.telemetry import configure_logs

__all__ = ["close", "transcribe"]

T = TypeVar("T")

_CLOSE_TIMEOUT_SECONDS = 10.0
_ENUMS = {"task": Task, "script": Script, "spacing": Spacing, "punctuation": Punctuation, "channel_mode": ChannelMode}
_OPTION_NAMES = frozenset(field.name for field in fields(RecognizeOptions))


def transcribe(
    audio: str | PathLike[str] | bytes,
    *,
    model: str | None = None,
    engine: str | None = None,
    pcm: PcmFormat | None = None,
    **options: Any,  # the fields of RecognizeOptions, checked there
) -> Transcript:
    """Return what is said in a file, or in the bytes of one.

    model     a name of `lingting models list`; the settings decide when it is None
    pcm       declares headerless audio
    options   fields of RecognizeOptions, e.g. language="zh", word_times=True, task="translate"
    raises    LingtingError: InvalidInput, ModelMissing, EngineError, ...
    cost      the first call loads the model; blocks the calling thread
    """
    checked = _options(options)
    source = _source(audio, pcm)
    return _worker.run(_worker.transcribe(source, checked, _Wishes(model=model, engine=engine)))


def close() -> None:
    """Give the memory back and end the background thread; the next call starts anew."""
    _worker.close()


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What a call asks of the settings; None leaves a setting as it is."""

    model: str | None
    engine: str | None


class _Pipeline(Protocol):
    async def transcribe(self, source: AudioSource, options: RecognizeOptions, /) -> Transcript: ...


class _Services(Protocol):
    @property
    def pipeline(self) -> _Pipeline: ...


_Opener = Callable[[_Wishes], AbstractAsyncContextManager[_Services]]


@asynccontextmanager
async def _open(wishes: _Wishes) -> AsyncIterator[_Services]:
    settings = load_settings(model=wishes.model, engine=wishes.engine)
    if not structlog.is_configured():
        # Without a word from the program, structlog would print every event to standard output.
        configure_logs("warning", "console", is_guest=True)
    async with open_recognition(settings) as services:
        yield services


def _options(given: dict[str, Any]) -> RecognizeOptions:  # Any: whatever the caller wrote
    unknown = sorted(set(given) - _OPTION_NAMES)
    if unknown:
        raise InvalidOption(unknown[0], f"is unknown; use one of {', '.join(sorted(_OPTION_NAMES))}")
    for name, enum in _ENUMS.items():
        if isinstance(given.get(name), str):
            try:
                given[name] = enum(given[name])
            except ValueError as problem:
                raise InvalidOption(name, f"{given[name]!r} is not one of {', '.join(enum)}") from problem
    return RecognizeOptions(**given)


def _source(audio: str | PathLike[str] | bytes, pcm: PcmFormat | None) -> AudioSource:
    if isinstance(audio, bytes):
        return AudioSource(data=audio, pcm=pcm)
    path = Path(fspath(audio))
    if not path.is_file():
        raise InvalidOption("audio", f"{path} is not a file; check the name")
    return AudioSource(path=path, pcm=pcm, name=path.name)


class _Worker:
    """One loop in one thread, and the pipelines that are open in it."""

    def __init__(self, open_house: _Opener) -> None:
        self._open_house = open_house
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._houses: dict[_Wishes, _House] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:  # Any: a coroutine that is only awaited
        future = asyncio.run_coroutine_threadsafe(work, self._running_loop())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def transcribe(self, source: AudioSource, options: RecognizeOptions, wishes: _Wishes) -> Transcript:
        house = self._houses.get(wishes)
        if house is None or house.has_failed:
            house = self._houses[wishes] = _House(self._open_house(wishes))
        pipeline = await asyncio.shield(house.pipeline)
        return await pipeline.transcribe(source, options)

    def close(self) -> None:
        with self._lock:
            if self._loop is None or self._thread is None:
                return
            asyncio.run_coroutine_threadsafe(self._close_houses(), self._loop).result(_CLOSE_TIMEOUT_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_TIMEOUT_SECONDS)
            self._loop.close()
            self._loop = self._thread = None

    async def _close_houses(self) -> None:
        houses, self._houses = self._houses, {}
        await asyncio.gather(*(house.aclose() for house in houses.values()))

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="lingting-quick", daemon=True)
                self._thread.start()
            return self._loop


class _House:
    """Services that one task opens, keeps and closes; they may not be closed from another."""

    def __init__(self, opening: AbstractAsyncContextManager[_Services]) -> None:
        self.pipeline: asyncio.Future[_Pipeline] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._keep(opening))

    @property
    def has_failed(self) -> bool:
        return self.pipeline.done() and self.pipeline.exception() is not None

    async def aclose(self) -> None:
        self._leave.set()
        await self._task

    async def _keep(self, opening: AbstractAsyncContextManager[_Services]) -> None:
        try:
            async with opening as services:
                self.pipeline.set_result(services.pipeline)
                await self._leave.wait()
        except LingtingError as problem:
            if self.pipeline.done():
                raise
            self.pipeline.set_exception(problem)


_worker = _Worker(_open)
# Work is still handed to thread pools while closing, which Python refuses by the time atexit functions run; the hook
# that its own pools use comes early enough. atexit can replace it once it runs before threads are joined.
getattr(threading, "_register_atexit", atexit.register)(_worker.close)
