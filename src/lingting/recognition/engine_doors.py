"""Engines as their callers see them: what they can do, the queue in front of each, and the way that leads there."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.domain import Audio, Effort, Hypothesis, Priority, RecognizeOptions, Task
from lingting.domain.errors import InvalidOption, UnsupportedLanguage
from lingting.domain.principal import ANYBODY, Principal
from lingting.engines.base import Capabilities, Clip, Origin
from lingting.text.mood.sentiment import require_mood

__all__ = ["EngineDoor", "EngineQueue", "Route", "Routes", "Submit", "as_asked", "require_able"]


class Submit(Protocol):
    """The door of a queue."""

    async def submit(self, clip: Clip, *, priority: Priority, coalesce: str | None = None) -> Hypothesis: ...


class EngineQueue(Submit, Protocol):
    """What stands in front of an engine, whatever its kind; see `batching.Scheduler` for the promises."""

    @property
    def hears_once(self) -> bool:
        """Whether a draft costs only the sound that no draft of its segment has heard."""
        ...

    @property
    def pace_ratio(self) -> float:
        """Measured seconds of work per padded second of audio."""
        ...

    @property
    def replicas(self) -> int:
        """How many pieces of work go on at once."""
        ...

    @property
    def estimated_wait_seconds(self) -> float: ...

    @property
    def longest_batch_seconds(self) -> float: ...

    @property
    def busy_replicas(self) -> int: ...

    def set_live_streams(self, count: int) -> None:
        """So many sessions are open: their finals shall find a place."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class EngineDoor:
    """One engine as its callers see it: its names, what it can do, and the queue in front of it."""

    engine: str
    model: str
    """The name under which it is served."""
    capabilities: Capabilities
    scheduler: EngineQueue


class Route(Protocol):
    """The way of one request or live session to the engines."""

    @property
    def engine(self) -> str:
        """Who is to answer, if all goes well."""
        ...

    @property
    def model(self) -> str: ...

    def check(self, options: RecognizeOptions) -> None:
        """Refuse at the edge what none of its engines can do.

        raises    UnsupportedLanguage, InvalidOption, ModelNotFound
        """
        ...

    def held(self) -> AbstractAsyncContextManager[EngineQueue]:
        """The first engine that can be had, kept in memory inside.

        raises    Busy, EngineError, ModelError
        """
        ...

    async def transcribe(
        self,
        audio: Audio,
        options: RecognizeOptions,
        *,
        priority: Priority,
        coalesce: str | None = None,
        origin: Origin | None = None,
    ) -> Hypothesis:
        """Recognise one clip no longer than the engine takes; cancelling the caller drops the work.

        origin    the live segment that it is of
        raises    Overloaded, ShuttingDown, EngineError
        """
        ...


class Routes(Protocol):
    """What knows the way."""

    def route(
        self,
        options: RecognizeOptions,
        *,
        caller: Principal = ANYBODY,
        priority: Priority = Priority.REQUEST,
        seconds: float | None = None,
    ) -> Route:
        """seconds: of the recording; None where that is not known, as of live speech

        raises    ModelNotFound
        """
        ...


def as_asked(clip: Clip, capabilities: Capabilities) -> Clip:
    """As the engine gets it: with words where hotwords are to be found, since words tell how sure each of them is, and
    where voices are told apart, since words tell when each of them is said."""
    options = clip.options
    is_wanted = bool(options.hotwords) or options.speakers is not None
    if not is_wanted or not capabilities.word_times or options.effort is Effort.DRAFT:
        return clip
    return replace(clip, options=replace(options, word_times=True))


def require_able(capabilities: Capabilities, options: RecognizeOptions, *, model: str) -> None:
    """raises    UnsupportedLanguage, InvalidOption for what the engine cannot do"""
    for language in (*options.languages, *([options.language] if options.language else [])):
        if language not in capabilities.languages:
            raise UnsupportedLanguage(language, sorted(capabilities.languages))
    if options.task is Task.TRANSLATE and not capabilities.translates:
        raise InvalidOption("task", f"the model {model!r} does not translate")
    if options.word_times and not capabilities.word_times:
        raise InvalidOption("words", f"the model {model!r} gives no word times")
    if options.mood:
        require_mood()
