"""Puts the answers of one recording together: guard, sentences, text chain, and times that run on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions, Segment, Suppression, Transcript
from lingting.domain.transcript import channel_label
from lingting.recognition.guard import Prompted, guarded
from lingting.recognition.long_audio import Piece
from lingting.recognition.sentences import sentences
from lingting.recognition.voice_turns import Turn, VoiceTurns, by_speaker, main_speaker
from lingting.text.chain import apply
from lingting.text.mood.sentiment import with_moods
from lingting.text.privacy.redaction import Sealer
from lingting.text.privacy.redaction_window import RedactionWindow

__all__ = ["Assembly"]


NO_AUDIO = Audio(np.zeros(0, dtype=np.float32))
"""In the place of what was recognised already, so that a long recording is not kept."""


class GuardObserver(Protocol):
    def suppressed(self, reason: str) -> None: ...


class Names(Protocol):
    """Of who is to answer: a route, or a door."""

    @property
    def engine(self) -> str: ...

    @property
    def model(self) -> str: ...


class Assembly:
    """The transcript so far; add pieces in audio order."""

    def __init__(
        self, options: RecognizeOptions, names: Names, observer: GuardObserver, sealer: Sealer | None = None
    ) -> None:
        self._options = options
        self._sealer = sealer
        self._windows: dict[int | None, RedactionWindow] = {}
        """For each channel, where personal data is hidden."""
        self._made = 0
        self._names = names
        self._answered_seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        """Of speech, by engine and model."""
        self._observer = observer
        self._segments: list[Segment] = []
        self._suppressed: list[Suppression] = []
        self._attempts: list[str] = []
        self._is_substitute = False
        self._language_seconds: defaultdict[str, float] = defaultdict(float)
        self._language_probability: dict[str, float] = {}
        self._speech_seconds = 0.0
        self._waiting: list[tuple[int, Piece, Hypothesis]] = []
        """What was said before it is known by whom, with the number of its piece."""
        self._pieces = 0
        self.done_seconds = 0.0

    def add(self, piece: Piece, hypothesis: Hypothesis) -> tuple[Segment, ...]:
        """Take one answer; gives the segments it adds.

        None when the guard drops it; later, with those after it, where it may go on with what has to be hidden, and at
        the end where voices are told apart.
        """
        self._pieces += 1
        self.done_seconds = max(self.done_seconds, piece.span.end_samples / SAMPLE_RATE_HZ)
        self._speech_seconds += piece.speech_seconds
        self._attempts += hypothesis.attempts
        self._is_substitute |= hypothesis.is_substitute
        if hypothesis.engine:
            self._answered_seconds[hypothesis.engine, hypothesis.model] += piece.speech_seconds
        kept = self._guarded(piece, hypothesis)
        if not kept.text.strip():
            return ()
        self._language_seconds[kept.language] += piece.speech_seconds
        self._language_probability.setdefault(kept.language, kept.language_probability)
        if self._options.speakers is None:
            return self._written(self._cut(piece, kept), piece.channel)
        self._waiting.append((self._pieces - 1, replace(piece, audio=NO_AUDIO), kept))
        return ()

    def _written(self, cut: Sequence[Segment], channel: int | None) -> tuple[Segment, ...]:
        made = apply(cut, self._options)
        if self._options.mood:
            made = with_moods(made)
        self._made += len(made)
        return self._given(self._hidden(made, channel) if self._options.redaction.is_on else made)

    def finish(self, voices: VoiceTurns | None = None) -> tuple[Segment, ...]:
        """The segments that waited: for what might follow, which nothing does, or for who says them."""
        told: list[Segment] = []
        for number, piece, kept in self._waiting:
            turns = voices.of_piece(number) if voices is not None else ()
            told += self._written(self._cut(piece, kept, turns), piece.channel)
        self._waiting.clear()
        return (*told, *self._rest())

    def _rest(self) -> tuple[Segment, ...]:
        return self._given([segment for window in self._windows.values() for segment in window.finish()])

    def _given(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """As the caller shall have them: without words that only served to correct others, or to tell who speaks."""
        are_asked_for = self._options.word_times or not (self._options.hotwords or self._options.speakers is not None)
        if not are_asked_for:
            segments = [replace(segment, words=()) for segment in segments]
        self._segments += segments
        return tuple(segments)

    def _hidden(self, segments: Sequence[Segment], channel: int | None) -> Sequence[Segment]:
        window = self._windows.get(channel)
        if window is None:
            window = self._windows[channel] = RedactionWindow(self._options.redaction, self._sealer)
        return window.take(segments)

    def transcript(self, duration_seconds: float) -> Transcript:
        """Everything so far, in time order (channels interleave)."""
        ordered = sorted(self._segments, key=lambda segment: (segment.start_seconds, segment.channel or 0))
        language = max(self._language_seconds, key=self._language_seconds.__getitem__, default=None)
        names = (self._names.engine, self._names.model)
        engine, model = max(self._answered_seconds, key=self._answered_seconds.__getitem__, default=names)
        return Transcript(
            segments=tuple(replace(segment, id=index) for index, segment in enumerate(ordered)),
            language=language or self._options.language or "",
            language_probability=self._language_probability.get(language or "", 0.0),
            duration_seconds=duration_seconds,
            speech_seconds=self._speech_seconds,
            suppressed=tuple(self._suppressed),
            engine=engine,
            model=model,
            attempts=tuple(self._attempts),
            is_substitute=self._is_substitute,
        )

    def _guarded(self, piece: Piece, hypothesis: Hypothesis) -> Hypothesis:
        if not self._options.guard:
            return hypothesis
        kept, reason = guarded(
            hypothesis,
            clip_seconds=piece.audio.duration_seconds,
            speech_seconds=piece.speech_seconds,
            prompted=Prompted.by(self._options),
        )
        if reason is not None:
            self._observer.suppressed(reason)
            start_seconds = piece.span.start_samples / SAMPLE_RATE_HZ
            end_seconds = piece.span.end_samples / SAMPLE_RATE_HZ
            self._suppressed.append(Suppression(start_seconds, end_seconds, reason))
        return kept

    def _speaker(self, channel: int | None) -> str | None:
        if channel is None:
            return None
        names = self._options.channel_names
        return names[channel] if channel < len(names) else channel_label(channel)

    def _cut(self, piece: Piece, hypothesis: Hypothesis, turns: Sequence[Turn] = ()) -> Sequence[Segment]:
        """One segment per sentence, and per turn, where words have times, else one for the piece."""
        start_seconds = piece.span.start_samples / SAMPLE_RATE_HZ
        end_seconds = piece.span.end_samples / SAMPLE_RATE_HZ
        whole = Segment(
            id=self._made,
            start_seconds=start_seconds,
            end_seconds=end_seconds,
            text=hypothesis.text.strip(),
            language=hypothesis.language,
            tokens=hypothesis.tokens,
            avg_logprob=hypothesis.avg_logprob,
            no_speech_prob=hypothesis.no_speech_prob,
            compression_ratio=hypothesis.compression_ratio,
            temperature=hypothesis.temperature,
            channel=piece.channel,
            speaker=main_speaker(turns) if turns else self._speaker(piece.channel),
            is_cut=piece.is_cut,
        )
        if not hypothesis.words:
            return (whole,)
        words = tuple(word.moved(start_seconds, at_most_seconds=end_seconds) for word in hypothesis.words)
        runs = [(said, run) for said, turn in by_speaker(words, turns) for run in sentences(turn)]
        return tuple(
            replace(
                whole,
                id=whole.id + index,
                speaker=said or whole.speaker,
                start_seconds=run[0].start_seconds,
                end_seconds=run[-1].end_seconds,
                text="".join(word.text for word in run).strip(),
                tokens=tuple(token for word in run for token in word.tokens),
                words=run,
                is_cut=whole.is_cut and index == len(runs) - 1,
            )
            for index, (said, run) in enumerate(runs)
        )
