"""English numbers as written: twenty five dollars becomes $25. Pure.

A grammar over words, tried from left to right, the most particular rule first. Words said one after the other that no
rule takes as a whole (five six, twenty four seven) stay. Conventions: numbers from ten on become digits, with commas
from ten thousand on; smaller ones where a unit, a date, a time or a sum makes them an amount (five percent, at three
thirty), so that "one of them", "no one" and "two people" stay; million and billion stay words; a number said digit by
digit has three digits or more, or follows what is numbered (room one oh one).
"""

from __future__ import annotations

from lingting.text.numbers import itn_en_rules as numbers
from lingting.text.numbers import itn_en_times as times
from lingting.text.numbers.itn_en_rules import Part, Rule
from lingting.text.numbers.itn_en_words import MONTHS, Said
from lingting.text.realign import Edit

__all__ = ["edits_en"]

RULES: tuple[Rule, ...] = (
    times.address,
    times.past_hour,
    times.clock,
    times.month_and_day,
    times.day_of_month,
    numbers.percent,
    numbers.money,
    numbers.measure,
    numbers.fraction,
    numbers.decade,
    numbers.year,
    numbers.digits,
    numbers.ordinal,
    numbers.span_of_two,
    numbers.cardinal,
)


_STARTS = MONTHS | {"a", "minus", "negative", "half", "quarter", "o", "second"}
"""Words besides numerals that a rule may begin with."""


def edits_en(text: str) -> list[Edit]:
    """What has to change for the numbers of an English text to be written in digits.

    cost    well under a millisecond for a sentence
    """
    said = Said(text)
    edits: list[Edit] = []
    i = 0
    while i < len(said.words):
        found = _first(said, i) if _may_start(said, i) else None
        if found is None:
            i = _after_run(said, i)
            continue
        said_anew = ((part, part.text) for part in found if part.length and part.text is not None)
        edits += [Edit(*said.span(part.first, part.length), text) for part, text in said_anew]
        i = max(part.first + part.length for part in found)
    return [edit for edit in edits if text[edit.start : edit.end] != edit.text]


def _may_start(said: Said, i: int) -> bool:
    """Whether any rule could apply there, which is rare and quickly seen."""
    word = said.words[i]
    return word in _STARTS or said.is_number(i) or said.word(i + 1) == "dot"


def _first(said: Said, i: int) -> list[Part] | None:
    for rule in RULES:
        found = rule(said, i)
        if found is not None:
            return found
    return None


def _after_run(said: Said, i: int) -> int:
    """Past the whole number that no rule took, so that none of it is written alone."""
    end = i + 1
    while said.is_number(i) and said.is_number(end):
        end += 1
    return end
