"""What a task says of the session's events: one sentence, or one after the other. Pure.

Promises: sentences are told one at a time, in order, each with one SentenceBegin and one SentenceEnd, though the next
one may have begun while the last is still recognised; times and indexes are whole numbers, confidences are not.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from lingting.api.ws.aliyun.statuses import ENDS, FAILED, Status
from lingting.api.ws.aliyun.wishes import Wishes
from lingting.api.ws.native.native_events import ms
from lingting.domain import (
    Closed,
    CloseReason,
    Event,
    Final,
    Partial,
    SegmentFailed,
    SpeechStarted,
    Word,
)
from lingting.domain.transcript import join_texts
from lingting.text.unmarked import unmarked

__all__ = ["Enough", "Failed", "Recognition", "Said", "Task", "Transcription"]


@dataclass(frozen=True, slots=True)
class Said:
    """An event of the task."""

    name: str
    payload: Mapping[str, object] = field(default_factory=dict)
    failure: str = ""
    """Why what it should tell is missing; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The task is over, and not as it should be."""

    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class Enough:
    """The task has what it wanted: no more audio."""


Told = Said | Failed | Enough


class Recognition:
    """SpeechRecognizer: all that was said is one sentence."""

    namespace: ClassVar[str] = "SpeechRecognizer"

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._texts: dict[int, str] = {}
        """By segment; of one without a final, what it seems to say."""
        self._logprobs: list[float] = []
        self._last_begun = 0
        self._ended_with: int | None = None
        """The segment after which it had enough."""
        self._failure: SegmentFailed | None = None

    def started(self, _session: str) -> Said:
        return Said("RecognitionStarted")

    def tell(self, event: Event) -> Iterator[Told]:
        match event:
            case SpeechStarted():
                self._last_begun = event.segment
            case Partial() if self._counts(event.segment):
                self._texts[event.segment] = event.text
                yield Said("RecognitionResultChanged", {"result": self._result()})
            case Final() if self._counts(event.segment):
                yield from self._final(event)
            case SegmentFailed():
                self._failure = event
            case Closed():
                yield self._closed(event)

    def _final(self, event: Final) -> Iterator[Told]:
        self._texts[event.segment] = event.text
        if not event.text:
            return
        self._logprobs.append(event.avg_logprob)
        # Speech that was cut for its length, or went on by now, is not over.
        if self.wishes.ends_itself and event.segment == self._last_begun:
            self._ended_with = event.segment
            yield Enough()

    def _closed(self, event: Closed) -> Said | Failed:
        if event.reason is not CloseReason.FINISHED:
            return _end(event)
        if self._failure is not None:
            return Failed(FAILED, self._failure.message)
        payload: dict[str, object] = {"result": self._result(), "duration": ms(event.audio_seconds)}
        if self._logprobs:
            payload["confidence"] = _confidence(sum(self._logprobs) / len(self._logprobs))
        return Said("RecognitionCompleted", payload)

    def _counts(self, segment: int) -> bool:
        return self._ended_with is None or segment <= self._ended_with

    def _result(self) -> str:
        return _plain(join_texts(self._texts[segment] for segment in sorted(self._texts)), self.wishes)


class Transcription:
    """SpeechTranscriber: each segment is a sentence."""

    namespace: ClassVar[str] = "SpeechTranscriber"

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._open: deque[SpeechStarted] = deque()
        """Without an end; the first has been told."""

    def started(self, session: str) -> Said:
        return Said("TranscriptionStarted", {"session_id": session})

    def tell(self, event: Event) -> Iterator[Told]:
        match event:
            case SpeechStarted():
                self._open.append(event)
                if len(self._open) == 1:
                    yield _begin(event)
            case Partial() if self._open and self._open[0].segment == event.segment:
                result = {"result": _plain(event.text, self.wishes)}
                yield Said("TranscriptionResultChanged", _place(event.segment, event.end_seconds) | result)
            case Final():
                payload = self._sentence(event, event.text, event.words)
                yield Said("SentenceEnd", payload | {"confidence": _confidence(event.avg_logprob)})
                yield from self._next()
            case SegmentFailed():
                yield Said("SentenceEnd", self._sentence(event, "", ()) | {"confidence": 0.0}, event.message)
                yield from self._next()
            case Closed():
                is_done = event.reason is CloseReason.FINISHED
                yield Said("TranscriptionCompleted") if is_done else _end(event)

    def _sentence(self, event: Final | SegmentFailed, text: str, words: Sequence[Word]) -> dict[str, object]:
        payload: dict[str, object] = _place(event.segment, event.end_seconds) | {
            "begin_time": ms(event.start_seconds),
            "result": _plain(text, self.wishes),
        }
        if self.wishes.has_words:
            payload["words"] = [_word(word, self.wishes) for word in words if _plain(word.text, self.wishes)]
        return payload

    def _next(self) -> Iterator[Said]:
        if self._open:
            self._open.popleft()
        if self._open:
            yield _begin(self._open[0])


Task = Recognition | Transcription


def _begin(event: SpeechStarted) -> Said:
    return Said("SentenceBegin", _place(event.segment, event.start_seconds))


def _place(segment: int, at_seconds: float) -> dict[str, object]:
    return {"index": segment, "time": ms(at_seconds)}


def _word(word: Word, wishes: Wishes) -> dict[str, object]:
    return {"text": _plain(word.text, wishes), "startTime": ms(word.start_seconds), "endTime": ms(word.end_seconds)}


def _plain(text: str, wishes: Wishes) -> str:
    return text.strip() if wishes.has_marks else unmarked(text)


def _confidence(logprob: float) -> float:
    """The mean probability of what was recognised, 0..1."""
    return round(min(1.0, math.exp(logprob)), 3)


def _end(event: Closed) -> Failed:
    status, message = ENDS[event.reason]
    return Failed(status, event.message or message)
