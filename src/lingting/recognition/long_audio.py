"""Cuts a recording into pieces an engine can take, at silences, while the recording is still being decoded.

Pure but for the buffer it keeps: audio and speech spans go in, pieces come out in order. What is kept is
bounded by one piece and the detector's own delay, however long the recording is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Audio, RecognizeOptions, Samples, Span

__all__ = ["Detector", "Piece", "PlanSettings", "Planner", "plan_for"]


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How speech is grouped into pieces."""

    max_piece_seconds: float = 28.0
    """Below the 30 s that Whisper's encoder can see, so that a tail of silence still fits. Chinese needs it full:
    in shorter windows with several sentences some are skipped (benchmarks/long.py: 17 % against 25 % errors)."""
    max_gap_seconds: float = 0.4
    """A longer pause, counted between padded spans, ends the piece: at the end of a sentence the next piece starts
    afresh, and text, marks and times all come out better than in the middle of a long one."""
    earliest_cut_ratio: float = 0.6
    """Speech without a pause is cut at its quietest point in the last part of a full piece."""


PER_SPAN = PlanSettings(max_gap_seconds=0.0)
"""Every stretch of speech on its own: for recordings that switch language between sentences."""


ENGLISH = PlanSettings(max_piece_seconds=20.0)
"""A third cheaper than full pieces, since the encoder's cost grows faster than its window, and no less accurate."""


def plan_for(options: RecognizeOptions) -> PlanSettings:
    """How to group the speech of a recording with these options."""
    if options.per_segment_language:
        return PER_SPAN
    return ENGLISH if options.language == "en" else PlanSettings()


class Detector(Protocol):
    """What the planner needs of a speech detector."""

    @property
    def settled_samples(self) -> int:
        """No later span begins before this sample."""
        ...

    @property
    def speaking(self) -> bool: ...

    def accept(self, samples: Samples) -> list[Span]: ...

    def finish(self) -> list[Span]: ...

    def quietest_cut(self, start_samples: int, end_samples: int) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Audio for one call of the engine, and where it stood in the recording."""

    audio: Audio
    span: Span
    speech_seconds: float
    """How much of it the detector called speech."""
    channel: int | None = None
    is_cut: bool = False
    """Speech goes on at its end, without a pause."""


class Planner:
    """One channel's pieces. `accept` and `finish` give the pieces that are ready, in order."""

    def __init__(self, detector: Detector, settings: PlanSettings, *, channel: int | None = None) -> None:
        self._detector = detector
        self._channel = channel
        self._max_samples = int(settings.max_piece_seconds * SAMPLE_RATE_HZ)
        self._max_gap_samples = int(settings.max_gap_seconds * SAMPLE_RATE_HZ)
        self._earliest_cut_samples = int(settings.earliest_cut_ratio * self._max_samples)
        self._tape = _Tape()
        self._group: list[Span] = []
        self._cut_at_samples = 0
        """Speech before this sample already left in a piece, though its span is still open."""

    @property
    def heard_samples(self) -> int:
        return self._tape.end_samples

    def accept(self, samples: Samples) -> list[Piece]:
        self._tape.append(samples)
        pieces = [piece for span in self._detector.accept(samples) for piece in self._add(span)]
        pieces += self._cut_open_speech()
        if self._group and not self._detector.speaking:
            pause_samples = self._detector.settled_samples - self._group[-1].end_samples
            if pause_samples > self._max_gap_samples:
                pieces += self._flush()
        self._forget()
        return pieces

    def finish(self) -> list[Piece]:
        pieces = [piece for span in self._detector.finish() for piece in self._add(span)]
        return pieces + self._flush()

    def _add(self, span: Span) -> list[Piece]:
        if span.end_samples <= self._cut_at_samples:
            return []
        span = replace(span, start_samples=max(span.start_samples, self._cut_at_samples))
        pieces = [] if not self._group or self._fits(span) else self._flush()
        if not self._group:
            while span.length_samples > self._max_samples:
                cut_samples = self._cut_after(span.start_samples)
                self._group.append(Span(span.start_samples, cut_samples))
                pieces += self._flush(is_cut=True)
                span = replace(span, start_samples=cut_samples)
        self._group.append(span)
        return pieces

    def _fits(self, span: Span) -> bool:
        gap_samples = span.start_samples - self._group[-1].end_samples
        whole_samples = span.end_samples - self._group[0].start_samples
        return gap_samples <= self._max_gap_samples and whole_samples <= self._max_samples

    def _cut_open_speech(self) -> list[Piece]:
        """Long speech that has not paused leaves before its span is complete."""
        pieces: list[Piece] = []
        while self._detector.speaking:
            start_samples = max(self._detector.settled_samples, self._cut_at_samples)
            if self._tape.end_samples - start_samples <= self._max_samples:
                break
            cut_samples = self._cut_after(start_samples)
            pieces += self._flush()
            self._group.append(Span(start_samples, cut_samples))
            pieces += self._flush(is_cut=True)
            self._cut_at_samples = cut_samples
        return pieces

    def _cut_after(self, start_samples: int) -> int:
        return self._detector.quietest_cut(
            start_samples + self._earliest_cut_samples, start_samples + self._max_samples
        )

    def _flush(self, *, is_cut: bool = False) -> list[Piece]:
        if not self._group:
            return []
        whole = Span(self._group[0].start_samples, min(self._group[-1].end_samples, self._tape.end_samples))
        speech_samples = sum(span.length_samples for span in self._group)
        self._group.clear()
        audio = Audio(self._tape.read(whole))
        return [Piece(audio, whole, speech_samples / SAMPLE_RATE_HZ, self._channel, is_cut)]

    def _forget(self) -> None:
        needed_from = max(self._detector.settled_samples, self._cut_at_samples)
        self._tape.forget_before(self._group[0].start_samples if self._group else needed_from)


class _Tape:
    """The part of the recording that may still be needed, as a list of blocks."""

    def __init__(self) -> None:
        self._blocks: list[Samples] = []
        self._start_samples = 0
        self.end_samples = 0

    def append(self, samples: Samples) -> None:
        self._blocks.append(samples)
        self.end_samples += len(samples)

    def read(self, span: Span) -> Samples:
        assert span.start_samples >= self._start_samples, "audio was forgotten before it was read"
        position_samples, parts = self._start_samples, []
        for block in self._blocks:
            low = max(span.start_samples - position_samples, 0)
            high = span.end_samples - position_samples
            if high > 0 and low < len(block):
                parts.append(block[low:high])
            position_samples += len(block)
        return np.concatenate(_or_nothing(parts))

    def forget_before(self, sample: int) -> None:
        dropped = 0
        for block in self._blocks:
            if self._start_samples + len(block) > sample:
                break
            self._start_samples += len(block)
            dropped += 1
        del self._blocks[:dropped]


def _or_nothing(parts: Sequence[Samples]) -> Sequence[Samples]:
    return parts or [np.zeros(0, dtype=np.float32)]
