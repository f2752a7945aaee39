"""A text as what hotwords are matched with: Chinese characters one by one, and whole words of other scripts. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Unit", "are_joined", "units_of"]

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_HAN}]|[^\W{_HAN}_]+(?:['’][^\W\d{_HAN}_]+)*")
_IS_HAN = re.compile(f"[{_HAN}]")
_GAP = re.compile(r"[ \-\u00a0]?")


@dataclass(frozen=True, slots=True)
class Unit:
    """Where it stands, and what of it is compared."""

    start: int
    end: int
    key: str
    is_han: bool

    @property
    def is_english(self) -> bool:
        """In letters that Metaphone knows."""
        return self.key.replace("'", "").isascii() and self.key.replace("'", "").isalpha()


def units_of(text: str) -> list[Unit]:
    """In order; marks and spaces are between them."""
    return [
        Unit(found.start(), found.end(), found[0].casefold().replace("’", "'"), _IS_HAN.match(found[0]) is not None)
        for found in _UNIT.finditer(text)
    ]


def are_joined(text: str, one: Unit, other: Unit) -> bool:
    """Whether nothing but a space or a hyphen is between two units that follow each other; between two Chinese
    characters not even that, for a space there ends a clause."""
    between = text[one.end : other.start]
    return not between if one.is_han and other.is_han else _GAP.fullmatch(between) is not None
