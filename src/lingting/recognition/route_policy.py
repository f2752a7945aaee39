"""Which models a clip may go to, in which order: the first rule that fits decides. Pure.

A caller who names a served model gets that one, unless a rule names it too; a rule that names no models is for callers
who leave the choice to the server. Languages and lengths that are not known fit no rule that asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lingting.domain import Priority, RecognizeOptions
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.domain.principal import Principal, Scope
from lingting.recognition.served import Served, ServedNames

__all__ = ["Asked", "RoutePolicy", "RouteRule", "Way", "Work", "routed_names", "work_of"]

ANY = "*"
"""As a model of a rule: whatever was asked for."""


class Work(StrEnum):
    """What a clip is part of."""

    STREAM = "stream"
    REQUEST = "request"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Who goes where. What is empty or None fits everybody."""

    chain: tuple[str, ...]
    """Served models, tried in this order."""
    models: tuple[str, ...] = ()
    """What was asked for as `model`: names and aliases of served models, names that only this rule knows, or `*`."""
    languages: tuple[str, ...] = ()
    """All that the caller names, or that were detected, are among these."""
    keys: tuple[str, ...] = ()
    """Ids of keys, or `tenant:NAME`."""
    labels: tuple[str, ...] = ()
    """Of keys."""
    scopes: tuple[Scope, ...] = ()
    """The key has one of these."""
    work: tuple[Work, ...] = ()
    min_seconds: float | None = None
    """Of the recording."""
    max_seconds: float | None = None
    min_logprob: float | None = None
    """An answer whose mean log-probability is lower goes on to the next of the chain; the better one counts."""
    shadow: str | None = None
    """A model that hears a share of the clips as well, to be compared; nobody gets its answer."""
    shadow_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a clip."""

    caller: Principal
    work: Work
    options: RecognizeOptions
    seconds: float | None = None
    """Of the whole recording; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a clip goes."""

    chain: tuple[Served, ...]
    rule: int | None = None
    """Which of the rules fitted; None if none did."""
    min_logprob: float | None = None
    shadow: Served | None = None
    shadow_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """All rules, in order.

    raises    SettingsInvalid for a rule that leads to a model that is not served, or nowhere
    """

    names: ServedNames
    rules: Sequence[RouteRule] = ()

    def __post_init__(self) -> None:
        for number, rule in enumerate(self.rules):
            _require_sound(number, rule, self.names)

    def choose(self, asked: Asked) -> Way:
        """raises    ModelNotFound; InvalidOption where `local_only` leaves nothing"""
        model = self.names.chosen(asked.options.model)
        for number, rule in enumerate(self.rules):
            if _fits_call(rule, asked.caller, asked.work) and _fits_clip(rule, asked, model):
                return _permitted(self._way_of(number, rule), asked.options)
        served = self.names.find(model) if model is not None else None
        return _permitted(Way((served or self.names.default,)), asked.options)

    def facet(self, caller: Principal, work: Work) -> str:
        """Equal for callers whom the same rules may fit: what else of them changes where a clip goes."""
        return ",".join(str(number) for number, rule in enumerate(self.rules) if _fits_call(rule, caller, work))

    def _way_of(self, number: int, rule: RouteRule) -> Way:
        chain = tuple(served for name in rule.chain if (served := self.names.find(name)) is not None)
        shadow = self.names.find(rule.shadow) if rule.shadow is not None else None
        return Way(chain, number, rule.min_logprob, shadow, rule.shadow_ratio)


def work_of(priority: Priority) -> Work:
    if priority <= Priority.STREAM_PARTIAL:
        return Work.STREAM
    return Work.JOB if priority is Priority.JOB else Work.REQUEST


def routed_names(rules: Iterable[RouteRule]) -> tuple[str, ...]:
    """What the rules give a meaning to."""
    return tuple(dict.fromkeys(name for rule in rules for name in rule.models if name != ANY))


def _fits_call(rule: RouteRule, caller: Principal, work: Work) -> bool:
    """Whether the rule is for this caller and kind of work, whatever is asked."""
    return (
        (not rule.keys or caller.key_id in rule.keys or caller.owner in rule.keys)
        and (not rule.labels or caller.label in rule.labels)
        and (not rule.scopes or any(scope in caller.scopes for scope in rule.scopes))
        and (not rule.work or work in rule.work)
    )


def _fits_clip(rule: RouteRule, asked: Asked, model: str | None) -> bool:
    options, seconds = asked.options, asked.seconds
    named = options.languages or ((options.language,) if options.language else ())
    fits_model = (model in rule.models or ANY in rule.models) if rule.models else model is None
    return (
        fits_model
        and (not rule.languages or (bool(named) and all(language in rule.languages for language in named)))
        and (rule.min_seconds is None or (seconds is not None and seconds >= rule.min_seconds))
        and (rule.max_seconds is None or (seconds is not None and seconds <= rule.max_seconds))
    )


def _permitted(way: Way, options: RecognizeOptions) -> Way:
    """Without other servers, where the caller wants none; no shadow there of what is to be hidden."""
    shadow = way.shadow
    if shadow is not None and shadow.is_remote and (options.local_only or options.redaction.is_on):
        way = replace(way, shadow=None)
    if not options.local_only:
        return way
    chain = tuple(served for served in way.chain if not served.is_remote)
    if not chain:
        raise InvalidOption("local_only", f"the model {way.chain[0].name!r} is another server; name another model")
    return replace(way, chain=chain)


def _require_sound(number: int, rule: RouteRule, names: ServedNames) -> None:
    def require_served(name: str, field: str) -> None:
        if names.find(name) is None:
            known = ", ".join(served.name for served in names.models)
            raise SettingsInvalid(
                f"routes.{number}.{field}: {name!r} is not served; use some of {known}",
                param=f"routes.{number}.{field}",
            )

    if not rule.chain or len(set(rule.chain)) < len(rule.chain):
        raise SettingsInvalid(
            f"routes.{number}.chain: name one or more models, each once", param=f"routes.{number}.chain"
        )
    for name in rule.chain:
        require_served(name, "chain")
    if rule.shadow is not None:
        require_served(rule.shadow, "shadow")
    low, high = rule.min_seconds, rule.max_seconds
    if low is not None and high is not None and low > high:
        raise SettingsInvalid(f"routes.{number}.min_seconds is above its max_seconds", param=f"routes.{number}")
