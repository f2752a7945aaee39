"""`lingting intents`: tries sentences on packs of commands, and lists and checks the packs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lingting.cli.reporting import out, reported

if TYPE_CHECKING:  # else --help would load the matching
    from lingting.text.commands.intents import Intents

__all__ = ["intents_app"]

intents_app = typer.Typer(name="intents", no_args_is_help=True, help="Try and check packs of commands.")

Folder = Annotated[Path | None, typer.Option(help="of packs of your own; that of the settings when not given")]


def _opened(folder: Path | None) -> Intents:
    from dataclasses import replace

    from lingting.settings import load_settings
    from lingting.text.commands.intents import Intents, IntentSettings

    settings = load_settings().built("intents", IntentSettings)
    return Intents.opened(settings if folder is None else replace(settings, folder=folder))


@intents_app.command("test")
@reported
def try_sentence(
    pack: Annotated[str, typer.Argument(help="car, desktop, home, or one of your own")],
    text: Annotated[str, typer.Argument(help="what was said")],
    language: Annotated[str | None, typer.Option(help="zh or en; found out when not given")] = None,
    folder: Folder = None,
) -> None:
    """Print what a sentence asks for, as JSON."""
    from lingting.text.commands.intents import match_fields

    match = _opened(folder).matcher(pack).match(text, language)
    out().print_json(json.dumps(match_fields(match), ensure_ascii=False))


@intents_app.command("list")
@reported
def list_packs(folder: Folder = None) -> None:
    """List the packs with their intents; a broken pack is told with its file and line."""
    for pack in _opened(folder).packs():
        out().print(f"{pack.name}: {', '.join(pack.intents)}", highlight=False)
