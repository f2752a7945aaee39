"""Puts together what engines heard: rates with their intervals, differences in pairs, speed and price. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from lingting.proof.accuracy.hearing import Hearing, Utterance
from lingting.proof.accuracy.intervals import Interval, difference_interval, rate_interval
from lingting.proof.accuracy.scoring import Score, score
from lingting.proof.accuracy.tokens import Unit, unit_of
from lingting.proof.figures import Spread

__all__ = ["ALL", "Comparison", "EngineFigures", "EngineRun", "GroupRate", "Report", "Row", "make_report"]

ALL = "all"


@dataclass(frozen=True, slots=True)
class EngineRun:
    """One engine over all recordings."""

    name: str
    hearing: Hearing
    price_per_minute: float | None = None
    """Of sound, in whatever money it was given; None where it is not known."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """The error rate of one engine over a group of recordings that are counted alike."""

    group: str
    unit: Unit
    files: int
    score: Score
    interval: Interval | None

    @property
    def rate(self) -> float:
        return self.score.errors / max(1, self.score.tokens)


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """All that is told of one engine."""

    name: str
    rates: tuple[GroupRate, ...]
    """By group; those of all recordings last."""
    failed: Mapping[str, int]
    """How many recordings failed, by code."""
    latency: Spread
    audio_seconds: float
    """Of recordings that were heard."""
    wall_seconds: float
    price_per_minute: float | None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of waiting for each second of sound, over the whole run."""
        return self.wall_seconds / self.audio_seconds if self.audio_seconds else None

    @property
    def price(self) -> float | None:
        """Of this run."""
        return None if self.price_per_minute is None else self.price_per_minute * self.audio_seconds / 60


@dataclass(frozen=True, slots=True)
class Comparison:
    """Another engine's rate less the first one's, over the recordings that both heard; below zero it is better."""

    first: str
    other: str
    group: str
    unit: Unit
    files: int
    difference: float
    interval: Interval | None
    better_files: int
    worse_files: int


@dataclass(frozen=True, slots=True)
class Row:
    """One recording, and what each engine made of it; scores are None where it failed."""

    utterance: Utterance
    texts: tuple[str, ...]
    problems: tuple[str, ...]
    latencies_seconds: tuple[float, ...]
    scores: tuple[Score | None, ...]

    @property
    def unit(self) -> Unit:
        return unit_of(self.utterance.language)

    @property
    def spread_errors(self) -> int:
        """By how many errors engines differ."""
        errors = [one.errors for one in self.scores if one]
        return max(errors) - min(errors) if errors else 0

    @property
    def worst_errors(self) -> int:
        return max((one.errors for one in self.scores if one), default=0)


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told."""

    title: str
    at_once: int
    engines: tuple[EngineFigures, ...]
    comparisons: tuple[Comparison, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def audio_seconds(self) -> float:
        return sum(row.utterance.seconds for row in self.rows)


def make_report(title: str, utterances: Sequence[Utterance], runs: Sequence[EngineRun]) -> Report:
    """Count the errors of every engine and put the figures together; the first engine is the one others are held to."""
    rows = [_row(utterance, index, runs) for index, utterance in enumerate(utterances)]
    engines = tuple(_figures(run, index, rows) for index, run in enumerate(runs))
    compared = (one for index in range(1, len(runs)) for one in _comparisons(runs, index, rows))
    return Report(title, runs[0].hearing.at_once if runs else 1, engines, tuple(compared), tuple(rows))


def _row(utterance: Utterance, index: int, runs: Sequence[EngineRun]) -> Row:
    heard = [run.hearing.heard[index] for run in runs]
    return Row(
        utterance,
        texts=tuple(one.text for one in heard),
        problems=tuple(f"{one.problem_code}: {one.problem}" if not one.is_ok else "" for one in heard),
        latencies_seconds=tuple(one.latency_seconds for one in heard),
        scores=tuple(score(utterance.language, utterance.text, one.text) if one.is_ok else None for one in heard),
    )


def _figures(run: EngineRun, engine: int, rows: Sequence[Row]) -> EngineFigures:
    heard = run.hearing.heard
    ok = [row for row in rows if row.scores[engine] is not None]
    return EngineFigures(
        run.name,
        rates=tuple(_rate(name, unit, chosen, engine) for name, unit, chosen in _groups(ok)),
        failed=dict(Counter(one.problem_code for one in heard if not one.is_ok)),
        latency=Spread.of([one.latency_seconds for one in heard if one.is_ok]),
        audio_seconds=sum(row.utterance.seconds for row in ok),
        wall_seconds=run.hearing.wall_seconds,
        price_per_minute=run.price_per_minute,
    )


def _rate(group: str, unit: Unit, rows: Sequence[Row], engine: int) -> GroupRate:
    scores = [found for row in rows if (found := row.scores[engine])]
    interval = rate_interval([one.errors for one in scores], [one.tokens for one in scores])
    return GroupRate(group, unit, len(scores), reduce(Score.__add__, scores, Score(0)), interval)


def _comparisons(runs: Sequence[EngineRun], other: int, rows: Sequence[Row]) -> list[Comparison]:
    both = [row for row in rows if row.scores[0] is not None and row.scores[other] is not None]
    return [
        _comparison((runs[0].name, runs[other].name), (name, unit), [_pair(row, other) for row in chosen])
        for name, unit, chosen in _groups(both)
    ]


def _pair(row: Row, other: int) -> tuple[Score, Score]:
    first, second = row.scores[0], row.scores[other]
    assert first is not None
    assert second is not None
    return first, second


def _comparison(names: tuple[str, str], group: tuple[str, Unit], pairs: Sequence[tuple[Score, Score]]) -> Comparison:
    mine, theirs = [first.errors for first, _ in pairs], [second.errors for _, second in pairs]
    tokens = [first.tokens for first, _ in pairs]
    return Comparison(
        *names,
        *group,
        files=len(pairs),
        difference=(sum(theirs) - sum(mine)) / max(1, sum(tokens)),
        interval=difference_interval(theirs, mine, tokens),
        better_files=sum(their < my for my, their in zip(mine, theirs, strict=True)),
        worse_files=sum(their > my for my, their in zip(mine, theirs, strict=True)),
    )


def _groups(rows: Sequence[Row]) -> list[tuple[str, Unit, list[Row]]]:
    """By group and by what is counted; then all that is counted alike, where that is more than one group."""
    groups: dict[tuple[str, Unit], list[Row]] = {}
    units: dict[Unit, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.utterance.group, row.unit), []).append(row)
        units.setdefault(row.unit, []).append(row)
    found = [(name, unit, chosen) for (name, unit), chosen in sorted(groups.items())]
    several = [(ALL, unit, chosen) for unit, chosen in units.items() if len(chosen) > _most(found, unit)]
    return found + several


def _most(found: Sequence[tuple[str, Unit, list[Row]]], unit: Unit) -> int:
    return max(len(chosen) for _, its_unit, chosen in found if its_unit is unit)
