"""The sections of several models in one server: which are served, and how long they stay in memory."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lingting.recognition.residents import ResidencySettings
from lingting.settings.base import Section, section
from lingting.settings.ranges import RESIDENCY_RANGES

__all__ = ["ResidencySection", "ServeEntry"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
"""Of what callers send as `model`; fit for a path of the admin API."""
Name = Annotated[str, Field(pattern=NAME)]


class ServeEntry(Section):
    """One more model that is served: a `[[serve]]` table."""

    name: Name
    engine: str | None = None
    """None takes the one that the catalog names for the model."""
    model: str | None = None
    """In the catalog; None takes `name`, for engines with weights."""
    aliases: tuple[Name, ...] = ()
    preload: bool = False
    options: dict[str, Any] = Field(default_factory=dict)  # Any: each engine's own
    """What the engine's settings class takes."""
    memory_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None
    """None takes the size of its weights."""
    price_per_minute: Annotated[float, Field(ge=0, le=1_000)] = 0.0
    deadline_seconds: Annotated[float, Field(ge=0.05, le=3_600)] | None = None
    """None waits for ever for a local engine, and a minute for a remote one."""
    max_in_flight: Annotated[int, Field(ge=1, le=10_000)] = 16
    max_waiting: Annotated[int, Field(ge=0, le=100_000)] = 256
    drafts: bool | None = None
    """None asks local engines only for partials."""


ResidencySection: Any = section(ResidencySettings, RESIDENCY_RANGES)
