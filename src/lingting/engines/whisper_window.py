"""How much audio each clip is encoded with, which clips share a batch, and when an answer is decoded again.

Whisper was trained on 30 s windows, but its encoder takes shorter ones at a fraction of the cost. What a
short clip needs is some silence after its end, or the decoder misses that end and loops. Everything here
is a decision on numbers; the arrays are handled in `whisper.py`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile

__all__ = [
    "Answer",
    "DoubtLimits",
    "Repetition",
    "Stage",
    "WindowPolicy",
    "compression_ratio",
    "find_repetition",
    "share_batches",
]

FULL_WINDOW_SECONDS = 30.0
"""What the model was trained on. Source: Radford et al., Robust Speech Recognition (2022), section 2.2."""
TIMESTAMP_LANGUAGES = frozenset({"zh"})
"""Where several sentences in one clip lose a quarter of their text without time marks; English loses with them."""
LEAST_AGAIN = 9
"""Letters, three Chinese characters, after which a text that begins anew is taken for a loop."""
MAX_TOKENS = 224
"""Half of the decoder's 448 positions, the most it writes for one window."""


class Stage(Enum):
    """Which of its windows a clip is decoded with."""

    FIRST = 1
    MIDDLE = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Repetition:
    """How much a text says again."""

    share: float
    """The part of its letters that is one phrase over and over, 0..1."""
    echo_letters: int
    """Length of the longest phrase that ends the text twice in a row."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One decoding of one clip, with what is needed to judge it."""

    tokens: tuple[int, ...]
    """Text tokens only."""
    text: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float
    window_seconds: float
    compression_ratio: float
    is_cut: bool = False
    """Stopped while it said the same again."""


@dataclass(frozen=True, slots=True)
class DoubtLimits:
    """Where an answer stops being believable."""

    max_compression_ratio: float = 2.0
    first_min_avg_logprob: float = -0.8
    """Below it the first window was too short: ends of sentences are lost. Later windows do not change it."""
    last_min_avg_logprob: float = -1.0
    """Below it other temperatures are tried. Source: openai/whisper, transcribe()."""
    max_no_speech_prob: float = 0.6
    """Above it an unlikely answer is taken for silence, which decoding again would not change."""
    max_repeated_share: float = 0.5
    """How much of the text may be one phrase said over again: the usual failure of a short window is the
    whole sentence written twice, which neither compression nor probability shows."""
    max_echo_letters: int = 3
    """How long a phrase may be that ends the text twice in a row."""


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """The rule for windows; `benchmarks/window.md` has the measurements behind the numbers."""

    tail_seconds: float = 3.0
    """Silence after the clip."""
    min_seconds: float = 5.0
    """No window is shorter."""
    second_tail_seconds: float = 12.0
    second_min_seconds: float = 15.0
    """The same for the second try, before the full window is paid for."""
    draft_tail_seconds: float = 2.0
    draft_min_seconds: float = 4.0
    """The same for an answer that will soon be replaced: a sixth cheaper, and hardly worse."""
    step_seconds: float = 1.0
    """Windows are rounded up to this, so that similar clips share a batch without waste."""
    max_waste_ratio: float = 1.3
    """A batch may cost this much more than its clips would cost at their own windows."""
    tokens_per_second: float = 8.0
    spare_tokens: int = 24
    usual_tokens_per_second: float = 4.5
    usual_spare_tokens: int = 6
    """The same for nearly all speech."""
    letters_per_second: tuple[float, float] = (8.0, 18.0)
    """Between which people speak, the silence at the ends of a clip counted in; a Chinese character counts as three
    letters, and so does a digit beside some."""
    timestamps_min_seconds: float = 14.0
    """From this length on, languages of TIMESTAMP_LANGUAGES are decoded with time marks.
    Shorter clips are mostly one sentence, which the marks harm."""
    limits: DoubtLimits = field(default_factory=DoubtLimits)

    def windows_seconds(self, clip_seconds: float, *, adaptive: bool = True) -> tuple[float, ...]:
        """Return the windows to try while the answer is in doubt, growing, the last one of 30 s."""
        if not adaptive:
            return (FULL_WINDOW_SECONDS,)
        first = self._rounded(max(self.min_seconds, clip_seconds + self.tail_seconds))
        second = self._rounded(max(self.second_min_seconds, clip_seconds + self.second_tail_seconds))
        return tuple(sorted({first, max(first, second), FULL_WINDOW_SECONDS}))

    def draft_seconds(self, clip_seconds: float) -> float:
        """Return the only window of a draft."""
        return self._rounded(max(self.draft_min_seconds, clip_seconds + self.draft_tail_seconds))

    def wants_timestamps(self, clip_seconds: float, language: str) -> bool:
        """Return whether the decoder writes time marks, which keep it from skipping sentences of a long clip."""
        return language in TIMESTAMP_LANGUAGES and clip_seconds >= self.timestamps_min_seconds

    def max_tokens(self, clip_seconds: float) -> int:
        """Return more tokens than anyone says in that time, so that a loop ends early."""
        return min(MAX_TOKENS, self.spare_tokens + int(self.tokens_per_second * clip_seconds))

    def usual_tokens(self, clip_seconds: float) -> int:
        """Return how many tokens are seldom exceeded but by a loop."""
        usual = self.usual_spare_tokens + int(self.usual_tokens_per_second * clip_seconds)
        return min(usual, self.max_tokens(clip_seconds))

    def doubt(self, answer: Answer, clip_seconds: float, *, stage: Stage, patient: bool = True) -> str | None:
        """Return why the answer should be decoded again, or None when it stands.

        patient   False lets an unlikely answer stand that does not repeat itself: a second one is seldom better,
                  and live speech does not wait for it
        """
        limits = self.limits
        if answer.is_cut:
            return "repeated"
        if answer.compression_ratio > limits.max_compression_ratio:
            return "compression"
        if self._repeats(answer.text):
            return "repeated"
        if len(answer.tokens) >= self.max_tokens(clip_seconds):
            return "too_long"
        least = {Stage.FIRST: limits.first_min_avg_logprob, Stage.LAST: limits.last_min_avg_logprob}.get(stage)
        if (
            patient
            and least is not None
            and answer.avg_logprob < least
            and answer.no_speech_prob <= limits.max_no_speech_prob
        ):
            return "logprob"
        return None

    def is_looping(self, text: str) -> bool:
        """Return whether a text that was stopped was about to say the same again."""
        return self._repeats(text) or _period(_letters(text)) is not None

    def before_loop(self, text: str) -> int | None:
        """Of a text that ends in a phrase over and over, the letters up to the end of its first round.

        None where it does not, and where it is nothing else: whether that was said at all, the guard decides.
        """
        letters = _letters(text)
        rounds = {phrase: _rounds_at_end(letters, phrase) for phrase in range(1, len(letters) // 2 + 1)}
        again = max(rounds, key=lambda phrase: rounds[phrase] + phrase, default=0)
        is_loop = again and again <= rounds[again] < len(letters) - again
        return len(letters) - rounds[again] if is_loop else None

    def said_once(self, text: str, clip_seconds: float, *, is_cut: bool = False) -> int | None:
        """Of a text that is one phrase over and over, the letters of the phrase, if only one fits into the clip.

        is_cut    the text was stopped in its repetition; else the phrase is there twice

        None where that is not sure: people do say things again.
        """
        letters = _letters(text)
        period = _period(letters)
        if period is not None and not is_cut and 2 * period > len(letters):
            period = None
        if period is None:
            return None
        slowest, fastest = (rate * clip_seconds for rate in self.letters_per_second)
        weight = _weight(letters[:period])
        fits = slowest <= weight <= fastest < 2 * weight
        return period if fits else None

    def _repeats(self, text: str) -> bool:
        repetition = find_repetition(text)
        limits = self.limits
        return repetition.share >= limits.max_repeated_share or repetition.echo_letters > limits.max_echo_letters

    def _rounded(self, seconds: float) -> float:
        return min(FULL_WINDOW_SECONDS, math.ceil(seconds / self.step_seconds) * self.step_seconds)

    def best(self, answers: Sequence[Answer]) -> Answer:
        """Return the most believable of several answers that all raised doubt; never empty."""
        calm = [a for a in answers if a.compression_ratio <= self.limits.max_compression_ratio]
        return max(calm or answers, key=lambda answer: answer.avg_logprob)


def _weight(letters: str) -> int:
    """In letters of English, by the time that they take to be said."""
    is_chinese = any(map(_is_han, letters))
    return sum(3 if _is_han(letter) or (is_chinese and letter.isdigit()) else 1 for letter in letters)


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def compression_ratio(text: str) -> float:
    """Return how much zlib shrinks the text: about 1 for speech, above 2.4 for a loop; 1 for no text.

    source    openai/whisper, utils.py
    """
    if not text:
        return 1.0
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _period(letters: str) -> int | None:
    """After how many letters a text begins anew; None where too few of them follow to tell."""
    for period in range(1, len(letters)):
        again = letters[period:]
        if letters.startswith(again) and _weight(again) >= min(LEAST_AGAIN, _weight(letters[:period])):
            return period
    return None


def _rounds_at_end(letters: str, phrase: int) -> int:
    """How many letters at the end are those that stand so many before them."""
    pairs = zip(reversed(letters), reversed(letters[:-phrase]), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def find_repetition(text: str) -> Repetition:
    """Return how a text repeats itself; marks, spaces and case do not count.

    cost      grows with the square of the length; Whisper writes a few hundred characters at most
    """
    letters = _letters(text)
    longest = echo = 0
    for phrase in range(1, len(letters) // 2 + 1):
        run = 0
        for earlier, letter in zip(letters, letters[phrase:], strict=False):
            run = run + 1 if letter == earlier else 0
            if run >= phrase:
                longest = max(longest, run + phrase)
        if run >= phrase:
            echo = phrase
    return Repetition(share=longest / len(letters) if letters else 0.0, echo_letters=echo)


def share_batches(windows_seconds: Sequence[float], *, max_batch: int, max_waste_ratio: float) -> list[list[int]]:
    """Return the positions of clips that are best encoded and decoded together, shortest windows first.

    A group is padded to its longest window, so it grows only while that costs at most `max_waste_ratio`
    of what its clips would cost apart.
    """
    order = sorted(range(len(windows_seconds)), key=windows_seconds.__getitem__)
    groups: list[list[int]] = []
    own_seconds = 0.0
    for position in order:
        window = windows_seconds[position]
        padded = window * (len(groups[-1]) + 1) if groups else 0.0
        if groups and len(groups[-1]) < max_batch and padded <= max_waste_ratio * (own_seconds + window):
            groups[-1].append(position)
            own_seconds += window
        else:
            groups.append([position])
            own_seconds = window
    return groups
