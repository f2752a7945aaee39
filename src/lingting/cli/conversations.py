"""`lingting conversations`: what was said with the language model, listed, shown, summed up and erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.markup import escape
from rich.table import Table

from lingting.cli.opening import Opener
from lingting.cli.reporting import out, print_page, reported

if TYPE_CHECKING:
    from lingting.dialogue.chat.conversation_report import ConversationReport
    from lingting.storage.conversations.conversation_records import ConversationPage, KeptConversation
    from lingting.storage.erasing import Erased, Erasure

__all__ = ["conversations_app"]

conversations_app = typer.Typer(
    name="conversations", no_args_is_help=True, help="List, show, sum up and erase conversations with the model."
)

Owner = Annotated[str | None, typer.Option(help="a key's id, or tenant:NAME; everybody's when not given")]
User = Annotated[str | None, typer.Option(help="the caller's own name for who spoke")]
AsJson = Annotated[bool, typer.Option("--json", help="as the server's doors give it")]
ID_CHARACTERS = 29


@conversations_app.command("list")
@reported
def list_conversations(
    context: typer.Context,
    owner: Owner = None,
    user: User = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
) -> None:
    """Show what was kept, newest first, without what was said."""
    page = asyncio.run(_page(cast("Opener", context.obj), owner, user=user, limit=limit))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True, min_width=ID_CHARACTERS)
    for heading in ("began", "last", "expires", "owner", "door", "turns"):
        table.add_column(heading, justify="right" if heading == "turns" else "left", no_wrap=True)
    for record in page.records:
        moments = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (record.began, record.last, record.expires))
        table.add_row(record.id, *moments, record.owner, record.door, str(record.turns))
    print_page(table, has_more=page.next_cursor is not None)


@conversations_app.command()
@reported
def show(context: typer.Context, conversation: str, as_json: AsJson = False) -> None:
    """Print what was asked, and what was heard of the answers."""
    from lingting.api.http.conversation_answers import conversation_answer, turn_answer

    kept = asyncio.run(_get(cast("Opener", context.obj), conversation))
    if as_json:
        said = {"said": [turn_answer(turn) for turn in kept.turns]}
        _print_json(conversation_answer(kept.record) | {"user": kept.user, "context": kept.context} | said)
        return
    if kept.context:
        typer.echo(f"known: {_plain(kept.context)}")
    for turn in kept.turns:
        typer.echo(f"{turn.began:%Y-%m-%d %H:%M:%S}  user: {_plain(turn.asked)}")
        heard = _plain(turn.heard) or "(nothing was heard)"
        typer.echo(f"{'':19}  bot:  {heard}{' …' if turn.is_interrupted else ''}")


@conversations_app.command()
@reported
def report(context: typer.Context, conversation: str, as_json: AsJson = False) -> None:
    """Sum one up: moods, intents, languages, how long its stages took, and what it used."""
    from lingting.api.http.conversation_answers import report_answer
    from lingting.dialogue.chat.conversation_report import report_of

    found = report_of(asyncio.run(_get(cast("Opener", context.obj), conversation)).turns)
    if as_json:
        _print_json(report_answer(found))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _lines(found).items():
        table.add_row(name, escape(value))
    out().print(table)


@conversations_app.command()
@reported
def delete(
    context: typer.Context,
    conversation: str,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Erase one for good."""
    from lingting.domain.errors import RecordNotFound
    from lingting.storage.erasing import Erasure

    if not yes:
        typer.confirm("This cannot be undone. Erase?", abort=True, err=True)
    erased = asyncio.run(_erase(cast("Opener", context.obj), Erasure(None, id=conversation)))
    if not erased.conversations:
        raise RecordNotFound("there is no such conversation, or its time is over")
    out().print(f"erased {erased.conversations} conversation")


async def _page(opener: Opener, owner: str | None, *, user: str | None, limit: int) -> ConversationPage:
    async with opener.kept() as kept:
        return await kept.conversations.page(owner, user=user, limit=limit)


async def _get(opener: Opener, conversation: str) -> KeptConversation:
    async with opener.kept() as kept:
        return await kept.conversations.get(conversation, owner=None)


async def _erase(opener: Opener, asked: Erasure) -> Erased:
    async with opener.acting("conversation.erased") as act:
        erased = await act.kept.eraser.erase(asked)
        act.subject = asked.id or ""
        act.detail |= {"conversations": erased.conversations}
        return erased


def _plain(text: str) -> str:
    """In one line, and without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)


def _lines(found: ConversationReport) -> Mapping[str, str]:
    """As a person reads it."""
    mood = "none was found" if found.mood is None else f"{found.mood.whole.mood.label}, {found.mood.whole.trend}"
    lines = {
        "turns": f"{found.turns} in {found.seconds:.1f} s",
        "languages": _counts(found.languages),
        "intents": _counts(found.intents),
        "mood": mood,
        "interruptions": f"{found.interruptions}; {found.unheard} answers were not heard",
        "tokens": f"{found.read_tokens} read, {found.written_tokens} written; {found.cached_ratio:.0%} cached",
    }
    for name, stage in found.stages.items():
        times = f"p50 {stage.p50_seconds * 1_000:.0f} ms, p95 {stage.p95_seconds * 1_000:.0f} ms"
        lines[name.replace("_", " ")] = f"{times}, of {stage.turns} turns"
    return lines


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _print_json(value: Mapping[str, object]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
