"""The tables of `lingting bench`, with the ratios where several servers were measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from lingting.cli.reporting import out
from lingting.proof.load.figures import RequestFigures, StreamFigures

__all__ = ["show_requests", "show_streams", "show_table"]

PIPED_WIDTH = 200


def show_requests(runs: Sequence[RequestFigures]) -> None:
    heads = ("server", "clients", "answered", "failed", "cached", "requests/s", "sound by time", "p50", "p95", "p99")
    show_table(heads, (_request_cells(run) for run in runs))
    first = runs[0]
    for run in runs[1:]:
        if run.requests_per_second and first.latency.p95 and run.latency.p95:
            rate = first.requests_per_second / run.requests_per_second
            wait = first.latency.p95 / run.latency.p95
            out().print(
                f"{escape(first.target)} to {escape(run.target)}: {rate:.2f} times the requests, "
                f"{wait:.2f} times the wait at p95"
            )


def show_streams(runs: Sequence[StreamFigures]) -> None:
    heads = ("server", "speakers", "finals", "first text p50", "p95", "final p50", "p95", "lag p95", "failed", "slip")
    show_table(heads, (_stream_cells(run) for run in runs))
    for run in runs:
        if run.notices:
            out().print(f"{run.speakers} speakers: the server said {_counts(run.notices)}")
        if run.slip_seconds > 0.1:
            out().print(
                f"{run.speakers} speakers: sound was sent up to {run.slip_seconds:.2f} s late, because this machine "
                "was busy; the figures are the worse for it"
            )


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Whole, also where it is piped."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, name in enumerate(heads):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    console = out()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(table)


def _request_cells(run: RequestFigures) -> tuple[str, ...]:
    return (
        run.target,
        str(run.clients),
        str(run.answered),
        _counts(run.failed),
        str(run.cached),
        f"{run.requests_per_second:.2f}",
        f"{run.audio_per_second:.1f}",
        *(_milliseconds(value) for value in (run.latency.p50, run.latency.p95, run.latency.p99)),
    )


def _stream_cells(run: StreamFigures) -> tuple[str, ...]:
    spreads = (run.first_text.p50, run.first_text.p95, run.final.p50, run.final.p95, run.lag.p95)
    return (
        run.target,
        str(run.speakers),
        f"{run.delivered} of {run.said}",
        *(_milliseconds(value) for value in spreads),
        _counts(run.failed),
        _milliseconds(run.slip_seconds),
    )


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value * 1_000:.0f} ms"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "0"
