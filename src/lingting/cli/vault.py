"""`lingting vault`: the master keys that everything which is kept is sealed under, and changing them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lingting.cli.opening import Opener
from lingting.cli.reporting import ExitCode, err, out, reported
from lingting.crypto import new_master_key

__all__ = ["vault_app"]

vault_app = typer.Typer(name="vault", no_args_is_help=True, help="Master keys of what is kept: make, count, rotate.")


@vault_app.command("new-key")
@reported
def new_key(
    context: typer.Context,
    add: Annotated[bool, typer.Option("--add", help="put it on top of the key file, as the current one")] = False,
) -> None:
    """Print a new master key, a line for the key file; or add it there."""
    if not add:
        typer.echo(new_master_key())
        return
    path, name = cast("Opener", context.obj).add_master_key()
    out().print(f"{name} is the current key in {path}; keep a copy of that file elsewhere")
    err().print("servers that share this database need the same file; then run: lingting vault rotate")


@vault_app.command()
@reported
def status(context: typer.Context) -> None:
    """Count what is sealed under which master key."""
    counts, current, known = asyncio.run(_count(cast("Opener", context.obj)))
    for name in dict.fromkeys((*known, *sorted(counts))):
        state = "current" if name == current else "earlier" if name in known else "not in the key file"
        out().print(f"{name}: {counts.get(name, 0)} values, {state}")
    if counts.keys() - set(known):
        raise typer.Exit(ExitCode.FAILED)


@vault_app.command()
@reported
def rotate(context: typer.Context) -> None:
    """Put everything under the current master key; servers may run meanwhile, and it may be stopped and begun again."""
    console = err()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("sealing", total=None)
        changed, unreadable = asyncio.run(
            _rotate(cast("Opener", context.obj), lambda done, total: bar.update(task, completed=done, total=total))
        )
    out().print(f"{changed} values were put under the current key")
    if unreadable:
        err().print(
            f"[red]{unreadable} values[/red] are under keys that are not in the key file, or damaged; see the log"
        )
        raise typer.Exit(ExitCode.FAILED)


async def _count(opener: Opener) -> tuple[Mapping[str, int], str, tuple[str, ...]]:
    from lingting.storage.rewrapping import count_keys

    async with opener.kept() as kept:
        return await count_keys(kept.database), kept.vault.current_key, kept.vault.known_keys


async def _rotate(opener: Opener, progress: Callable[[int, int], None]) -> tuple[int, int]:
    from lingting.storage.rewrapping import rewrap_all

    async with opener.acting("vault.rotated") as act:
        done = await rewrap_all(act.kept.database, act.kept.vault, progress=progress)
        act.detail |= {"changed": done.changed, "unreadable": done.unreadable}
        return done.changed, done.unreadable
