"""The rules of English numbers: each says what of a text it writes anew, from a word on, or that it does not apply.

Pure. The order of `RULES` matters: what is more particular comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from lingting.text.numbers.itn_en_words import (
    CURRENCIES,
    DECADES,
    DURATIONS,
    MEASURES,
    NUMBERED,
    Amount,
    Said,
    amount_at,
    named,
)
from lingting.text.numbers.numerals_en import ORDINALS, SCALES, SMALL, TENS, UNITS, ordinal_of, read_cardinal, suffix_of

__all__ = [
    "Part", "Rule", "cardinal", "decade", "digits", "fraction", "measure", "money", "ordinal", "percent", "span_of_two",
    "year", "year_at",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """Words that are written anew."""

    first: int
    length: int
    text: str | None
    """None for words that stay, and are not looked at again."""


Rule = Callable[[Said, int], "list[Part] | None"]

_ZEROS = ("oh", "o", "zero")
_REPEATS = {"double": 2, "triple": 3}
_CENTURIES = range(16, 21)
"""First halves of years that need no other sign of being one."""


def percent(said: Said, i: int) -> list[Part] | None:
    amount = amount_at(said, i)
    if amount is None:
        return None
    end = i + amount.length
    if said.word(end) == "percent":
        return [Part(i, amount.length + 1, f"{amount.written}%")]
    if said.word(end) == "per" and said.word(end + 1) == "cent":
        return [Part(i, amount.length + 2, f"{amount.written}%")]
    return None


def money(said: Said, i: int) -> list[Part] | None:
    """Dollars and euros take their sign; of other money the word stays. A pound may be a weight."""
    amount = amount_at(said, i)
    if amount is None or (said.word(i) == "a" and amount.value in (100, *SCALES.values())):
        return None
    end = i + amount.length
    sign = CURRENCIES.get(said.word(end))
    if sign is None:
        is_other = said.word(end) in ("cents", "yuan", "yen", "pounds", "rupees", "francs", "rmb")
        return [Part(i, amount.length, amount.written)] if is_other else None
    cents = _cents(said, end + 1)
    written = f"-{sign}{amount.written[1:]}" if amount.written.startswith("-") else sign + amount.written
    if cents is not None and amount.value is not None and not amount.scale:
        return [Part(i, amount.length + 1 + cents.length, f"{written}.{cents.value:02d}")]
    return [Part(i, amount.length + 1, written)]


def _cents(said: Said, i: int) -> Amount | None:
    """How many cents, with the words for them counted in."""
    skipped = said.word(i) == "and"
    cents = amount_at(said, i + skipped)
    if cents is None or cents.value is None or cents.value > 99:
        return None
    if said.word(i + skipped + cents.length) not in ("cent", "cents"):
        return None
    return Amount(cents.written, skipped + cents.length + 1, cents.value)


def measure(said: Said, i: int) -> list[Part] | None:
    """Any number before a unit becomes digits, and what is below zero."""
    amount = amount_at(said, i)
    if amount is None or said.word(i) == "a":
        return None
    end = i + amount.length
    if said.word(end) in ("degrees", "degree"):
        scale = {"celsius": "C", "centigrade": "C", "fahrenheit": "F"}.get(said.word(end + 1))
        return [Part(i, amount.length + 2, f"{amount.written}°{scale}")] if scale else [_plain(i, amount)]
    is_square = said.word(end) in ("square", "cubic")
    if said.word(end + is_square) in MEASURES or (said.word(i) in ("minus", "negative") and not said.is_number(end)):
        return [_plain(i, amount)]
    return [_plain(i, amount)] if amount.value is None else None


def _plain(i: int, amount: Amount) -> Part:
    return Part(i, amount.length, amount.written)


_PARTS = {"half": 2, "quarter": 4} | {name: below for name, below in ORDINALS.items() if 3 <= below <= 10}
_PARTS_PLURAL = {f"{name}s": below for name, below in _PARTS.items()} | {"halves": 2, "sixteenths": 16}


def fraction(said: Said, i: int) -> list[Part] | None:
    """One third, three quarters; with whole ones before it (two and a half) it stays as said."""
    above = read_cardinal(said.words, i)
    if above is None or said.word(i) == "a" or not 0 < above.value < 100 or said.word(i - 1) == "and":
        return None
    below = (_PARTS if above.value == 1 else _PARTS_PLURAL).get(said.word(i + above.length))
    if below is None or said.is_number(i - 1):
        return None
    return [Part(i, above.length + 1, f"{above.value}/{below}")]


def decade(said: Said, i: int) -> list[Part] | None:
    century = SMALL.get(said.word(i), TENS.get(said.word(i), 0))
    if century not in _CENTURIES or said.word(i + 1) not in DECADES:
        return None
    return [Part(i, 2, f"{century}{DECADES[said.word(i + 1)]}s")]


def year_at(said: Said, i: int) -> tuple[int, int] | None:
    """A year said in two halves or as a number from 1000 to 2999, and how many words said it."""
    first = SMALL.get(said.word(i), TENS.get(said.word(i), 0))
    if 10 <= first <= 20:
        if said.word(i + 1) in ("oh", "o") and UNITS.get(said.word(i + 2)):
            return first * 100 + UNITS[said.word(i + 2)], 3
        second = read_cardinal(said.words, i + 1)
        if second is not None and 10 <= second.value <= 99:
            return first * 100 + second.value, 1 + second.length
    whole = read_cardinal(said.words, i)
    if whole is not None and 1_000 <= whole.value <= 2_999 and whole.length > 1:
        return whole.value, whole.length
    return None


def year(said: Said, i: int) -> list[Part] | None:
    found = year_at(said, i)
    if found is None:
        return None
    value, length = found
    first, second = divmod(value, 100)
    if first not in _CENTURIES or second == first + 1 or said.is_number(i - 1):
        return None
    follower = said.word(i + length)
    if said.is_number(i + length) or follower in MEASURES | DURATIONS | {"people", "percent"}:
        return None
    return [Part(i, length, str(value))]


def digits(said: Said, i: int) -> list[Part] | None:
    """A number said digit by digit, "double zero" and "oh" included."""
    number, j, singles = "", i, 0
    is_numbered = said.word(i - 1) in NUMBERED
    while True:
        is_open = singles >= (3 if said.word(j + 1) != "hundred" else 1) or (is_numbered and bool(number))
        piece, length = _digit_piece(said, j, is_open=is_open)
        if not length:
            break
        singles += len(piece) if (length == 1 and len(piece) == 1) or said.word(j) in _REPEATS else 0
        number, j = number + piece, j + length
    if len(number) < (2 if is_numbered else 3) or singles < min(len(number), 3) - is_numbered or said.is_number(j):
        return None
    counts = all(int(b) == int(a) + 1 for a, b in pairwise(number))
    if counts and len(number) < 5 and not is_numbered:
        return None
    return [Part(i, j - i, number)]


def _digit_piece(said: Said, i: int, *, is_open: bool) -> tuple[str, int]:
    """The digits of the next word or two; pairs (sixty seven) only where a number is under way."""
    word = said.word(i)
    if word in _REPEATS:
        digit = _digit(said.word(i + 1))
        return (digit * _REPEATS[word], 2) if digit else ("", 0)
    digit = _digit(word)
    if digit and said.word(i + 1) == "hundred" and is_open:
        return f"{digit}00", 2
    if digit and said.word(i + 1) not in ("hundred", *SCALES, "point"):
        return digit, 1
    pair = read_cardinal(said.words, i) if is_open and (word in SMALL or word in TENS) else None
    if pair is None or not 10 <= pair.value <= 99:
        return "", 0
    return str(pair.value), pair.length


def _digit(word: str) -> str:
    if word in _ZEROS:
        return "0"
    return str(UNITS[word]) if word in UNITS else ""


def ordinal(said: Said, i: int) -> list[Part] | None:
    """From tenth on; "twenty second" is one only where it cannot be a time."""
    number = ordinal_of(said.words, i)
    if number is None or number.value < 10 or said.is_number(i - 1):
        return None
    last = said.word(i + number.length - 1)
    if last == "second" and said.word(i - 1) != "the" and said.word(i + number.length) not in _AFTER_ORDINAL:
        return None
    return [Part(i, number.length, f"{number.value}{suffix_of(number.value)}")]


_AFTER_ORDINAL = named("of century floor street avenue birthday place day amendment edition time")


def span_of_two(said: Said, i: int) -> list[Part] | None:
    """Five to ten: where one of two numbers is written in digits, so is the other. Two or three hundred stays."""
    first = amount_at(said, i)
    if first is None or first.value is None or said.word(i) == "a" or said.word(i + first.length) not in ("to", "or"):
        return None
    start = i + first.length + 1
    second = amount_at(said, start)
    if second is None or second.value is None or said.is_number(start + second.length):
        return None
    if first.value < 10 and second.value < 10:
        return None
    if first.value < 10 and second.value >= 100 and said.word(start - 1) == "or":
        return [Part(i, first.length + 1 + second.length, None)]
    return [_plain(i, first), _plain(start, second)]


def cardinal(said: Said, i: int) -> list[Part] | None:
    """Ten and more; "a hundred" and "a million" stay, being no exact number."""
    amount = amount_at(said, i)
    if amount is None or amount.value is None or amount.value < 10:
        return None
    end = i + amount.length
    if said.is_number(end) or said.is_number(i - 1):
        return None
    if said.word(i) == "a" and (amount.length <= 2 or amount.scale):
        return None
    return [_plain(i, amount)]
