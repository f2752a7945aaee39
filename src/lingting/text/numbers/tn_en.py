"""English text as it is read aloud: $2.50 becomes two dollars and fifty cents. Pure.

A list of rules, tried at every place a number or a short form may begin, the most particular first; the last reads any
number, so that no digit is left. 3/4/2021 is read as Americans write it, since that is how English recognisers do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lingting.text.numbers.numerals_en import say_cardinal, say_digits, say_ordinal, say_year

__all__ = ["spoken_en"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHORT_MONTHS = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_TITLES = {"Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Prof.": "Professor", "vs.": "versus"}
_TITLES |= {"etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "approx.": "approximately", "&": "and"}
_MONEY = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yuan", "fen")}
_UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "m/s": "meter per second", "km²": "square kilometer",
    "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "kg": "kilogram", "mg": "milligram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "ml": "milliliter", "GHz": "gigahertz", "MHz": "megahertz", "kHz": "kilohertz",
    "Hz": "hertz", "kW": "kilowatt", "GB": "gigabyte", "MB": "megabyte", "KB": "kilobyte", "TB": "terabyte",
    "ft": "foot", "min": "minute", "hrs": "hour", "sec": "second", "m²": "square meter", "m": "meter", "g": "gram",
    "L": "liter", "W": "watt", "V": "volt",
}  # fmt: skip
_PLURALS = {"foot": "feet"} | {name: name for name in ("hertz", "kilohertz", "megahertz", "gigahertz")}
_DEGREES = {"C": " celsius", "F": " fahrenheit", "℃": " celsius", "℉": " fahrenheit"}
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_YEAR_AFTER = re.compile(r"\b(?:in|of|since|by|year|from|until|to|before|after|during|circa)\s$", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:room|flight|gate|bus|route|highway|extension|apartment|pin|code|suite|call|dial)\s$", re.IGNORECASE
)

MAX_DIGITS = 15
"""Of a number that is read as one; a longer one is read digit by digit."""

Reader = Callable[[str, "re.Match[str]"], str]


def spoken_en(text: str) -> str:
    """The text with every number in words, and titles written out.

    cost    well under a millisecond for a sentence
    """
    parts, position = [], 0
    while start := _START.search(text, position):
        match, read = _first(text, start.start())
        is_glued = start.start() > 0 and text[start.start() - 1].isalnum()
        parts += [text[position : match.start()], " " if is_glued else "", read(text, match)]
        position = match.end()
        if text[position : position + 1].isalpha():
            parts.append(" ")
    return "".join([*parts, text[position:]])


def _first(text: str, start: int) -> tuple[re.Match[str], Reader]:
    for pattern, read in _RULES:
        match = pattern.match(text, start)
        if match:
            return match, read
    raise AssertionError("the last rule reads whatever begins like a number")


def _number(said: str) -> str:
    """A whole number or a decimal, with or without commas and a sign."""
    sign = {"-": "minus ", "−": "minus ", "+": "plus "}.get(said[:1], "")
    whole, _, behind = said.lstrip("-−+").replace(",", "").partition(".")
    front = say_digits(whole) if len(whole) > 1 and whole[0] == "0" else _whole(whole or "0")
    return sign + front + (f" point {say_digits(behind)}" if behind else "")


def _whole(digits: str) -> str:
    return say_digits(digits) if len(digits) > MAX_DIGITS else say_cardinal(int(digits))


def _title(text: str, match: re.Match[str]) -> str:
    return _TITLES[match[0]]


def _digits(text: str, match: re.Match[str]) -> str:
    """Digits one by one, their groups parted by a pause."""
    return ", ".join(say_digits(group) for group in re.findall(r"\d+", match[0]))


def _iso_date(text: str, match: re.Match[str]) -> str:
    return _date(int(match["month"]), int(match["day"]), match["year"])


def _date(month: int, day: int, year: str | None) -> str:
    read = f"{_MONTHS[month - 1]} {say_ordinal(day)}"
    return f"{read}, {say_year(int(year))}" if year else read


def _month_day(text: str, match: re.Match[str]) -> str:
    month = _month(match["name"])
    return _date(month, int(match["day"]), match["year"])


def _day_month(text: str, match: re.Match[str]) -> str:
    name, year = _MONTHS[_month(match["name"]) - 1], match["year"]
    article = "" if text[max(0, match.start() - 4) : match.start()].lower() == "the " else "the "
    read = f"{article}{say_ordinal(int(match['day']))} of {name}"
    return f"{read}, {say_year(int(year))}" if year else read


def _month(name: str) -> int:
    full = _SHORT_MONTHS.get(name.rstrip("."), name)
    return _MONTHS.index(full) + 1


def _clock(text: str, match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = " ".join(letter for letter in (match["half"] or "").lower() if letter.isalpha())
    read = say_cardinal(hour)
    if minute:
        read += f" {'oh ' if minute < 10 else ''}{say_cardinal(minute)}"
    elif not half:
        read += " o'clock" if 1 <= hour <= 12 else " hundred"
    return f"{read} {half}".strip()


def _percent(text: str, match: re.Match[str]) -> str:
    sides = re.split("(?<=[0-9])[-–~]", match["number"].replace("%", ""))
    return " to ".join(_number(side) for side in sides) + " percent"


def _money(text: str, match: re.Match[str]) -> str:
    unit, small = _MONEY[match["sign"]]
    minus = "minus " if match["minus"] else ""
    whole, _, behind = match["number"].replace(",", "").partition(".")
    if match["scale"]:
        return f"{minus}{_number(match['number'])} {match['scale']} {_plural(unit)}"
    if len(behind) != 2:
        return f"{minus}{_number(match['number'])} {unit if match['number'] == '1' else _plural(unit)}"
    cents, has_units = int(behind), whole.strip("0") != ""
    said = [f"{_whole(whole)} {unit if whole == '1' else _plural(unit)}"] if has_units or not cents else []
    said += [f"{say_cardinal(cents)} {small if cents == 1 else _plural(small)}"] if cents else []
    return minus + " and ".join(said)


def _plural(unit: str) -> str:
    if unit in ("yuan", "fen"):
        return unit
    if unit == "penny":
        return "pence"
    head, per, rest = unit.partition(" per ")
    front, _, last = head.rpartition(" ")
    return f"{front} {_PLURALS.get(last, last + 's')}".strip() + per + rest


def _temperature(text: str, match: re.Match[str]) -> str:
    number = match["number"]
    return f"{_number(number)} degree{'' if number == '1' else 's'}{_DEGREES.get(match['unit'][-1], '')}"


def _measure(text: str, match: re.Match[str]) -> str:
    unit = _UNITS[match["unit"]]
    return f"{_number(match['number'])} {unit if match['number'] == '1' else _plural(unit)}"


def _decade(text: str, match: re.Match[str]) -> str:
    century, tens = divmod(int(match["number"]), 100)
    plural = say_cardinal(tens).replace("ty", "ties") if tens else "hundreds"
    return f"{say_cardinal(century)} {plural}" if century else plural


def _ordinal(text: str, match: re.Match[str]) -> str:
    return say_ordinal(int(match["number"].replace(",", "")))


def _fraction(text: str, match: re.Match[str]) -> str:
    above, below = int(match["above"]), int(match["below"])
    if below < 2:
        return f"{say_cardinal(above)} over {say_cardinal(below)}"
    one, many = _PARTS.get(below, (say_ordinal(below), say_ordinal(below) + "s"))
    return f"{say_cardinal(above)} {one if above == 1 else many}"


def _ratio(text: str, match: re.Match[str]) -> str:
    return f"{_number(match['left'])} to {_number(match['right'])}"


def _range(text: str, match: re.Match[str]) -> str:
    sides = match["left"], match["right"]
    are_years = all(side.isdigit() and 1_100 <= int(side) <= 2_099 for side in sides)
    return " to ".join(say_year(int(side)) if are_years else _number(side) for side in sides)


def _below_one(text: str, match: re.Match[str]) -> str:
    return f"point {say_digits(match['behind'])}"


def _month_year(text: str, match: re.Match[str]) -> str:
    return f"{_MONTHS[_month(match['name']) - 1]} {say_year(int(match['year']))}"


def _same(text: str, match: re.Match[str]) -> str:
    return match[0]


def _dotted(text: str, match: re.Match[str]) -> str:
    return " point ".join(_number(part) for part in match[0].split("."))


def _named_number(text: str, match: re.Match[str]) -> str:
    return f"number {_number(match['number'])}"


def _plain(text: str, match: re.Match[str]) -> str:
    said, before = match["number"], text[max(0, match.start() - 12) : match.start()]
    if said.isdigit() and (len(said) >= 7 or (len(said) >= 3 and _NUMBERED.search(before))):
        return match["open"] + say_digits(said)
    is_year = said.isdigit() and len(said) == 4 and (1900 <= int(said) <= 2099 or _YEAR_AFTER.search(before))
    return match["open"] + (say_year(int(said)) if is_year and int(said) >= 1_000 else _number(said))


_NUM = r"\d+(?:,\d{3})*(?:\.\d+)?"
_NAME = rf"(?P<name>(?:{'|'.join(_MONTHS)})\b|(?:{'|'.join(_SHORT_MONTHS)})\b\.?)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s(?P<year>[12]\d{3})(?!\d))"
_SCALE = r"(?:\s(?P<scale>thousand|million|billion|trillion)\b)"
_PHONE = r"(?:\+\d{1,3}[ -]?)?(?:1[ -])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_TITLE = "|".join(re.escape(title) for title in _TITLES)
_HALF = r"(?:\s?(?P<half>[AaPp]\.[Mm]\.|[AaPp][Mm]\b))"
_START = re.compile(
    rf"(?<![\w.])(?:{_TITLE})(?!\w)|\bNo\.\s?(?=\d)|\b{_NAME.replace('?P<name>', '?:')}\s(?=\d)"
    r"|(?<![\w.])[-−+](?=\d)|(?<![\w.])[-−](?=[$€£¥]\d)|[$€£¥](?=\d)|\((?=\d{3}\))|(?<!\w)\.(?=\d)|\d",
    re.ASCII,
)
_RULES: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern, re.ASCII), read)
    for pattern, read in (
        (rf"(?:{_TITLE})(?!\w)", _title),
        (rf"No\.\s?(?P<number>{_NUM})", _named_number),
        (rf"{_NAME}\s{_DAY}(?!\d){_YEAR}?", _month_day),
        (rf"{_NAME}\s(?P<year>[12]\d{{3}})(?!\d)", _month_year),
        (rf"{_NAME}", _same),
        (rf"{_DAY}\s(?:of\s)?{_NAME}{_YEAR}?", _day_month),
        (r"(?P<year>[12]\d{3})([-/])(?P<month>0?[1-9]|1[0-2])\2(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)", _iso_date),
        (r"(?P<month>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])/(?P<year>[12]\d{3})(?!\d)", _iso_date),
        (rf"{_PHONE}|\d{{3}}-\d{{4}}(?![\d-])", _digits),
        (r"\+\d{1,3}(?:[ -]?\d{3,4}){2,3}(?!\d)", _digits),
        (rf"(?P<hour>2[0-4]|[01]?\d):(?P<minute>[0-5]\d){_HALF}?(?![\d:])", _clock),
        (rf"(?P<hour>1[0-2]|[1-9])(?P<minute>){_HALF}", _clock),
        (rf"(?P<number>[-−]?{_NUM}%?(?:[-–~]{_NUM})?)%", _percent),
        (rf"(?P<minus>[-−])?(?P<sign>[$€£¥])(?P<number>{_NUM}){_SCALE}?", _money),
        (rf"(?P<number>[-−]?{_NUM})\s?(?P<unit>℃|℉|°\s?[CF]?)", _temperature),
        (rf"(?P<number>{_NUM})\s?(?P<unit>{_UNIT})(?![A-Za-z0-9])", _measure),
        (r"(?P<number>(?:1\d|20)?[2-9]0|1\d00|20[0-9]0)s\b", _decade),
        (r"(?P<number>\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:st|nd|rd|th)\b", _ordinal),
        (r"\d+(?:\.\d+){2,}", _dotted),
        (r"(?P<above>\d{1,3})/(?P<below>\d{1,3})(?![\d/])", _fraction),
        (rf"(?P<left>{_NUM}):(?P<right>{_NUM})(?![\d:])", _ratio),
        (rf"(?P<left>{_NUM})[-–~](?P<right>{_NUM})(?![\d-])", _range),
        (r"\.(?P<behind>\d+)", _below_one),
        (rf"(?P<open>\(?)(?P<number>[-−+]?{_NUM})", _plain),
    )
)
