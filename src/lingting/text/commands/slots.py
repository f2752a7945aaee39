"""The kinds of values that a command may name, a row for each: how each is found in a text and read.

Promises: what is read is normalised and inside its range, or it is not read at all. A free kind takes any words up to
a bound; it is found only where a template says what stands round it. A new kind is a row in `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lingting.domain.intents import SlotValue
from lingting.text.commands import slot_numbers as numbers
from lingting.text.commands import slot_times as times
from lingting.text.commands.slot_names import APPS, ROOMS

__all__ = ["KINDS", "Kind", "SlotSpec"]

Patterns = Mapping[str, str]
_FREE_WORDS = 12
_FREE_CHARACTERS = 30
_NAME_WORDS = 4
_NAME_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of a kind look, by language, and how one is read; None stands for "it is none after all"."""

    patterns: Patterns = field(default_factory=dict)
    read: Callable[[str], SlotValue | None] = str
    is_free: bool = False
    has_range: bool = False
    has_values: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Known ones, to which those of the pack are added."""


def _free(words: int, characters: int) -> Patterns:
    return {"zh": rf".{{1,{characters}}}?", "en": rf"(?: \S+){{1,{words}}}?"}


def _bare(text: str) -> str:
    """Without what softens the verb before it (搜一下…)."""
    return re.sub("^(?:一下子?|一趟|下)", "", text.strip())


def _without_article(text: str) -> str:
    return re.sub("^(?:the|a|an) ", "", _bare(text), flags=re.IGNORECASE)


KINDS: Mapping[str, Kind] = {
    "number": Kind(numbers.NUMBER, numbers.read_number, has_range=True),
    "percent": Kind(numbers.PERCENT, numbers.read_percent, has_range=True),
    "temperature": Kind(numbers.TEMPERATURE, numbers.read_number, has_range=True),
    "digits": Kind(numbers.DIGITS, numbers.read_digit_run),
    "time": Kind(times.TIME, times.read_time),
    "date": Kind(times.DATE, times.read_date),
    "duration": Kind(times.DURATION, times.read_duration, has_range=True),
    "name": Kind(_free(_NAME_WORDS, _NAME_CHARACTERS), _without_article, is_free=True),
    "place": Kind(_free(_FREE_WORDS, _FREE_CHARACTERS), _without_article, is_free=True),
    "text": Kind(_free(_FREE_WORDS, _FREE_CHARACTERS), _bare, is_free=True),
    "enum": Kind(has_values=True),
    "room": Kind(has_values=True, values=ROOMS),
    "app": Kind(has_values=True, values=APPS),
}


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """A slot of a pack: its kind, and what of the kind is taken."""

    name: str
    kind: str
    least: float | None = None
    most: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """By name as it stands in a normalised text, the value it means."""

    @property
    def is_free(self) -> bool:
        return KINDS[self.kind].is_free

    def pattern(self, language: str) -> str:
        """What values look like in a normalised text; without capturing groups, and never matching everything."""
        if not KINDS[self.kind].has_values:
            return KINDS[self.kind].patterns[language]
        names = [name for name in self.values if name.isascii() or language == "zh"]
        if language == "zh":
            return "|".join(re.escape(name.replace(" ", "")) for name in _longest_first(names)) or "(?!)"
        return "|".join(rf" {re.escape(name)}(?!\S)" for name in _longest_first(names)) or "(?!)"

    def read(self, normal: str, original: str) -> SlotValue | None:
        """The value of what the pattern found; None if it is out of range or none after all.

        original    as it stood in the text; free kinds keep its case and spaces
        """
        if KINDS[self.kind].has_values:
            plain = normal.strip()
            return self.values.get(plain) or self._unspaced(plain)
        value = KINDS[self.kind].read(original if self.is_free else normal.strip())
        if isinstance(value, str) or value is None:
            return value or None
        is_low = self.least is not None and value < self.least
        is_high = self.most is not None and value > self.most
        return None if is_low or is_high else value

    def _unspaced(self, plain: str) -> str | None:
        """Latin names inside Chinese, which is matched without spaces."""
        return next((value for name, value in self.values.items() if name.replace(" ", "") == plain), None)


def _longest_first(names: list[str]) -> list[str]:
    return sorted(names, key=len, reverse=True)
