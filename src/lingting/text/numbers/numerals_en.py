"""English numbers as they are said, read as numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "MAX_ORDINAL_WORDS",
    "ORDINALS",
    "SCALES",
    "SMALL",
    "TENS",
    "UNITS",
    "Number",
    "ordinal_of",
    "read_cardinal",
    "say_cardinal",
    "say_digits",
    "say_ordinal",
    "say_year",
    "suffix_of",
    "write_cardinal",
]  # fmt: skip


def _counted(names: str, *, first: int = 0, step: int = 1) -> dict[str, int]:
    return {name: first + step * i for i, name in enumerate(names.split())}


UNITS = _counted("zero one two three four five six seven eight nine")
SMALL = UNITS | _counted(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    first=10,
)
TENS = _counted("twenty thirty forty fifty sixty seventy eighty ninety", first=20, step=10) | {"fourty": 40}
SCALES = {"thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ORDINALS = (
    _counted("zeroth first second third fourth fifth sixth seventh eighth ninth")
    | _counted(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth",
        first=10,
    )
    | _counted("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth", first=20, step=10)
)
_HUNDREDTHS = {"hundredth": 100, "thousandth": 1_000, "millionth": 10**6}
MAX_ORDINAL_WORDS = 8
GROUPED_FROM = 10_000
"""Smaller numbers are written without commas, as years are."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how many words said it."""

    value: int
    length: int
    scale: str = ""
    """The scale it ended in, where nothing was said after it: two million."""


def read_cardinal(words: Sequence[str], start: int = 0) -> Number | None:
    """The longest whole number that is said from a word on; None if none is."""
    total, i, least, scale = 0, start, 10**15, ""
    while i < len(words):
        skipped = 1 if i > start and words[i] == "and" else 0
        part = _below_thousand(words, i + skipped)
        if part is None:
            break
        end = i + skipped + part.length
        name = words[end] if end < len(words) else ""
        factor = SCALES.get(name, 1)
        if factor >= least or (i > start and part.value == 0):
            break
        total += part.value * factor
        i, least, scale = end + (factor > 1), factor, name if factor > 1 else ""
        if factor == 1:
            break
    return Number(total, i - start, scale) if i > start else None


def _below_thousand(words: Sequence[str], start: int) -> Number | None:
    """Up to 9,900, since hundreds may be counted to ninety-nine (nineteen hundred)."""
    article = words[start] == "a" if start < len(words) else False
    first = Number(1, 1) if article else _below_hundred(words, start)
    if first is None:
        return None
    i = start + first.length
    if i >= len(words) or words[i] != "hundred" or first.value == 0:
        is_scaled = i < len(words) and words[i] in SCALES
        return first if not article or is_scaled else None
    i += 1
    value = first.value * 100
    skipped = 1 if i < len(words) and words[i] == "and" else 0
    rest = _below_hundred(words, i + skipped)
    if rest is not None and rest.value:
        value, i = value + rest.value, i + skipped + rest.length
    return Number(value, i - start)


def _below_hundred(words: Sequence[str], start: int) -> Number | None:
    if start >= len(words):
        return None
    word = words[start]
    if word in SMALL:
        return Number(SMALL[word], 1)
    if word not in TENS:
        return None
    unit = UNITS.get(words[start + 1], 0) if start + 1 < len(words) else 0
    return Number(TENS[word] + unit, 2 if unit else 1)


def ordinal_of(words: Sequence[str], start: int = 0) -> Number | None:
    """The longest ordinal that is said from a word on: twenty first, one hundred and fifth."""
    for length in range(min(MAX_ORDINAL_WORDS, len(words) - start), 0, -1):
        last = words[start + length - 1]
        front = list(words[start : start + length - 1])
        if last in ORDINALS:
            value = _with_ordinal(front, ORDINALS[last])
        elif last in _HUNDREDTHS and front:
            head = read_cardinal(front)
            value = head.value * _HUNDREDTHS[last] if head and head.length == len(front) else None
        else:
            continue
        if value is not None:
            return Number(value, length)
    return None


def _with_ordinal(front: list[str], last: int) -> int | None:
    if not front:
        return last
    ends_open = front[-1] in TENS and 0 < last < 10
    ends_round = front[-1] in ("and", "hundred", *SCALES) and last < 100
    base = front[:-1] if front[-1] == "and" else front
    head = read_cardinal(base) if base else None
    if not (ends_open or ends_round) or head is None or head.length != len(base):
        return None
    return head.value + last


def write_cardinal(number: Number) -> str:
    """In digits, with commas from ten thousand on, and the scale as a word where the number is that round."""
    if number.scale in ("million", "billion", "trillion") and number.value % SCALES[number.scale] == 0:
        return f"{number.value // SCALES[number.scale]} {number.scale}"
    return f"{number.value:,}" if number.value >= GROUPED_FROM else str(number.value)


def suffix_of(value: int) -> str:
    """What follows the digits of an ordinal: 21st, 12th."""
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


_BELOW_TWENTY = tuple(SMALL)
_TENS_NAMES = {value: name for name, value in TENS.items() if name != "fourty"}
_ORDINAL_NAMES = {value: name for name, value in ORDINALS.items()}
MAX_SAID = 10**15


def say_digits(digits: str) -> str:
    return " ".join(_BELOW_TWENTY[int(digit)] for digit in digits)


def say_cardinal(value: int) -> str:
    """A number in words; digit by digit from ten to the fifteenth on."""
    if value >= MAX_SAID:
        return say_digits(str(value))
    for scale in ("trillion", "billion", "million", "thousand"):
        if value >= SCALES[scale]:
            head, rest = divmod(value, SCALES[scale])
            return f"{say_cardinal(head)} {scale}" + (f" {_joined(rest)}" if rest else "")
    if value >= 100:
        head, rest = divmod(value, 100)
        return f"{_BELOW_TWENTY[head]} hundred" + (f" {_joined(rest)}" if rest else "")
    if value < 20:
        return _BELOW_TWENTY[value]
    unit = value % 10
    return _TENS_NAMES[value - unit] + (f" {_BELOW_TWENTY[unit]}" if unit else "")


def _joined(rest: int) -> str:
    return ("and " if rest < 100 else "") + say_cardinal(rest)


def say_ordinal(value: int) -> str:
    """As say_cardinal, with the last word made an ordinal."""
    front, _, last = say_cardinal(value).rpartition(" ")
    number = SMALL.get(last, TENS.get(last))
    ordinal = _ORDINAL_NAMES[number] if number is not None else f"{last}th"
    return f"{front} {ordinal}".strip()


def say_year(year: int) -> str:
    """A year in two halves, but for the first years of a millennium."""
    century, rest = divmod(year, 100)
    if year % 1_000 < 10 or not 10 <= century <= 99:
        return say_cardinal(year)
    if rest == 0:
        return f"{say_cardinal(century)} hundred"
    return f"{say_cardinal(century)} {'oh ' if rest < 10 else ''}{say_cardinal(rest)}"
