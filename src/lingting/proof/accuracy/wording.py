"""How the figures of a report are written, the same in Markdown, HTML and at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lingting.proof.accuracy.intervals import Interval
from lingting.proof.accuracy.results import ALL, Comparison, EngineFigures, GroupRate, Report

__all__ = ["NOTES", "comparison_cells", "engine_cells", "heads", "rate_cells", "rate_rows", "verdict"]

COUNTED = (
    "WER counts words, CER characters, MER words of one language and characters of the other. Marks, letter case, "
    "the script of Chinese and the way numbers are written do not count."
)
CHANCE = (
    "Intervals hold 95 of 100 such samples, by bootstrap over recordings; of a difference, over the same recordings "
    "for both. A difference whose interval holds 0 may be chance."
)
SPEED = (
    "Latency is what a caller waits for one recording. The real-time factor is the time of the whole run by the sound "
    "heard; recordings in hand at once make it smaller and latencies longer."
)
FAILED = "A recording that failed is in no rate and no interval; it counts under failed."
NOTES = (COUNTED, CHANCE, SPEED, FAILED)
_ENGINE_HEADS = ("engine", "heard", "failed", "p50", "p95", "real-time factor", "per minute", "this run")
_RATE_HEADS = ("group", "engine", "recordings", "tokens", "rate", "95 % interval", "wrong", "left out", "invented")
_COMPARISON_HEADS = ("group", "engine", "held to", "recordings", "difference", "95 % interval", "better", "worse", "")


def heads(table: str) -> tuple[str, ...]:
    """Of engines, rates or comparisons."""
    known: Mapping[str, tuple[str, ...]] = {
        "engines": _ENGINE_HEADS,
        "rates": _RATE_HEADS,
        "comparisons": _COMPARISON_HEADS,
    }
    return known[table]


def engine_cells(engine: EngineFigures) -> tuple[str, ...]:
    failed = ", ".join(f"{count} {code}" for code, count in sorted(engine.failed.items()))
    return (
        engine.name,
        str(engine.latency.count),
        failed or "0",
        _seconds(engine.latency.p50),
        _seconds(engine.latency.p95),
        _number(engine.real_time_factor, ".3f"),
        _number(engine.price_per_minute, ".4g"),
        _number(engine.price, ".4g"),
    )


def rate_rows(report: Report) -> list[tuple[str, ...]]:
    """By group, and the engines of each below each other."""
    groups = dict.fromkeys((rate.group, rate.unit) for one in report.engines for rate in one.rates if rate.group != ALL)
    groups |= dict.fromkeys((ALL, rate.unit) for one in report.engines for rate in one.rates if rate.group == ALL)
    return [
        rate_cells(one.name, rate)
        for group in groups
        for one in report.engines
        for rate in one.rates
        if (rate.group, rate.unit) == group
    ]


def rate_cells(engine: str, one: GroupRate) -> tuple[str, ...]:
    counted = one.score
    return (
        one.group,
        engine,
        str(one.files),
        str(counted.tokens),
        f"{one.unit.rate_name} {100 * one.rate:.2f} %",
        _interval(one.interval, signed=False),
        str(counted.substitutions),
        str(counted.deletions),
        str(counted.insertions),
    )


def comparison_cells(one: Comparison) -> tuple[str, ...]:
    return (
        one.group,
        one.other,
        one.first,
        str(one.files),
        f"{one.unit.rate_name} {100 * one.difference:+.2f}",
        _interval(one.interval, signed=True),
        str(one.better_files),
        str(one.worse_files),
        verdict(one),
    )


def verdict(one: Comparison) -> str:
    if not one.better_files + one.worse_files:
        return "equal"
    if one.interval is None:
        return "too few"
    if one.interval.holds_zero:
        return "may be chance"
    return "better" if one.difference < 0 else "worse"


def _interval(interval: Interval | None, *, signed: bool) -> str:
    if interval is None:
        return "–"
    form = "+.2f" if signed else ".2f"
    return f"{100 * interval.low:{form}} … {100 * interval.high:{form}}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else f"{value:{form}}"
