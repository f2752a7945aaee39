"""Keeps words and their times true when a text is rewritten. Pure.

A rewriter says what it changes as edits of the text, or gives only the text it made. Either way the words that come
back spell that text. A word that is only respelled keeps its times; words that an edit joins become one, from the first
start to the last end, as sure as the least sure of them. Promises: order stays, times that ran forward still do, no
edit is lost, and any Unicode will do. What to write is left to the steps of `chain.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate

from lingting.domain import Segment, Word

__all__ = ["Edit", "Realigned", "applied", "edits_between", "realigned", "respelled", "rewritten"]

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana and ideographs."""
_UNIT = re.compile(rf"[^\W{_UNSPACED}]+|\s+|.", re.DOTALL)
"""What is compared: a run of letters and digits, a run of white space, or one other character."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In a text, what lies from `start` up to `end` is to read `text`; an insertion where both are the same."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Realigned:
    """Words that spell a rewritten text."""

    words: tuple[Word, ...]
    merges: tuple[tuple[int, int], ...] = ()
    """The words that became one, by their first and last index before; in order."""


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made.

    edits    in order, not overlapping
    """
    parts, reached = [], 0
    for edit in edits:
        parts += [text[reached : edit.start], edit.text]
        reached = edit.end
    return "".join([*parts, text[reached:]])


def edits_between(before: str, after: str) -> tuple[Edit, ...]:
    """Edits that make `after` out of `before`, by words and single marks; what both share stays untouched."""
    old, new = _UNIT.findall(before), _UNIT.findall(after)
    starts = [0]
    for unit in old:
        starts.append(starts[-1] + len(unit))
    return tuple(
        Edit(starts[low], starts[high], "".join(new[left:right]))
        for tag, low, high, left, right in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def respelled(words: Sequence[Word], text: str) -> Realigned:
    """The words made to spell a text of which only the result is known, whatever they spelled before."""
    spelled = "".join(word.text for word in words)
    lead = spelled[: len(spelled) - len(spelled.lstrip())]
    return realigned(words, edits_between(spelled, lead + text.strip()))


def realigned(words: Sequence[Word], edits: Iterable[Edit]) -> Realigned:
    """The words after edits of what they spell together.

    edits    in order, not overlapping; positions in the texts of the words, joined
    keeps    tokens; times that run forward
    """
    groups = _grouped(words, _joined(edits))
    merges = tuple((group.first, group.last) for group in groups if group.last > group.first)
    return Realigned(tuple(_merged(words[group.first : group.last + 1], group.text) for group in groups), merges)


def rewritten(segment: Segment, edits_of: Callable[[str], Sequence[Edit]]) -> Segment:
    """The segment with its text edited and its words spelling it."""
    edits = edits_of(segment.text)
    if not edits:
        return segment
    text = applied(segment.text, edits).strip()
    if not segment.words:
        return replace(segment, text=text)
    spelled = "".join(word.text for word in segment.words)
    if spelled.strip() != segment.text:
        return replace(segment, text=text, words=respelled(segment.words, text).words)
    lead = len(spelled) - len(spelled.lstrip())
    moved = [Edit(edit.start + lead, edit.end + lead, edit.text) for edit in edits]
    return replace(segment, text=text, words=realigned(segment.words, moved).words)


def _joined(edits: Iterable[Edit]) -> list[Edit]:
    """Insertions at one place as one edit, since they could belong to different words."""
    joined: list[Edit] = []
    for edit in edits:
        if joined and joined[-1].start == joined[-1].end == edit.start == edit.end:
            joined[-1] = replace(edit, text=joined[-1].text + edit.text)
        else:
            joined.append(edit)
    return joined


@dataclass(slots=True)
class _Group:
    """Words from `first` to `last` that spell `text` together."""

    first: int
    last: int
    text: str


def _grouped(words: Sequence[Word], edits: Sequence[Edit]) -> list[_Group]:
    ends = list(accumulate(len(word.text) for word in words))
    touching: list[list[tuple[Edit, bool]]] = [[] for _ in words]
    is_joined = [False] * len(words)
    for edit in edits if words else ():
        first, last = _touched(ends, edit)
        for i in range(first, last + 1):
            touching[i].append((edit, i == first))
            is_joined[i] |= i > first
    kept: list[_Group] = []
    for i, word in enumerate(words):
        text = _spelled(word.text, ends[i] - len(word.text), touching[i])
        if is_joined[i]:
            kept[-1].last, kept[-1].text = i, kept[-1].text + text
        else:
            kept.append(_Group(i, i, text))
    return _without_empty(kept, words)


def _touched(ends: Sequence[int], edit: Edit) -> tuple[int, int]:
    """The first and the last word of an edit. An inserted space belongs to the word after it, a mark to the one before.

    ends    where each word ends; not empty
    """
    at_most = len(ends) - 1
    last = min(bisect_left(ends, edit.end), at_most)
    if edit.start < edit.end:
        return min(bisect_right(ends, edit.start), last), last
    if edit.text[:1].isspace() and ends[last] == edit.start:
        last = min(last + 1, at_most)
    return last, last


def _spelled(text: str, start: int, touching: Sequence[tuple[Edit, bool]]) -> str:
    """One word's own share of the edited text.

    touching    the edits of the word, and of each whether the word is the first it touches, which has its text
    """
    parts, reached = [], start
    for edit, is_first in touching:
        parts.append(text[reached - start : max(edit.start, start) - start])
        if is_first:
            parts.append(edit.text)
        reached = max(reached, min(edit.end, start + len(text)))
    return "".join([*parts, text[reached - start :]])


def _without_empty(groups: list[_Group], words: Sequence[Word]) -> list[_Group]:
    """A word of which nothing is left joins the one before it, or the one after it at the beginning."""
    kept: list[_Group] = []
    for group in groups:
        had_text = any(word.text for word in words[group.first : group.last + 1])
        if kept and ((had_text and not group.text) or not kept[-1].text):
            kept[-1].last, kept[-1].text = group.last, kept[-1].text + group.text
        else:
            kept.append(group)
    return kept


def _merged(words: Sequence[Word], text: str) -> Word:
    if len(words) == 1:
        return replace(words[0], text=text)
    return Word(
        text=text,
        start_seconds=min(word.start_seconds for word in words),
        end_seconds=max(word.end_seconds for word in words),
        probability=min(word.probability for word in words),
        tokens=tuple(token for word in words for token in word.tokens),
    )
