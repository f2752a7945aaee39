"""Finds where a text says a hotword, or what sounds like one and was not sure to be anything else. Pure.

Promises: what is written as a hotword already is left alone, and nothing that overlaps it is taken for another; no
match crosses a mark; the cost grows with the text, hardly with the list. How sure a recogniser was of each unit comes
from outside; without that only what sounds the same is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from lingting.domain import Hotword, Hotwords, Script
from lingting.text.hotwords import sounds_en, sounds_zh
from lingting.text.hotwords.units import Unit, are_joined, units_of
from lingting.text.script import CHINESE, to_script

__all__ = ["Match", "Matcher"]

Sure = Sequence[float | None]
"""Of each unit, how probable the recogniser thought it; None where it does not say."""

ENGLISH = "en"
FEWEST_HAN, FEWEST_LETTERS = 2, 4
"""Shorter ones sound like too much else; they are only replaced by name."""
HAN_BOUNDS = {2: 0.92, 3: 0.74}
HAN_BOUND = 0.72
"""Likeness (the mean over the syllables) from which characters are taken for the hotword, by its length, where the
recogniser had no idea of what it wrote."""
ENGLISH_BOUND, SHORT_ENGLISH_BOUND = 0.7, 0.78
SHORT_LETTERS = 6
SURENESS_STEP = 0.22
"""The surer it was, the more alike it has to sound: so much more at probability 1."""
MOST_SURE = 0.95
MOST_SURE_OF_TWO = 0.7
"""What it thought at least this probable is left alone, however it sounds; two characters need more doubt."""
WEIGHT_STEP = 0.02
"""What each doubling of the weight takes off the bound."""
UNSURE = 0.9
"""What is taken for the probability where nothing tells it."""
MORE_WORDS = 2
"""An English hotword may have been heard as so many words more; as one less where it has several."""


MOST_HEARD = 6
"""Words for one English hotword."""


@dataclass(frozen=True, slots=True)
class Match:
    """Units from `first` to `last` are to read as the hotword."""

    first: int
    last: int
    hotword: Hotword
    score: float

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class _Said:
    """A text, taken apart."""

    text: str
    units: tuple[Unit, ...]
    sure: Sure
    run_ends: tuple[int, ...]
    """Of each unit, the last one that a match from it may reach."""


@dataclass(frozen=True, slots=True)
class _Sounding:
    """A hotword that is also found by its sound."""

    hotword: Hotword
    keys: tuple[str, ...]
    syllables: tuple[sounds_zh.Syllable, ...] = ()
    spoken: sounds_en.Spoken = ("", "")

    def takes_english(self, heard: sounds_en.Spoken, sure: float) -> bool:
        alike = self.takes(sounds_en.likeness(heard, self.spoken), sure)
        return alike and not sounds_en.is_inflected(heard[0], self.spoken[0])

    def takes(self, score: float, sure: float) -> bool:
        """Whether this likeness is enough against what the recogniser thought."""
        length = len(self.syllables)
        if sure >= (MOST_SURE_OF_TWO if length == FEWEST_HAN else MOST_SURE):
            return False
        if self.syllables:
            bound = HAN_BOUNDS.get(length, HAN_BOUND)
        else:
            bound = SHORT_ENGLISH_BOUND if len(self.spoken[0]) <= SHORT_LETTERS else ENGLISH_BOUND
        return score >= min(1.0, bound + SURENESS_STEP * sure - WEIGHT_STEP * log2(self.hotword.weight))


class Matcher:
    """One list for one language. Read-only once made; safe from several threads.

    cost    to make, about 20 microseconds for each word, and once in a process the time to load the pinyin
    """

    def __init__(self, hotwords: Hotwords, language: str) -> None:
        self._named: dict[str, list[tuple[tuple[str, ...], Hotword, bool]]] = defaultdict(list)
        self._by_syllable: dict[tuple[str, str], list[tuple[_Sounding, int]]] = defaultdict(list)
        self._longest_han = 0
        self._by_sound: dict[tuple[str, int], list[tuple[range, _Sounding]]] = defaultdict(list)
        """By the first sound and how many words may be heard for it; with the number of letters these may have."""
        for hotword in hotwords.words:
            if hotword.language in (None, language):
                self._add(hotword)
        for known in self._named.values():
            known.sort(key=lambda entry: -len(entry[0]))

    def _add(self, hotword: Hotword) -> None:
        units = units_of(to_script(hotword.text, Script.SIMPLIFIED))
        self._name(units, hotword, is_itself=True)
        for replaced in hotword.replaces:
            self._name(units_of(to_script(replaced, Script.SIMPLIFIED)), hotword, is_itself=False)
        keys = tuple(unit.key for unit in units)
        if all(unit.is_han for unit in units) and len(units) >= FEWEST_HAN:
            sounding = _Sounding(hotword, keys, syllables=sounds_zh.syllables_of("".join(keys)))
            self._longest_han = max(self._longest_han, len(keys))
            for position, syllable in enumerate(sounding.syllables):
                self._by_syllable[sounds_zh.folded(syllable)].append((sounding, position))
        elif all(unit.is_english for unit in units) and sum(len(unit.key) for unit in units) >= FEWEST_LETTERS:
            spoken = sounds_en.spoken(tuple(unit.key.replace("'", "") for unit in units))
            sounding, letters = _Sounding(hotword, keys, spoken=spoken), len(spoken[0])
            slack = 1 + letters // 4
            for count in range(max(1, len(units) - 1), len(units) + MORE_WORDS + 1):
                entry = (range(letters - slack, letters + slack + 1), sounding)
                self._by_sound[spoken[1][:1], count].append(entry)

    def _name(self, units: Sequence[Unit], hotword: Hotword, *, is_itself: bool) -> None:
        if units:
            keys = tuple(unit.key for unit in units)
            self._named[keys[0]].append((keys, hotword, is_itself))

    def find(self, text: str, units: Sequence[Unit], sure: Sure, language: str) -> list[Match]:
        """Those that change the text, in order, without overlaps."""
        said = _Said(text, tuple(units), sure, _run_ends(text, units))
        free = [True] * len(units)
        kept: list[Match] = []
        for match, is_itself in self._named_in(said):
            if all(free[match.first : match.last + 1]):
                free[match.first : match.last + 1] = [False] * match.length
                if not is_itself:
                    kept.append(match)
        sounding = [*self._han_in(said, free)] if language in CHINESE else []
        if language in (*CHINESE, ENGLISH):
            sounding += self._english_in(said, free)
        for match in sorted(sounding, key=lambda each: (-each.score * each.length, each.first, each.hotword.text)):
            if all(free[match.first : match.last + 1]):
                free[match.first : match.last + 1] = [False] * match.length
                kept.append(match)
        return sorted(kept, key=lambda match: match.first)

    def _named_in(self, said: _Said) -> Iterator[tuple[Match, bool]]:
        for i, unit in enumerate(said.units):
            for keys, hotword, is_itself in self._named.get(unit.key, ()):
                last = i + len(keys) - 1
                if last <= said.run_ends[i] and all(
                    said.units[i + step].key == key for step, key in enumerate(keys) if step
                ):
                    yield Match(i, last, hotword, 1.0), is_itself

    def _han_in(self, said: _Said, free: Sequence[bool]) -> Iterator[Match]:
        near = _near_doubt(said, self._longest_han)
        if not near:
            return
        read = sounds_zh.syllables_of("".join(unit.key if unit.is_han else " " for unit in said.units))
        votes: dict[tuple[int, int], int] = defaultdict(int)
        soundings: dict[int, _Sounding] = {}
        for i in near:
            for sounding, position in self._by_syllable.get(sounds_zh.folded(read[i]), ()):
                soundings[id(sounding)] = sounding
                votes[i - position, id(sounding)] += 1
        for (first, which), count in votes.items():
            sounding = soundings[which]
            length = len(sounding.syllables)
            last = first + length - 1
            if first < 0 or last >= len(read) or last > said.run_ends[first] or count < length - (length > 2):
                continue
            if all(free[first : last + 1]) and (match := _han_match(said, read, first, sounding)):
                yield match

    def _english_in(self, said: _Said, free: Sequence[bool]) -> Iterator[Match]:
        if not self._by_sound:
            return
        for first in range(len(said.units)):
            for last in range(first, min(said.run_ends[first], first + MOST_HEARD - 1) + 1):
                unit = said.units[last]
                if not free[last] or unit.is_han or not unit.is_english:
                    break
                sure = _sureness(said, range(first, last + 1))
                if sure >= MOST_SURE:
                    continue
                window = said.units[first : last + 1]
                spoken = sounds_en.spoken(tuple(each.key.replace("'", "") for each in window))
                for letters, sounding in self._by_sound.get((spoken[1][:1], last - first + 1), ()):
                    if len(spoken[0]) in letters and sounding.takes_english(spoken, sure):
                        score = sounds_en.likeness(spoken, sounding.spoken)
                        yield Match(first, last, sounding.hotword, score)


def _near_doubt(said: _Said, reach: int) -> list[int]:
    """The Chinese characters so near to one that was in doubt that one hotword may hold both."""
    if not reach:
        return []
    near: set[int] = set()
    for i, unit in enumerate(said.units):
        sure = said.sure[i]
        if unit.is_han and (sure is None or sure < MOST_SURE):
            near.update(range(max(0, i - reach + 1), min(len(said.units), i + reach)))
    return sorted(near)


def _run_ends(text: str, units: Sequence[Unit]) -> tuple[int, ...]:
    ends = list(range(len(units)))
    for i in range(len(units) - 2, -1, -1):
        if are_joined(text, units[i], units[i + 1]):
            ends[i] = ends[i + 1]
    return tuple(ends)


def _han_match(said: _Said, read: Sequence[sounds_zh.Syllable], first: int, sounding: _Sounding) -> Match | None:
    length = len(sounding.syllables)
    likenesses = [sounds_zh.likeness(read[first + i], sounding.syllables[i]) for i in range(length)]
    score = sum(likenesses) / length
    wrong = [first + i for i, key in enumerate(sounding.keys) if key != said.units[first + i].key]
    if not sounding.takes(score, _sureness(said, wrong)):
        return None
    return Match(first, first + length - 1, sounding.hotword, score)


def _sureness(said: _Said, wrong: Sequence[int]) -> float:
    """Of what would be replaced, how probable the recogniser thought the least probable."""
    return min((sure for i in wrong if (sure := said.sure[i]) is not None), default=UNSURE)
