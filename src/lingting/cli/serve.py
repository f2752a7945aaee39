"""`lingting serve`: the server, until it is told to stop."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import reported

__all__ = ["serve"]


@reported
def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="address to listen on; loopback unless the settings say more")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="0 takes any free one")] = None,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
    engine: Annotated[str | None, typer.Option(help="see lingting doctor")] = None,
) -> None:
    """Start the HTTP server; stop it with Ctrl-C, which finishes what is in hand."""
    cast("Opener", context.obj).serve(Wishes(engine=engine, model=model, host=host, port=port))
