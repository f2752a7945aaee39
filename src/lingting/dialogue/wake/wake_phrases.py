"""Finds a phrase that wakes the bot at the beginning of what was heard, by its sound. Pure.

Chinese is compared syllable by syllable, whatever the tone, and with the sounds that accents and recognisers mix up
held for near; other phrases by their letters and their Metaphone, run together, since a recogniser that does not know a
name cuts it as it likes. Chinese that was heard as Latin letters, and the reverse, is compared by its pinyin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.domain.errors import InvalidOption
from lingting.text.hotwords import sounds_en, sounds_zh
from lingting.text.hotwords.units import units_of

__all__ = ["LEADS", "PhraseMatcher", "Said", "Sound", "sounds_of"]

_LEAD_WORDS = "嘿 喂 哎 诶 嗨 啊 呃 嗯 hey hi hello oh ok okay um uh well"
LEADS = frozenset(_LEAD_WORDS.split())
"""May stand before a phrase."""
MOST_LEADS = 2
FEWEST_SYLLABLES, FEWEST_LETTERS, MOST_UNITS = 3, 6, 12
"""Shorter phrases sound like too much else."""
HAN_BOUND, LETTERS_BOUND = 0.79, 0.74
"""Likeness from which something is taken for the phrase (benchmarks/README.md)."""
LEAST_LIKE_SYLLABLE = 0.6
"""Whatever the others are: one that is quite another makes another name, 小明同学 of 小灵同学."""
STRAY_BOUND = 0.9
"""What Whisper hears in a breath stands before the phrase as one odd character; then the rest has to be alike."""
MORE_WORDS = 2
"""A phrase in letters may have been heard as so many words more, or fewer."""
LOOKED_AT_CHARACTERS = 120
_AFTER = re.compile(r"[\W_]*")


@dataclass(frozen=True, slots=True)
class Said:
    """A phrase, where it was found."""

    phrase: str
    end: int
    """Where in the text the rest begins, after marks and spaces."""
    score: float
    """How alike, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A Chinese character or a word, as it sounds."""

    key: str
    end: int
    """Where in the text it ends."""
    syllable: sounds_zh.Syllable | None
    """None unless it is Chinese."""
    letters: str
    """Chinese by its pinyin; empty for what is neither Chinese nor in the letters a to z."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    length: int
    syllables: tuple[sounds_zh.Syllable, ...]
    """Empty unless it is all Chinese characters."""
    spoken: sounds_en.Spoken


class PhraseMatcher:
    """Looks for any of some phrases. Read-only once made; a look takes well under a millisecond.

    cost      the first in a process loads the pinyin, half a second
    raises    InvalidOption for a phrase that is too short, too long, or in a script that nothing here can sound
    """

    def __init__(self, phrases: Sequence[str], *, param: str = "talk.wake_phrases", may_be_short: bool = False) -> None:
        """may_be_short: where it is known from elsewhere that one was said"""
        sounds_zh.syllables_of("好")
        self._phrases = tuple(_phrase(text, param) for text in phrases)
        if not may_be_short:
            for phrase in self._phrases:
                _require_length(phrase, param)

    def find(self, text: str, *, ease: float = 0.0) -> Said | None:
        """The phrase that the text begins with, with what repeats it; None where it begins with something else.

        ease    taken off the bounds, where it is known from elsewhere that a phrase was said
        """
        sounds = sounds_of(text[:LOOKED_AT_CHARACTERS])
        found = [each for first in _starts(sounds) for each in self._at(sounds, first, ease)]
        found = found or [each for each in self._at(sounds, 1, 0.0) if each[1].score >= STRAY_BOUND]
        if not found:
            return None
        best = max(found, key=lambda each: each[1].score)
        first, said = best[0], best[1]
        while again := self._at(sounds, first, 0.0):  # who calls twice is not asking about it
            first, repeat = max(again, key=lambda each: each[1].score)
            said = Said(said.phrase, repeat.end, said.score)
        rest = _AFTER.match(text, said.end)
        assert rest is not None, "the pattern matches nothing as well"
        return Said(said.phrase, rest.end(), said.score)

    def _at(self, sounds: Sequence[Sound], first: int, ease: float) -> list[tuple[int, Said]]:
        """The phrases from there, each with where what follows it begins."""
        found = []
        for phrase in self._phrases:
            count, score = _best(phrase, sounds[first : first + phrase.length + MORE_WORDS], ease)
            if count:
                last = first + count
                found.append((last, Said(phrase.text, sounds[last - 1].end, score)))
        return found


def sounds_of(text: str) -> list[Sound]:
    """In order; marks and spaces are between them."""
    units = units_of(text)
    han = "".join(unit.key for unit in units if unit.is_han)
    syllables = iter(sounds_zh.syllables_of(han) if han else ())
    sounds = []
    for unit in units:
        syllable = next(syllables) if unit.is_han else None
        letters = unit.key.replace("'", "") if syllable is None else syllable[0] + syllable[1]
        is_known = letters.isascii() and letters.isalpha()
        sounds.append(Sound(unit.key, unit.end, syllable, letters if is_known else ""))
    return sounds


def _phrase(text: str, param: str) -> _Phrase:
    sounds = sounds_of(text)
    is_han = bool(sounds) and all(sound.syllable is not None for sound in sounds)
    if not sounds or not all(sound.letters for sound in sounds):
        raise InvalidOption(param, f"{text[:40]!r} is neither Chinese nor in the letters a to z; choose another phrase")
    if len(sounds) > MOST_UNITS:
        raise InvalidOption(param, f"{text[:40]!r} has {len(sounds)} words or characters; at most {MOST_UNITS}")
    spoken = sounds_en.spoken(tuple(sound.letters for sound in sounds))
    syllables = tuple(sound.syllable for sound in sounds if sound.syllable is not None) if is_han else ()
    return _Phrase(text, len(sounds), syllables, spoken)


def _require_length(phrase: _Phrase, param: str) -> None:
    if phrase.length < FEWEST_SYLLABLES if phrase.syllables else len(phrase.spoken[0]) < FEWEST_LETTERS:
        raise InvalidOption(
            param,
            f"{phrase.text[:40]!r} is too short and would be heard everywhere; take at least {FEWEST_SYLLABLES} "
            f"characters or {FEWEST_LETTERS} letters, such as 小听小听 or hey lingting",
        )


def _starts(sounds: Sequence[Sound]) -> list[int]:
    """The first, and those that only leads stand before."""
    starts = [0] if sounds else []
    for i in range(min(MOST_LEADS, len(sounds) - 1)):
        if sounds[i].key not in LEADS:
            break
        starts.append(i + 1)
    return starts


def _best(phrase: _Phrase, sounds: Sequence[Sound], ease: float) -> tuple[int, float]:
    """How many sounds are most like the phrase, and how alike; of two that are the same the fewer; 0 for none."""
    best_count, best_score = 0, 0.0
    fewest = 1 if phrase.syllables else max(1, phrase.length - MORE_WORDS)  # Chinese in letters may come as one word
    for count in range(fewest, len(sounds) + 1):
        score, bound = _likeness(phrase, sounds[:count])
        if score > best_score and score >= bound - ease:
            best_count, best_score = count, score
    return best_count, best_score


def _likeness(phrase: _Phrase, sounds: Sequence[Sound]) -> tuple[float, float]:
    """How alike, and how alike it has to be."""
    heard = [sound.syllable for sound in sounds if sound.syllable is not None]
    if not phrase.syllables or len(heard) < len(sounds):
        return sounds_en.likeness(
            sounds_en.spoken(tuple(sound.letters for sound in sounds)), phrase.spoken
        ), LETTERS_BOUND
    if len(heard) != len(phrase.syllables):
        return 0.0, HAN_BOUND
    likenesses = [sounds_zh.likeness(one, other) for one, other in zip(heard, phrase.syllables, strict=True)]
    if min(likenesses) < LEAST_LIKE_SYLLABLE:
        return 0.0, HAN_BOUND
    return sum(likenesses) / len(likenesses), HAN_BOUND
