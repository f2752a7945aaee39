"""`lingting adapt`: proposes a pack of hotwords from a few corrected transcripts, and shows what it would gain."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.table import Table

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import out, reported
from lingting.cli.transcripts import Plan, Task, transcribe_all
from lingting.domain import Hotword, RecognizeOptions, Segment, Transcript
from lingting.domain.errors import InvalidOption

if TYPE_CHECKING:  # else --help would load the matching
    from lingting.text.hotwords.adapting import Gain, Pair

__all__ = ["adapt"]

MAX_ROWS = 2_000
MAX_ROW_CHARACTERS = 20_000
FEWEST_PAIRS = 2


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    given: str
    """A text that was recognised, or a recording."""
    corrected: str


@dataclass(frozen=True, slots=True)
class _Source:
    file: Path
    rows: Sequence[_Row]
    language: str | None
    """None where it is to be found out."""


@reported
def adapt(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    context: typer.Context,
    corrections: Annotated[Path, typer.Argument(help="lines of a recording or a text, a tab, and the right text")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the pack to write: NAME.toml")],
    language: Annotated[str | None, typer.Option("--language", "-l", help="found out when not given")] = None,
    title: Annotated[str, typer.Option(help="of the pack")] = "",
    engine: Annotated[str | None, typer.Option(help="see lingting doctor")] = None,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
) -> None:
    """Propose a pack from corrected transcripts, and show its gain on those that were held out."""
    from lingting.text.hotwords.adapting import gain_of, propose, split
    from lingting.text.hotwords.packs import PACK_NAME, HotwordPack, pack_to_toml

    if output.suffix != ".toml" or not PACK_NAME.fullmatch(output.stem):
        raise InvalidOption("--output", "name it with up to 40 small letters, digits and _, and .toml")
    rows = list(_rows(corrections))
    if len(rows) < FEWEST_PAIRS:
        raise InvalidOption("corrections", f"{len(rows)} lines; give at least {FEWEST_PAIRS}")
    source = _Source(corrections, rows, language)
    pairs = asyncio.run(_pairs(cast("Opener", context.obj), Wishes(engine=engine, model=model), source))
    learnt, held = split(pairs)
    gain = gain_of(held, propose(learnt))
    words = propose(pairs)
    if not words:
        raise InvalidOption("corrections", "tell of no word that was misheard: there is nothing to propose")
    try:
        output.write_text(pack_to_toml(HotwordPack(output.stem, title or output.stem, words)), encoding="utf-8")
    except OSError as problem:
        raise InvalidOption("--output", f"cannot write {output}: {problem.strerror}") from problem
    out().print(_words_table(words))
    out().print(_gain_table(gain, learnt=len(learnt), held=len(held)))


def _rows(file: Path) -> Iterator[_Row]:
    """raises    InvalidOption, with the line"""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidOption("corrections", f"{file} cannot be read as text in UTF-8") from problem
    for line, cells in enumerate(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE), 1):
        if not cells:
            continue
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise InvalidOption("corrections", f"{file}:{line}: give two cells with a tab between")
        if line > MAX_ROWS or max(map(len, cells)) > MAX_ROW_CHARACTERS:
            raise InvalidOption("corrections", f"{file}:{line}: more than {MAX_ROWS} lines, or too long a one")
        yield _Row(line, cells[0].strip(), cells[1].strip())


async def _pairs(opener: Opener, wishes: Wishes, source: _Source) -> list[Pair]:
    """With recordings recognised where rows name them; all rows name recordings, or none does."""
    from lingting.text.hotwords.adapting import Pair

    folder, rows = source.file.parent, source.rows
    paths = [folder / row.given for row in rows]  # an absolute one stays as it is
    recorded = [_is_file(path) for path in paths]
    if not any(recorded):
        return [Pair(_as_heard(row, source.language), row.corrected) for row in rows]
    if not all(recorded):
        row = rows[recorded.index(False)]
        raise InvalidOption("corrections", f"{source.file}:{row.line}: is no recording, and others are")
    plan = Plan(RecognizeOptions(language=source.language, word_times=True))
    async with opener.pipeline(wishes) as pipeline:
        tasks = [Task(path, path.name) for path in paths]
        outcomes = await transcribe_all(pipeline, tasks, plan, on_outcome=lambda _index, _outcome: None)
    return [
        Pair(outcome.transcript, row.corrected)
        for outcome, row in zip(outcomes, rows, strict=True)
        if outcome.transcript is not None
    ]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a sentence is no name
        return False


def _as_heard(row: _Row, language: str | None) -> Transcript:
    """Without probabilities, since a text has none."""
    from lingting.text.language import language_of

    code = language or language_of(row.corrected).language
    return Transcript((Segment(0, 0.0, 0.0, row.given, code),), code, 0.0)


def _words_table(words: Sequence[Hotword]) -> Table:
    table = Table("word", "weight", "replaces")
    for word in words:
        table.add_row(word.text, f"{word.weight:g}", ", ".join(word.replaces))
    return table


def _gain_table(gain: Gain, *, learnt: int, held: int) -> Table:
    table = Table("", "before", "with the pack", title=f"learnt from {learnt}, held out {held}")
    found = (f"{count} of {gain.said}" for count in (gain.found_before, gain.found_after))
    table.add_row("words of the pack that were found", *found)
    rates = (f"{100 * n / max(1, gain.units):.1f} %" for n in (gain.errors_before, gain.errors_after))
    table.add_row("error rate", *rates)
    return table
