"""Gives marks to what an engine wrote without any, by a model: before anything is cut into sentences.

Promises: only marks are added, never a letter changed, or the text stays as it is; words keep their number and times.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.domain import Effort, Hypothesis, Punctuation, RecognizeOptions, Word
from lingting.domain.errors import InvalidOption

__all__ = ["Marker", "Marks", "PunctuationSettings", "added_marks", "require_marker"]

LANGUAGES = frozenset(("zh", "yue", "en"))
MIN_CHARACTERS = 4
"""What is shorter is as often a name or a command."""
_MARK = re.compile(r"[，。？！、；：,.?!;:…]")
_NARROW = str.maketrans("，。？！、", ",.?!,")
"""Of marks that follow a Latin letter."""


@dataclass(frozen=True, slots=True)
class PunctuationSettings:
    """The model for marks."""

    model: str = ""
    """Of the catalog; empty has none, and rules only."""
    threads: int = 1


class Marks(Protocol):
    """The model. Blocking."""

    def mark(self, text: str) -> str: ...


class Marker:
    """One model, one text at a time, off the event loop."""

    def __init__(self, model: Marks) -> None:
        self._model = model
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="lingting-marks")

    async def aclose(self) -> None:
        await asyncio.to_thread(self._executor.shutdown)

    async def marked(self, hypothesis: Hypothesis, options: RecognizeOptions) -> Hypothesis:
        """The same with marks, where they are wanted and there are none; drafts stay."""
        if options.punctuation is not Punctuation.MODEL or options.effort is Effort.DRAFT:
            return hypothesis
        text = hypothesis.text.strip()
        if hypothesis.language not in LANGUAGES or len(text) < MIN_CHARACTERS or _MARK.search(text):
            return hypothesis
        marked = await asyncio.get_running_loop().run_in_executor(self._executor, self._model.mark, text)
        marks = added_marks(text, marked)
        return _spelled(hypothesis, text, marks) if marks else hypothesis


def require_marker(options: RecognizeOptions, marker: Marker | None) -> None:
    """raises    InvalidOption"""
    if options.punctuation is Punctuation.MODEL and marker is None:
        raise InvalidOption("punctuation", "no model for marks is set here; set punctuation.model, or send auto")


def added_marks(text: str, marked: str) -> Mapping[int, str]:
    """By the position after which each stands; none where the two differ in anything else than marks and spaces."""
    letters = [(index, letter) for index, letter in enumerate(text) if not letter.isspace()]
    marks: dict[int, str] = {}
    reached = 0
    for character in marked:
        if character.isspace():
            continue
        if reached < len(letters) and character == letters[reached][1]:
            reached += 1
        elif reached and _MARK.fullmatch(character):
            index, before = letters[reached - 1]
            marks[index] = character.translate(_NARROW) if before.isascii() else character
        else:
            return {}
    return marks if reached == len(letters) else {}


def _spelled(hypothesis: Hypothesis, text: str, marks: Mapping[int, str]) -> Hypothesis:
    """With words that spell the new text; unchanged where they do not spell the old one."""
    words: list[Word] = []
    spelled = "".join(word.text for word in hypothesis.words)
    if spelled and spelled.strip() != text:
        return hypothesis
    position = len(spelled.lstrip()) - len(spelled)
    for word in hypothesis.words:
        words.append(replace(word, text=_with(word.text, marks, position)))
        position += len(word.text)
    return replace(hypothesis, text=_with(text, marks, 0), words=tuple(words))


def _with(text: str, marks: Mapping[int, str], start: int) -> str:
    return "".join(letter + marks.get(index, "") for index, letter in enumerate(text, start))
