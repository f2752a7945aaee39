"""Where people speak: one state machine from frame probabilities to spans, for files and streams alike.

The promise: the spans depend on the audio only, never on how it was cut on its way in. The thresholds follow
Silero's `get_speech_timestamps`. Which probability a frame has is left to a `FrameScorer` (`vad_models`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lingting.audio.buffers import FrameChunker
from lingting.audio.vad_history import FRAME_SAMPLES, ProbabilityHistory
from lingting.domain import SAMPLE_RATE_HZ, Samples, Span, VadOptions

__all__ = ["FRAME_SAMPLES", "FrameScorer", "Segmenter", "SpeechDetector"]

HYSTERESIS = 0.15
"""Speech ends this far below the threshold at which it begins. Source: silero-vad."""
MEMORY_SECONDS = 60.0
"""How far back `quietest_cut` can look."""


class FrameScorer(Protocol):
    """Scores the frames of one stream, in order; holds that stream's state."""

    def score(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take frames of shape (n, FRAME_SAMPLES) and return n probabilities of speech, 0..1."""
        ...


class Segmenter:
    """Turns probabilities into padded spans, in samples since the start. Pure, and incremental.

    A span begins at the first frame at or above the threshold and ends at the first of a run of frames below
    threshold - 0.15 that lasts `min_silence_seconds`. Spans shorter than `min_speech_seconds` are dropped. Each
    is padded; two neighbours that would overlap split the gap between them.
    """

    def __init__(self, options: VadOptions = VadOptions()) -> None:  # noqa: B008 - frozen
        self._start_at = options.threshold
        self._end_below = max(options.threshold - HYSTERESIS, 0.01)
        self._min_silence = int(options.min_silence_seconds * SAMPLE_RATE_HZ)
        self._min_speech = int(options.min_speech_seconds * SAMPLE_RATE_HZ)
        self._pad = int(options.pad_seconds * SAMPLE_RATE_HZ)
        self._position = 0
        self._speech_from: int | None = None
        self._silence_from: int | None = None
        self._padded_from: int | None = None
        """Where the running span begins with its padding; None until it is long enough to be kept."""
        self._closed: tuple[int, int] | None = None
        """The last span, which waits to learn how close the next one is: padded start, bare end."""
        self._free_from = 0
        """End of the last span given out."""

    @property
    def speaking(self) -> bool:
        """Inside a span that is already long enough to be kept."""
        return self._padded_from is not None

    @property
    def span_from(self) -> int | None:
        """Where the running span begins, with its padding; None outside a span that is long enough to be kept."""
        return self._padded_from

    @property
    def silence_from(self) -> int | None:
        """Where the pause began that may end the running span; None while there is speech, or no span."""
        return self._silence_from

    @property
    def settled_samples(self) -> int:
        """No later span begins before this sample; never goes back."""
        if self._closed is not None:
            return self._closed[0]
        if self._padded_from is not None:
            return self._padded_from
        start = self._position if self._speech_from is None else self._speech_from
        return max(self._free_from, start - self._pad)

    def accept(self, probabilities: Iterable[float]) -> list[Span]:
        """Take the next frames' probabilities and return the spans that are complete."""
        spans: list[Span] = []
        for probability in probabilities:
            self._step(probability, spans)
        return spans

    def finish(self, total_samples: int) -> list[Span]:
        """Return the last spans; no end lies past `total_samples`, the length of the audio."""
        spans: list[Span] = []
        if self._speech_from is not None:
            end = total_samples if self._silence_from is None else min(self._silence_from, total_samples)
            self._keep_if_long(end, spans)
            # The silence was too short to end it, so the span runs to the end of the audio.
            self._close(total_samples)
        self._release(spans, limit=total_samples)
        return [span for span in spans if span.length_samples]

    def _step(self, probability: float, spans: list[Span]) -> None:
        frame_start = self._position
        self._position += FRAME_SAMPLES
        if self._speech_from is None:
            if probability >= self._start_at:
                self._speech_from = frame_start
        elif probability >= self._start_at:
            self._silence_from = None
        elif probability < self._end_below and self._silence_from is None:
            self._silence_from = frame_start
        if self._speech_from is not None:
            self._keep_if_long(self._position if self._silence_from is None else self._silence_from, spans)
            if self._silence_from is not None and self._position - self._silence_from >= self._min_silence:
                self._close(self._silence_from)
        if self._speech_from is None and self._closed is not None and self._position - self._closed[1] >= 2 * self._pad:
            self._release(spans, limit=self._closed[1] + self._pad)

    def _keep_if_long(self, end: int, spans: list[Span]) -> None:
        """Once it is sure that the running span stays, share out the gap before it."""
        start = self._speech_from
        if self._padded_from is not None or start is None or end - start < self._min_speech:
            return
        if self._closed is None:
            self._padded_from = max(self._free_from, start - self._pad)
            return
        gap = start - self._closed[1]
        pad_before = min(self._pad, gap // 2)
        self._padded_from = start - pad_before
        self._release(spans, limit=self._closed[1] + min(self._pad, gap - pad_before))

    def _close(self, end: int) -> None:
        if self._padded_from is not None:
            self._closed = (self._padded_from, end)
        self._speech_from = self._silence_from = self._padded_from = None

    def _release(self, spans: list[Span], *, limit: int) -> None:
        if self._closed is None:
            return
        start, end = self._closed
        self._free_from = min(end + self._pad, limit)
        spans.append(Span(start, max(start, self._free_from)))
        self._closed = None


class SpeechDetector:
    """One stream's detector: scores what it is given and returns the spans that are complete.

    Not thread-safe; holds 60 s of probabilities and less than a frame of audio, however long the stream.
    """

    def __init__(self, scorer: FrameScorer, options: VadOptions = VadOptions()) -> None:  # noqa: B008 - frozen
        self._scorer = scorer
        self._segmenter = Segmenter(options)
        self._chunker = FrameChunker(FRAME_SAMPLES)
        self._history = ProbabilityHistory(MEMORY_SECONDS)
        self._total_samples = 0

    @property
    def speaking(self) -> bool:
        """Inside speech that is already long enough to be a span."""
        return self._segmenter.speaking

    @property
    def settled_samples(self) -> int:
        """No later span begins before this sample, so everything before it may be forgotten."""
        return self._segmenter.settled_samples

    def accept(self, samples: Samples) -> list[Span]:
        """Take any number of 16 kHz samples and return the spans now complete, padded, in order."""
        self._total_samples += len(samples)
        return self._segmenter.accept(self._score(self._chunker.push(samples)))

    def finish(self) -> list[Span]:
        """Return the rest; ends are clipped to the length of the audio."""
        spans = self._segmenter.accept(self._score(self._chunker.finish()))
        return [_clip(span, self._total_samples) for span in spans] + self._segmenter.finish(self._total_samples)

    def quietest_cut(self, start_samples: int, end_samples: int) -> int:
        """See `ProbabilityHistory.quietest_cut`."""
        return self._history.quietest_cut(start_samples, end_samples)

    def _score(self, frames: NDArray[np.float32]) -> list[float]:
        if not len(frames):
            return []
        probabilities = self._scorer.score(frames)
        self._history.extend(probabilities)
        return [float(probability) for probability in probabilities]


def _clip(span: Span, total_samples: int) -> Span:
    return Span(min(span.start_samples, total_samples), min(span.end_samples, total_samples))
