"""Whether what was said sends the bot to sleep: words of leave, and nothing else but courtesies. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lingting.dialogue.turns.overlap import SIGNS
from lingting.dialogue.wake.wake_phrases import LEADS, Sound, sounds_of
from lingting.domain.errors import InvalidOption
from lingting.text.hotwords import sounds_en, sounds_zh

__all__ = ["LeaveWords"]

HAN_BOUND, LETTERS_BOUND = 0.9, 0.8
LONGEST_CHARACTERS = 60
"""More is no leave."""
_COURTESIES = "谢谢 谢谢你 谢啦 吧 啦 了 呀 哦 你 先 那 那就 就 到这 这样 thanks thank you now please then and"
COURTESIES = (SIGNS | LEADS | frozenset(_COURTESIES.split())) - {"停", "stop"}


class LeaveWords:
    """Read-only once made.

    raises    InvalidOption for one that has no Chinese character and no letter
    """

    def __init__(self, words: Sequence[str], *, param: str = "talk.sleep_words") -> None:
        self._words = [sounds_of(word) for word in words]
        for word, sounds in zip(words, self._words, strict=True):
            if not sounds or not all(sound.letters for sound in sounds):
                raise InvalidOption(param, f"{word[:40]!r} is neither Chinese nor in the letters a to z")
        self._words.sort(key=len, reverse=True)
        self._courtesies = sorted((sounds_of(word) for word in COURTESIES), key=len, reverse=True)

    def are(self, text: str) -> bool:
        """Whether it is all of this: 好的，谢谢，再见；bye bye; not 怎么用英语说再见."""
        if len(text) > LONGEST_CHARACTERS:
            return False
        sounds, has_left, at = sounds_of(text), False, 0
        while at < len(sounds):
            rest = sounds[at:]
            if count := next((len(word) for word in self._words if _begins(rest, word)), 0):
                has_left = True
            else:
                count = next((len(word) for word in self._courtesies if _is_same(rest, word)), 0)
            if not count:
                return False
            at += count
        return has_left


def _is_same(sounds: Sequence[Sound], word: Sequence[Sound]) -> bool:
    return [sound.key for sound in sounds[: len(word)]] == [sound.key for sound in word]


def _begins(sounds: Sequence[Sound], word: Sequence[Sound]) -> bool:
    """Whether they begin with what sounds like the word."""
    heard = sounds[: len(word)]
    if len(heard) < len(word) or any(
        (one.syllable is None) != (two.syllable is None) for one, two in zip(heard, word, strict=True)
    ):
        return False
    pairs = [
        (one.syllable, two.syllable) for one, two in zip(heard, word, strict=True) if one.syllable and two.syllable
    ]
    if any(sounds_zh.likeness(one, two) < HAN_BOUND for one, two in pairs):
        return False
    letters = [tuple(sound.letters for sound in each if sound.syllable is None) for each in (heard, word)]
    return not letters[1] or sounds_en.likeness(*map(sounds_en.spoken, letters)) >= LETTERS_BOUND
