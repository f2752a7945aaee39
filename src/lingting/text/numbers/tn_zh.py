"""Chinese text as it is read aloud: 2026年3月5日 becomes 二零二六年三月五日. Pure.

A list of rules, tried at every place a number may begin, the most particular first; the last reads any number, so that
no digit is left. A telephone number, an identity card and a code are read digit by digit, with 幺 where people say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lingting.text.numbers.numerals_zh import say_cardinal, say_digits

__all__ = ["spoken_zh"]

UNITS = {
    "km/h": "每小时{}公里", "m/s": "每秒{}米", "km²": "{}平方公里", "m²": "{}平方米", "㎡": "{}平方米",
    "m³": "{}立方米", "km": "{}公里", "cm": "{}厘米", "mm": "{}毫米", "kg": "{}公斤", "mg": "{}毫克", "ml": "{}毫升",
    "mL": "{}毫升", "kW": "{}千瓦", "MW": "{}兆瓦", "kHz": "{}千赫", "MHz": "{}兆赫", "GHz": "{}吉赫", "Hz": "{}赫兹",
    "min": "{}分钟", "m": "{}米", "g": "{}克", "t": "{}吨", "L": "{}升", "l": "{}升", "W": "{}瓦", "V": "{}伏",
    "h": "{}小时", "s": "{}秒",
}  # fmt: skip
CURRENCIES = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"}
_COUNTED = (
    "个位条只次天年小分块元米公斤点倍本张人名种家台杯瓶万亿千百层届秒周部辆头根件架艘座间所段套支匹句场篇项升吨克岁"
)
"""After 2 these make it 两."""
_NOT_COUNTED = ("年级", "月", "点零", "点五")
_CODED = (
    *("尾号", "房间号", "密码", "验证码", "编号", "号码", "房间", "分机", "代码", "邮编", "学号", "工号", "卡号"),
    *("账号", "QQ"),
)
_DIALLED = ("电话", "手机", "拨打", "致电", "热线", "拨", "打")

MAX_DIGITS = 16
"""Of a number that is read as one; a longer one is read digit by digit."""

Reader = Callable[[str, "re.Match[str]"], str]


def spoken_zh(text: str) -> str:
    """The text with every number in words.

    cost    well under a millisecond for a sentence
    """
    parts, position = [], 0
    while start := _START.search(text, position):
        match, read = _first(text, start.start())
        parts += [text[position : match.start()], read(text, match)]
        position = match.end()
    return "".join([*parts, text[position:]])


def _first(text: str, start: int) -> tuple[re.Match[str], Reader]:
    for pattern, read in _RULES:
        match = pattern.match(text, start)
        if match:
            return match, read
    raise AssertionError("the last rule reads whatever begins like a number")


def _number(said: str) -> str:
    """A whole number or a decimal, with or without commas and a sign."""
    sign = {"-": "负", "−": "负", "+": "正"}.get(said[:1], "")
    whole, _, behind = said.lstrip("-−+").replace(",", "").replace("，", "").partition(".")
    front = say_digits(whole) if len(whole) > 1 and whole[0] == "0" else _whole(whole or "0")
    return sign + front + (f"点{say_digits(behind)}" if behind else "")


def _whole(digits: str) -> str:
    return say_digits(digits) if len(digits) > MAX_DIGITS else say_cardinal(int(digits))


def _year(text: str, match: re.Match[str]) -> str:
    read = say_digits(match["year"]) + "年"
    if match["month"]:
        read += f"{say_cardinal(int(match['month']))}月"
    return read + (say_cardinal(int(match["day"])) + match["suffix"] if match["day"] else "")


def _iso_date(text: str, match: re.Match[str]) -> str:
    month, day = say_cardinal(int(match["month"])), say_cardinal(int(match["day"]))
    return f"{say_digits(match['year'])}年{month}月{day}日"


def _years(text: str, match: re.Match[str]) -> str:
    return f"{say_digits(match['first'])}到{say_digits(match['last'])}年"


def _clock(text: str, match: re.Match[str]) -> str:
    return "到".join(_time(part) for part in re.split("[-~～—]", match[0]))


def _time(said: str) -> str:
    hour, minute, *second = (int(part) for part in said.split(":"))
    read = ("两" if hour == 2 else say_cardinal(hour)) + "点"
    if minute or second:
        read += ("零" if minute < 10 else "") + (say_cardinal(minute) if minute else "") + "分"
    return read + (f"{say_cardinal(second[0])}秒" if second else "")


def _percent(text: str, match: re.Match[str]) -> str:
    of = "千分之" if match["sign"] == "‰" else "百分之"
    parts = [part.rstrip("%‰") for part in re.split("(?<=[0-9%‰])[-~～—到至]", match["number"])]
    minus = "负" if parts[0][0] in "-−" else ""
    return "到".join(minus + of + _number(part.lstrip("-−")) for part in parts)


def _money(text: str, match: re.Match[str]) -> str:
    amount = match["number"]
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    number = "两" if amount == "2" else _number(amount)
    return ("负" if match["minus"] else "") + number + (match["scale"] or "") + CURRENCIES[match["sign"]]


def _temperature(text: str, match: re.Match[str]) -> str:
    number = match["number"]
    unit = {"℃": "摄氏度", "C": "摄氏度", "℉": "华氏度", "F": "华氏度"}.get(match["unit"][-1], "度")
    return f"零下{_number(number[1:])}{unit}" if number[0] in "-−" else _number(number) + unit


def _measure(text: str, match: re.Match[str]) -> str:
    number = "两" if match["number"] == "2" else _number(match["number"])
    return UNITS[match["unit"]].format(number)


def _fraction(text: str, match: re.Match[str]) -> str:
    return f"{say_cardinal(int(match['below']))}分之{say_cardinal(int(match['above']))}"


def _ratio(text: str, match: re.Match[str]) -> str:
    return f"{_number(match['left'])}比{_number(match['right'])}"


def _dialled(text: str, match: re.Match[str]) -> str:
    return say_digits(re.sub(r"\D", "", match[0]), one="幺") + ("X" if match[0][-1] in "Xx" else "")


def _range(text: str, match: re.Match[str]) -> str:
    return f"{_number(match['left'])}到{_counted(text, match['right'], match.end())}"


def _coded(text: str, match: re.Match[str]) -> str:
    """Digits after a Latin letter: A4 and MP3 as numbers, G123 and ISO9001 one by one."""
    return say_digits(match[0]) if len(match[0]) > 2 else _number(match[0])


def _dotted(text: str, match: re.Match[str]) -> str:
    """A version by its numbers, an address on a network by its digits."""
    parts = match[0].split(".")
    return "点".join(say_digits(part, one="幺") if len(parts) == 4 else _number(part) for part in parts)


def _plain(text: str, match: re.Match[str]) -> str:
    said, before = match["number"], text[max(0, match.start() - 6) : match.start()].rstrip("是为：: ，,")
    digits = said.isdigit()
    if digits and (before.endswith(_CODED) or (text[match.end() : match.end() + 1] in ("室", "房") and len(said) > 2)):
        return say_digits(said)
    if digits and before.endswith(_DIALLED) and len(said) >= 3:
        return say_digits(said, one="幺")
    return _number(said) if before.endswith("第") else _counted(text, said, match.end())


def _counted(text: str, said: str, end: int) -> str:
    """A number before what is counted: 2 is 两 there."""
    follows = text[end : end + 2]
    is_two = said == "2" and follows[:1] and follows[0] in _COUNTED and not follows.startswith(_NOT_COUNTED)
    return "两" if is_two else _number(said)


_NUM = r"\d+(?:,\d{3})*(?:\.\d+)?"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_START = re.compile(r"(?<![A-Za-z0-9.])[-−+](?=\d)|[-−]?[¥￥$€£](?=\d)|\d", re.ASCII)
_RULES: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern, re.ASCII), read)
    for pattern, read in (
        (r"\d{17}[\dXx](?!\d)|1[3-9]\d-?\d{4}-?\d{4}(?!\d)|0\d{2,3}-?\d{7,8}(?!\d)|400-?\d{3}-?\d{4}(?!\d)", _dialled),
        (r"\+\d{1,3}[ -]?\d{3,4}[ -]?\d{4}[ -]?\d{0,4}(?!\d)", _dialled),
        (r"(?P<first>\d{4})[-~～—](?P<last>\d{4})年", _years),
        (r"(?P<year>\d{4}|0\d)年(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})(?P<suffix>[日号]))?)?", _year),
        (r"(?P<year>(?:19|20)\d\d)([-/.])(?P<month>0?[1-9]|1[0-2])\2(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)", _iso_date),
        (f"{_TIME}(?:[-~～—]{_TIME})?(?![\\d:])", _clock),
        (f"(?P<number>[-−]?{_NUM}%?(?:[-~～—到至]{_NUM})?)(?P<sign>[%‰])", _percent),
        (f"(?P<minus>[-−])?(?P<sign>[¥￥$€£])(?P<number>{_NUM})(?P<scale>万亿|[万亿千百])?", _money),
        (f"(?P<number>[-−]?{_NUM})(?P<unit>℃|℉|°[CF]?|度)", _temperature),
        (f"(?P<number>{_NUM})(?P<unit>{_UNIT})(?![A-Za-z])", _measure),
        (r"\d+(?:\.\d+){2,}", _dotted),
        (r"(?P<above>\d{1,3})/(?P<below>\d{1,3})(?![\d/])", _fraction),
        (f"(?P<left>{_NUM}):(?P<right>{_NUM})(?![\\d:])", _ratio),
        (f"(?P<left>{_NUM})[-~～—](?P<right>{_NUM})(?![\\d-])", _range),
        (r"(?<=[A-Za-z])\d+(?![.\d])", _coded),
        (f"(?P<number>[-−+]?{_NUM})", _plain),
    )
)
