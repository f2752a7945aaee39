"""`lingting worker`: a process that works on jobs, until it is told to stop."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import reported

__all__ = ["worker"]


@reported
def worker(
    context: typer.Context,
    workers: Annotated[int | None, typer.Option("--jobs", "-j", min=1, max=1_024, help="at once")] = None,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
    engine: Annotated[str | None, typer.Option(help="see lingting doctor")] = None,
) -> None:
    """Work on the jobs that servers have accepted, beside them or on other machines; Ctrl-C gives them back."""
    cast("Opener", context.obj).work(Wishes(engine=engine, model=model), workers)
