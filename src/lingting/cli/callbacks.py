"""`lingting callbacks`: how callbacks stand, sending them again, the secrets they are signed with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, cast

import typer

from lingting.cli.opening import CallbackDesk, Opener
from lingting.cli.reporting import err, reported

if TYPE_CHECKING:  # else --help would load the database's libraries
    from lingting.storage.jobs.delivery_store import Delivery

__all__ = ["callbacks_app"]

callbacks_app = typer.Typer(name="callbacks", no_args_is_help=True, help="List and resend callbacks, show secrets.")

T = TypeVar("T")
MAX_LISTED = 500


@callbacks_app.command("list")
@reported
def list_callbacks(
    context: typer.Context,
    state: Annotated[Literal["waiting", "delivered", "dead"] | None, typer.Option(help="only these")] = None,
    owner: Annotated[str | None, typer.Option(help="only of this key or tenant:NAME")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LISTED)] = 50,
) -> None:
    """Show callbacks, the newest first."""
    from lingting.storage.jobs.delivery_store import DeliveryState

    wanted = DeliveryState(state) if state else None
    found = _at_the_desk(
        context, "callbacks.listed", lambda desk: desk.store.listed(owner=owner, state=wanted, limit=limit)
    )
    rows = [("ID", "STATE", "ATTEMPTS", "JOB", "OWNER", "CHANGED", "LAST ERROR"), *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:  # never cut, whatever the terminal: ids are there to be copied
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@callbacks_app.command()
@reported
def redeliver(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(help="of callbacks")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="all that were given up")] = False,
) -> None:
    """Have callbacks sent again, under the same ids; a running server does that within seconds."""
    if bool(ids) is dead:
        raise typer.BadParameter("give ids, or --dead")

    async def work(desk: CallbackDesk) -> int:
        names = ids or [each.id for each in await _all_dead(desk)]
        for name in names:
            await desk.store.redeliver(None, name)
        return len(names)

    err().print(f"{_at_the_desk(context, 'callbacks.redelivered', work)} will be sent again")


@callbacks_app.command()
@reported
def secret(
    context: typer.Context,
    owner: Annotated[str, typer.Option(help="key id, or tenant:NAME; nothing where no keys are used")] = "",
    rotate: Annotated[bool, typer.Option("--rotate", help="make a fresh one")] = False,
) -> None:
    """Print the secret that an owner's receivers check signatures by."""
    action = "callbacks.secret_rotated" if rotate else "callbacks.secret_shown"
    shown = _at_the_desk(
        context, action, lambda desk: desk.signer.rotate(owner) if rotate else desk.signer.secret(owner)
    )
    typer.echo(shown.current)
    if shown.previous:
        until = datetime.fromtimestamp(shown.previous_until_ms / 1_000, UTC).isoformat(timespec="minutes")
        err().print(f"the one before goes on signing until {until}")


def _row(shown: Delivery) -> tuple[str, ...]:
    changed = datetime.fromtimestamp(shown.updated_ms / 1_000, UTC).isoformat(timespec="seconds")
    return (
        shown.id,
        shown.state.value,
        str(shown.attempts),
        shown.job_id,
        shown.owner or "-",
        changed,
        shown.last_error or "",
    )


async def _all_dead(desk: CallbackDesk) -> list[Delivery]:
    from lingting.storage.jobs.delivery_store import DeliveryState

    found: list[Delivery] = []
    after: tuple[int, str] | None = None
    while page := await desk.store.listed(owner=None, state=DeliveryState.DEAD, after=after, limit=MAX_LISTED):
        found += page
        after = (page[-1].created_ms, page[-1].id)
    return found


def _at_the_desk(context: typer.Context, action: str, work: Callable[[CallbackDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with cast("Opener", context.obj).callback_desk(action) as desk:
            return await work(desk)

    return asyncio.run(run())
