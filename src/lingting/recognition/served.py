"""The models that a server offers, by the names that callers send. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lingting.domain.errors import ModelNotFound, SettingsInvalid
from lingting.engines.base import EngineKind

__all__ = ["Served", "ServedNames"]


@dataclass(frozen=True, slots=True)
class Served:
    """One model that is offered, and how it is run."""

    name: str
    """What callers send as `model`, and what answers show."""
    engine: str
    """A row of the registry."""
    kind: EngineKind = EngineKind.BATCH
    model: str = ""
    """In the catalog; empty for engines without weights."""
    aliases: tuple[str, ...] = ()
    preload: bool = False
    """Loaded at the start, and an error there stops it."""
    is_default: bool = False
    """What callers get who name none; always in memory."""
    memory_bytes: int = 0
    """What it takes of the budget while it is loaded."""
    price_per_minute: float = 0.0
    """Of audio, in the money that budgets are counted in."""
    deadline_seconds: float | None = None
    """How long one clip may take, waiting included; None waits for ever."""
    max_in_flight: int = 16
    """Calls to a remote engine at once."""
    max_waiting: int = 256
    """Clips that may wait for those."""
    drafts: bool = True
    """Whether it is asked for partials of live speech."""

    @property
    def is_remote(self) -> bool:
        """Whether audio leaves this machine."""
        return self.kind is EngineKind.REMOTE


@dataclass(frozen=True, slots=True)
class ServedNames:
    """Which model a name means.

    raises    SettingsInvalid where two models share a name
    """

    models: Sequence[Served]
    """The default is among them."""
    default_names: Sequence[str] = ()
    """Other names of the default, unless a model takes one of them for itself."""
    routed_names: Sequence[str] = ()
    """Names that only routes give a meaning to."""
    _by_name: Mapping[str, Served] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_name: dict[str, Served] = {}
        for served in self.models:
            for name in (served.name, *served.aliases):
                if by_name.setdefault(name, served) is not served:
                    raise SettingsInvalid(
                        f"serve.{served.name}: the name {name!r} is taken by {by_name[name].name!r}; names and aliases "
                        "are of one model each",
                        param=f"serve.{served.name}",
                    )
        object.__setattr__(self, "_by_name", by_name)

    @property
    def default(self) -> Served:
        return next(served for served in self.models if served.is_default)

    @property
    def names(self) -> tuple[str, ...]:
        """All that callers may send, the default's own first."""
        own = [self.default.name, *self._by_name, *self.routed_names, *self.default_names]
        return tuple(dict.fromkeys(own))

    def find(self, name: str) -> Served | None:
        """The model of this name or alias; None for what only means the default, or only something to routes."""
        return self._by_name.get(name)

    def chosen(self, given: str | None) -> str | None:
        """A name as options carry it: None where it only means the default.

        raises    ModelNotFound
        """
        if given is None or given in self._by_name or given in self.routed_names:
            return given
        if given not in self.default_names:
            raise ModelNotFound(given, self.names)
        return None
