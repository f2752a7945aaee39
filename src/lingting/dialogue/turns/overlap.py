"""What it means that somebody speaks while the bot does: the bot's own voice, a sign of listening, or a wish to speak.

Pure. What sounds like the bot is never held for the user: an echo that is missed lets the bot interrupt itself, again
and again, while a user who is missed once says it once more.
"""

from __future__ import annotations

import re
from enum import StrEnum

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

__all__ = ["Overlap", "judge", "units_of"]

ECHO_RATIO = 0.7
"""Of the units heard, how many are the bot's, in its order."""
ECHO_LIKENESS = 80.0
"""Of letters, for what was recognised a little wrong."""
OWN_UNITS = 4
"""So many at the end that are not the bot's are the user's, whatever stands before them."""
MIN_UNITS = 2
"""Fewer do not interrupt before the final."""
_HAN_SIGN_WORDS = "嗯 哦 噢 喔 啊 呃 对 是 是的 好 好的 好吧 行 可以 明白 知道 知道了 没错 哈 唉 诶"
_OTHER_SIGN_WORDS = (
    "uh um mm mhm mmhmm hm hmm uhhuh huh ok okay yes yeah yep yup right sure aha oh ah wow cool great good got it see "
    "はい うん ええ そう 네 예 응"
)
SIGNS = frozenset(f"{_HAN_SIGN_WORDS} {_OTHER_SIGN_WORDS}".split())
"""Said by who listens; several of them in a row are still nothing but that."""
_STOP_WORDS = "停 别说了 等等 等一下 等下 不对 不是 闭嘴 打住 stop wait no pause quiet cancel"
STOPS = frozenset(_STOP_WORDS.split())
"""Said by who wants the floor, however short."""
_UNIT = re.compile(r"[\u3400-\u9fff]|[\u3040-\u30ff]+|[\uac00-\ud7af]+|[^\W\d_]+(?:['’][^\W\d_]+)*|\d")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_HAN_SIGNS = re.compile("(?:" + "|".join(sorted(_HAN_SIGN_WORDS.split(), key=len, reverse=True)) + ")+")
_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+(?:['’][^\W_]+)*")


class Overlap(StrEnum):
    """What the words are."""

    NOTHING = "nothing"
    """No words: a cough, a door."""
    ECHO = "echo"
    SIGN = "sign"
    """Of listening: 嗯, ok."""
    UNSURE = "unsure"
    """Too little to tell; more may come."""
    WISH = "wish"
    """To speak."""


def judge(text: str, bot_text: str, *, is_final: bool) -> Overlap:
    """What somebody's words are, said while the bot said `bot_text`.

    is_final    no more words come: one that is no sign of listening is a wish to speak
    """
    units = units_of(text)
    if not units:
        return Overlap.NOTHING
    if bot_text and _is_echo(units, units_of(bot_text)):
        return Overlap.ECHO
    if _is_stop(text):
        return Overlap.WISH
    if _is_sign(text):
        return Overlap.SIGN
    return Overlap.WISH if is_final or len(units) >= MIN_UNITS else Overlap.UNSURE


def units_of(text: str) -> list[str]:
    """Words, and each Han character as it sounds without its tone."""
    units: list[str] = []
    for unit in _UNIT.findall(text.lower()):
        units += lazy_pinyin(unit, style=Style.NORMAL) if _HAN.fullmatch(unit) else [unit]
    return units


def _is_echo(units: list[str], bot_units: list[str]) -> bool:
    blocks = [block for block in LCSseq.opcodes(units, bot_units) if block.tag == "equal"]
    if not blocks:
        return False
    if len(units) - blocks[-1].src_end >= OWN_UNITS:
        return False
    shared = sum(block.src_end - block.src_start for block in blocks)
    if shared >= ECHO_RATIO * len(units):
        return True
    heard, said = "".join(units), "".join(bot_units)
    return len(heard) <= len(said) and fuzz.partial_ratio(heard, said) >= ECHO_LIKENESS


def _is_stop(text: str) -> bool:
    """Whether one of the words opens or closes what was said."""
    plain = _plain(text)
    han = plain.replace(" ", "")
    return any(
        han.startswith(stop) or han.endswith(stop) if not stop.isascii() else stop in plain.split() for stop in STOPS
    )


def _is_sign(text: str) -> bool:
    words = _plain(text).split()
    return all(word in SIGNS or _HAN_SIGNS.fullmatch(word) for word in words)


def _plain(text: str) -> str:
    return " ".join(_RUN.findall(text.lower().replace("-", "")))
