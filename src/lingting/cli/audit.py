"""`lingting audit`: read the audit log, take it out, and check that it is as it was written."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal, TextIO, TypeVar, cast

import typer

from lingting.cli.opening import Opener
from lingting.cli.reporting import ExitCode, err, print_error, reported
from lingting.domain.errors import StorageUnavailable
from lingting.domain.moments import iso_of_ms, ms_of, read_moment

if TYPE_CHECKING:  # else --help would load the database's libraries
    from lingting.security.audit import Audit
    from lingting.storage.audit_log import AuditFilter, AuditRow

__all__ = ["audit_app"]

audit_app = typer.Typer(name="audit", no_args_is_help=True, help="Read, export and check the audit log.")

T = TypeVar("T")
PAGE_ROWS = 1_000
FIELDS = (
    "seq",
    "at",
    "actor",
    "address",
    "action",
    "subject",
    "outcome",
    "audio_seconds",
    "request_id",
    "detail",
    "hash",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t")
"""A spreadsheet would take such a cell for a formula."""


@audit_app.command("list")
@reported
def list_rows(
    context: typer.Context,
    last: Annotated[int, typer.Option(min=1, max=PAGE_ROWS, help="how many rows")] = 50,
    actor: Annotated[str | None, typer.Option(help="only of this key")] = None,
    action: Annotated[str | None, typer.Option(help="only this, as 'POST /v1/asr'")] = None,
) -> None:
    """Show the newest rows, oldest first."""
    from lingting.storage.audit_log import AuditFilter

    wanted = AuditFilter(actor=actor, action=action)
    found = _with_log(context, lambda audit: audit.log.rows_before(seq=None, limit=last, wanted=wanted))
    for row in reversed(found):
        record = row.record
        heard = f"{record.audio_ms / 1_000:g}s" if record.audio_ms else "-"
        words = (
            iso_of_ms(record.at_ms),
            record.actor or "-",
            record.address or "-",
            record.action,
            record.outcome,
            heard,
        )
        typer.echo(f"{row.seq}  " + "  ".join(words) + (f"  {record.subject}" if record.subject else ""))


@audit_app.command()
@reported
def verify(
    context: typer.Context,
    anchor: Annotated[str | None, typer.Option(help="NUMBER:HASH that an earlier check printed")] = None,
) -> None:
    """Hash every row again; exit code 1 when one is not as it was written."""
    from lingting.storage.audit_check import read_anchor

    noted = read_anchor(anchor) if anchor is not None else None
    verdict = _with_log(context, lambda audit: audit.check(noted))
    if verdict.fault is not None or verdict.head is None:
        typer.echo(f"{verdict.fault}: {verdict.message}")
        typer.echo(f"{verdict.rows} rows before it are as they were written")
        raise typer.Exit(ExitCode.FAILED)
    span = f", {verdict.head.first_seq} to {verdict.head.last_seq}" if verdict.rows else ""
    typer.echo(f"{verdict.rows} rows{span}: {verdict.message}")
    typer.echo(f"anchor {verdict.head.anchor}")


@audit_app.command()
@reported
def export(
    context: typer.Context,
    since: Annotated[str | None, typer.Option("--from", help="a day or time, included")] = None,
    until: Annotated[str | None, typer.Option("--to", help="a day or time, not included")] = None,
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format")] = "jsonl",
) -> None:
    """Write rows to standard output, oldest first; that is written down, too."""
    from lingting.storage.audit_log import AuditFilter

    wanted = AuditFilter(
        since_ms=ms_of(read_moment(since, "from")) if since else None,
        before_ms=ms_of(read_moment(until, "to")) if until else None,
    )
    count = _with_log(context, lambda audit: _export(audit, wanted, form, sys.stdout))
    err().print(f"{count} rows")


async def _export(audit: Audit, wanted: AuditFilter, form: str, out: TextIO) -> int:
    """A log that was tampered with can be read all the same, though not added to."""
    from lingting.security.audit import SYSTEM, AuditEntry

    last_seq = await audit.log.newest_seq()
    try:
        await audit.record(AuditEntry(SYSTEM, "", "audit.exported", "ok", detail={"format": form}))
    except StorageUnavailable as problem:
        print_error(problem, about="the export could not be written down")
    write = _csv_writer(out) if form == "csv" else _jsonl_writer(out)
    count, seq = 0, 0
    while page := await audit.log.rows(after_seq=seq, limit=PAGE_ROWS, wanted=wanted):
        for row in (row for row in page if row.seq <= last_seq):
            write(row)
            count += 1
        seq = page[-1].seq
    return count


def _jsonl_writer(out: TextIO) -> Callable[[AuditRow], None]:
    return lambda row: typer.echo(json.dumps(row.shown(), ensure_ascii=False), file=out)


def _csv_writer(out: TextIO) -> Callable[[AuditRow], None]:
    writer = csv.writer(out)
    writer.writerow(FIELDS)

    def write(row: AuditRow) -> None:
        cells = row.shown() | {"detail": row.record.detail}
        writer.writerow([_harmless(cells[name]) for name in FIELDS])

    return write


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _with_log(context: typer.Context, work: Callable[[Audit], Awaitable[T]]) -> T:
    async def run() -> T:
        async with cast("Opener", context.obj).audit() as audit:
            return await work(audit)

    return asyncio.run(run())
