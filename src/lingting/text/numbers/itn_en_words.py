"""An English text as a list of words, and the words that tell what a number is about. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lingting.text.numbers.numerals_en import ORDINALS, SCALES, SMALL, TENS, read_cardinal, write_cardinal

__all__ = [
    "CURRENCIES", "DECADES", "DURATIONS", "MEASURES", "MONTHS", "NUMBERED", "Amount", "Said", "amount_at",
    "is_number_word", "named",
]  # fmt: skip

_TOKEN = re.compile(r"[AaPp]\.\s?[Mm]\.|[A-Za-z]+(?:['’][A-Za-z]+)*|[^\sA-Za-z-]+|(?<![A-Za-z])-|-(?![A-Za-z])")


def named(words: str) -> frozenset[str]:
    return frozenset(words.split())


MONTHS = named(
    "january february march april may june july august september october november december jan feb aug sept oct nov dec"
)
NUMBERED = named("number code pin extension ext room flight gate channel route bus apartment suite zip phone")
"""What a number said digit by digit names."""
DURATIONS = named("second seconds minute minutes hour hours day days week weeks month months year years times")
MEASURES = named(
    """
    kilometer kilometers kilometre kilometres km meter meters metre metres centimeter centimeters centimetre centimetres
    millimeter millimeters millimetre millimetres mile miles inch inches foot feet yards kilogram kilograms kilos kg
    milligram milligrams gram grams ounce ounces liter liters litre litres milliliter milliliters gallon gallons
    watt watts kilowatt kilowatts megawatt megawatts volt volts amps hertz kilohertz megahertz gigahertz decibels mph
    kilobytes megabyte megabytes gigabyte gigabytes terabyte terabytes acres hectares knots calories joules
    """
)
"""After these any number is an amount; the words stay. Durations are not among them: "two days" reads better."""
CURRENCIES = {"dollar": "$", "dollars": "$", "euro": "€", "euros": "€"}
DECADES = {name.replace("ty", "ties"): value for name, value in TENS.items()}
_NUMBER_WORDS = frozenset((*SMALL, *TENS, *SCALES, *ORDINALS, "hundred", "oh", "double", "triple")) - {"second"}


class Said:
    """A text and its words in lower case; a mark between two words is a word of its own, a hyphen is none."""

    def __init__(self, text: str) -> None:
        self._spans = [match.span() for match in _TOKEN.finditer(text)]
        self.words = [text[start:end].lower().replace("’", "'") for start, end in self._spans]

    def span(self, first: int, length: int) -> tuple[int, int]:
        return self._spans[first][0], self._spans[first + length - 1][1]

    def word(self, index: int) -> str:
        """Empty before the beginning and after the end."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    def is_number(self, index: int) -> bool:
        """Whether a word is part of a number."""
        return is_number_word(self.word(index))


def is_number_word(word: str) -> bool:
    """Whether a word in lower case is part of a number."""
    return word in _NUMBER_WORDS


@dataclass(frozen=True, slots=True)
class Amount:
    """A whole number or a decimal, as written, and how many words said it."""

    written: str
    length: int
    value: int | None
    """None of a decimal."""
    scale: str = ""


def amount_at(said: Said, start: int) -> Amount | None:
    """The number that is said from a word on, its sign included; None if none is, or another number follows it."""
    sign = said.word(start) in ("minus", "negative")
    if sign and (said.is_number(start - 1) or said.word(start - 1)[-1:].isdigit()):
        return None
    whole = read_cardinal(said.words, start + sign)
    if whole is None:
        return None
    end = start + sign + whole.length
    minus = "-" if sign else ""
    digits = _digits_from(said, end + 1) if said.word(end) == "point" else ""
    if digits:
        end += 1 + len(digits)
        scale = said.word(end) if said.word(end) in SCALES else ""
        written = f"{minus}{whole.value}.{digits}{' ' * bool(scale)}{scale}"
        return Amount(written, end + bool(scale) - start, None, scale)
    return Amount(minus + write_cardinal(whole), end - start, whole.value, whole.scale)


def _digits_from(said: Said, start: int) -> str:
    digits, i = "", start
    while said.word(i) in SMALL or said.word(i) in ("oh", "o"):
        value = SMALL.get(said.word(i), 0)
        if value > 9:
            break
        digits += str(value)
        i += 1
    return digits
