"""How a job ended, as callbacks and Kafka tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lingting.jobs.command_messages import Command

__all__ = ["JobOutcome"]


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of a job."""

    job_id: str
    owner: str
    state: str
    """succeeded, failed or cancelled."""
    finished: datetime
    """UTC."""
    batch_id: str | None = None
    audio_seconds: float | None = None
    """None where no audio was heard."""
    error_code: str | None = None
    error_message: str | None = None
    result: Mapping[str, object] | None = field(default=None, repr=False)
    """The transcript as JSON; None where it is not to be told."""
    commands: tuple[Command, ...] = ()
    """What its segments ask for, where that is to be told."""
