"""The sections of several models in one server: which are served, and how long they stay in memory."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from lingting.domain import Scope
from lingting.domain.errors import InvalidOption
from lingting.domain.languages import normalize_language
from lingting.recognition.residents import ResidencySettings
from lingting.recognition.route_asking import RoutingSettings
from lingting.recognition.route_policy import RouteRule, Work
from lingting.security.budgets import BudgetSettings
from lingting.settings.base import Section, section
from lingting.settings.ranges import BUDGET_RANGES, RESIDENCY_RANGES, ROUTING_RANGES

__all__ = ["BudgetSection", "ResidencySection", "RouteEntry", "RoutingSection", "ServeEntry"]

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


class RouteEntry(Section):
    """Who goes to which models: a `[[routes]]` table; see `RouteRule` for what each field says."""

    chain: tuple[str, ...]
    models: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    work: tuple[Work, ...] = ()
    min_seconds: Annotated[float, Field(ge=0)] | None = None
    max_seconds: Annotated[float, Field(ge=0)] | None = None
    min_logprob: Annotated[float, Field(ge=-10, le=0)] | None = None
    shadow: str | None = None
    shadow_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0

    @field_validator("languages")
    @classmethod
    def _languages_are_known(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(normalize_language(code) for code in given)
        except InvalidOption as unknown:
            raise ValueError(unknown.message) from unknown

    def rule(self) -> RouteRule:
        return RouteRule(**{name: getattr(self, name) for name in type(self).model_fields})


ResidencySection: Any = section(ResidencySettings, RESIDENCY_RANGES)
BudgetSection: Any = section(BudgetSettings, BUDGET_RANGES)
RoutingSection: Any = section(RoutingSettings, ROUTING_RANGES)
