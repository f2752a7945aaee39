"""Proposes a pack from a few transcripts and what people made of them, and tells what it would have changed. Pure.

Heard and corrected text are aligned; where they differ by a stretch that sounds like what it was corrected to, the
corrected stretch is a word worth knowing. A mistake that is told twice is listed as one to replace by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from lingting.domain import Hotword, Hotwords, RecognizeOptions, Segment, Transcript
from lingting.domain.hotwords import MAX_HOTWORD_CHARACTERS, MAX_HOTWORDS
from lingting.text.hotwords import sounds_en, sounds_zh
from lingting.text.hotwords.correction import rewrite_hotwords
from lingting.text.hotwords.units import Unit, are_joined, units_of

__all__ = ["Gain", "Pair", "gain_of", "propose", "split"]

MOST_HAN, MOST_ENGLISH = 6, 4
"""Longer stretches are sentences that were said otherwise, not words that were misheard."""
FEWEST_HAN = 2
LIKE = 0.5
"""Likeness from which a difference is a mishearing, and no other word."""
TOLD_AGAIN = 2
"""So often, a mistake is replaced by name, however sure the recogniser is of it."""
MOST_REPLACED = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """What was recognised, and what it should have been."""

    transcript: Transcript
    corrected: str

    @property
    def language(self) -> str:
        return self.transcript.language


@dataclass(frozen=True, slots=True)
class Gain:
    """What a list changes on some pairs."""

    errors_before: int
    errors_after: int
    units: int
    said: int
    """How often the corrected texts say a word of the list."""
    found_before: int
    found_after: int


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    units: tuple[Unit, ...]

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(text, tuple(units_of(text)))

    @property
    def keys(self) -> list[str]:
        return [unit.key for unit in self.units]

    def cut(self, first: int, end: int) -> str:
        return self.text[self.units[first].start : self.units[end - 1].end]


@dataclass(frozen=True, slots=True)
class _Difference:
    """Units from `first` up to `end` of what was heard are those from `low` up to `high` of what was meant."""

    first: int
    end: int
    low: int
    high: int

    def widened(self, before: int, after: int) -> _Difference:
        return _Difference(self.first - before, self.end + after, self.low - before, self.high + after)


def split(pairs: Sequence[Pair], *, every: int = 3) -> tuple[list[Pair], list[Pair]]:
    """Those to learn from, and those of each `every`-th text, held out; where texts are few, none is.

    A text that was said several times is on one side only, so that nothing is learnt from what is held out.
    """
    numbers = {text: i for i, text in enumerate(dict.fromkeys(pair.corrected for pair in pairs), 1)}
    if len(numbers) < every:
        return list(pairs), []
    held = [numbers[pair.corrected] % every == 0 for pair in pairs]
    sides = [[pair for pair, is_held in zip(pairs, held, strict=True) if is_held is side] for side in (False, True)]
    return sides[0], sides[1]


def propose(pairs: Sequence[Pair]) -> tuple[Hotword, ...]:
    """Words that were misheard, those that were misheard most often first."""
    told: Counter[str] = Counter()
    heard_as: defaultdict[str, Counter[str]] = defaultdict(Counter)
    texts = [(_Text.of(pair.transcript.text), _Text.of(pair.corrected)) for pair in pairs]
    recurring = _recurring(map(_Text.of, dict.fromkeys(pair.corrected for pair in pairs)))
    for heard, meant in texts:
        for difference in _differences(heard, meant, recurring):
            said = heard.cut(difference.first, difference.end)
            word = meant.cut(difference.low, difference.high)
            if max(len(said), len(word)) <= MAX_HOTWORD_CHARACTERS:
                told[word] += 1
                heard_as[word][said] += 1
    return tuple(
        Hotword(word, min(4.0, 1.0 + count / 2), _replaced(heard_as[word]))
        for word, count in told.most_common(MAX_HOTWORDS)
    )


def _replaced(heard: Counter[str]) -> tuple[str, ...]:
    return tuple(text for text, count in heard.most_common(MOST_REPLACED) if count >= TOLD_AGAIN)


def _recurring(texts: Iterable[_Text]) -> Counter[str]:
    """How often each run of Chinese characters stands in the texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        for first in range(len(text.units)):
            for end in range(first + FEWEST_HAN, min(first + MOST_HAN, len(text.units)) + 1):
                if all(unit.is_han for unit in text.units[first:end]):
                    counts[text.cut(first, end)] += 1
    return counts


def _differences(heard: _Text, meant: _Text, recurring: Counter[str]) -> Iterator[_Difference]:
    """Those that are mishearings of a word."""
    for code in Levenshtein.opcodes(heard.keys, meant.keys):
        if code.tag == "replace":
            found = _Difference(code.src_start, code.src_end, code.dest_start, code.dest_end)
            found = _as_word(heard, meant, found, recurring)
            are_words = _is_word(heard, found.first, found.end) and _is_word(meant, found.low, found.high)
            if are_words and _alike(heard.units[found.first : found.end], meant.units[found.low : found.high]):
                yield found


def _as_word(heard: _Text, meant: _Text, found: _Difference, recurring: Counter[str]) -> _Difference:
    """With the characters around that both share, as far as the run that it makes recurs most often, the longest of
    those: of one wrong character in a word, the word."""
    if found.end - found.first != found.high - found.low or not meant.units[found.low].is_han:
        return found
    best, best_rank = found, (1, 0)
    for before in range(MOST_HAN):
        for after in range(MOST_HAN - before):
            wide = found.widened(before, after)
            if wide.first < 0 or wide.low < 0 or wide.end > len(heard.units) or wide.high > len(meant.units):
                break
            if wide.high - wide.low > MOST_HAN or not _is_shared(heard, meant, found, wide):
                break
            rank = (recurring[meant.cut(wide.low, wide.high)], wide.high - wide.low)
            if rank[0] > 1 and rank > best_rank:
                best, best_rank = wide, rank
    return best


def _is_shared(heard: _Text, meant: _Text, found: _Difference, wide: _Difference) -> bool:
    """Whether what was added on both sides is the same in both."""
    left = range(wide.first, found.first), range(wide.low, found.low)
    right = range(found.end, wide.end), range(found.high, wide.high)
    pairs = [*zip(*left, strict=True), *zip(*right, strict=True)]
    return all(heard.units[i].key == meant.units[j].key for i, j in pairs)


def _is_word(text: _Text, first: int, end: int) -> bool:
    units = text.units[first:end]
    if not units or len(units) > (MOST_HAN if units[0].is_han else MOST_ENGLISH):
        return False
    if units[0].is_han and len(units) < FEWEST_HAN:
        return False
    if any(not unit.is_han and not unit.is_english for unit in units):
        return False
    return all(are_joined(text.text, one, other) for one, other in pairwise(units))


def _alike(heard: Sequence[Unit], meant: Sequence[Unit]) -> bool:
    if any(unit.is_han for unit in (*heard, *meant)):
        if not all(unit.is_han for unit in (*heard, *meant)):
            return True  # a foreign word that was spelt in characters
        if len(heard) != len(meant):
            return False
        sounds = [sounds_zh.syllables_of("".join(unit.key for unit in units)) for units in (heard, meant)]
        return sum(map(sounds_zh.likeness, *sounds)) / len(heard) >= LIKE
    spoken = [sounds_en.spoken(tuple(unit.key.replace("'", "") for unit in units)) for units in (heard, meant)]
    return sounds_en.likeness(*spoken) >= LIKE and not sounds_en.is_inflected(spoken[0][0], spoken[1][0])


def gain_of(pairs: Iterable[Pair], words: Sequence[Hotword]) -> Gain:
    """What the words correct, without being known to the recogniser."""
    options = RecognizeOptions(hotwords=Hotwords(tuple(words)))
    gain = Gain(0, 0, 0, 0, 0, 0)
    for pair in pairs:
        before, after = pair.transcript, _corrected(pair.transcript, options)
        meant = [unit.key for unit in units_of(pair.corrected)]
        said = [word.text for word in words if _says(pair.corrected, word.text)]
        gain = replace(
            gain,
            errors_before=gain.errors_before + Levenshtein.distance(_keys(before), meant),
            errors_after=gain.errors_after + Levenshtein.distance(_keys(after), meant),
            units=gain.units + len(meant),
            said=gain.said + len(said),
            found_before=gain.found_before + sum(_says(before.text, word) for word in said),
            found_after=gain.found_after + sum(_says(after.text, word) for word in said),
        )
    return gain


def _corrected(transcript: Transcript, options: RecognizeOptions) -> Transcript:
    segments: Sequence[Segment] = rewrite_hotwords(transcript.segments, options)
    return replace(transcript, segments=tuple(segments))


def _keys(transcript: Transcript) -> list[str]:
    return [unit.key for unit in units_of(transcript.text)]


def _says(text: str, word: str) -> bool:
    keys, wanted = [unit.key for unit in units_of(text)], [unit.key for unit in units_of(word)]
    return any(keys[i : i + len(wanted)] == wanted for i in range(len(keys) - len(wanted) + 1))
