"""Templates of commands: `把(空调|冷气)[给我]{action}`, read, compiled to rules, and spelt out one by one.

    [words]      may be missing
    (one|other)  either
    {slot}       a value of the pack
    <name>       any of a list of words of the pack

Promises: a template is refused with a reason where it does not parse or spells out too long a list; the rules of those
taken match in time linear in the text but for free slots, which are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from lingting.text.commands.intent_normal import normalise
from lingting.text.commands.slots import SlotSpec

__all__ = ["Template", "TemplateInvalid", "parse_template"]

MAX_SPELLINGS = 1_500
_PARTS = re.compile(r"\{[^{}]*\}|<[^<>]*>|[\[\]()|]|[^\[\](){}<>|]+|.")
_SLACK_ZH = "(?:的|了|个|那|这|把|给我|给|帮我|你|我|一下|下|就|先|再|都|点儿|儿|趟){0,3}?"
_SLACK_EN = "(?: (?:the|a|an|my|our|that|this|please|just|now|some|so|up|to|of)){0,2}?"


class TemplateInvalid(Exception):
    """A template that cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class _Words:
    text: str


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


@dataclass(frozen=True, slots=True)
class _Either:
    options: tuple[_Sequence, ...]


_Sequence = tuple["_Words | _Slot | _Either", ...]
Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    intent: str
    language: str
    rule: re.Pattern[str]
    slots: tuple[str, ...]
    """The slot of each group of the rule; one may stand in several alternatives."""
    spellings: tuple[tuple[tuple[str, ...], frozenset[str]], ...]
    """What it spells out: words, and the slots that go with them; those with free slots are left out."""
    slot_sets: frozenset[frozenset[str]] = frozenset()
    """The slots that go together in what it spells out, free ones as well."""
    example: str = ""
    """The shortest of what it spells out with most slots, which stand in braces."""


def parse_template(source: str, intent: str, language: str, *, slots: Mapping[str, SlotSpec], words: Lists) -> Template:
    """raises    TemplateInvalid"""
    reader = _Reader(_PARTS.findall(source), words)
    tree = reader.sequence()
    if reader.rest:
        raise TemplateInvalid(f"{reader.rest[0]!r} closes nothing")
    names: list[str] = []
    pattern = _pattern(tree, language, slots, names)
    rule = re.compile(pattern)
    if rule.fullmatch(""):
        raise TemplateInvalid("fits an empty sentence")
    spelt = _spelt_out(tree)
    return Template(
        intent,
        language,
        rule,
        tuple(names),
        tuple(_spellings(spelt, language, slots)),
        frozenset(_slot_names(nodes) for nodes in spelt),
        _example(spelt, language),
    )


class _Reader:
    """Reads a template from left to right."""

    def __init__(self, parts: list[str], lists: Lists) -> None:
        self.rest = parts
        self._lists = lists

    def sequence(self) -> _Sequence:
        nodes: list[_Words | _Slot | _Either] = []
        while self.rest and self.rest[0] not in ("]", ")", "|"):
            part = self.rest.pop(0)
            if part in ("[", "("):
                nodes.append(self._either(closing="]" if part == "[" else ")"))
            elif part.startswith("{") and len(part) > 1:
                nodes.append(_Slot(part[1:-1].strip()))
            elif part.startswith("<") and len(part) > 1:
                nodes.append(self._listed(part[1:-1].strip()))
            elif part in ("{", "}", "<", ">"):
                raise TemplateInvalid(f"{part!r} stands alone")
            else:
                nodes.append(_Words(part))
        return tuple(nodes)

    def _either(self, *, closing: str) -> _Either:
        options = [self.sequence()]
        while self.rest and self.rest[0] == "|":
            self.rest.pop(0)
            options.append(self.sequence())
        if not self.rest or self.rest.pop(0) != closing:
            raise TemplateInvalid(f"{closing!r} is missing")
        return _Either((*options, ()) if closing == "]" else tuple(options))

    def _listed(self, name: str) -> _Either:
        if name not in self._lists:
            raise TemplateInvalid(f"<{name[:40]}> is no list of words of this pack")
        return _Either(tuple((_Words(word),) for word in self._lists[name]))


def _pattern(nodes: _Sequence, language: str, slots: Mapping[str, SlotSpec], names: list[str]) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, _Words):
            parts.append(re.escape(normalise(node.text, language).text) + (r"(?!\S)" if language == "en" else ""))
        elif isinstance(node, _Slot):
            if node.name not in slots:
                raise TemplateInvalid(f"{{{node.name[:40]}}} is no slot of this pack")
            names.append(node.name)
            parts.append(f"({slots[node.name].pattern(language)})" + (r"(?!\S)" if language == "en" else ""))
        else:
            options = [_pattern(option, language, slots, names) for option in node.options]
            parts.append(f"(?:{'|'.join(options)})")
    slack = _SLACK_ZH if language == "zh" else _SLACK_EN
    return slack.join(part for part in parts if part)


_Spelt = tuple["_Words | _Slot", ...]


def _spelt_out(tree: _Sequence) -> list[_Spelt]:
    spelt = list(islice(_spelt(tree), MAX_SPELLINGS + 1))
    if len(spelt) > MAX_SPELLINGS:
        raise TemplateInvalid(f"spells out more than {MAX_SPELLINGS} sentences; write it as several")
    return spelt


def _slot_names(nodes: _Spelt) -> frozenset[str]:
    return frozenset(node.name for node in nodes if isinstance(node, _Slot))


def _example(spelt: Sequence[_Spelt], language: str) -> str:
    nodes = min(spelt, key=lambda nodes: (-len(_slot_names(nodes)), len(nodes)))
    parts = [node.text.strip() if isinstance(node, _Words) else f"{{{node.name}}}" for node in nodes]
    return "".join(parts) if language == "zh" else " ".join(" ".join(parts).split())


def _spellings(
    spelt: Sequence[_Spelt], language: str, slots: Mapping[str, SlotSpec]
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    for nodes in spelt:
        names = _slot_names(nodes)
        if not any(slots[name].is_free for name in names):
            texts = tuple(normalise(node.text, language).text for node in nodes if isinstance(node, _Words))
            yield texts, names


def _spelt(nodes: _Sequence) -> Iterator[_Spelt]:
    choices = [
        [whole for option in node.options for whole in _spelt(option)] if isinstance(node, _Either) else [(node,)]
        for node in nodes
    ]
    for combination in product(*choices):
        yield tuple(leaf for part in combination for leaf in part)
