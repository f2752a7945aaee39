"""The report for machines: one JSON object. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lingting.proof.accuracy.intervals import Interval
from lingting.proof.accuracy.results import Comparison, EngineFigures, GroupRate, Report, Row
from lingting.proof.accuracy.wording import verdict

__all__ = ["to_json"]


def to_json(report: Report) -> str:
    """All figures, and every recording with what each engine wrote."""
    body = {
        "title": report.title,
        "recordings": len(report.rows),
        "audio_seconds": round(report.audio_seconds, 3),
        "at_once": report.at_once,
        "engines": [_engine(engine) for engine in report.engines],
        "comparisons": [_comparison(one) for one in report.comparisons],
        "utterances": [_row(row, report) for row in report.rows],
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


def _engine(engine: EngineFigures) -> Mapping[str, object]:
    return {
        "name": engine.name,
        "failed": dict(engine.failed),
        "latency_seconds": {"p50": engine.latency.p50, "p95": engine.latency.p95, "p99": engine.latency.p99},
        "real_time_factor": engine.real_time_factor,
        "audio_seconds": engine.audio_seconds,
        "wall_seconds": engine.wall_seconds,
        "price_per_minute": engine.price_per_minute,
        "price": engine.price,
        "rates": [_rate(rate) for rate in engine.rates],
    }


def _rate(one: GroupRate) -> Mapping[str, object]:
    return {
        "group": one.group,
        "unit": one.unit.value,
        "recordings": one.files,
        "tokens": one.score.tokens,
        "errors": one.score.errors,
        "substitutions": one.score.substitutions,
        "deletions": one.score.deletions,
        "insertions": one.score.insertions,
        "rate": one.rate,
        "interval": _interval(one.interval),
    }


def _comparison(one: Comparison) -> Mapping[str, object]:
    return {
        "first": one.first,
        "other": one.other,
        "group": one.group,
        "unit": one.unit.value,
        "recordings": one.files,
        "difference": one.difference,
        "interval": _interval(one.interval),
        "better": one.better_files,
        "worse": one.worse_files,
        "verdict": verdict(one),
    }


def _row(row: Row, report: Report) -> Mapping[str, object]:
    return {
        "id": row.utterance.id,
        "group": row.utterance.group,
        "language": row.utterance.language,
        "seconds": row.utterance.seconds,
        "reference": row.utterance.text,
        "engines": [
            {
                "name": engine.name,
                "text": row.texts[index],
                "errors": score.errors if (score := row.scores[index]) else None,
                "latency_seconds": round(row.latencies_seconds[index], 4),
                "problem": row.problems[index] or None,
            }
            for index, engine in enumerate(report.engines)
        ],
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
