"""Finds the loops a decoder falls into: the same few words again and again, to the end of its budget.

Pure. People repeat themselves too ("no no no", 一二一二), so the shorter the unit, the more often it must come
back to back before it counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.recognition.guard_phrases import squash

__all__ = ["Unit", "find_loops", "split_units"]

_LETTERS = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Kana and ideographs: every character counts as a word."""
_LONGEST_WORD = 40
"""A longer run of letters is no word but a loop of characters ("aaaa..."), and is looked at as such."""
_LONGEST_LOOP_UNITS = 30
"""Longer sentences that come back are rare and cost the search time."""
_LEAST_REPEATS = (12, 8, 6)
"""Back to back, for loops of one unit, of two, and of more. "No" twelve times in a row is not dictation."""
_LEAST_REPEATS_WHEN_SUSPICIOUS = (6, 4, 3)
"""The same where something else is wrong as well."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, or one character of an unspaced script, and where it stands in the text."""

    key: str
    start: int
    end: int


def split_units(text: str) -> list[Unit]:
    """The words of a text without spaces and marks, in order."""
    units: list[Unit] = []
    for run in _LETTERS.finditer(text):
        start = run.start()
        for position in range(run.start(), run.end()):
            if _UNSPACED.match(text[position]):
                units += _spaced_units(text, start, position)
                units.append(Unit(text[position], position, position + 1))
                start = position + 1
        units += _spaced_units(text, start, run.end())
    return units


def _spaced_units(text: str, start: int, end: int) -> list[Unit]:
    if start == end:
        return []
    if end - start > _LONGEST_WORD:
        return [Unit(squash(text[i]), i, i + 1) for i in range(start, end)]
    return [Unit(squash(text[start:end]), start, end)]


def find_loops(units: Sequence[Unit], *, suspicious: bool) -> list[tuple[int, int]]:
    """The repeats to remove, as half-open ranges of units in order; the first time round is never in them.

    cost      at most 30 comparisons for each unit that begins no loop
    """
    keys = [unit.key for unit in units]
    least_repeats = _LEAST_REPEATS_WHEN_SUSPICIOUS if suspicious else _LEAST_REPEATS
    loops: list[tuple[int, int]] = []
    start = 0
    while start < len(keys):
        loop = _loop_at(keys, start, least_repeats)
        if loop is None:
            start += 1
        else:
            loops.append(loop)
            start = loop[1]
    return loops


def _loop_at(keys: Sequence[str], start: int, least_repeats: Sequence[int]) -> tuple[int, int] | None:
    for size in range(1, min(_LONGEST_LOOP_UNITS, (len(keys) - start) // 2) + 1):
        matching = 0
        while start + size + matching < len(keys) and keys[start + matching] == keys[start + size + matching]:
            matching += 1
        repeats = 1 + matching // size
        if repeats >= least_repeats[min(size, len(least_repeats)) - 1]:
            end = start + size + matching
            whole = end if end == len(keys) else start + size * repeats
            return start + size, whole
    return None
