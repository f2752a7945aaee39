"""`lingting models`: which models there are, and bringing them here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import ExitCode, err, out, reported
from lingting.engines.catalog import Catalog, ModelState
from lingting.engines.catalog_integrity import FileState

__all__ = ["models_app"]

models_app = typer.Typer(name="models", no_args_is_help=True, help="List, fetch and verify models.")

PIPED_WIDTH = 160
"""Characters of a line that no terminal bounds."""
MANY_LANGUAGES = 5
"""From here on the number says more than the codes."""


@models_app.command("list")
@reported
def list_models(context: typer.Context) -> None:
    """Show the models of the catalog and which of them are here."""
    catalog = _catalog(context)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "state", "size", "languages", "licence", "note"):
        table.add_column(heading, justify="right" if heading == "size" else "left", no_wrap=heading != "note")
    for entry in catalog.entries.values():
        languages = sorted(entry.languages)
        size = f"{entry.size_bytes / 1e6:,.0f} MB" if entry.size_bytes else "?"
        shown = f"{len(languages)}" if len(languages) > MANY_LANGUAGES else " ".join(languages)
        table.add_row(entry.name, catalog.state(entry.name).value, size, shown, entry.licence, entry.note)
    console = out()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(table)


@models_app.command()
@reported
def pull(
    context: typer.Context,
    name: str,
    folder: Annotated[Path | None, typer.Option("--from", help="take the files from this folder")] = None,
) -> None:
    """Fetch a model and verify it; goes on where an earlier pull stopped."""
    catalog = _catalog(context)
    console = err()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(name, total=None)
        path = catalog.pull(
            name, folder=folder, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    catalog.locate(name)
    typer.echo(path)


@models_app.command()
@reported
def verify(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="all that are here")] = None
) -> None:
    """Hash every file again and compare it with what was promised."""
    catalog = _catalog(context)
    names = [name] if name else [each for each in catalog.entries if catalog.state(each) is ModelState.READY]
    worst = ExitCode.OK
    for each in names:
        for status in catalog.verify(each):
            how = "the catalog" if status.is_pinned else "the first pull"
            out().print(f"{each}/{status.name}: {status.state.value} (against {how})")
            if status.state is not FileState.OK:
                worst = ExitCode.MODEL_MISSING
    if not names:
        err().print("no model is here yet; fetch one: lingting models pull whisper-base")
    raise typer.Exit(worst)


@models_app.command()
@reported
def path(context: typer.Context, name: str) -> None:
    """Print the folder of a model that is here and verified."""
    typer.echo(_catalog(context).locate(name))


def _catalog(context: typer.Context) -> Catalog:
    return cast("Opener", context.obj).catalog(Wishes())
