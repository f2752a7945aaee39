"""The report as one HTML page that needs nothing else: no script, no other host, light and dark. Pure.

All that is not ours is escaped, and the page's own policy lets nothing load or run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from lingting.proof.accuracy.intervals import Interval
from lingting.proof.accuracy.plots import COLOURS, Curve, Dot, DotRow, curves, dots
from lingting.proof.accuracy.results import ALL, GroupRate, Report, Row
from lingting.proof.accuracy.scoring import differences
from lingting.proof.accuracy.tokens import Unit, tokens
from lingting.proof.accuracy.wording import NOTES, comparison_cells, engine_cells, heads, rate_cells, rate_rows, verdict

__all__ = ["to_html"]

MAX_SHOWN = 200
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_LEFT = {"group", "engine", "held to", "failed", ""}


def to_html(report: Report) -> str:
    """The whole page."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{_style()}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(_body(report))}</body></html>\n'


def _style() -> str:
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def _body(report: Report) -> Iterable[str]:
    minutes = report.audio_seconds / 60
    yield f"<h1>{escape(report.title)}</h1>"
    yield f'<p class="sub">{len(report.rows)} recordings, {minutes:.1f} minutes; {report.at_once} in hand at once.</p>'
    yield "<h2>Error rates</h2>"
    yield _key(report)
    for unit in Unit:
        yield _rates_plot(report, unit)
    yield _table(heads("rates"), rate_rows(report))
    if report.comparisons:
        yield "<h2>Differences</h2>"
        yield _differences_plot(report)
        yield _table(heads("comparisons"), [comparison_cells(one) for one in report.comparisons])
    yield "<h2>Speed and price</h2>"
    yield _latency_plot(report)
    yield _table(heads("engines"), [engine_cells(one) for one in report.engines])
    yield f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in (*NOTES, *report.notes))}</ul>'
    yield from _recordings(report)


def _key(report: Report) -> str:
    names = (
        f'<li><span class="c{number % COLOURS}">{escape(engine.name)}</span></li>'
        for number, engine in enumerate(report.engines)
    )
    return f'<ul class="key">{"".join(names)}</ul>'


def _rates_plot(report: Report, unit: Unit) -> str:
    groups: dict[str, list[Dot]] = {}
    for series, engine in enumerate(report.engines):
        for rate in engine.rates:
            if rate.unit is unit:
                groups.setdefault(rate.group, []).append(_rate_dot(engine.name, rate, series))
    if not groups:
        return ""
    rows = [DotRow(name, tuple(found)) for name, found in groups.items()]
    title = f"{unit.rate_name} in percent, with 95 % intervals"
    return _figure(dots(rows, title=title, unit="%"), title)


def _rate_dot(engine: str, rate: GroupRate, series: int) -> Dot:
    cells = rate_cells(engine, rate)
    return Dot(100 * rate.rate, _percent(rate.interval), series, f"{engine}, {rate.group}: {cells[4]} ({cells[5]})")


def _differences_plot(report: Report) -> str:
    names = [engine.name for engine in report.engines]
    groups: dict[str, list[Dot]] = {}
    for one in report.comparisons:
        told = f"{one.other}, {one.group}: {100 * one.difference:+.2f} points, {verdict(one)}"
        name = f"{one.group}, {one.unit.rate_name}" if one.group == ALL else one.group
        dot = Dot(100 * one.difference, _percent(one.interval), names.index(one.other), told)
        groups.setdefault(name, []).append(dot)
    rows = [DotRow(name, tuple(found)) for name, found in groups.items()]
    title = f"Points of error rate held to {names[0]}; left of 0 is better"
    return _figure(dots(rows, title=title, unit="points"), title)


def _latency_plot(report: Report) -> str:
    lines = [
        Curve(engine.name, tuple(row.latencies_seconds[number] for row in report.rows if row.scores[number]), number)
        for number, engine in enumerate(report.engines)
    ]
    title = "Share of recordings answered within so many seconds"
    return _figure(curves(lines, title=title, unit="seconds"), title)


def _percent(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(100 * interval.low, 100 * interval.high)


def _figure(plot: str, caption: str) -> str:
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = [' class="left"' if name in _LEFT else "" for name in names]
    top = "".join(f'<th scope="col"{mark}>{escape(name)}</th>' for name, mark in zip(names, marks, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{mark}>{escape(cell)}</td>' for cell, mark in zip(row, marks, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _recordings(report: Report) -> Iterable[str]:
    failed = [row for row in report.rows if any(row.problems)]
    wrong = [row for row in report.rows if row.worst_errors and not any(row.problems)]
    wrong.sort(key=lambda row: (row.spread_errors, row.worst_errors), reverse=True)
    for heading, rows in (("Failed", failed), ("Recordings with errors", wrong)):
        if not rows:
            continue
        yield f"<h2>{heading}: {len(rows)}</h2>"
        if heading != "Failed":
            yield (
                '<p class="sub">Those on which engines differ most come first. <del>Said and not heard</del> '
                "<ins>heard and not said</ins></p>"
            )
        yield from (_recording(row, report) for row in rows[:MAX_SHOWN])
        if len(rows) > MAX_SHOWN:
            yield f'<p class="sub">…and {len(rows) - MAX_SHOWN} more, which the JSON has.</p>'


def _recording(row: Row, report: Report) -> str:
    one = row.utterance
    who = f'<span class="who">{escape(one.group)}, {one.seconds:.1f} s</span>'
    lines = [f'<p><span class="name">{escape(one.id)}</span> {who}</p>', f"<p>{escape(one.text)}</p>"]
    for number, engine in enumerate(report.engines):
        score = row.scores[number]
        told = f"{score.errors} of {score.tokens}" if score else "failed"
        text = _marked(row, number) if score else f'<span class="bad">{escape(row.problems[number])}</span>'
        lines.append(f'<p><span class="c{number % COLOURS}">{escape(engine.name)}, {told}:</span> {text}</p>')
    return f'<div class="one">{"".join(lines)}</div>'


def _marked(row: Row, number: int) -> str:
    """The tokens that were counted, with what was left out struck and what was invented underlined."""
    language = row.utterance.language
    joint = "" if row.unit is Unit.CHARACTERS else " "
    parts = []
    for one in differences(tokens(language, row.utterance.text), tokens(language, row.texts[number])):
        if one.kind == "equal":
            parts.append(escape(joint.join(one.heard)))
            continue
        parts += [f"<del>{escape(joint.join(one.reference))}</del>"] if one.reference else []
        parts += [f"<ins>{escape(joint.join(one.heard))}</ins>"] if one.heard else []
    return joint.join(parts) or "<em>nothing</em>"
