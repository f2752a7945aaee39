"""How like a sentence is to the examples of a pack, where no template fits it as a whole.

Words count by how few intents use them; words of the same sound (Chinese) or nearly the same letters (English) count
for a little less, and words that the intent's other examples hold do little harm. Order counts for a fifth.
Examples with free slots are left out: what would be free is told by the template only.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from lingting.text.commands.intent_packs import Pack

__all__ = ["Likely", "Likeness", "tokens_of"]

_IDLE_ZH = frozenset("的了吧吗嘛呢啊呀哦把给我你您请帮一下个那这就先再都要想能可以得很儿让来在是和跟好很也还又")
_IDLE_EN = frozenset(
    [
        "the",
        "a",
        "an",
        "my",
        "me",
        "i",
        "im",
        "id",
        "you",
        "your",
        "please",
        "to",
        "is",
        "it",
        "its",
        "in",
        "of",
        "for",
        "that",
        "this",
        "some",
        "bit",
        "little",
        "just",
        "now",
        "can",
        "could",
        "would",
        "will",
        "do",
        "be",
        "and",
        "so",
        "here",
        "there",
        "with",
        "at",
        "us",
        "our",
        "we",
        "want",
        "like",
        "need",
        "get",
        "let",
        "s",
        "go",
        "ll",
        "are",
    ]
)
_IDLE_WEIGHT = 0.08
_UNKNOWN_WEIGHT = 0.9
_SLOT_WEIGHT = 0.8
_KIN_PENALTY = 0.3
"""Of a word that other examples of the same intent hold."""
_SOUND = 0.85
_LETTERS = 0.8
_ORDER_SHARE = 0.2
_MOST = 0.94
"""Below what a rule gives."""
_ENOUGH_SAID = 0.6
"""Of what an example says, idle words aside; a sentence that says less is less like it (太好了 is not 太热了)."""
_WORTH_A_LOOK = 40
MAX_TOKENS = 60
_ZH_TOKEN = re.compile("[a-z0-9.:%]+|.")


def tokens_of(text: str, language: str) -> tuple[str, ...]:
    """Characters of Chinese, and words of what has spaces, by their stems."""
    if language == "zh":
        return tuple(_ZH_TOKEN.findall(text))
    return tuple(_stem(word) for word in text.split())


def _stem(word: str) -> str:
    for ending, least in (("ing", 6), ("ed", 5), ("s", 4)):
        if len(word) >= least and word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=8_192)
def _sounds(token: str) -> tuple[str, ...]:
    """Pinyin without its tone, all readings of a character; the token itself where it is not Chinese."""
    from pypinyin import Style, pinyin

    if not "\u3400" <= token[:1] <= "\u9fff":
        return (token,)
    return tuple(dict.fromkeys(pinyin(token, style=Style.NORMAL, heteronym=True)[0]))


@dataclass(frozen=True, slots=True)
class _Example:
    intent: str
    tokens: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Likely:
    """An intent with the score of its likest example, and the slots that the example has."""

    intent: str
    score: float


class Likeness:
    """The examples of a pack in one language. Read-only once built; safe from several threads."""

    def __init__(self, pack: Pack, language: str) -> None:
        self._idle = _IDLE_ZH if language == "zh" else _IDLE_EN
        self._language = language
        spelt = {
            (template.intent, tuple(t for text in texts for t in tokens_of(text, language)), names)
            for template in pack.templates
            if template.language == language
            for texts, names in template.spellings
        }
        self._weights = _weights(spelt, self._idle)
        self._kin: dict[str, set[str]] = defaultdict(set)
        self._by_slots: dict[frozenset[str], list[_Example]] = defaultdict(list)
        self._holding: dict[frozenset[str], dict[str, set[int]]] = {}
        for intent, tokens, names in sorted(spelt, key=lambda row: (row[0], row[1], sorted(row[2]))):
            self._kin[intent].update(tokens)
            weight = sum(self._weight(token) for token in set(tokens))
            if weight >= 2 * _IDLE_WEIGHT or names:
                self._by_slots[names].append(_Example(intent, tokens, weight))
        self._index()

    def _index(self) -> None:
        for names, examples in self._by_slots.items():
            holding: dict[str, set[int]] = defaultdict(set)
            for i, example in enumerate(examples):
                for token in set(example.tokens) - self._idle:
                    holding[token].add(i)
            self._holding[names] = holding
        by_sound: dict[str, list[str]] = defaultdict(list)
        for token in self._weights:
            if token not in self._idle:
                for sound in _sounds(token) if self._language == "zh" else (token,):
                    by_sound[sound].append(token)
        self._by_sound = by_sound

    @property
    def slot_sets(self) -> tuple[frozenset[str], ...]:
        """The sets of slots that examples have; which of them a sentence fills is the caller's to find."""
        return tuple(self._by_slots)

    def _weight(self, token: str) -> float:
        return self._weights.get(token, _IDLE_WEIGHT if token in self._idle else _UNKNOWN_WEIGHT)

    def likely(self, tokens: Sequence[str], names: frozenset[str]) -> list[Likely]:
        """The intents whose examples, with just these slots, are like a sentence whose slots were taken out."""
        if len(tokens) > MAX_TOKENS:
            return []
        heard = self._heard(set(tokens))
        best: dict[str, float] = {}
        for i in self._candidates(heard, names):
            example = self._by_slots[names][i]
            score = self._score(example, tokens, heard, len(names))
            best[example.intent] = max(score, best.get(example.intent, 0.0))
        return [Likely(intent, score) for intent, score in best.items()]

    def _heard(self, tokens: set[str]) -> dict[str, tuple[float, str]]:
        """Which words of the pack were said: how surely, and as what."""
        heard = {token: (1.0, token) for token in tokens if token in self._weights}
        for token in tokens:
            if token in heard or token in self._idle:
                continue
            for near, factor in self._near(token):
                if near not in heard:
                    heard[near] = (factor, token)
        return heard

    def _near(self, token: str) -> Iterable[tuple[str, float]]:
        if self._language == "zh":
            return [(near, _SOUND) for sound in _sounds(token) for near in self._by_sound.get(sound, ())]
        if len(token) < 4:
            return []
        return [
            (near, _LETTERS) for near in self._weights if len(near) >= 4 and fuzz.ratio(token, near, score_cutoff=80)
        ]

    def _candidates(self, heard: dict[str, tuple[float, str]], names: frozenset[str]) -> list[int]:
        """Those that share most."""
        shared: Counter[int] = Counter()
        holding = self._holding[names]
        for token, (factor, _) in heard.items():
            weight = self._weight(token) * factor
            for i in holding.get(token, ()):
                shared[i] += weight  # type: ignore[assignment]  # a Counter adds floats as well
        examples = self._by_slots[names]
        if not shared and names:
            return [i for i, example in enumerate(examples) if example.weight < _UNKNOWN_WEIGHT][:_WORTH_A_LOOK]
        share = {i: weight / (examples[i].weight + 1.0) for i, weight in shared.items()}
        return sorted(share, key=share.__getitem__, reverse=True)[:_WORTH_A_LOOK]

    def _score(
        self, example: _Example, tokens: Sequence[str], heard: dict[str, tuple[float, str]], slot_count: int
    ) -> float:
        wanted = set(example.tokens)
        common = _SLOT_WEIGHT * slot_count
        explained: set[str] = set()
        for token in wanted & heard.keys():
            factor, said = heard[token]
            common += self._weight(token) * factor
            explained.add(said)
        kin = self._kin[example.intent]
        extra = sum(self._weight(token) * (_KIN_PENALTY if token in kin else 1.0) for token in set(tokens) - explained)
        total = example.weight + _SLOT_WEIGHT * slot_count
        enough = min(1.0, common / (total * _ENOUGH_SAID)) if total else 0.0
        alike = 2 * common / (total + common + extra) if total + common + extra else 0.0
        spoken = [token for token in tokens if token not in self._idle]
        order = Indel.normalized_similarity(spoken, [token for token in example.tokens if token not in self._idle])
        return min(_MOST, enough * ((1 - _ORDER_SHARE) * alike + _ORDER_SHARE * order))


def _weights(spelt: Iterable[tuple[str, tuple[str, ...], frozenset[str]]], idle: frozenset[str]) -> dict[str, float]:
    """By word, 1 where one intent alone uses it and less the more do."""
    users: dict[str, set[str]] = defaultdict(set)
    intents: set[str] = set()
    for intent, tokens, _ in spelt:
        intents.add(intent)
        for token in tokens:
            users[token].add(intent)
    most = math.log(1 + len(intents)) or 1.0
    return {
        token: _IDLE_WEIGHT if token in idle else max(0.25, math.log(1 + len(intents) / len(used)) / most)
        for token, used in users.items()
    }
