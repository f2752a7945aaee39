"""What is said of models that can be in memory: their bounds, their states, and who is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lingting.domain.errors import LingtingError

__all__ = ["ResidencyObserver", "ResidencySettings", "Resident", "ResidentReport", "ResidentState"]


@dataclass(frozen=True, slots=True)
class ResidencySettings:
    """How long models stay, and how much all of them may take."""

    idle_seconds: float = 600.0
    """A model that nobody used for so long is unloaded; 0 keeps it."""
    memory_bytes: int = 0
    """For all models together, as their weights are counted; 0 has no bound."""
    load_seconds: float = 60.0
    """How long a caller waits for a model to load."""
    retry_seconds: float = 5.0
    """How long after a load failed it is not tried again."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A model that can be in memory."""

    name: str
    memory_bytes: int = 0
    is_kept: bool = False
    """Never unloaded."""


class ResidentState(StrEnum):
    UNLOADED = "unloaded"
    LOADING = "loading"
    LOADED = "loaded"
    UNLOADING = "unloading"
    FAILED = "failed"
    """The last load failed; the next use tries again."""


@dataclass(frozen=True, slots=True)
class ResidentReport:
    """How one model is."""

    resident: Resident
    state: ResidentState
    users: int
    idle_seconds: float | None
    """Since it was last used; None before the first time."""
    error: str | None = None
    """The code of why the last load failed."""


class ResidencyObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def loaded(self, name: str, *, seconds: float, memory_bytes: int) -> None: ...

    def load_failed(self, name: str, error: LingtingError) -> None: ...

    def unloaded(self, name: str) -> None: ...
