"""One batch through the device: short windows first, then the doubtful answers again with longer ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, takewhile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Effort, RecognizeOptions
from lingting.engines.base import NoLongerWanted
from lingting.engines.whisper_align import Alignment
from lingting.engines.whisper_decode import FRAMES_PER_SECOND, Generated, SearchOptions
from lingting.engines.whisper_vocabulary import Vocabulary
from lingting.engines.whisper_window import (
    Answer,
    Stage,
    WindowPolicy,
    compression_ratio,
    share_batches,
)

__all__ = ["Settled", "WhisperBatch", "WhisperItem", "WhisperPass", "WhisperWeights"]


class WhisperWeights(Protocol):
    """One set of weights, whichever library holds it; the verbs are described in `whisper_decode.py`."""

    def encode(self, features: NDArray[np.float32]) -> Any:  # each library's own
        ...

    def detect(
        self, encoded: Any, positions: Sequence[int], among: Sequence[Collection[str]]
    ) -> list[tuple[str, float]]: ...

    def generate(
        self, encoded: Any, positions: Sequence[int], prompts: Sequence[list[int]], search: SearchOptions
    ) -> list[Generated]: ...

    def align(
        self, encoded: Any, positions: Sequence[int], start: Sequence[int], texts: Sequence[Sequence[int]],
        seconds: Sequence[float],
    ) -> list[Alignment]: ...  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class WhisperItem:
    """One clip, ready for the encoder."""

    options: RecognizeOptions
    clip_seconds: float
    features: NDArray[np.float32]
    """Shape (mel bands, frames), without padding."""
    windows_seconds: tuple[float, ...]
    """To be tried in this order while the answer is in doubt."""
    is_wanted: Callable[[], bool]
    """Asked before each step that takes long."""


@dataclass(frozen=True, slots=True)
class WhisperBatch:
    """Clips to be computed together."""

    items: tuple[WhisperItem, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer that stands for one clip."""

    answer: Answer
    language: str
    language_probability: float
    alignment: Alignment | None
    attempts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Try:
    """How one decoding is done."""

    temperature: float
    window_seconds: float
    stage: Stage


@dataclass(slots=True)
class _Open:
    """One clip while its answer is still sought."""

    item: WhisperItem
    language: str = ""
    language_probability: float = 1.0
    answers: list[Answer] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    chosen: Answer | None = None
    alignment: Alignment | None = None

    def window_seconds(self, tries: int) -> float:
        return self.item.windows_seconds[tries]

    def stage(self, tries: int) -> Stage:
        if tries == len(self.item.windows_seconds) - 1:
            return Stage.LAST
        return Stage.MIDDLE if tries else Stage.FIRST


class WhisperPass:
    """Takes one batch through all the decodings it needs; made for each batch."""

    def __init__(self, model: WhisperWeights, vocabulary: Vocabulary, window: WindowPolicy) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._window = window
        self._clips: Sequence[_Open] = ()

    def run(self, batch: WhisperBatch, *, max_batch: int) -> list[Settled]:
        """Return an answer for each clip, in order.

        raises    NoLongerWanted as soon as nobody waits for any of them
        """
        clips = self._clips = [_Open(item) for item in batch.items]
        for tries in range(max((len(item.windows_seconds) for item in batch.items), default=0)):
            doubtful = [clip for clip in clips if clip.chosen is None]
            for group in self._groups(doubtful, tries, max_batch):
                self._decode(group, max(clip.window_seconds(tries) for clip in group), group[0].stage(tries))
        return [_settled(clip) for clip in clips]

    def _groups(self, clips: Sequence[_Open], tries: int, max_batch: int) -> Iterable[list[_Open]]:
        """Clips whose search is alike and whose windows are close."""

        def alike(clip: _Open) -> tuple[int, int, tuple[float, ...]]:
            return (clip.stage(tries).value, clip.item.options.beam_size, clip.item.options.temperatures)

        for _, same in groupby(sorted(clips, key=alike), key=alike):
            members = list(same)
            windows = [clip.window_seconds(tries) for clip in members]
            for group in share_batches(windows, max_batch=max_batch, max_waste_ratio=self._window.max_waste_ratio):
                yield [members[i] for i in group]

    def _decode(self, group: list[_Open], window_seconds: float, stage: Stage) -> None:
        """Decode a group at one window; at the last one at every temperature, until each clip has its answer."""
        self._stop_if_unwanted()
        encoded = self._model.encode(_stack(group, window_seconds))
        self._stop_if_unwanted()
        self._detect(group, encoded)
        temperatures = group[0].item.options.temperatures
        if stage is not Stage.LAST:
            temperatures = temperatures[:1]
        for temperature in temperatures:
            rows = [row for row, clip in enumerate(group) if clip.chosen is None]
            if not rows:
                break
            self._attempt(group, rows, encoded, _Try(temperature, window_seconds, stage))
        if stage is Stage.LAST:
            for clip in group:
                clip.chosen = clip.chosen or self._best(clip)
        self._align(group, encoded, window_seconds)

    def _stop_if_unwanted(self) -> None:
        if not any(clip.item.is_wanted() for clip in self._clips):
            raise NoLongerWanted

    def _detect(self, group: list[_Open], encoded: Any) -> None:
        rows = [row for row, clip in enumerate(group) if clip.item.options.language is None]
        known = self._vocabulary.languages
        if len(known) == 1:
            for row in rows:
                group[row].language = next(iter(known))
        elif rows:
            possible = [group[row].item.options.languages for row in rows]
            for row, (language, probability) in zip(rows, self._model.detect(encoded, rows, possible), strict=True):
                group[row].language, group[row].language_probability = language, probability
        for clip in group:
            clip.language = clip.item.options.language or clip.language

    def _attempt(self, group: list[_Open], rows: list[int], encoded: Any, attempt: _Try) -> None:
        timed = {row: self._wants_timestamps(group[row]) for row in rows}
        prompts = {
            row: self._vocabulary.prompt(group[row].language, group[row].item.options, timestamps=timed[row])
            for row in rows
        }

        def shape(row: int) -> tuple[bool, int]:
            return (timed[row], len(prompts[row]))

        for _, same_shape in groupby(sorted(rows, key=shape), key=shape):
            together = sorted(same_shape)
            asked = {row: prompts[row] for row in together}
            for row, answer in self._write(group, asked, encoded, attempt):
                self._judge(group[row], answer, attempt.stage)

    def _write(
        self, group: list[_Open], prompts: Mapping[int, list[int]], encoded: Any, attempt: _Try
    ) -> Iterator[tuple[int, Answer]]:
        """The answer of each row. Live speech gets as many tokens as people say at first, since a loop would fill all
        that there might be; more where it is no loop."""
        clips = [group[row] for row in prompts]
        most = max(self._window.max_tokens(clip.item.clip_seconds) for clip in clips)
        is_live = attempt.temperature == 0 and all(clip.item.options.effort is not Effort.FULL for clip in clips)
        usual = max(self._window.usual_tokens(clip.item.clip_seconds) for clip in clips) if is_live else most
        again: dict[int, list[int]] = {}
        for row, generated in self._generated(group, prompts, encoded, attempt, usual):
            answer = self._answer(generated, attempt)
            if len(generated.tokens) < usual or usual >= most:
                yield row, answer
            elif self._window.is_looping(answer.text):
                yield row, replace(answer, is_cut=True)
            else:
                again[row] = prompts[row]
        if again:
            for row, generated in self._generated(group, again, encoded, attempt, most):
                yield row, self._answer(generated, attempt)

    def _generated(
        self, group: list[_Open], prompts: Mapping[int, list[int]], encoded: Any, attempt: _Try, max_tokens: int
    ) -> Iterator[tuple[int, Generated]]:
        rows = list(prompts)
        search = SearchOptions(group[rows[0]].item.options.beam_size, attempt.temperature, max_tokens)
        return zip(rows, self._model.generate(encoded, rows, list(prompts.values()), search), strict=True)

    def _answer(self, generated: Generated, attempt: _Try) -> Answer:
        tokens = self._vocabulary.text_tokens(generated.tokens)
        text = self._vocabulary.text(tokens)
        return Answer(
            tokens=tokens,
            text=text,
            avg_logprob=generated.avg_logprob,
            no_speech_prob=generated.no_speech_prob,
            temperature=attempt.temperature,
            window_seconds=attempt.window_seconds,
            compression_ratio=compression_ratio(text),
        )

    def _judge(self, clip: _Open, answer: Answer, stage: Stage) -> None:
        clip.answers.append(answer)
        patient = clip.item.options.effort is Effort.FULL
        reason = self._window.doubt(answer, clip.item.clip_seconds, stage=stage, patient=patient)
        if reason is not None:
            clip.attempts.append(reason)
        if reason is None:
            clip.chosen = answer
        elif not patient:
            clip.chosen = self._said_once(answer, clip.item.clip_seconds)

    def _said_once(self, answer: Answer, clip_seconds: float) -> Answer | None:
        """The answer without what it says again, where that is all that is wrong with it: live speech does not wait
        until longer windows have said the same."""
        letters = self._window.said_once(answer.text, clip_seconds, is_cut=answer.is_cut)
        return None if letters is None else self._cut(answer, letters)

    def _best(self, clip: _Open) -> Answer:
        """Of answers in doubt; a draft that was stopped in a loop ends before it."""
        answer = self._window.best(clip.answers)
        is_draft = answer.is_cut and clip.item.options.effort is Effort.DRAFT
        letters = self._window.before_loop(answer.text) if is_draft else None
        return answer if letters is None else self._cut(answer, letters) or answer

    def _cut(self, answer: Answer, letters: int) -> Answer | None:
        """Its first letters, and the marks after them; None if no token ends there."""
        texts = (self._vocabulary.text(answer.tokens[:count]) for count in range(1, len(answer.tokens) + 1))
        reached = next((n for n, text in enumerate(texts, 1) if _letters(text) >= letters), None)
        if reached is None:
            return None
        marks = takewhile(lambda token: not _letters(self._vocabulary.text([token])), answer.tokens[reached:])
        tokens = answer.tokens[: reached + len(list(marks))]
        text = self._vocabulary.text(tokens)
        if _letters(text) != letters:
            return None  # a token holds letters of two of them
        return replace(answer, tokens=tokens, text=text, compression_ratio=compression_ratio(text))

    def _align(self, group: list[_Open], encoded: Any, window_seconds: float) -> None:
        """Find word times for those who want them and whose answer came from this window."""
        rows = [
            row
            for row, clip in enumerate(group)
            if clip.item.options.word_times and clip.chosen and clip.chosen.tokens and clip.alignment is None
        ]
        starts = {row: self._start(group[row]) for row in rows}
        for start, same_start in groupby(sorted(rows, key=lambda row: starts[row]), key=lambda row: starts[row]):
            together = sorted(same_start)
            found = self._model.align(
                encoded,
                together,
                start,
                [_chosen(group[row]).tokens for row in together],
                [min(group[row].item.clip_seconds, window_seconds) for row in together],
            )
            for row, alignment in zip(together, found, strict=True):
                group[row].alignment = alignment

    def _wants_timestamps(self, clip: _Open) -> bool:
        return self._window.wants_timestamps(clip.item.clip_seconds, clip.language)

    def _start(self, clip: _Open) -> list[int]:
        return self._vocabulary.start_sequence(clip.language, clip.item.options.task)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _stack(group: Sequence[_Open], window_seconds: float) -> NDArray[np.float32]:
    """Return the group's features, padded with zeros, which is how faster-whisper pads."""
    frames = round(window_seconds * FRAMES_PER_SECOND)
    features = np.zeros((len(group), group[0].item.features.shape[0], frames), dtype=np.float32)
    for row, clip in zip(features, group, strict=True):
        used = min(frames, clip.item.features.shape[1])
        row[:, :used] = clip.item.features[:, :used]
    return features


def _chosen(clip: _Open) -> Answer:
    assert clip.chosen is not None, "asked for after an answer was chosen"
    return clip.chosen


def _settled(clip: _Open) -> Settled:
    answer = _chosen(clip)
    return Settled(
        answer=answer,
        language=clip.language,
        language_probability=clip.language_probability,
        alignment=clip.alignment,
        attempts=tuple(clip.attempts),
    )
