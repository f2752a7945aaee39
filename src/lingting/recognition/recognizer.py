"""The one async door in front of the engines: checks what is asked against what the engine can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lingting.domain import Audio, Hypothesis, Priority, RecognizeOptions, Task
from lingting.domain.errors import InvalidOption, UnsupportedLanguage
from lingting.engines.base import Capabilities, Clip, Origin
from lingting.text.sentiment import require_mood

__all__ = ["EngineDoor", "Recognizer", "Submit"]


class Submit(Protocol):
    """What the recognizer needs of a scheduler."""

    async def submit(self, clip: Clip, *, priority: Priority, coalesce: str | None = None) -> Hypothesis: ...


@dataclass(frozen=True, slots=True)
class EngineDoor:
    """One engine as the recognizer sees it: its names, what it can do, and the queue in front of it."""

    engine: str
    model: str
    capabilities: Capabilities
    scheduler: Submit


class Recognizer:
    """Sends clips to the engine that serves them."""

    def __init__(self, door: EngineDoor) -> None:
        self._door = door

    @property
    def door(self) -> EngineDoor:
        return self._door

    def check(self, options: RecognizeOptions) -> None:
        """Refuse at the edge what the engine cannot do.

        raises    UnsupportedLanguage, InvalidOption
        """
        capabilities = self._door.capabilities
        for language in (*options.languages, *([options.language] if options.language else [])):
            if language not in capabilities.languages:
                raise UnsupportedLanguage(language, sorted(capabilities.languages))
        if options.task is Task.TRANSLATE and not capabilities.translates:
            raise InvalidOption("task", f"the model {self._door.model!r} does not translate")
        if options.word_times and not capabilities.word_times:
            raise InvalidOption("words", f"the model {self._door.model!r} gives no word times")
        if options.mood:
            require_mood()

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
        return await self._door.scheduler.submit(Clip(audio, options, origin), priority=priority, coalesce=coalesce)
