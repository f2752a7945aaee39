"""`lingting eval`: error rates, speed and price of engines on labelled recordings, with how sure they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lingting.cli.eval_engines import EngineWish, open_ears, read_engine
from lingting.cli.eval_manifest import read_manifest, spread
from lingting.cli.opening import Opener
from lingting.cli.reporting import ExitCode, err, out, reported
from lingting.domain import SystemClock
from lingting.domain.errors import InvalidOption
from lingting.proof.accuracy.hearing import Utterance, hear_all
from lingting.proof.accuracy.lengths import with_lengths
from lingting.proof.accuracy.machine import to_json
from lingting.proof.accuracy.markdown import to_markdown
from lingting.proof.accuracy.page import to_html
from lingting.proof.accuracy.results import EngineRun, Report, make_report
from lingting.proof.accuracy.tokens import require_normalizer
from lingting.proof.accuracy.wording import comparison_cells, engine_cells, heads, rate_rows

__all__ = ["evaluate"]

NAME_WIDTH = 40
PIPED_WIDTH = 200


@reported
def evaluate(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    context: typer.Context,
    manifest: Annotated[Path, typer.Argument(help=".jsonl, .csv or .tsv: path, language, text, and perhaps group")],
    engine: Annotated[list[str], typer.Option("--engine", "-e", help="a model, or openai:URL#MODEL; repeat it")],
    language: Annotated[str | None, typer.Option(help="of rows that name none")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="so many recordings, evenly from the whole manifest")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="recordings in hand at once")] = 1,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="the report in Markdown")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="the report as one page with plots")] = None,
    json: Annotated[bool, typer.Option("--json", help="print all figures and texts as JSON")] = False,
    title: Annotated[str, typer.Option(help="of the report")] = "",
) -> None:
    """Compare engines on labelled recordings: error rates, speed, price."""
    wishes = [read_engine(given) for given in engine]
    if len({wish.name for wish in wishes}) < len(wishes):
        raise InvalidOption("--engine", "two engines have the same name; tell them apart with ,name=…")
    rows = read_manifest(manifest, language=language)
    if any(row.language.lower().startswith("en") for row in rows):
        require_normalizer()
    rows = with_lengths(spread(rows, limit) if limit else rows)
    runs = asyncio.run(_run(cast("Opener", context.obj), wishes, rows, jobs))
    report = make_report(title or f"Engines on {manifest.name}", rows, runs)
    for file, written in ((output, to_markdown), (html, to_html)):
        if file is not None:
            _write(file, written(report))
    if json:
        typer.echo(to_json(report))
    else:
        _show(report)
    if any(one.failed for one in report.engines):
        raise typer.Exit(ExitCode.FAILED)


async def _run(
    opener: Opener, wishes: Sequence[EngineWish], rows: Sequence[Utterance], at_once: int
) -> list[EngineRun]:
    """One engine after the other, so that none takes the processor of another."""
    clock, runs = SystemClock(), []
    with _progress() as bars:
        for wish in wishes:
            bar = bars.add_task(escape(wish.name[:NAME_WIDTH]), total=len(rows))
            async with open_ears(opener, wish, at_once=at_once) as ears:
                advance = partial(bars.advance, bar)
                hearing = await hear_all(ears, rows, at_once=at_once, clock=clock, on_done=advance)
            runs.append(EngineRun(wish.name, hearing, wish.price_per_minute))
    return runs


def _progress() -> Progress:
    """Bars on stderr while a person watches."""
    console = err()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _show(report: Report) -> None:
    out().print(f"{len(report.rows)} recordings, {report.audio_seconds / 60:.1f} minutes\n")
    _table("rates", rate_rows(report))
    if report.comparisons:
        _table("comparisons", [comparison_cells(one) for one in report.comparisons])
    _table("engines", [engine_cells(one) for one in report.engines])
    for row in report.rows:
        for one, problem in zip(report.engines, row.problems, strict=True):
            if problem:
                who = escape(f"{row.utterance.id}, {one.name}")
                err().print(f"[red]failed[/red] {who}: {escape(' '.join(problem.split()))}")


def _table(kind: str, rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    left = {"group", "engine", "held to", "failed", ""}
    for name in heads(kind):
        table.add_column(name, justify="left" if name in left else "right", no_wrap=name not in left)
    for row in rows:
        table.add_row(*map(escape, row))
    console = out()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(table)
    console.print()


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InvalidOption("--output", f"cannot write {file}: {problem.strerror}") from problem
