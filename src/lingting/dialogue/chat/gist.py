"""What a question is about, word by word in their order: the same for wordings that cannot have two answers. Pure.

Left out are words that only ask, politely or not; wordings that ask for the same thing are one. Everything else counts:
numbers, negations, names, places, days, who and whom, and their order. Promises: two questions with one gist differ in
nothing but the wordings below; a word that is not among them is never taken for another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from lingting.text.numbers.numerals_zh import NUMERALS, read_cardinal
from lingting.text.script import CHINESE

__all__ = ["gist"]

_SAME_ZH: Mapping[str, tuple[str, ...]] = {
    "?how": ("怎么样", "怎么办理", "如何办理", "该怎么", "怎么", "如何", "怎样", "咋样", "咋"),
    "?when": ("什么时候", "什么时间", "啥时候", "几点钟", "几点", "何时"),
    "?where": ("在什么地方", "在啥地方", "什么地方", "在哪里", "在哪儿", "哪里", "哪儿", "在哪"),
    "?price": ("多少钱", "什么价格", "什么价钱", "价格是多少", "价格多少"),
    "?long": ("多长时间", "多少时间", "多久"),
    "?who": ("什么人", "谁"),
    "?why": ("为什么", "为啥", "为何"),
    "?may": ("可不可以", "能不能", "可以", "能够", "能"),
    "?what": ("什么", "啥"),
    "?pay": ("支付", "付款", "付钱"),
    "?today": ("今天", "今日"),
    "?tomorrow": ("明天", "明日"),
    "?open": ("开始营业", "开门", "营业"),
}
_IDLE_ZH = re.compile(
    "请告诉我|请问一下|告诉我|麻烦你|请问|一下|我想知道|我想问|麻烦|你们的|你们|呢|吗|吧|啊|呀|嘛|请|的"
)
_SAMES_ZH = [(name, re.compile("|".join(wordings))) for name, wordings in _SAME_ZH.items()]
_TOKEN_ZH = re.compile(rf"\?[a-z]+|[a-z0-9.:%]+|[{NUMERALS}]+|\w")
_SAME_EN: Mapping[str, str] = {
    "what's": "what is", "who's": "who is", "where's": "where is", "when's": "when is", "how's": "how is",
    "it's": "it is", "i'm": "i am", "i'd": "i would", "isn't": "is not", "aren't": "are not", "don't": "do not",
    "doesn't": "does not", "can't": "can not", "cannot": "can not", "won't": "will not", "didn't": "did not",
    "what time": "when", "what hours": "when", "how can i": "how do i", "how could i": "how do i",
    "how should i": "how do i", "how to": "how do i", "what price is": "how much is",
}  # fmt: skip
_SAMES_EN = [(re.compile(rf"\b{wording}\b"), same) for wording, same in _SAME_EN.items()]
_ASKING_EN = re.compile(
    r"^(?:(?:hi|hello|hey|okay|ok|so|well|please|kindly|do you know|i would like to know|i want to know|"
    r"(?:can|could|would|will) you(?: please)?(?= (?:tell|show|give|say|explain)\b))\b *)+"
)
_THANKS_EN = re.compile(r"(?: (?:please|thanks|thank you|for me))+$")
_ARTICLES_EN = frozenset(("the", "a", "an"))
_WORD_EN = re.compile(r"[^\W_]+(?:['.:/-][^\W_]+)*")


def gist(question: str, language: str) -> tuple[str, ...]:
    """Empty for languages that are not Chinese or English, and where nothing is left to ask about."""
    plain = unicodedata.normalize("NFKC", question).casefold().replace("’", "'").strip()
    return _chinese(plain) if language in CHINESE else _english(plain) if language == "en" else ()


def _chinese(plain: str) -> tuple[str, ...]:
    joined = "".join(plain.split())
    for name, wordings in _SAMES_ZH:
        joined = wordings.sub(f" {name} ", joined)
    tokens = _TOKEN_ZH.findall(_IDLE_ZH.sub(" ", joined))
    return tuple(_number(token) for token in tokens)


def _number(token: str) -> str:
    value = read_cardinal(token) if token[0] in NUMERALS else None
    return token if value is None else str(value)


def _english(plain: str) -> tuple[str, ...]:
    joined = " ".join(_WORD_EN.findall(plain))
    for wording, same in _SAMES_EN:
        joined = wording.sub(same, joined)
    joined = _THANKS_EN.sub("", _ASKING_EN.sub("", joined))
    return tuple(word for word in joined.split() if word not in _ARTICLES_EN)
