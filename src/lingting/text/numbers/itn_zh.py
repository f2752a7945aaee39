"""Chinese numbers as written: 二零二六年三月五号 becomes 2026年3月5号. Pure.

A grammar, tried from left to right at every run of numerals, the most particular rule first; a run that no rule takes
as a whole stays as it was said. Conventions: numbers from ten on become digits, and smaller ones where a unit, a date,
a time or a sum makes them an amount (五公里, 三点半, 百分之五, but 三个人, 第一); the words of units stay (公里, 块,
到); 万 and 亿 stay where the number is that round. What is said of several numbers (十七八, 三五个), in fixed phrases
(`FIXED`), and 十分, 一点, 万一 stay words. Traditional characters are read as their simplified ones and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from lingting.text.numbers.itn_zh_words import (
    FIXED,
    MORE_OR_LESS,
    NOT_BEFORE,
    NUMBERED,
    PART_OF_DAY,
    STRONG_UNIT,
    WEAK_UNIT,
)
from lingting.text.numbers.numerals_zh import (
    CHINESE_DIGITS,
    NUMERALS,
    is_approximate,
    read_cardinal,
    read_digits,
    write_cardinal,
)
from lingting.text.realign import Edit

__all__ = ["edits_zh"]

_TRADITIONAL = str.maketrans("兩點萬億負號塊鐘間後時個幾農曆週禮電話碼機", "两点万亿负号块钟间后时个几农历周礼电话码机")
_BACK = str.maketrans("万亿负", "萬億負")

_N = f"[{NUMERALS}]+"
_D = f"[{CHINESE_DIGITS}]"
Found = list[Edit] | None
"""What a rule changes; None where it does not apply after all."""
Convert = Callable[[str, "re.Match[str]"], Found]


def edits_zh(text: str) -> list[Edit]:
    """What has to change for the numbers of a Chinese text to be written in digits.

    cost    well under a millisecond for a sentence
    """
    plain = text.translate(_TRADITIONAL)
    edits = [edit for found in _scan(plain) for edit in found]
    if plain == text:
        return edits
    return [Edit(edit.start, edit.end, edit.text.translate(_BACK)) for edit in edits]


_START = re.compile(f"[{NUMERALS}负]|零下|正负")
_RUN = re.compile(_N)


def _scan(text: str) -> Iterator[list[Edit]]:
    position = 0
    while start := _START.search(text, position):
        fixed = _FIXED.match(text, start.start())
        if fixed:
            position = fixed.end()
            continue
        found, position = _first(text, start.start())
        if found:
            yield found


def _first(text: str, start: int) -> tuple[Found, int]:
    """The edits of the first rule that applies there, and where to go on."""
    if not text.endswith(NOT_BEFORE, 0, start) and not text[start - 1 : start].isdigit():
        for pattern, convert in _RULES:
            match = pattern.match(text, start)
            found = convert(text, match) if match else None
            if match and found is not None:
                return found, match.end()
    run = _RUN.match(text, start)
    return None, run.end() if run else start + 1


def _written(run: str, *, digits: bool = False) -> str | None:
    """A run of numerals in digits; with `digits`, one that is said digit by digit is read so."""
    value = read_cardinal(run)
    if value is not None:
        return write_cardinal(value, run)
    return read_digits(run) if digits else None


def _numbers(_: str, match: re.Match[str]) -> Found:
    """Every run of numerals in the match becomes digits, or none does."""
    edits = []
    for run in _RUN.finditer(match[0]):
        written = _written(run[0], digits=True)
        if written is None or is_approximate(run[0]):
            return None
        edits.append(Edit(match.start() + run.start(), match.start() + run.end(), written))
    return edits


def _whole(match: re.Match[str], text: str) -> Found:
    return [Edit(match.start(), match.end(), text)]


def _date(text: str, match: re.Match[str]) -> Found:
    """A year, a month, a day, or two or three of them; a month under ten alone is left, being a name (阳春三月)."""
    year, month, day = match["year"], match["month"], match["day"]
    if not (year or month) or not (year or day or match["more"]):
        return None
    if year and not _is_year(year):
        return None
    if day and not match["suffix"] and (read_cardinal(day) or 0) < 10:
        return None
    for part, most in ((month, 12), (day, 31)):
        if part and not 1 <= (read_cardinal(part) or 0) <= most:
            return None
    return _numbers(text, match)


def _is_year(run: str) -> bool:
    digits = read_digits(run)
    if digits is None:
        return 1_000 <= (read_cardinal(run) or 0) <= 2_999 and read_cardinal(run) != 1_000
    return len(digits) in (3, 4) or (len(digits) == 2 and not is_approximate(run))


def _clock(text: str, match: re.Match[str]) -> Found:
    """A time of day, where something says that it is one: the part of the day, a half, minutes in tens."""
    hour = read_cardinal(match["hour"])
    if hour is None or hour > 24 or (match["minute"] and not _is_minute(match["minute"])):
        return None
    is_named = _follows(text, match, PART_OF_DAY) or _UP_TO.search(text[max(0, match.start() - 3) : match.start()])
    is_plain = not match["minute"] and not match["rest"]
    if is_plain and not (is_named or hour >= 10):
        return None
    if match["minute"] and not (is_named or match["fen"] or "十" in match["minute"]):
        return None
    return _numbers(text, match)


def _day(text: str, match: re.Match[str]) -> Found:
    """The second day of a range, whose month was said before."""
    return _numbers(text, match) if _follows(text, match, _DAY_TO) else None


_UP_TO = re.compile("点[半钟]?[到至]$")
"""Before the second time of a range."""
_DAY_TO = ("号到", "日到", "号至", "日至", "号和", "日和", "号、", "日、")


def _is_minute(run: str) -> bool:
    digits = read_digits(run)
    value = read_cardinal(run) if digits is None or len(digits) == 1 else int(digits)
    return value is not None and value < 60


def _decimal(text: str, match: re.Match[str]) -> Found:
    number, unit = match["whole"], match["scale"] or ""
    front, behind = _written(number), read_digits(match["behind"])
    if front is None or behind is None or not front.isdigit():
        return None
    is_remark = number == "一" and len(behind) == 1 and _follows(text, match, MORE_OR_LESS)
    if is_remark:
        return None
    return _whole(match, f"{front}.{behind}{unit}")


def _percent(_: str, match: re.Match[str]) -> Found:
    of_thousand = match["of"] == "千"
    parts = [_amount(part) for part in re.split("[到至]", match["number"])]
    if any(part is None for part in parts) or (of_thousand and match["number"] == "一"):
        return None
    sign = "-" if match["minus"] else ""
    joint = "至" if "至" in match["number"] else "到"
    return _whole(match, joint.join(f"{sign}{part}{'‰' if of_thousand else '%'}" for part in parts))


def _amount(said: str) -> str | None:
    """A whole number or a decimal."""
    if said == "百":
        return "100"
    front, point, behind = said.partition("点")
    written, digits = _written(front, digits=True), read_digits(behind)
    if written is None or (point and digits is None):
        return None
    return f"{written}.{digits}" if point else written


def _fraction(_: str, match: re.Match[str]) -> Found:
    below, above = read_cardinal(match["below"]), read_cardinal(match["above"])
    if below is None or above is None or not 2 <= below < 10_000 or above == 0:
        return None
    whole = _written(match["whole"] or "零")
    if whole is None:
        return None
    return _whole(match, f"{whole}又{above}/{below}" if match["whole"] else f"{above}/{below}")


def _ratio(_: str, match: re.Match[str]) -> Found:
    left, right = _written(match["left"]), _written(match["right"])
    if left is None or right is None:
        return None
    return _whole(match, f"{left}:{right}")


def _below_zero(_: str, match: re.Match[str]) -> Found:
    written = _amount(match["number"])
    if written is None:
        return None
    is_symbol = match["unit"] == "摄氏度"
    return _whole(match, f"-{written}℃" if is_symbol else f"零下{written}{match['unit']}")


def _celsius(_: str, match: re.Match[str]) -> Found:
    written = _amount(match["number"])
    return None if written is None else _whole(match, f"{written}℃")


def _negative(text: str, match: re.Match[str]) -> Found:
    if _follows(text, match, tuple("胜欺担肩抱自辜")):
        return None
    written = _amount(match["number"])
    if written is None:
        return None
    return _whole(match, f"{'±' if match['sign'] == '正负' else '-'}{written}")


def _measured(text: str, match: re.Match[str]) -> Found:
    """An amount with its unit, or a range of them; 一 only where the unit is never a verb or a name.

    The 千 of 五十千瓦 belongs to the unit, though it was taken for a numeral.
    """
    number, upto = match["number"], match["upto"]
    if (number == "一" and match["weak"]) or is_approximate(number):
        return None
    found = []
    for name in ("number", "upto"):
        said = match[name] or ""
        written = _written(said or "零", digits=True)
        if written is None and said.endswith("千"):
            said = said[:-1]
            written = _written(said, digits=True)
        if written is None:
            return None
        if said:
            found.append(Edit(match.start(name), match.start(name) + len(said), written))
    is_small = not match["unit"] and (read_cardinal(upto or number) or 0) < 10
    return None if is_small else found


def _said_digits(text: str, match: re.Match[str]) -> Found:
    """A number said digit by digit: a telephone, a room, a code."""
    run = match[0]
    digits = read_digits(run)
    if digits is None:
        return None
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    is_numbered = before.rstrip("是为：: ，,").endswith(NUMBERED) or _ends_in_latin(before)
    if len(digits) < (2 if is_numbered or "幺" in run else 3):
        return None
    counts = all(int(b) == int(a) + 1 for a, b in pairwise(digits))
    doubles = digits[::2] == digits[1::2] and len(set(digits)) == 2 and "0" not in digits
    if not is_numbered and ((counts and len(digits) < 5) or (doubles and len(digits) == 4)):
        return None
    return _whole(match, digits)


_LOOK_BACK = 8
"""Characters before a number that may say what it is."""


def _follows(text: str, match: re.Match[str], words: tuple[str, ...]) -> bool:
    return text.endswith(words, 0, match.start())


def _ends_in_latin(text: str) -> bool:
    last = text.rstrip()[-1:]
    return last.isascii() and last.isalnum()


def _cardinal(text: str, match: re.Match[str]) -> Found:
    """Ten and more; 十 itself only where something is counted."""
    value = read_cardinal(match["number"])
    if value is None or value < 10 or match["about"] in ("几", "来"):
        return None
    if match["number"] == "十" and not (match["measure"] or _follows(text, match, ("第",))):
        return None
    end = match.end("number")
    return [Edit(match.start(), end, write_cardinal(value, match["number"]))]


_FIXED = re.compile(
    f"(?:{'|'.join(sorted(FIXED, key=len, reverse=True))})(?![{NUMERALS}])"
    "|十分(?!钟|之)|十一(?=假期|黄金周|长假|国庆|期间|放假)|二?十[一二三四五六七八九]?大(?=$|[以报精会代召开，。])"
)
_DECIMAL_OR_N = f"{_N}(?:点{_D}+)?"
_MEASURE = "[个位天年月日号点分秒块元米斤岁名人次种条件张本台辆家届层楼页章集公小万亿度倍期周加减乘除等]"
_DAY = f"(?:(?P<day>{_N})(?P<suffix>[日号]|(?![个多几年天点])))"
_MINUTE = f"(?P<minute>{_N})(?P<fen>分(?!之))?(?:{_N}秒)?"
_RULES: tuple[tuple[re.Pattern[str], Convert], ...] = tuple(
    (re.compile(pattern), convert)
    for pattern, convert in (
        (f"(?P<minus>负)?(?P<of>[百千])分之(?P<number>百(?!分)|{_DECIMAL_OR_N}(?:[到至]{_DECIMAL_OR_N})?)", _percent),
        (f"(?:(?P<whole>{_N})又)?(?P<below>{_N})分之(?P<above>{_N})", _fraction),
        (f"零下(?P<number>{_DECIMAL_OR_N})(?P<unit>摄氏度|度)", _below_zero),
        (f"(?P<sign>正负|负)(?P<number>{_DECIMAL_OR_N})", _negative),
        (f"(?:(?P<year>{_N})年)?(?:(?P<month>{_N})月(?P<more>份|初|底|中旬|上旬|下旬)?{_DAY}?)?", _date),
        (f"{_N}[日号]", _day),
        (f"(?P<number>{_DECIMAL_OR_N})摄氏度", _celsius),
        (f"(?P<hour>{_N})点(?:(?P<rest>半|整|钟|[一三]刻)|{_MINUTE})?(?!{_D})", _clock),
        (f"(?P<whole>{_N})点(?P<behind>{_D}+)(?P<scale>万亿|万|亿)?", _decimal),
        (f"{_N}[块元]{_N}(?![个次])(?:[毛角]{_N}?分?|分)?(?:钱)?", _numbers),
        (f"{_N}[毛角]{_N}分", _numbers),
        (f"(?P<number>{_N})(?:[到至](?P<upto>{_N}))?(?P<unit>{STRONG_UNIT}|(?P<weak>{WEAK_UNIT}))", _measured),
        (f"(?P<number>{_N})[到至](?P<upto>{_N})(?P<unit>)(?P<weak>)", _measured),
        (f"(?P<left>{_N})比(?P<right>{_N})(?![大小多少高低快慢]|点)", _ratio),
        (f"[{CHINESE_DIGITS}]零后", _numbers),
        (f"{_D}{{2,}}(?![{NUMERALS}])", _said_digits),
        (f"(?P<number>{_N})(?P<about>[几来])?(?P<measure>[多余]?{_MEASURE})?", _cardinal),
    )
)
