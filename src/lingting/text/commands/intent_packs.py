"""Packs of commands in YAML: read, checked, and compiled; every refusal names the file, the line and the reason.

A pack ships with the package (`packs/`) or lies in the folder of the settings. Nothing of YAML but plain maps, lists
and scalars is read; sizes are bounded before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from lingting.domain.errors import SettingsInvalid
from lingting.text.commands.intent_grammar import Template, TemplateInvalid, parse_template
from lingting.text.commands.intent_normal import normalise
from lingting.text.commands.slots import KINDS, SlotSpec

__all__ = ["Pack", "load_folder", "load_shipped", "read_pack"]

LANGUAGES = ("zh", "en")
MAX_PACK_BYTES = 256 * 2**10
MAX_PACKS = 100
MAX_INTENTS = 200
MAX_EXAMPLES = 200
MAX_EXAMPLE_CHARACTERS = 300
MAX_NAMES = 2_000
MAX_DEPTH = 8
_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")
DEFAULT_THRESHOLD = 0.65
"""Above where any of 160 sentences of read and telephone speech is taken for a command; see docs/intents.md."""
DEFAULT_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Pack:
    """A compiled pack."""

    name: str
    title: str
    slots: dict[str, SlotSpec]
    templates: tuple[Template, ...]
    intents: tuple[str, ...]
    threshold: float = DEFAULT_THRESHOLD
    margin: float = DEFAULT_MARGIN


class _Source:
    """Walks the nodes of one file, and knows where each stands."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fail(self, at: yaml.Node | yaml.Event | None, reason: str) -> SettingsInvalid:
        mark = at.start_mark if at is not None else None
        return self.fail_line(mark.line + 1 if mark is not None else 1, reason)

    def fail_line(self, line: int, reason: str) -> SettingsInvalid:
        return SettingsInvalid(f"{self._name}:{line}: {reason}", param="intents.folder")

    def text(self, node: yaml.Node, most: int = 200) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, "a text was expected")
        if len(node.value) > most:
            raise self.fail(node, f"{len(node.value)} characters; at most {most}")
        return str(node.value).strip()

    def number(self, node: yaml.Node) -> float:
        try:
            value = float(self.text(node))
        except ValueError:
            value = float("nan")
        if not abs(value) < 1e12:
            raise self.fail(node, f"{self.text(node)[:40]!r} is not a number")
        return value

    def share(self, node: yaml.Node) -> float:
        value = self.number(node)
        if not 0 <= value <= 1:
            raise self.fail(node, f"{value:g} is outside 0 to 1")
        return value

    def items(self, node: yaml.Node, most: int) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, "a list was expected")
        if len(node.value) > most:
            raise self.fail(node, f"a list of {len(node.value)}; at most {most}")
        return list(node.value)

    def fields(self, node: yaml.Node, allowed: tuple[str, ...] | None = None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, "a map of names to values was expected")
        if len(node.value) > MAX_NAMES:
            raise self.fail(node, f"{len(node.value)} names; at most {MAX_NAMES}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in found:
                raise self.fail(key, f"{name[:60]!r} stands here twice")
            if allowed is not None and name not in allowed:
                raise self.fail(key, f"{name[:60]!r} is unknown; use {', '.join(allowed)}")
            found[name] = value
        return found


def load_shipped() -> dict[str, Pack]:
    """The packs that come with the package."""
    folder = files("lingting.text.commands").joinpath("packs")
    shipped = {entry.name: entry for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return {name[:-5]: read_pack(shipped[name].read_bytes(), name) for name in sorted(shipped)}


def load_folder(folder: Path) -> dict[str, Pack]:
    """The packs of a folder, by the names of their files.

    raises    SettingsInvalid
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError as problem:
        raise SettingsInvalid(f"intents.folder = {folder}: {problem.strerror}", param="intents.folder") from problem
    if len(paths) > MAX_PACKS:
        raise SettingsInvalid(f"intents.folder = {folder}: more than {MAX_PACKS} packs", param="intents.folder")
    packs: dict[str, Pack] = {}
    for path in paths:
        if path.stem in packs:
            raise SettingsInvalid(f"{path}:1: another file here gives the pack {path.stem!r}", param="intents.folder")
        packs[path.stem] = read_pack(_bytes_of(path), str(path))
    return packs


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_PACK_BYTES:
            raise SettingsInvalid(f"{path}:1: more than {MAX_PACK_BYTES} bytes", param="intents.folder")
        return path.read_bytes()
    except OSError as problem:
        raise SettingsInvalid(f"{path}: {problem.strerror}", param="intents.folder") from problem


def read_pack(content: bytes, file: str) -> Pack:
    """raises    SettingsInvalid, with the line"""
    source = _Source(file)
    name = Path(file).stem
    if not _NAME.fullmatch(name):
        raise source.fail(None, "the file's name names the pack: small letters, digits and _")
    root = _compose(content, source)
    if root is None:
        raise source.fail(None, "is empty")
    fields = source.fields(root, ("title", "threshold", "margin", "words", "slots", "intents"))
    if "intents" not in fields:
        raise source.fail(root, "intents: is missing")
    words = _words(source, fields.get("words"))
    slots = _slots(source, fields.get("slots"))
    templates = tuple(_intents(source, fields["intents"], slots, words))
    return Pack(
        name=name,
        title=source.text(fields["title"]) if "title" in fields else name,
        slots=slots,
        templates=templates,
        intents=tuple(dict.fromkeys(template.intent for template in templates)),
        threshold=source.share(fields["threshold"]) if "threshold" in fields else DEFAULT_THRESHOLD,
        margin=source.share(fields["margin"]) if "margin" in fields else DEFAULT_MARGIN,
    )


def _compose(content: bytes, source: _Source) -> yaml.Node | None:
    """The nodes of the file; aliases are refused, since a few bytes of them stand for gigabytes."""
    try:
        depth = 0
        for event in yaml.parse(content, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise source.fail(event, "aliases are not read")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise source.fail(event, "is nested too deeply")
        node: yaml.Node | None = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise source.fail_line(line, str(problem.problem)) from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise source.fail(None, "is not YAML in UTF-8") from problem
    return node


def _words(source: _Source, node: yaml.Node | None) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    return {
        name: tuple(source.text(item) for item in source.items(value, MAX_EXAMPLES))
        for name, value in source.fields(node).items()
    }


def _slots(source: _Source, node: yaml.Node | None) -> dict[str, SlotSpec]:
    return {name: _slot(source, name, value) for name, value in source.fields(node).items()} if node else {}


def _slot(source: _Source, name: str, node: yaml.Node) -> SlotSpec:
    fields = source.fields(node, ("type", "min", "max", "values"))
    if "type" not in fields:
        raise source.fail(node, "type: is missing")
    kind = source.text(fields["type"])
    if kind not in KINDS:
        raise source.fail(fields["type"], f"type {kind[:40]!r} is unknown; use one of {', '.join(KINDS)}")
    for bound in ("min", "max"):
        if bound in fields and not KINDS[kind].has_range:
            raise source.fail(fields[bound], f"a {kind} has no range")
    least = source.number(fields["min"]) if "min" in fields else None
    most = source.number(fields["max"]) if "max" in fields else None
    if least is not None and most is not None and least > most:
        raise source.fail(fields["min"], f"min {least:g} is above max {most:g}")
    values = dict(_values(source, kind, fields.get("values")))
    if KINDS[kind].has_values and not values:
        raise source.fail(node, "values: is missing")
    return SlotSpec(name, kind, least, most, values)


def _values(source: _Source, kind: str, node: yaml.Node | None) -> Iterator[tuple[str, str]]:
    for value, names in KINDS[kind].values.items():
        for name in names:
            yield name, value
    if node is None:
        return
    if not KINDS[kind].has_values:
        raise source.fail(node, f"a {kind} has no values to choose from")
    for value, listed in source.fields(node).items():
        for item in source.items(listed, MAX_NAMES):
            name = source.text(item)
            language = "en" if name.isascii() else "zh"
            plain = normalise(name, language).text.strip()
            if not plain:
                raise source.fail(item, "holds no letter")
            yield plain, value


def _intents(
    source: _Source, node: yaml.Node, slots: dict[str, SlotSpec], words: dict[str, tuple[str, ...]]
) -> Iterator[Template]:
    fields = source.fields(node)
    if not 0 < len(fields) <= MAX_INTENTS:
        raise source.fail(node, f"{len(fields)} intents; give 1 to {MAX_INTENTS}")
    for intent, examples in fields.items():
        if not _NAME.fullmatch(intent):
            raise source.fail(examples, f"{intent[:60]!r} is no name; use small letters, digits, _ and dots")
        by_language = source.fields(examples, LANGUAGES)
        if not by_language:
            raise source.fail(examples, f"{intent} has no examples")
        for language, listed in by_language.items():
            for item in source.items(listed, MAX_EXAMPLES):
                text = source.text(item, MAX_EXAMPLE_CHARACTERS)
                try:
                    yield parse_template(text, intent, language, slots=slots, words=words)
                except TemplateInvalid as problem:
                    raise source.fail(item, str(problem)) from problem
