"""`lingting hotwords`: checks a pack of hotwords, lists those that are known, and reads those of other commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lingting.cli.reporting import out, reported
from lingting.domain import Hotwords

if TYPE_CHECKING:  # else --help would load the settings
    from lingting.text.hotwords.shelf import HotwordShelf

__all__ = ["HotwordOption", "PackOption", "hotwords_app", "read_hotword_options"]

hotwords_app = typer.Typer(name="hotwords", no_args_is_help=True, help="Check packs of hotwords.")

HotwordOption = Annotated[list[str] | None, typer.Option("--hotword", help="it may hold, as 血压 or 血压:3; repeat it")]
PackOption = Annotated[list[str] | None, typer.Option("--pack", help="of hotwords, by name or as a file; repeat it")]


def _shelf(folder: Path | None = None) -> HotwordShelf:
    from dataclasses import replace

    from lingting.settings import load_settings
    from lingting.text.hotwords.shelf import HotwordSettings, HotwordShelf

    settings = load_settings().built("hotwords", HotwordSettings)
    return HotwordShelf.opened(settings if folder is None else replace(settings, folder=folder, packs=()))


def read_hotword_options(words: list[str] | None, packs: list[str] | None) -> Hotwords:
    """What the options of a command name; without packs those that are usual here.

    raises    InvalidOption, SettingsInvalid
    """
    from lingting.text.hotwords.packs import load_pack
    from lingting.text.hotwords.reading import read_hotwords

    files = [Path(name) for name in packs or () if Path(name).suffix in (".toml", ".csv")]
    names = None if packs is None else [name for name in packs if Path(name).suffix not in (".toml", ".csv")]
    shelf = _shelf()
    chosen = shelf.chosen(shelf.usual, words=read_hotwords(words or []), packs=names)
    return Hotwords((*chosen.words, *(word for file in files for word in load_pack(file).words)))


@hotwords_app.command("check")
@reported
def check(file: Annotated[Path, typer.Argument(help="a pack, as TOML or CSV")]) -> None:
    """Read a pack; what is wrong with it is told with its line."""
    from lingting.text.hotwords.packs import load_pack

    pack = load_pack(file)
    replaced = sum(len(word.replaces) for word in pack.words)
    out().print(f"{pack.name}: {len(pack.words)} words, {replaced} replacements", highlight=False)


@hotwords_app.command("list")
@reported
def list_packs(
    folder: Annotated[
        Path | None, typer.Option(help="of packs of your own; that of the settings when not given")
    ] = None,
) -> None:
    """List the packs; a broken one is told with its file and line."""
    for pack in _shelf(folder).packs:
        out().print(f"{pack.name}: {pack.title}, {len(pack.words)} words", highlight=False)
