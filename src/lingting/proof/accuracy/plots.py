"""Plots as inline SVG: dots with their intervals, and curves of shares. Pure; colours and fonts are the page's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from lingting.proof.accuracy.intervals import Interval

__all__ = ["Curve", "Dot", "DotRow", "curves", "dots"]

WIDTH = 760
LABEL_WIDTH = 190
RIGHT_MARGIN = 60
TOP, ROW_GAP, DOT_GAP, AXIS_HEIGHT = 8, 16, 18, 34
CURVE_HEIGHT = 240
MAX_CURVE_POINTS = 200
TICKS = 5
LABEL_CHARACTERS = 26
COLOURS = 6
"""The page has so many; further engines begin again."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One value with its interval; in percent or points."""

    value: float
    interval: Interval | None
    series: int
    title: str
    """Shown when pointed at, and read aloud."""


@dataclass(frozen=True, slots=True)
class DotRow:
    label: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one engine, of which the plot shows how many are below each."""

    name: str
    values: tuple[float, ...]
    series: int


def dots(rows: Sequence[DotRow], *, title: str, unit: str) -> str:
    """A line for each row, its dots below each other; an axis with zero on it."""
    ends = [edge for row in rows for dot in row.dots for edge in _edges(dot)]
    axis = _Axis.of(min([0.0, *ends]), max([0.0, *ends]), left=LABEL_WIDTH, right=WIDTH - RIGHT_MARGIN)
    parts, top = [], float(TOP)
    for row in rows:
        height = DOT_GAP * len(row.dots)
        parts.append(_text(LABEL_WIDTH - 10, top + height / 2 + 4, _short(row.label), anchor="end", title=row.label))
        parts += [_dot(dot, axis, top + DOT_GAP * (index + 0.5)) for index, dot in enumerate(row.dots)]
        top += height + ROW_GAP
    bottom = top - ROW_GAP / 2
    return _svg(bottom + AXIS_HEIGHT, title, [*axis.drawn(TOP, bottom, unit), *parts])


def curves(lines: Sequence[Curve], *, title: str, unit: str) -> str:
    """What share of the values lies below each value."""
    most = max((value for line in lines for value in line.values), default=1.0)
    axis = _Axis.of(0.0, most, left=50, right=WIDTH - RIGHT_MARGIN)
    bottom = TOP + CURVE_HEIGHT
    parts = []
    for share in (0.0, 0.5, 0.95, 1.0):
        y = bottom - share * CURVE_HEIGHT
        parts.append(f'<line class="grid" x1="50" x2="{WIDTH - RIGHT_MARGIN}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(44, y + 4, f"{100 * share:.0f} %", anchor="end"))
    parts += [_curve(line, axis, bottom) for line in lines if line.values]
    return _svg(bottom + AXIS_HEIGHT, title, [*axis.drawn(TOP, bottom, unit), *parts])


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    step: float
    left: float
    right: float

    @classmethod
    def of(cls, low: float, high: float, *, left: float, right: float) -> _Axis:
        """Round numbers that hold both ends."""
        span = (high - low) or 1.0
        power = 10.0 ** np.floor(np.log10(span / TICKS))
        step = float(next(power * factor for factor in (1, 2, 5, 10) if power * factor * TICKS >= span))
        return cls(float(np.floor(low / step) * step), float(np.ceil((high or step) / step) * step), step, left, right)

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def drawn(self, top: float, bottom: float, unit: str) -> list[str]:
        parts = []
        for number in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + number * self.step
            x, kind = self.x(value), "zero" if abs(value) < self.step / 2 else "grid"
            parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom:.1f}"/>')
            parts.append(_text(x, bottom + 16, f"{value:g}", anchor="middle"))
        return [*parts, _text(self.right, bottom + 31, unit, anchor="end")]


def _edges(dot: Dot) -> tuple[float, ...]:
    return (dot.value,) if dot.interval is None else (dot.value, dot.interval.low, dot.interval.high)


def _dot(dot: Dot, axis: _Axis, y: float) -> str:
    whisker = ""
    if dot.interval is not None:
        low, high = axis.x(dot.interval.low), axis.x(dot.interval.high)
        whisker = f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    circle = f'<circle cx="{axis.x(dot.value):.1f}" cy="{y:.1f}" r="5"/>'
    return f'<g class="c{dot.series % COLOURS}"><title>{escape(dot.title)}</title>{whisker}{circle}</g>'


def _curve(line: Curve, axis: _Axis, bottom: float) -> str:
    shares = np.linspace(0.0, 1.0, min(MAX_CURVE_POINTS, max(2, len(line.values))))
    values = np.quantile(np.asarray(line.values, np.float64), shares)
    points = " ".join(
        f"{axis.x(float(value)):.1f},{bottom - share * CURVE_HEIGHT:.1f}"
        for value, share in zip(values, shares, strict=True)
    )
    return (
        f'<g class="c{line.series % COLOURS}"><title>{escape(line.name)}</title>'
        f'<polyline class="curve" points="{points}"/></g>'
    )


def _short(label: str) -> str:
    return label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 1]}…"


def _text(x: float, y: float, text: str, *, anchor: str, title: str = "") -> str:
    whole = f"<title>{escape(title)}</title>" if title and title != text else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{whole}{escape(text)}</text>'


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height:.0f}" aria-label="{escape(title, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )
