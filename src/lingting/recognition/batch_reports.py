"""What the scheduler tells whoever watches it, so that it needs no metrics library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lingting.domain.errors import LingtingError

__all__ = ["SILENT", "BatchReport", "DropReason", "SchedulerObserver", "SilentObserver"]


class DropReason(StrEnum):
    """Why a clip never got an answer from the engine."""

    QUEUE_FULL = "queue_full"
    CALLER_GONE = "caller_gone"
    SUPERSEDED = "superseded"
    SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that the engine finished."""

    count: int
    audio_seconds: float
    """Without padding, all clips together."""
    cost_seconds: float
    """Longest padded seconds times count."""
    prepare_seconds: float
    compute_seconds: float
    finish_seconds: float
    waited_seconds: tuple[float, ...]
    """From submission to the engine, one for each clip."""

    @property
    def busy_seconds(self) -> float:
        """How long the replica was taken."""
        return self.prepare_seconds + self.compute_seconds + self.finish_seconds


class SchedulerObserver(Protocol):
    """Called on the event loop; must return at once and raise nothing."""

    def queued(self, *, items: int, audio_seconds: float) -> None:
        """What waits, after each change."""
        ...

    def batch_done(self, report: BatchReport) -> None: ...

    def dropped(self, reason: DropReason) -> None: ...

    def failed(self, error: LingtingError, *, count: int) -> None:
        """A batch of `count` clips raised; what the engine said is `error.__cause__`."""
        ...


class SilentObserver:
    """Listens to nothing."""

    def queued(self, *, items: int, audio_seconds: float) -> None:
        pass

    def batch_done(self, report: BatchReport) -> None:
        pass

    def dropped(self, reason: DropReason) -> None:
        pass

    def failed(self, error: LingtingError, *, count: int) -> None:
        pass


SILENT = SilentObserver()
