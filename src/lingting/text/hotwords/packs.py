"""Packs of hotwords in TOML and CSV: read and checked; every refusal names the file, the line and the reason.

A pack ships with the package (`packs/`) or lies in the folder of the settings; its file's name names it. Sizes are
bounded before anything is read.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from lingting.domain import Hotword
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.domain.hotwords import MAX_HOTWORDS

__all__ = ["PACK_NAME", "HotwordPack", "load_folder", "load_pack", "load_shipped", "pack_to_toml", "read_pack"]

MAX_PACK_BYTES = 512 * 2**10
MAX_PACKS = 100
MAX_TITLE_CHARACTERS = 200
PACK_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
PARAM = "hotwords.folder"
COLUMNS = ("text", "weight", "replaces", "language")
REPLACES_BETWEEN = "|"
"""In CSV, between the entries of `replaces`."""
_HEAD = re.compile(r"\s*\[\[\s*words\s*\]\]")


@dataclass(frozen=True, slots=True)
class HotwordPack:
    """A pack, checked."""

    name: str
    title: str
    words: tuple[Hotword, ...]


def load_shipped() -> dict[str, HotwordPack]:
    """The packs that come with the package."""
    folder = files("lingting.text.hotwords").joinpath("packs")
    shipped = {entry.name: entry for entry in folder.iterdir() if entry.name.endswith((".toml", ".csv"))}
    packs = [read_pack(shipped[name].read_bytes(), name) for name in sorted(shipped)]
    return {pack.name: pack for pack in packs}


def load_folder(folder: Path) -> dict[str, HotwordPack]:
    """The packs of a folder.

    raises    SettingsInvalid
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".toml", ".csv"))
    except OSError as problem:
        raise SettingsInvalid(f"{PARAM} = {folder}: {problem.strerror}", param=PARAM) from problem
    if len(paths) > MAX_PACKS:
        raise SettingsInvalid(f"{PARAM} = {folder}: more than {MAX_PACKS} packs", param=PARAM)
    packs: dict[str, HotwordPack] = {}
    for path in paths:
        if path.stem in packs:
            raise SettingsInvalid(f"{path}:1: another file here gives the pack {path.stem!r}", param=PARAM)
        packs[path.stem] = load_pack(path)
    return packs


def load_pack(path: Path) -> HotwordPack:
    """raises    SettingsInvalid"""
    try:
        if path.stat().st_size > MAX_PACK_BYTES:
            raise SettingsInvalid(f"{path}:1: more than {MAX_PACK_BYTES} bytes", param=PARAM)
        return read_pack(path.read_bytes(), str(path))
    except OSError as problem:
        raise SettingsInvalid(f"{path}: {problem.strerror}", param=PARAM) from problem


def read_pack(content: bytes, file: str) -> HotwordPack:
    """raises    SettingsInvalid, with the line"""
    source = _Source(file)
    path = Path(file)
    if not PACK_NAME.fullmatch(path.stem):
        raise source.fail(1, "the file's name names the pack: up to 40 small letters, digits and _")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise source.fail(content[: problem.start].count(b"\n") + 1, "is not UTF-8") from problem
    title, entries = ("", _csv_entries(source, text)) if path.suffix == ".csv" else _toml_entries(source, text)
    words: dict[str, Hotword] = {}
    for line, fields in entries:
        word = _word(source, line, fields, pack=path.stem)
        if word.text in words:
            raise source.fail(line, f"{word.text!r} stands here twice")
        if len(words) == MAX_HOTWORDS:
            raise source.fail(line, f"more than {MAX_HOTWORDS} words; make two packs")
        words[word.text] = word
    if not words:
        raise source.fail(1, "holds no words")
    return HotwordPack(path.stem, title or path.stem, tuple(words.values()))


@dataclass(frozen=True, slots=True)
class _Source:
    file: str

    def fail(self, line: int, reason: str) -> SettingsInvalid:
        return SettingsInvalid(f"{self.file}:{line}: {reason}", param=PARAM)


Entry = tuple[int, Mapping[str, Any]]
"""The line, and what stands there."""


def _word(source: _Source, line: int, fields: Mapping[str, Any], *, pack: str) -> Hotword:
    for name in fields.keys() - set(COLUMNS):
        raise source.fail(line, f"{str(name)[:60]!r} is unknown; a word has {', '.join(COLUMNS)}")
    text, weight, replaces = fields.get("text"), fields.get("weight", 1.0), fields.get("replaces", ())
    if not isinstance(text, str):
        raise source.fail(line, "text is missing, or no text")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise source.fail(line, f"weight {str(weight)[:40]!r} is no number")
    if not isinstance(replaces, list | tuple) or not all(isinstance(each, str) for each in replaces):
        raise source.fail(line, "replaces is no list of texts")
    language = fields.get("language")
    if language is not None and not isinstance(language, str):
        raise source.fail(line, "language is no text")
    try:
        return Hotword(text.strip(), weight, tuple(each.strip() for each in replaces), language, pack)
    except InvalidOption as problem:
        reason = problem.message.removeprefix("hotwords: ").removeprefix("language: ")
        raise source.fail(line, f"{text[:60]!r}: {reason}") from problem


def _toml_entries(source: _Source, text: str) -> tuple[str, Iterable[Entry]]:
    """The title, and the words: `[[words]]` tables, or `words = [...]` of texts and inline tables."""
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        place = re.search(r"at line (\d+)", str(problem))
        line = int(place[1]) if place else text.count("\n") + 1
        raise source.fail(line, f"is not TOML: {str(problem).partition(' (at')[0]}") from problem
    except RecursionError as problem:
        raise source.fail(1, "is nested too deeply") from problem
    lines = text.splitlines()
    for name in root.keys() - {"title", "language", "words"}:
        raise source.fail(_line_of(lines, name), f"{name[:60]!r} is unknown; a pack has title, language and words")
    title, language, words = root.get("title", ""), root.get("language"), root.get("words", [])
    if not isinstance(title, str) or len(title) > MAX_TITLE_CHARACTERS or not title.isprintable():
        raise source.fail(_line_of(lines, "title"), f"title has up to {MAX_TITLE_CHARACTERS} printable characters")
    if not isinstance(words, list):
        raise source.fail(_line_of(lines, "words"), "words is no list")
    usual = {} if language is None else {"language": language}
    heads = [number for number, line in enumerate(lines, 1) if _HEAD.match(line)]
    entries: list[Entry] = []
    for i, given in enumerate(words):
        fields = {"text": given} if isinstance(given, str) else given
        if not isinstance(fields, dict):
            raise source.fail(_line_of(lines, "words"), f"word {i + 1} is neither a text nor a table")
        line = heads[i] if len(heads) == len(words) else _line_of(lines, fields.get("text"))
        entries.append((line, usual | fields))
    return title, entries


def _line_of(lines: list[str], text: object) -> int:
    """Where a text first stands; the first line for what is found nowhere."""
    wanted = text if isinstance(text, str) and text else "words"
    return next((number for number, line in enumerate(lines, 1) if wanted in line), 1)


def _csv_entries(source: _Source, text: str) -> Iterable[Entry]:
    """Rows under a line of the names of the columns; `replaces` has | between its entries."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = rows.fieldnames or []
        if "text" not in names or set(names) - set(COLUMNS) or len(set(names)) < len(names):
            raise source.fail(1, f"the first line names the columns: text, and any of {', '.join(COLUMNS[1:])}")
        for row in rows:
            yield rows.line_num, _csv_fields(source, rows.line_num, row)
    except csv.Error as problem:
        raise source.fail(rows.line_num + 1, f"is not CSV: {problem}") from problem


def _csv_fields(source: _Source, line: int, row: Mapping[str | None, Any]) -> Mapping[str, Any]:
    if None in row:
        raise source.fail(line, "has more fields than the first line")
    fields: dict[str, Any] = {name: value for name, value in row.items() if name is not None and value}
    if "weight" in fields:
        try:
            fields["weight"] = float(fields["weight"])
        except ValueError as problem:
            raise source.fail(line, f"weight {fields['weight'][:40]!r} is no number") from problem
    if "replaces" in fields:
        fields["replaces"] = [each for each in fields["replaces"].split(REPLACES_BETWEEN) if each.strip()]
    return fields


def pack_to_toml(pack: HotwordPack) -> str:
    """As `read_pack` reads it."""
    parts = [f"title = {_quoted(pack.title)}\n"]
    for word in pack.words:
        parts.append(f"\n[[words]]\ntext = {_quoted(word.text)}\n")
        if word.weight != 1.0:
            parts.append(f"weight = {word.weight}\n")
        if word.replaces:
            parts.append(f"replaces = [{', '.join(map(_quoted, word.replaces))}]\n")
        if word.language is not None:
            parts.append(f"language = {_quoted(word.language)}\n")
    return "".join(parts)


def _quoted(text: str) -> str:
    """A basic string of TOML; the texts hold printable characters only."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
