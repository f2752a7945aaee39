"""Sentences as the matching sees them: one script, small letters, no marks, and without words that ask politely.

Promises: every character knows where it stood in the text as it was given, so that a slot is answered as it was said.
Chinese is normalised without spaces; of other text, every word has one space before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from lingting.domain import Script
from lingting.text.script import to_script

__all__ = ["Normal", "is_chinese", "languages_of", "normalise", "normalise_clauses", "politely_shorter"]

_KEPT_AFTER_DIGIT = frozenset("%°℃")
_CJK = re.compile("[\u3400-\u9fff]")
_CLAUSE_END = re.compile(r"[,.!?;，。！？；、](?!\d)\s*")
MAX_CLAUSES = 4
"""A text with more is a talk, not a command; it is looked at as a whole only."""

_ZH_BEFORE = re.compile(
    "(?:请问|请你?|麻烦你?您?|劳驾|帮我们?|帮忙|给我|替我|为我|能不能|可不可以|可以|能|你好|您好|你|您|我(?:现在)?(?:想要?|要|需要)|"
    "嗯+|呃+|额|那个|啊|哎|喂|嘿|好的?|现在|赶紧|赶快|快点?|马上|先|再|就|来)"
)
_ZH_AFTER = re.compile(
    "(?:吧|吗|嘛|呢|啊|呀|哦|了|好吗|好不好|行吗|行不行|可以吗|谢谢你?|一下子?|一下下|一会儿?|给我|好了|哈|啦|谢了|呗)$"
)
_EN_BEFORE = re.compile(
    " (?:please|could you|can you|would you|will you|could we|can we|can i|could i|may i|would you mind|i want you to|"
    "i want to|i wanna|id like to|id like you to|i would like to|i need you to|i need to|you to|help me|lets|hey|hi|"
    "hello|ok|okay|so|well|um+|uh+|er|now|just|go ahead and|kindly|maybe|then|and|we should)(?= )"
)
_EN_AFTER = re.compile(
    " (?:please|thanks|thank you|for me|for us|now|right now|would you|will you|could you|can you|okay|ok|already|"
    "again|right away|a (?:little )?bit|a little|in here|if you can|if you could|if you dont mind)$"
)


@dataclass(frozen=True, slots=True)
class Normal:
    """A text, normalised."""

    text: str
    starts: tuple[int, ...]
    """Where each character stood in the original; of a space, where the word after it did."""
    original: str
    language: str

    def said(self, start: int, end: int) -> str:
        """What the original has there."""
        if start >= end:
            return ""
        return self.original[self.starts[start] : self.starts[end - 1] + 1].strip()

    def cut(self, start: int, end: int) -> Normal:
        return Normal(self.text[start:end], self.starts[start:end], self.original, self.language)


def is_chinese(text: str) -> bool:
    return _CJK.search(text) is not None


def languages_of(text: str, language: str | None) -> tuple[str, ...]:
    """In which languages to read a text: the one that was named, or what its letters say."""
    if language in ("zh", "en"):
        return (language,)
    if not is_chinese(text):
        return ("en",)
    return ("zh", "en") if re.search("[A-Za-z]{2}", text) else ("zh",)


def normalise(text: str, language: str, start: int = 0, end: int | None = None) -> Normal:
    """The part of a text from `start` to `end`, normalised."""
    end = len(text) if end is None else end
    plain = to_script(text, Script.SIMPLIFIED) if is_chinese(text) else text
    plain = plain if len(plain) == len(text) else text
    characters: list[str] = []
    starts: list[int] = []
    gap = True
    for i in range(start, end):
        for character in unicodedata.normalize("NFKC", plain[i]).lower():
            kept = _kept(character, plain, i)
            if kept is None:
                gap = True
            elif kept:
                if gap and language != "zh":
                    characters.append(" ")
                    starts.append(i)
                gap = False
                characters.append(character)
                starts.append(i)
    return Normal("".join(characters), tuple(starts), text, language)


def _kept(character: str, text: str, i: int) -> bool | None:
    """True to keep, False to leave out, None where a word ends."""
    if character.isalnum():
        return True
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    if character in _KEPT_AFTER_DIGIT:
        return before.isdigit() or character != "%"
    if character in "'’`" or (character == "," and before.isdigit() and after.isdigit()):
        return False
    if character in ".:" and before.isdigit() and after.isdigit():
        return True
    if character == "." and before.isalpha() and after.isalpha():
        return False
    return None


def normalise_clauses(text: str, language: str) -> list[Normal]:
    """The whole text first, then its clauses where it has a few."""
    whole = normalise(text, language)
    ends = [found.span() for found in _CLAUSE_END.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    clauses = [
        normalise(text, language, start, end)
        for start, end in zip(starts, [*(start for start, _ in ends), len(text)], strict=True)
    ]
    clauses = [clause for clause in clauses if clause.text]
    return [whole, *clauses] if 1 < len(clauses) <= MAX_CLAUSES else [whole]


def politely_shorter(text: Normal) -> Iterator[Normal]:
    """The text, and again without each word of asking before it and after it."""
    before, after = (_ZH_BEFORE, _ZH_AFTER) if text.language == "zh" else (_EN_BEFORE, _EN_AFTER)
    fronts = [text]
    while (found := before.match(fronts[-1].text)) and found.end() < len(fronts[-1].text):
        fronts.append(fronts[-1].cut(found.end(), len(fronts[-1].text)))
    for front in fronts:
        yield front
        back = front
        while (found := after.search(back.text)) and found.start() > 0:
            back = back.cut(0, found.start())
            yield back
