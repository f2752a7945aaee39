"""Chinese numbers as they are said, read as numbers. Pure.

Takes a whole run of numerals and says what it is or that it is none, so that an approximation (十七八, 三四百) is never
read in part.
"""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = [
    "CHINESE_DIGITS", "NUMERALS", "is_approximate", "read_cardinal", "read_digits", "say_cardinal", "say_digits",
    "write_cardinal",
]  # fmt: skip

CHINESE_DIGITS = "零〇一二三四五六七八九幺"
NUMERALS = "零〇一二两三四五六七八九十百千万亿幺"
_VALUES = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"〇": 0, "幺": 1, "两": 2}
_NAMES = "零一二三四五六七八九"
_SECTION = re.compile(
    "(?:([一二两三四五六七八九])千)?(?:零?([一二两三四五六七八九])百)?(?:([零〇])?([一二三四五六七八九])?(十))?"
    "(?:([零〇])?([一二三四五六七八九]|(?<![零〇一二三四五六七八九十百千])两))?"
)
_WAN, _YI = 10_000, 100_000_000


def read_digits(run: str) -> str | None:
    """A number said digit by digit; None if it holds anything else, 两 included, which is never a digit."""
    if not run or any(character not in CHINESE_DIGITS for character in run):
        return None
    return "".join(str(_VALUES[character]) for character in run)


def is_approximate(run: str) -> bool:
    """True for two digits in a row that mean "one or the other": 三四, and 三五."""
    digits = read_digits(run)
    return digits is not None and len(digits) == 2 and (int(digits[1]) == int(digits[0]) + 1 or digits == "35")


def read_cardinal(run: str) -> int | None:
    """The value of a number said with its units, 三百五 for 350 included; None if the run is not one such number."""
    if not run or "幺" in run:
        return None
    yi, found_yi, rest = run.rpartition("亿")
    high = _below_yi(yi) if found_yi else 0
    if high is None or (found_yi and high == 0):
        return None
    low = _below_yi(rest, after=_YI if found_yi else 0)
    return None if low is None else high * _YI + low


def _below_yi(run: str, *, after: int = 0) -> int | None:
    wan, found_wan, rest = run.partition("万")
    if not found_wan:
        return _section(run, after=after)
    high = _section(wan, after=after)
    low = _section(rest, after=_WAN)
    return None if not high or low is None else high * _WAN + low


def _section(run: str, *, after: int) -> int | None:
    """A number below ten thousand.

    after    the unit said just before it, 0 at the beginning: a lone digit then counts its tenths (一万二)
    """
    if run in ("", "零", "〇"):
        return 0 if not (run and after) else None
    said = _SECTION.fullmatch(run)
    if said is None:
        return None
    thousands, hundreds, skipped_tens, tens, ten, skipped_ones, ones = said.groups()
    if (skipped_tens or skipped_ones) and not (thousands or hundreds or after):
        return None
    if ones == "两" and after:
        return None
    if ten and not tens and (thousands or hundreds):
        return None
    lowest = 10 if ten else 100 if hundreds else 1_000 if thousands else after
    is_shorthand = ones and not skipped_ones and lowest >= 100
    value = 1_000 * _VALUES.get(thousands, 0) + 100 * _VALUES.get(hundreds, 0)
    value += 10 * _VALUES.get(tens, 1) if ten else 0
    return value + _VALUES.get(ones, 0) * (lowest // 10 if is_shorthand else 1)


def write_cardinal(value: int, run: str = "") -> str:
    """The number in digits, with 万 or 亿 kept where that is how round it was said.

    run    how it was said
    """
    if value and value % _WAN == 0 and ("万" in run or "亿" in run):
        unit, name = (_YI, "亿") if value >= _YI else (_WAN, "万")
        if value >= _WAN * _YI and "万亿" in run:
            unit, name = _WAN * _YI, "万亿"
        return f"{(Decimal(value) / unit).normalize():f}{name}"
    if "万" in run and value % 100 == 0 and len(run) > 2 and run[-2] == "万":
        return f"{(Decimal(value) / _WAN).normalize():f}万"
    return str(value)


def say_digits(digits: str, *, one: str = "一") -> str:
    """Digits read one by one; in telephone numbers one is 幺."""
    return "".join(one if digit == "1" else _NAMES[int(digit)] for digit in digits)


def say_cardinal(value: int) -> str:
    """A number read with its units, 两 before 百, 千, 万 and 亿; digit by digit from ten to the sixteenth on."""
    if value >= _WAN**4:
        return say_digits(str(value))
    spoken = _say(value) or "零"
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def _say(value: int) -> str:
    """As it is read inside a longer number: 一十, not 十; nothing for zero."""
    for unit, name in ((_YI, "亿"), (_WAN, "万"), (1_000, "千"), (100, "百"), (10, "十")):
        if value < unit:
            continue
        head, rest = divmod(value, unit)
        count = "两" if head == 2 and unit > 10 else say_cardinal(head) if head >= 10 else _NAMES[head]
        gap = "零" if 0 < rest < unit // 10 else ""
        return count + name + gap + _say(rest)
    return _NAMES[value] if value else ""
