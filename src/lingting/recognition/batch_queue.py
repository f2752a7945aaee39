"""The clips that wait for an engine: bounded, with room kept for live speech; lives on the event loop only.

It answers "may this come in", "what waits" and "how long will that take"; who goes next is `batch_policy`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lingting.domain import Hypothesis, Priority
from lingting.domain.errors import LingtingError
from lingting.engines.base import Clip
from lingting.recognition.batch_policy import Waiting

__all__ = ["BatchItem", "BatchQueue", "Pace", "QueueBounds"]

PACE_SMOOTHING_RATIO = 0.2
"""Weight of the latest batch: about the last ten decide, so a change of load shows within seconds."""
FIRST_PACE_RATIO = 0.2
"""Assumed until a batch was measured: Whisper base on two slow cores."""


@dataclass(slots=True, eq=False)
class BatchItem:
    """One accepted clip and the future that answers its caller."""

    clip: Clip
    waiting: Waiting
    answer: asyncio.Future[Hypothesis]
    submitted_seconds: float
    coalesce: str | None = None
    trace: object = None
    """Where in the trace of its caller it was submitted."""
    alone: bool = False
    """True once its batch has failed: it is tried once more, without company."""

    @property
    def is_answered(self) -> bool:
        """True also when the caller has gone; may be read from any thread."""
        return self.answer.done()

    def is_wanted(self) -> bool:
        """Whether somebody waits for the answer; may be asked in any thread."""
        return not self.is_answered

    @property
    def audio_seconds(self) -> float:
        return self.clip.audio.duration_seconds

    @property
    def stream(self) -> str | None:
        """The live stream that it is of."""
        return self.clip.origin.stream if self.clip.origin is not None else None

    def fail(self, error: LingtingError) -> bool:
        """Answer with an error; False if it was answered before or its caller has gone."""
        if self.answer.done():
            return False
        self.answer.set_exception(error)
        return True

    def isolate(self) -> None:
        """Let no other clip share its next batch."""
        self.alone = True
        self.waiting = replace(self.waiting, key=(BatchItem, self.waiting.number))


@dataclass(frozen=True, slots=True)
class QueueBounds:
    """How much may wait, and which part of that each kind may fill."""

    max_items: int
    max_seconds: float
    """Of audio, without padding."""
    ratios: Mapping[Priority, float]
    """A kind is refused once this part of the queue is full, whoever fills it; the rest is kept for more urgent
    kinds. 1.0 for kinds that are not listed."""


class BatchQueue:
    """What waits, in order of acceptance, with running totals."""

    def __init__(self, bounds: QueueBounds) -> None:
        self._bounds = bounds
        self._items: dict[int, BatchItem] = {}
        self._partials: dict[str, BatchItem] = {}
        self.audio_seconds = 0.0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def items(self) -> list[BatchItem]:
        return list(self._items.values())

    @property
    def waiting(self) -> list[Waiting]:
        return [item.waiting for item in self._items.values()]

    @property
    def padded_seconds(self) -> float:
        return sum(item.waiting.padded_seconds for item in self._items.values())

    def admits(self, priority: Priority, audio_seconds: float) -> bool:
        """Whether one more may come in; an empty queue takes any clip, however long."""
        ratio = self._bounds.ratios.get(priority, 1.0)
        if not self._items:
            return self._bounds.max_items > 0
        return (
            len(self._items) + 1 <= self._bounds.max_items * ratio
            and self.audio_seconds + audio_seconds <= self._bounds.max_seconds * ratio
        )

    def waiting_partial(self, coalesce: str | None) -> BatchItem | None:
        """The waiting partial that a new clip with this key makes stale."""
        return None if coalesce is None else self._partials.get(coalesce)

    def add(self, item: BatchItem) -> None:
        self._items[item.waiting.number] = item
        self.audio_seconds += item.audio_seconds
        if item.coalesce is not None and item.waiting.priority is Priority.STREAM_PARTIAL:
            self._partials[item.coalesce] = item

    def remove(self, item: BatchItem) -> bool:
        """Take one out; False if it was not waiting."""
        if self._items.pop(item.waiting.number, None) is None:
            return False
        self.audio_seconds = self.audio_seconds - item.audio_seconds if self._items else 0.0
        if item.coalesce is not None and self._partials.get(item.coalesce) is item:
            del self._partials[item.coalesce]
        return True

    def take(self, numbers: Iterable[int]) -> list[BatchItem]:
        """Take these out, in the order given."""
        taken = [self._items[number] for number in numbers]
        for item in taken:
            self.remove(item)
        return taken


class Pace:
    """How fast the engine has been: seconds of work per padded second, recent batches counting most."""

    def __init__(self) -> None:
        self._ratio: float | None = None

    @property
    def ratio(self) -> float:
        return FIRST_PACE_RATIO if self._ratio is None else self._ratio

    def record(self, *, padded_seconds: float, busy_seconds: float) -> None:
        if padded_seconds <= 0.0:
            return
        latest = busy_seconds / padded_seconds
        if self._ratio is None:
            self._ratio = latest
        else:
            self._ratio += PACE_SMOOTHING_RATIO * (latest - self._ratio)
