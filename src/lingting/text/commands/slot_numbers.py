"""Numbers, percentages, temperatures and digits inside commands, said or written, as values. Pure.

Patterns hold no capturing group. English patterns begin with the space that precedes every word of a normalised text.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from lingting.domain.intents import SlotValue
from lingting.text.numbers.numerals_en import SCALES, SMALL, TENS
from lingting.text.numbers.numerals_en import read_cardinal as read_cardinal_en
from lingting.text.numbers.numerals_zh import CHINESE_DIGITS, NUMERALS, read_cardinal, read_digits

__all__ = ["DIGITS", "NUMBER", "PERCENT", "TEMPERATURE", "number_of", "read_digit_run", "read_number", "read_percent"]

_ARABIC = r"\d+(?:\.\d+)?"
_ZH = f"(?:负|零下)?(?:{_ARABIC}|[{NUMERALS}]+(?:点[{CHINESE_DIGITS}]+)?)"
_WORDS = "|".join(sorted((*SMALL, *TENS, *SCALES, "hundred"), key=len, reverse=True))
_EN_SAID = rf" (?:{_WORDS}|a hundred)\b(?: (?:and )?(?:{_WORDS})\b)*(?: point(?: (?:{_WORDS})\b)+)?"
_EN = rf"(?: minus)?(?: {_ARABIC}(?![\d:])|{_EN_SAID})"

NUMBER = {"zh": _ZH, "en": _EN}
PERCENT = {
    "zh": f"(?:百分之{_ZH}|百分百|一半|最大|最高|{_ZH}%?)",
    "en": rf"(?:{_EN}(?:%| percent\b)?| half\b| full\b| maximum\b| max\b)",
}
TEMPERATURE = {
    "zh": f"{_ZH}(?:度半|摄氏度|华氏度|°c?|℃|度)?",
    "en": rf"{_EN}(?:°c?|℃| degrees?\b)?(?: celsius\b| fahrenheit\b)?",
}
_EN_DIGIT = r"(?:(?:double |triple )?(?:zero|oh?|one|two|three|four|five|six|seven|eight|nine))"
DIGITS = {"zh": rf"(?:[{CHINESE_DIGITS}]|\d|-){{2,}}", "en": rf"(?:(?: {_EN_DIGIT}\b| ?[\d-]+)){{2,}}| \d{{2,}}"}

_UNITS = re.compile(r"%|percent|degrees?|celsius|fahrenheit|摄氏度|华氏度|°c?|℃|度|百分之")
_WHOLE = {"百分百": 100, "最大": 100, "最高": 100, "full": 100, "maximum": 100, "max": 100, "一半": 50, "half": 50}
_DIGIT_NAMES = {name: str(value) for name, value in SMALL.items() if value < 10} | {"o": "0", "oh": "0"}


def number_of(text: str) -> Decimal | None:
    """The number that a text says or writes; None if it is none."""
    text = text.strip()
    sign = -1 if text.startswith(("负", "零下", "minus")) else 1
    text = re.sub("^(?:负|零下|minus ?)", "", text)
    value = _plain(text)
    return None if value is None else sign * value


def _plain(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    if text and text[0] in NUMERALS:
        whole, _, tenths = text.partition("点")
        value = read_cardinal(whole)
        digits = read_digits(whole) if value is None else None
        said = str(value) if value is not None else digits
        rest = read_digits(tenths) if tenths else ""
        return None if said is None or rest is None else Decimal(f"{said}.{rest}" if rest else said)
    return _english(text)


def _english(text: str) -> Decimal | None:
    whole, _, tenths = text.partition(" point ")
    words = whole.split()
    found = read_cardinal_en(words)
    if found is None or found.length != len(words):
        return None
    digits = "".join(_DIGIT_NAMES.get(word, "x") for word in tenths.split())
    if "x" in digits:
        return None
    return Decimal(f"{found.value}.{digits}" if digits else found.value)


def read_number(text: str) -> SlotValue | None:
    """A number, without the unit that follows it."""
    half = text.endswith("度半")
    value = number_of(_UNITS.sub("", text.removesuffix("半") if half else text))
    if value is None:
        return None
    value += Decimal("0.5") if half else 0
    return int(value) if value == value.to_integral_value() else float(value)


def read_percent(text: str) -> SlotValue | None:
    return _WHOLE.get(text.strip()) or read_number(text)


def read_digit_run(text: str) -> SlotValue | None:
    """Digits said or written one by one, as a string, since a leading zero counts."""
    text = text.strip().replace("-", "")
    if not text.isascii():
        return "".join(c if c.isascii() else read_digits(c) or "" for c in text)
    parts: list[str] = []
    times = 1
    for word in text.split():
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        parts.append(_DIGIT_NAMES.get(word, word) * times)
        times = 1
    run = "".join(parts)
    return run if run.isdigit() else None
