"""Finds the intent of a sentence in a pack: templates first, then likeness to the examples, then embeddings.

Promises: the text is not changed; the same sentence gives the same answer; where nothing is sure enough, or two
intents are as sure, the answer is none, with the score of the likeliest. A sentence takes a few milliseconds at most,
however long, embeddings aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from lingting.domain.intents import Guess, IntentMatch, Slot
from lingting.text.commands.intent_grammar import Template
from lingting.text.commands.intent_likeness import Likeness, tokens_of
from lingting.text.commands.intent_normal import Normal, languages_of, normalise_clauses, politely_shorter
from lingting.text.commands.intent_packs import LANGUAGES, Pack

__all__ = ["MAX_COMMAND_CHARACTERS", "Matcher", "Recaller"]

MAX_COMMAND_CHARACTERS = 300
"""A longer sentence is no command."""
_RULE_SCORE = 1.0
_FREE_RULE_SCORE = 0.9
"""Of a template with a free slot, which may have taken in more than was meant: a sentence that is nearly another
intent's example is that one."""
_CLAUSE_FACTOR = 0.9


class Recaller(Protocol):
    """Finds the nearest examples of a pack by meaning."""

    def nearest(self, pack: str, text: str) -> list[Guess]:
        """The likeliest intents, best first, with scores on the scale of the others."""
        ...


@dataclass(frozen=True, slots=True)
class _Found:
    intent: str
    score: float
    literal: int
    """Characters that the template itself says."""
    slots: tuple[Slot, ...]
    by: str

    @property
    def rank(self) -> tuple[float, int]:
        return (round(self.score, 4), self.literal)


class Matcher:
    """A pack, ready to match. Read-only; safe from several threads."""

    def __init__(self, pack: Pack, recaller: Recaller | None = None) -> None:
        self.pack = pack
        self._recaller = recaller
        self._rules = {
            language: [template for template in pack.templates if template.language == language]
            for language in LANGUAGES
        }
        self._likeness = {language: Likeness(pack, language) for language in LANGUAGES if self._rules[language]}
        self._finders = {
            (name, language): re.compile(slot.pattern(language) + (r"(?!\S)" if language == "en" else ""))
            for name, slot in pack.slots.items()
            for language in LANGUAGES
            if not slot.is_free
        }

    def match(self, text: str, language: str | None = None, threshold: float | None = None) -> IntentMatch:
        """What the sentence asks for.

        language     zh or en; None finds out from its letters
        threshold    None takes the pack's
        """
        least = self.pack.threshold if threshold is None else threshold
        best: dict[str, _Found] = {}
        if len(text) <= MAX_COMMAND_CHARACTERS:
            for found in self._found(text, language):
                if found.intent not in best or found.rank >= best[found.intent].rank:
                    best[found.intent] = found
        ranked = sorted(best.values(), key=lambda found: found.rank, reverse=True)
        answer = self._answer(ranked, least)
        if answer.intent is None and self._recaller is not None and len(text) <= MAX_COMMAND_CHARACTERS:
            return self._answer(self._recalled(self._recaller, text, ranked), least)
        return answer

    def _answer(self, ranked: list[_Found], least: float) -> IntentMatch:
        if not ranked:
            return IntentMatch(self.pack.name, None, 0.0)
        first = ranked[0]
        second = Guess(ranked[1].intent, round(ranked[1].score, 3)) if len(ranked) > 1 else None
        by_rule = any(found.by == "rules" for found in ranked[:2])
        is_clear = len(ranked) == 1 or by_rule or first.score - ranked[1].score >= self.pack.margin
        if first.score < least or not is_clear:
            return IntentMatch(
                self.pack.name, None, round(first.score, 3), runner_up=Guess(first.intent, round(first.score, 3))
            )
        return IntentMatch(self.pack.name, first.intent, round(first.score, 3), first.slots, second, first.by)

    def _found(self, text: str, language: str | None) -> Iterator[_Found]:
        for tongue in languages_of(text, language):
            if tongue not in self._likeness:
                continue
            for i, clause in enumerate(normalise_clauses(text, tongue)):
                factor = _CLAUSE_FACTOR if i else 1.0
                yield from self._by_rules(clause, factor)
                yield from self._by_likeness(clause, factor)

    def _by_rules(self, text: Normal, factor: float) -> Iterator[_Found]:
        for part in politely_shorter(text):
            for template in self._rules[text.language]:
                found = template.rule.fullmatch(part.text)
                slots = self._slots(template, found, part) if found else None
                if found is None or slots is None:
                    continue
                is_free = any(self.pack.slots[slot.name].is_free for slot in slots)
                taken = sum(len(group) for group in found.groups() if group)
                score = factor * (_FREE_RULE_SCORE if is_free else _RULE_SCORE)
                # What was asked politely belongs to no slot, so that the shorter reading wins among equal ones.
                yield _Found(template.intent, score, len(part.text) - taken, slots, "rules")

    def _slots(self, template: Template, found: re.Match[str], text: Normal) -> tuple[Slot, ...] | None:
        slots = []
        for i, name in enumerate(template.slots, 1):
            if found[i] is None:
                continue
            slot = self._slot(name, text, found.start(i), found.end(i))
            if slot is None:
                return None
            slots.append(slot)
        return tuple(slots)

    def _slot(self, name: str, text: Normal, start: int, end: int) -> Slot | None:
        spec = self.pack.slots[name]
        said = text.said(start, end)
        value = spec.read(text.text[start:end], said)
        return None if value is None else Slot(name, spec.kind, value, said)

    def _by_likeness(self, text: Normal, factor: float) -> Iterator[_Found]:
        likeness = self._likeness[text.language]
        parts = list(politely_shorter(text))
        shortest = min(parts, key=lambda part: len(part.text))
        for names in likeness.slot_sets:
            filled = self._filled(shortest, names)
            if filled is None:
                continue
            slots, rest = filled
            for likely in likeness.likely(tokens_of(rest, text.language), names):
                yield _Found(likely.intent, factor * likely.score, 0, slots, "likeness")

    def _filled(self, text: Normal, names: frozenset[str]) -> tuple[tuple[Slot, ...], str] | None:
        """The slots found in a text, and the text without them; None unless all are there."""
        rest, slots = text.text, []
        for name in sorted(names):
            for found in self._finders[name, text.language].finditer(rest):
                if not found[0].strip() or "\0" in found[0]:
                    continue
                slot = self._slot(name, text, *found.span())
                if slot is not None:
                    slots.append(slot)
                    rest = rest[: found.start()] + "\0" * len(found[0]) + rest[found.end() :]
                    break
            else:
                return None
        return tuple(slots), re.sub("\0+", " " if text.language == "en" else "", rest)

    def _recalled(self, recaller: Recaller, text: str, ranked: list[_Found]) -> list[_Found]:
        """By meaning as well; slots are those that the likest example of the intent found."""
        known = {found.intent: found for found in ranked}
        for guess in recaller.nearest(self.pack.name, text):
            before = known.get(guess.intent)
            if before is None or guess.score > before.score:
                known[guess.intent] = _Found(guess.intent, guess.score, 0, before.slots if before else (), "embeddings")
        return sorted(known.values(), key=lambda found: found.rank, reverse=True)
