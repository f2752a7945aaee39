"""`lingting serve`: the server, until it is told to stop."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import reported

__all__ = ["serve"]


@reported
def serve(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="address to listen on; loopback unless the settings say more")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="0 takes any free one")] = None,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
    engine: Annotated[str | None, typer.Option(help="see lingting doctor")] = None,
    grpc: Annotated[
        bool | None, typer.Option("--grpc/--no-grpc", help="serve gRPC too, on a port of its own", show_default=False)
    ] = None,
    grpc_port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="of gRPC, which is then served; 0 takes any free one")
    ] = None,
) -> None:
    """Start the HTTP server; stop it with Ctrl-C, which finishes what is in hand."""
    if grpc is None and grpc_port is not None:
        grpc = True
    wishes = Wishes(engine=engine, model=model, host=host, port=port, grpc=grpc, grpc_port=grpc_port)
    cast("Opener", context.obj).serve(wishes)
