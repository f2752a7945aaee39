"""The rules of English dates, times of day and web addresses. Pure."""

from __future__ import annotations

from lingting.text.numbers.itn_en_rules import Part, year_at
from lingting.text.numbers.itn_en_words import CURRENCIES, DURATIONS, MEASURES, MONTHS, Said, named
from lingting.text.numbers.numerals_en import UNITS, ordinal_of, read_cardinal, suffix_of

__all__ = ["address", "clock", "day_of_month", "month_and_day", "past_hour"]

_DOMAINS = named("com org net edu gov io ai cn co uk app dev info")
_AT = named("at by until till around before from to")
"""Before two numbers these make them hours and minutes."""
_NAMES_TOO = ("may", "march")
"""Months whose names are other words as well."""


def address(said: Said, i: int) -> list[Part] | None:
    """Names joined by "dot", where the last is a domain."""
    j = i
    while said.word(j).isalnum() and said.word(j + 1) == "dot" and said.word(j + 2).isalnum():
        j += 2
    if j == i or said.word(j) not in _DOMAINS or said.word(i) == "dot":
        return None
    return [Part(i, j - i + 1, ".".join(said.words[i : j + 1 : 2]))]


def past_hour(said: Said, i: int) -> list[Part] | None:
    """Half past three, a quarter to four, twenty minutes past six."""
    article = said.word(i) == "a"
    word = said.word(i + article)
    minutes = {"half": (30, 1), "quarter": (15, 1)}.get(word)
    if minutes is None:
        number = None if article else read_cardinal(said.words, i)
        if number is None or not 1 <= number.value <= 29:
            return None
        minutes = number.value, number.length
    value, j = minutes[0], i + article + minutes[1]
    is_exact = said.word(j) in ("minutes", "minute")
    way = said.word(j + is_exact)
    hour = _hour(said, j + is_exact + 1)
    if hour is None or way not in ("past", "to") or (way == "to" and not (is_exact or word == "quarter")):
        return None
    start = j + is_exact + 1
    written = f"{hour}:{value:02d}" if way == "past" else f"{(hour - 2) % 12 + 1}:{60 - value:02d}"
    return [Part(i, start + 1 - i, written), *_half_day(said, start + 1)]


def clock(said: Said, i: int) -> list[Part] | None:
    """An hour with its half of the day, with o'clock, or with minutes after a word like "at"."""
    hour = _hour(said, i)
    if hour is None or said.is_number(i - 1):
        return None
    if said.word(i + 1) in ("o'clock", "oclock"):
        return [Part(i, 1, str(hour))]
    minute, length = _minute(said, i + 1)
    half = _half_day(said, i + 1 + length)
    if half:
        return [Part(i, 1 + length, f"{hour}:{minute:02d}" if length else str(hour)), *half]
    follower = said.word(i + 1 + length)
    is_time = said.word(i - 1) in _AT and length and not said.is_number(i + 1 + length)
    if not is_time or follower in MEASURES | DURATIONS | CURRENCIES.keys() | {"percent", "people", "point"}:
        return None
    return [Part(i, 1 + length, f"{hour}:{minute:02d}")]


def _hour(said: Said, i: int) -> int | None:
    number = read_cardinal(said.words[i : i + 1])
    return number.value if number is not None and 1 <= number.value <= 12 else None


def _minute(said: Said, i: int) -> tuple[int, int]:
    """Minutes and how many words said them; no words where there are none."""
    if said.word(i) in ("oh", "o") and UNITS.get(said.word(i + 1)):
        return UNITS[said.word(i + 1)], 2
    number = read_cardinal(said.words, i)
    if number is None or not 10 <= number.value <= 59:
        return 0, 0
    return number.value, number.length


def _half_day(said: Said, i: int) -> list[Part]:
    """What writes "p m" as one word; empty where the half of the day is not said."""
    word, following = said.word(i), said.word(i + 1)
    if word in ("a", "p") and following == "m":
        return [Part(i, 2, f"{word}.m.")]
    is_half = word in ("pm", "a.m.", "p.m.", "a. m.", "p. m.") or (word == "am" and following != "i")
    return [Part(i, 0, None)] if is_half else []


def month_and_day(said: Said, i: int) -> list[Part] | None:
    """March third, 2020; with a day, a year, or both."""
    month = said.word(i)
    if month not in MONTHS:
        return None
    parts = [Part(i, 1, month.capitalize())]
    article = said.word(i + 1) == "the"
    j = i + 1 + article
    day = ordinal_of(said.words, j)
    if day is not None and 1 <= day.value <= 31:
        parts.append(Part(j, day.length, f"{day.value}{suffix_of(day.value)}"))
        return parts + _year_after(said, j + day.length)
    cardinal = None if article else read_cardinal(said.words, j)
    if cardinal is not None and 1 <= cardinal.value <= 31 and not said.is_number(j + cardinal.length):
        return None if month in _NAMES_TOO else [*parts, Part(j, cardinal.length, str(cardinal.value))]
    if cardinal is not None and cardinal.length == 1 and 1 <= cardinal.value <= 31:
        after = _year_after(said, j + 1)
        if after and year_at(said, j) is None:
            return [*parts, Part(j, 1, str(cardinal.value)), *after]
    year = [] if article else _year_after(said, j)
    return parts + year if year else None


def day_of_month(said: Said, i: int) -> list[Part] | None:
    """The third of March, with or without a year."""
    day = ordinal_of(said.words, i)
    if day is None or not 1 <= day.value <= 31 or said.word(i + day.length) != "of":
        return None
    j = i + day.length + 1
    if said.word(j) not in MONTHS:
        return None
    parts = [Part(i, day.length, f"{day.value}{suffix_of(day.value)}"), Part(j, 1, said.word(j).capitalize())]
    return parts + _year_after(said, j + 1)


def _year_after(said: Said, i: int) -> list[Part]:
    j = i + (said.word(i) == ",")
    found = year_at(said, j)
    if found is None or said.is_number(j + found[1]):
        return []
    return [Part(j, found[1], str(found[0]))]
