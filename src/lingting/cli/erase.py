"""`lingting erase`: what is kept of a person, a key or one piece of work, gone for good."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

import typer

from lingting.cli.opening import Opener
from lingting.cli.reporting import out, reported

if TYPE_CHECKING:
    from lingting.storage.erasing import Erased, Erasure

__all__ = ["erase"]


@reported
def erase(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    user: Annotated[str | None, typer.Option(help="the caller's own name for the person whose speech it is")] = None,
    key: Annotated[str | None, typer.Option(help="the id of an API key; empty for callers without one")] = None,
    record: Annotated[str | None, typer.Option("--id", help="of a record, a job or a conversation")] = None,
    before: Annotated[datetime | None, typer.Option(help="what was made before it, UTC")] = None,
    owner: Annotated[str | None, typer.Option(help="a key's id, or tenant:NAME; everybody's when not given")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="when nothing else is given")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Erase transcripts, recordings, jobs, cached results and conversations; what fits everything that is given."""
    from lingting.storage.erasing import Erasure

    moment = None if before is None else before.replace(tzinfo=UTC)
    asked = Erasure(owner, user=user, key=key, id=record, before=moment, everything=everything)
    if not yes:
        typer.confirm("This cannot be undone. Erase?", abort=True, err=True)
    gone = asyncio.run(_erase(cast("Opener", context.obj), asked))
    counts = (
        f"{gone.transcripts} transcripts",
        f"{gone.jobs} jobs",
        f"{gone.recordings} recordings",
        f"{gone.cached} cached results",
        f"{gone.conversations} conversations",
    )
    out().print(f"erased {', '.join(counts)}")


async def _erase(opener: Opener, asked: Erasure) -> Erased:
    async with opener.acting("history.erased") as act:
        erased = await act.kept.eraser.erase(asked)
        act.detail |= {"by_user": asked.user is not None, "by_key": asked.key is not None, **asdict(erased)}
        return erased
