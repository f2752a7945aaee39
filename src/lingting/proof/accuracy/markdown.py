"""The report as Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lingting.proof.accuracy.results import Report, Row
from lingting.proof.accuracy.wording import NOTES, comparison_cells, engine_cells, heads, rate_rows

__all__ = ["to_markdown"]

MAX_SHOWN = 40
"""Recordings told in full; the JSON has all of them."""
MAX_CHARACTERS = 240
"""Of one text; the page in HTML has all of it, with the errors marked."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def to_markdown(report: Report) -> str:
    """The report as a page; what is not ours is escaped."""
    parts = [
        f"# {_plain(report.title)}",
        f"{len(report.rows)} recordings, {report.audio_seconds / 60:.1f} minutes; {report.at_once} in hand at once.",
        "## Speed and price",
        _table(heads("engines"), (engine_cells(engine) for engine in report.engines)),
        "## Error rates",
        _table(heads("rates"), rate_rows(report)),
    ]
    if report.comparisons:
        parts += ["## Differences", _table(heads("comparisons"), map(comparison_cells, report.comparisons))]
    parts += ["\n".join(f"- {note}" for note in (*NOTES, *report.notes))]
    failed = [row for row in report.rows if any(row.problems)]
    if failed:
        parts += [f"## Failed: {len(failed)} recordings", *_shown(failed, report)]
    wrong = sorted((row for row in report.rows if row.worst_errors), key=_interest, reverse=True)
    if wrong:
        parts += [f"## Recordings with errors: {len(wrong)}", *_shown(wrong, report)]
    return "\n\n".join(parts) + "\n"


def _interest(row: Row) -> tuple[int, int]:
    return row.spread_errors, row.worst_errors


def _shown(rows: Sequence[Row], report: Report) -> list[str]:
    told = [_entry(row, report) for row in rows[:MAX_SHOWN]]
    return told if len(rows) <= MAX_SHOWN else [*told, f"…and {len(rows) - MAX_SHOWN} more, which the JSON has."]


def _entry(row: Row, report: Report) -> str:
    who = f"**{_plain(row.utterance.id)}** ({_plain(row.utterance.group)})  "
    lines = [who, f"said: {_plain(_clipped(row.utterance.text))}"]
    for index, engine in enumerate(report.engines):
        found = row.scores[index]
        errors = f"{found.errors} of {found.tokens}" if found else "failed"
        text = row.texts[index] if found else row.problems[index]
        lines.append(f"- {_plain(engine.name)}, {errors}: {_plain(_clipped(text)) or '*nothing*'}")
    return "\n".join(lines)


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """One line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
