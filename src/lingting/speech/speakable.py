"""Text as a voice can say it: what is only for the eye goes, signs and numbers become words. Pure.

Answers of language models are full of what is for the eye: Markdown, tables, links, code, emoji. Promises: no voice is
handed an address with its scheme and path, a tag, or a sign that it would spell out; a text that is nothing but code is
said as it stands rather than not at all.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

from lingting.text.numbers.tn import to_spoken
from lingting.text.script import CHINESE

__all__ = ["has_words", "speakable"]

_CODE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|?)+[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\s]{0,500}\)")
_HOST = r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}"
_ADDRESS = re.compile(
    rf"(?:https?|ftp)://(?:www\.)?(?P<host>{_HOST}|[\w.:-]{{1,200}})(?P<path>[/?#][^\s<>()\"'，。；！？、（）]*)?"
    rf"|(?<![\w.@/])www\.(?P<bare>{_HOST})(?P<rest>[/?#][^\s<>()\"'，。；！？、（）]*)?"
    rf"|(?<![\w.+-])(?P<user>[a-z0-9][a-z0-9._+-]{{0,63}})@(?P<mail>{_HOST})(?![a-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_CLOSING = ".,;:!?"
"""Marks at the end of an address belong to the sentence."""
_MARKUP = re.compile(
    r"^[ \t]{0,8}(?:#{1,6}|[-*+>])\s+|[*`~|\\\[\]{}<>^]+|_{2,}|(?<!\w)_|_(?!\w)|#(?=\w)|\$(?!\s?\d)|[～〜]+",
    re.MULTILINE,
)
"""Markdown, brackets, which some voices take for instructions, and the signs of formulas."""
_SIGNS: Mapping[str, tuple[str, str]] = {
    "→": ("到", "to"),
    "⇒": ("到", "to"),
    "×": ("乘", "times"),
    "÷": ("除以", "divided by"),
    "=": ("等于", "equals"),
    "≈": ("约等于", "is about"),
    "≠": ("不等于", "is not"),
    "≤": ("小于等于", "is at most"),
    "≥": ("大于等于", "is at least"),
    "＜": ("小于", "is less than"),
    "＞": ("大于", "is more than"),
    "&": ("和", "and"),
    "²": ("平方", "squared"),
    "³": ("立方", "cubed"),
}
"""In Chinese and English; read after numbers are in words, which know some of them as units."""
_SIGN = re.compile("[" + "".join(_SIGNS) + "]+")
_COMPARED = re.compile(r"(?<=[\w)]) ?(<=|>=|<|>) ?(?=[\d(])")
_COMPARISONS = {"<=": "≤", ">=": "≥", "<": "＜", ">": "＞"}
"""To signs that are not taken for tags and quotations."""
_SQUARED = re.compile(r"(?<=\w)\^([23])(?!\d)")
_PLUS = re.compile(r"(?<=[\d)]) ?\+ ?(?=[\d(])")
_UNSPOKEN = {"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn", "Me"}
"""Emoji, private signs, controls, frames."""
_SELECTORS = re.compile("[\ufe00-\ufe0f]")
"""They choose how an emoji is drawn."""


def speakable(text: str, language: str) -> str:
    """The text in words.

    cost    some milliseconds for the longest text that is taken
    """
    is_chinese = language in CHINESE
    plain = unicodedata.normalize("NFC", text)
    without_code = _CODE.sub("\n", plain)
    plain = without_code if has_words(without_code) else plain
    plain = _TABLE_RULE.sub("", html.unescape(_TAG.sub(" ", plain)))
    plain = _COMPARED.sub(lambda found: _COMPARISONS[found[1]], plain)
    plain = _SQUARED.sub(lambda found: "²" if found[1] == "2" else "³", plain)
    plain = _ADDRESS.sub(lambda found: _address(found, language), _LINK.sub(r"\1", plain))
    plain = _SELECTORS.sub("", _MARKUP.sub(" ", plain))
    if is_chinese or language == "en":
        plain = _PLUS.sub("加" if is_chinese else " plus ", plain)
    said = to_spoken(plain, language)
    if is_chinese or language == "en":
        said = _SIGN.sub(lambda found: _sign(found[0], is_chinese=is_chinese), said)
    seen = "".join(sign if sign == "\n" or unicodedata.category(sign) not in _UNSPOKEN else " " for sign in said)
    return re.sub(r" ?\n ?", "\n", re.sub(r"[ \t\u3000]+", " ", seen)).strip()


def has_words(text: str) -> bool:
    return any(sign.isalnum() for sign in text)


def _address(found: re.Match[str], language: str) -> str:
    """The host alone: nobody can follow a path by ear."""
    dot, at = ("点", "艾特") if language in CHINESE else (" dot ", " at ") if language == "en" else (".", "@")
    if found["user"]:
        return f"{found['user'].replace('.', dot)}{at}{found['mail'].replace('.', dot)}"
    path = found["path"] or found["rest"] or ""
    host = found["host"] or found["bare"]
    whole = path or host
    marks = whole[len(whole.rstrip(_CLOSING)) :]
    return host.rstrip(_CLOSING).replace(".", dot) + marks


def _sign(signs: str, *, is_chinese: bool) -> str:
    """A run of the same sign is said once: a line of `====` is none."""
    if len(signs) > 1:
        return " "
    return _SIGNS[signs][0] if is_chinese else f" {_SIGNS[signs][1]} "
