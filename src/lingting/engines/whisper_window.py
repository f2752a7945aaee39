"""How much audio each clip is encoded with, which clips share a batch, and when an answer is decoded again.

Whisper was trained on 30 s windows, but its encoder takes shorter ones at a fraction of the cost. What a
short clip needs is some silence after its end, or the decoder misses that end and loops. Everything here
is a decision on numbers; the arrays are handled in `whisper.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Answer", "DoubtLimits", "WindowPolicy", "compression_ratio", "looped_tokens", "share_batches"]

FULL_WINDOW_SECONDS = 30.0
"""What the model was trained on. Source: Radford et al., Robust Speech Recognition (2022), section 2.2."""
MAX_TOKENS = 224
"""Half of the decoder's 448 positions, the most it writes for one window."""
MAX_LOOP_TOKENS = 24
"""The longest repeated phrase looked for; longer ones show in the compression ratio."""


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


@dataclass(frozen=True, slots=True)
class DoubtLimits:
    """Where an answer stops being believable."""

    max_compression_ratio: float = 2.4
    min_avg_logprob: float = -1.0
    max_no_speech_prob: float = 0.6
    """Above it a doubtful answer is taken for silence, which decoding again would not change."""
    max_looped_tokens: int = 12
    """Tokens that repeat the phrase before them."""


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """The rule for windows; `benchmarks/window.md` has the measurements behind the numbers."""

    tail_seconds: float = 5.0
    """Silence after the clip."""
    min_seconds: float = 8.0
    """No window is shorter."""
    step_seconds: float = 1.0
    """Windows are rounded up to this, so that similar clips share a batch without waste."""
    max_waste_ratio: float = 1.3
    """A batch may cost this much more than its clips would cost at their own windows."""
    tokens_per_second: float = 10.0
    spare_tokens: int = 24
    limits: DoubtLimits = field(default_factory=DoubtLimits)

    def window_seconds(self, clip_seconds: float, *, adaptive: bool = True) -> float:
        """Return how much audio the encoder gets for a clip, 30 s at most."""
        if not adaptive:
            return FULL_WINDOW_SECONDS
        wanted = max(self.min_seconds, clip_seconds + self.tail_seconds)
        steps = -(-wanted // self.step_seconds)
        return min(FULL_WINDOW_SECONDS, steps * self.step_seconds)

    def max_tokens(self, clip_seconds: float) -> int:
        """Return more tokens than anyone says in that time, so that a loop ends early."""
        return min(MAX_TOKENS, self.spare_tokens + int(self.tokens_per_second * clip_seconds))

    def doubt(self, answer: Answer, clip_seconds: float) -> str | None:
        """Return why the answer should be decoded again, or None when it stands."""
        limits = self.limits
        if answer.compression_ratio > limits.max_compression_ratio:
            return "compression"
        if looped_tokens(answer.tokens) > limits.max_looped_tokens:
            return "loop"
        if len(answer.tokens) >= self.max_tokens(clip_seconds):
            return "too_long"
        if answer.avg_logprob < limits.min_avg_logprob and answer.no_speech_prob <= limits.max_no_speech_prob:
            return "logprob"
        return None

    def best(self, answers: Sequence[Answer]) -> Answer:
        """Return the most believable of several answers that all raised doubt; never empty."""
        calm = [a for a in answers if a.compression_ratio <= self.limits.max_compression_ratio]
        return max(calm or answers, key=lambda answer: answer.avg_logprob)


def compression_ratio(text: str) -> float:
    """Return how much zlib shrinks the text: about 1 for speech, above 2.4 for a loop; 1 for no text.

    source    openai/whisper, utils.py
    """
    if not text:
        return 1.0
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def looped_tokens(tokens: Sequence[int]) -> int:
    """Return the length of the longest run in which every token repeats the one a phrase earlier."""
    longest = 0
    for phrase in range(1, min(MAX_LOOP_TOKENS, len(tokens) // 2) + 1):
        run = 0
        for earlier, token in zip(tokens, tokens[phrase:], strict=False):
            run = run + 1 if token == earlier else 0
            longest = max(longest, run if run >= 2 * phrase else 0)
    return longest


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
