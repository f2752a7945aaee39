"""Times, dates and durations inside commands, said or written, as values. Pure.

A time is "HH:MM" on a clock of 24 hours; one said without a part of the day is taken as it was said. A date is
"+1d" for tomorrow, "weekday:1" for Monday, "--03-05" or "2026-03-05" where it is named; which day that is only the
caller's calendar knows. A duration is in seconds.
"""

from __future__ import annotations

import re

from lingting.domain.intents import SlotValue
from lingting.text.commands.slot_numbers import NUMBER, number_of

__all__ = ["DATE", "DURATION", "TIME", "read_date", "read_duration", "read_time"]

_ZH_DAY_PART = "凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|今晚|夜里|半夜|明早|今早"
_ZH_N, _EN_N = NUMBER["zh"], NUMBER["en"]
_EN_DAY_PART = r" (?:am|pm|in the (?:morning|afternoon|evening)|at night|tonight)\b"
_EN_HOUR = r"(?: \d{1,2}| (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)"
_EN_MINUTE = rf"(?: (?:oh? )?\d{{1,2}}\b| oh? [a-z]+\b|{_EN_N})"
_EN_BEFORE_HOUR = rf"(?: half past| quarter past| quarter to|{_EN_N}(?: minutes)? (?:past|to))"
TIME = {
    "zh": rf"(?:(?:{_ZH_DAY_PART})的?)?(?:{_ZH_N}点(?:钟|整|半|[一三]刻|{_ZH_N}分?)?|\d{{1,2}}:\d\d)",
    "en": rf"(?: (?:noon|midnight)\b|(?:{_EN_BEFORE_HOUR}{_EN_HOUR}"
    rf"| \d{{1,2}}:\d\d|{_EN_HOUR}(?: o ?clock|{_EN_MINUTE})?)(?: ?[ap]m\b|{_EN_DAY_PART})?)",
}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EN_ORDINAL = r" \d{1,2}(?:st|nd|rd|th)?"
DATE = {
    "zh": rf"(?:大后天|今天|今晚|今日|明天|明日|明早|明晚|后天|昨天|[这下]?个?(?:周|星期|礼拜)[一二三四五六日天]|"
    rf"(?:\d{{4}}年)?{_ZH_N}月{_ZH_N}[日号])",
    "en": rf"(?: the day after tomorrow\b| today\b| tonight\b| tomorrow\b| yesterday\b"
    rf"|(?: on)?(?: next| this)? (?:{'|'.join(_DAYS)})\b|(?: on)? (?:{'|'.join(_MONTHS)})(?: the)?{_EN_ORDINAL}\b)",
}
DURATION = {
    "zh": f"(?:半个?小时|半个?钟头?|一刻钟|(?:{_ZH_N}个半(?:小时|钟头?)|{_ZH_N}个?(?:小时|钟头?)半?)?"
    f"(?:{_ZH_N}(?:分钟|分))?(?:{_ZH_N}秒钟?)?)",
    "en": rf"(?: half an hour\b| (?:an|one) hour and a half\b|(?:(?: an?|{_EN_N})(?: and a half)? hours?\b)?"
    rf"(?: and)?(?:(?: an?|{_EN_N}) min(?:ute)?s?\b)?(?: and)?(?:(?: an?|{_EN_N}) sec(?:ond)?s?\b)?)",
}
_LATE = re.compile("下午|傍晚|晚上|今晚|夜里|pm|afternoon|evening|night")
_EARLY = re.compile("凌晨|早|上午|半夜|am|morning")
_NAMED_DAYS = {
    "大后天": 3, "今天": 0, "今晚": 0, "今日": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "后天": 2, "昨天": -1,
    "the day after tomorrow": 2, "today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1,
}  # fmt: skip
_PIECE = re.compile(f"({_ZH_N}|半|一刻)(个半)?个?(小时|钟头|钟|分钟|分|秒)(半)?")
_PIECE_EN = re.compile(rf"(half an| an?|{_EN_N})( and a half)? (hour|min|sec)[a-z]*( and a half)?")
_SECONDS = {"小时": 3600, "钟头": 3600, "分钟": 60, "分": 60, "秒": 1, "hour": 3600, "min": 60, "sec": 1}


def read_time(text: str) -> SlotValue | None:
    hour, minute = _hour_and_minute(text.strip())
    if hour is None or minute is None or not (0 <= hour <= 24 and 0 <= minute < 60):
        return None
    if _LATE.search(text) and 1 <= hour < 12:
        hour = 24 if hour == 12 else hour + 12
    elif "中午" in text and hour in (1, 2):
        hour += 12
    elif _EARLY.search(text) and hour == 12:
        hour = 0
    return f"{hour % 24:02d}:{minute:02d}"


def _whole(text: str | None) -> int | None:
    value = number_of(text) if text else None
    return None if value is None or value != value.to_integral_value() else int(value)


def _hour_and_minute(text: str) -> tuple[int | None, int | None]:
    if text in ("noon", "midnight"):
        return (12 if text == "noon" else 0), 0
    if clock := re.search(r"(\d{1,2}):(\d\d)", text):
        return int(clock[1]), int(clock[2])
    if said := re.search(f"({_ZH_N})点(半|[一三]刻|{_ZH_N})?", text):
        quarter = {"半": 30, "一刻": 15, "三刻": 45}.get(said[2] or "")
        minutes = quarter if quarter is not None else _whole(said[2]) if said[2] else 0
        return _whole(said[1]), minutes
    return _english(re.sub(r"(?<=\d)(?=[ap]m)", " ", text))


def _english(text: str) -> tuple[int | None, int | None]:
    words = re.sub(f"{_EN_DAY_PART}| o ?clock| minutes", "", f" {text}").split()
    for i, word in enumerate(words):
        if word in ("past", "to"):
            before = " ".join(words[:i])
            minutes = {"half": 30, "quarter": 15}.get(before, _whole(before))
            hour = _whole(" ".join(words[i + 1 :]))
            if hour is None or minutes is None:
                return None, None
            return (hour, minutes) if word == "past" else ((hour or 24) - 1, 60 - minutes)
    hour = _whole(words[0]) if words else None
    rest = [word for word in words[1:] if word not in ("o", "oh")]
    return hour, _whole(" ".join(rest)) if rest else 0


def read_date(text: str) -> SlotValue | None:
    text = re.sub("^on ", "", text.strip())
    if text in _NAMED_DAYS:
        return f"{_NAMED_DAYS[text]:+d}d"
    if week := re.search("(?:周|星期|礼拜)([一二三四五六日天])", text):
        return f"weekday:{'一二三四五六日'.index(week[1].replace('天', '日')) + 1}"
    for i, day in enumerate(_DAYS, 1):
        if text.endswith(day):
            return f"weekday:{i}"
    if named := re.match(rf"(?:(\d{{4}})年)?({_ZH_N})月({_ZH_N})[日号]", text):
        return _calendar(named[1], _whole(named[2]), _whole(named[3]))
    for i, month in enumerate(_MONTHS, 1):
        if text.startswith(month) and (day_of := re.search(r"\d+", text)):
            return _calendar(None, i, int(day_of[0]))
    return None


def _calendar(year: str | None, month: int | None, day: int | None) -> str | None:
    if month is None or day is None or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{year or '-'}-{month:02d}-{day:02d}"


def read_duration(text: str) -> SlotValue | None:
    text = text.strip()
    if text == "一刻钟":
        return 900
    if text.startswith("半") and ("时" in text or "钟" in text):
        return 1_800
    total = sum(_zh_piece(found) for found in _PIECE.finditer(text)) if not text.isascii() else _in_english(text)
    return int(total) or None


def _zh_piece(found: re.Match[str]) -> float:
    value = float(number_of(found[1]) or 0)
    half = 0.5 if found[2] or found[4] else 0.0
    return (value + half) * _SECONDS.get(found[3], 3600)


def _in_english(text: str) -> float:
    total = 0.0
    for found in _PIECE_EN.finditer(f" {text}".replace("  ", " ")):
        said = found[1].strip()
        value = 0.5 if said == "half an" else 1.0 if said in ("a", "an") else float(number_of(said) or 0)
        total += (value + (0.5 if found[2] or found[4] else 0.0)) * _SECONDS[found[3]]
    return total
