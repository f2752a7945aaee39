"""`lingting history`: what was kept, listed, found, shown and exported, on the server's own machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer
from rich.markup import escape
from rich.table import Table

from lingting.cli.opening import Opener
from lingting.cli.reporting import err, print_page, reported
from lingting.text.subtitles import TranscriptFormat, render

if TYPE_CHECKING:
    from lingting.storage.transcripts.history_records import HistoryFilter, HistoryPage, KeptTranscript

__all__ = ["history_app"]

history_app = typer.Typer(name="history", no_args_is_help=True, help="List, find, show and export what was kept.")

Owner = Annotated[str | None, typer.Option(help="a key's id, or tenant:NAME; everybody's when not given")]
Since = Annotated[datetime | None, typer.Option(help="made then or later, UTC")]
Until = Annotated[datetime | None, typer.Option(help="made before it, UTC")]
User = Annotated[str | None, typer.Option(help="the caller's own name for the person whose speech it is")]
Limit = Annotated[int, typer.Option(min=1, max=200)]
EXPORT_PAGE = 50
SNIPPET_CHARACTERS = 80
ID_CHARACTERS = 29


class ShownFormat(StrEnum):
    TXT = "txt"
    JSON = "json"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"


FORMATS = {
    ShownFormat.TXT: TranscriptFormat.TEXT,
    ShownFormat.JSON: TranscriptFormat.VERBOSE_JSON,
    ShownFormat.SRT: TranscriptFormat.SRT,
    ShownFormat.VTT: TranscriptFormat.VTT,
    ShownFormat.TSV: TranscriptFormat.TSV,
}


@history_app.command("list")
@reported
def list_records(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    owner: Owner = None,
    user: User = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
) -> None:
    """Show what was kept, newest first, without its text."""
    from lingting.storage.transcripts.history_records import HistoryFilter

    asked = HistoryFilter(owner, user=user, since=_utc(since), until=_utc(until))
    _show_page(asyncio.run(_page(cast("Opener", context.obj), asked, limit)))


@history_app.command()
@reported
def search(context: typer.Context, words: str, owner: Owner = None, user: User = None, limit: Limit = 20) -> None:
    """Find transcripts by words and "phrases in quotes", all of which were said."""
    from lingting.storage.transcripts.history_records import HistoryFilter

    _show_page(asyncio.run(_search(cast("Opener", context.obj), HistoryFilter(owner, user=user), words, limit)))


@history_app.command()
@reported
def show(
    context: typer.Context,
    record: str,
    shown: Annotated[ShownFormat, typer.Option("--format", "-f", help="of the transcript")] = ShownFormat.TXT,
) -> None:
    """Print one transcript."""
    kept = asyncio.run(_get(cast("Opener", context.obj), record))
    typer.echo(render(kept.transcript, FORMATS[shown]), nl=False)


@history_app.command()
@reported
def export(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="a file; standard output when not given")
    ] = None,
    owner: Owner = None,
    user: User = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write whole records, a JSON object a line."""
    from lingting.storage.transcripts.history_records import HistoryFilter

    asked = HistoryFilter(owner, user=user, since=_utc(since), until=_utc(until))
    if output is None:
        asyncio.run(_export(cast("Opener", context.obj), asked, typer.get_text_stream("stdout")))
        return
    with output.open("x", encoding="utf-8") as file:
        count = asyncio.run(_export(cast("Opener", context.obj), asked, file))
    err().print(f"{count} records are in {output}")


async def _page(opener: Opener, asked: HistoryFilter, limit: int) -> HistoryPage:
    async with opener.kept() as kept:
        return await kept.history.page(asked, limit=limit)


async def _search(opener: Opener, asked: HistoryFilter, words: str, limit: int) -> HistoryPage:
    from lingting.storage.transcripts.history_search import search as find
    from lingting.storage.transcripts.history_terms import parse_query

    async with opener.kept() as kept:
        return await find(kept.history, asked, parse_query(words), limit=limit)


async def _get(opener: Opener, record: str) -> KeptTranscript:
    async with opener.kept() as kept:
        return await kept.history.get(record, owner=None)


async def _export(opener: Opener, asked: HistoryFilter, file: TextIO) -> int:
    count = 0
    async for line in _lines(opener, asked):
        file.write(line)
        count += 1
    return count


async def _lines(opener: Opener, asked: HistoryFilter) -> AsyncIterator[str]:
    cursor: str | None = None
    async with opener.acting("history.exported") as act:
        while True:
            page = await act.kept.history.opened(asked, cursor=cursor, limit=EXPORT_PAGE)
            for each in page.opened.values():
                yield _line(each)
            cursor = page.next_cursor
            if cursor is None:
                return


def _line(kept: KeptTranscript) -> str:
    record = kept.record
    line = {"id": record.id, "owner": record.owner, "created": record.created.isoformat(), "user": kept.user}
    line["transcript"] = json.loads(render(kept.transcript, TranscriptFormat.VERBOSE_JSON))
    return json.dumps(line, ensure_ascii=False) + "\n"


def _show_page(page: HistoryPage) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True, min_width=ID_CHARACTERS)
    for heading in ("created", "owner", "kind", "language", "seconds", *(["text"] if page.opened else [])):
        table.add_column(heading, justify="right" if heading == "seconds" else "left", no_wrap=True)
    for record in page.records:
        cells = [record.id, f"{record.created:%Y-%m-%d %H:%M:%S}", record.owner, record.kind, record.language]
        cells.append(f"{record.duration_seconds:.1f}")
        if page.opened:
            text = page.opened[record.id].transcript.text
            cells.append(escape(text[:SNIPPET_CHARACTERS].replace("\n", " ")))
        table.add_row(*cells)
    print_page(table, has_more=page.next_cursor is not None)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
