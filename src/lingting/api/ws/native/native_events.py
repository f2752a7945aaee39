"""The session's events and errors in the words of the native protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lingting.api.ws.dialect import Later, Message
from lingting.api.ws.messages import write_object
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Event,
    Final,
    Notice,
    Partial,
    Segment,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
)
from lingting.domain.errors import Busy, LingtingError
from lingting.domain.intents import IntentMatch
from lingting.domain.transcript import join_texts
from lingting.text.commands.intents import match_fields
from lingting.text.hotwords.wire import correction_fields
from lingting.text.mood.mood_fields import course_fields, segment_mood

__all__ = ["NativeEvents", "acknowledgement", "error_message", "intent_message", "ms"]

PROBABILITY_DIGITS = 3

Fields = dict[str, object]


class NativeEvents:
    """Words events, and keeps the finals' text for the end."""

    def __init__(self, *, seen_seq: int = 0) -> None:
        self._seen_seq = seen_seq
        """A client that resumed knows the events up to here."""
        self._texts: list[str] = []
        self._felt: list[Segment] = []
        """What has a mood."""

    def render(self, event: Event) -> Sequence[Message | Later]:
        if isinstance(event, Final):
            self._texts.append(event.text)
            if event.mood is not None:
                self._felt.append(_felt(event))
        if event.seq <= self._seen_seq:
            return ()
        if isinstance(event, Closed) and self._felt:  # a conversation of hours takes a while to look over
            return (lambda: write_object(self._fields(event)),)
        return (write_object(self._fields(event)),)

    def _fields(self, event: Event) -> Fields:  # noqa: PLR0911 - one for each event
        match event:
            case SpeechStarted():
                start_ms = ms(event.start_seconds)
                return _head("SPEECH_STARTED", event) | {"segment": event.segment, "start_ms": start_ms}
            case SpeechEnded():
                return _head("SPEECH_STOPPED", event) | _span(event)
            case Partial():
                return _partial(event)
            case Final():
                return _final(event)
            case SegmentFailed():
                problem = {"code": event.code, "message": event.message, "retryable": event.retryable}
                return _head("SEGMENT_ERROR", event) | _span(event) | problem
            case Committed():
                times = {"start_ms": ms(event.start_seconds), "end_ms": ms(event.end_seconds)}
                return _head("COMMITTED", event) | {"number": event.number, **times}
            case Notice():
                notice = {"notice": event.kind, "lag_ms": ms(event.lag_seconds), "message": event.message}
                return _head("NOTICE", event) | notice
            case Closed():
                return self._closed(event)

    def _closed(self, event: Closed) -> Fields:
        whole: Fields = {"transcript": join_texts(self._texts), "audio_ms": ms(event.audio_seconds)}
        whole |= course_fields(self._felt)
        if event.reason is CloseReason.FINISHED:
            return _head("END", event) | whole
        return _head("CLOSED", event) | whole | {"reason": event.reason, "message": event.message}


def acknowledgement(text: str, received_seconds: float) -> Message:
    """The answer to each piece of audio: what is known so far."""
    return write_object(
        {"type": "ACK", "transcript": text, "received_ms": ms(received_seconds), "is_final": False},
    )


def error_message(error: LingtingError) -> Message:
    fields: Fields = {
        "type": "ERROR",
        "status": "FAILED",
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "retryable": error.retryable,
        "transcript": "",
    }
    if isinstance(error, Busy):
        fields["retry_after_ms"] = math.ceil(error.retry_after_seconds * 1_000)
    return write_object(fields)


def intent_message(match: IntentMatch, final: Final) -> Message:
    """What a final asks for; `intent` is null where it asks for nothing of the pack."""
    return write_object({"type": "INTENT", "segment": final.segment, "transcript": "", **match_fields(match)})


def ms(seconds: float) -> int:
    """Whole milliseconds, rounded down: a client that sends again from there leaves nothing out."""
    return int(seconds * 1_000 + 1e-6)


def _felt(final: Final) -> Segment:
    return Segment(final.segment, final.start_seconds, final.end_seconds, final.text, final.language, mood=final.mood)


def _head(kind: str, event: Event) -> Fields:
    """`transcript` is in every message, for clients that look for nothing else."""
    return {"type": kind, "seq": event.seq, "transcript": ""}


def _span(event: SpeechEnded | Partial | Final | SegmentFailed) -> Fields:
    return {"segment": event.segment, "start_ms": ms(event.start_seconds), "end_ms": ms(event.end_seconds)}


def _partial(event: Partial) -> Fields:
    said = {"transcript": event.text, "stable": event.stable, "is_final": False, "language": event.language}
    return _head("PARTIAL", event) | _span(event) | said


def _final(event: Final) -> Fields:
    fields = _head("FINAL", event) | _span(event)
    if event.redacted:
        fields["redactions"] = [
            {"kind": str(gone.kind), "start_ms": ms(gone.start_seconds), "end_ms": ms(gone.end_seconds)}
            for gone in event.redacted
        ]
    fields |= {
        "transcript": event.text,
        "is_final": True,
        "language": event.language,
        "language_probability": round(event.language_probability, PROBABILITY_DIGITS),
        "confidence": round(math.exp(min(0.0, event.avg_logprob)), PROBABILITY_DIGITS),
    }
    if event.words:
        fields["words"] = [
            {
                "word": word.text.strip(),
                "start_ms": ms(word.start_seconds),
                "end_ms": ms(word.end_seconds),
                "probability": round(word.probability, PROBABILITY_DIGITS),
            }
            for word in event.words
        ]
    if event.suppressed is not None:
        fields["suppressed"] = event.suppressed
    fields |= correction_fields(event.corrections, suffix="_ms", time=ms)
    if event.model:
        fields |= {"engine": event.engine, "model": event.model}
    if event.attempts:
        fields["attempts"] = event.attempts
    return fields | segment_mood(event.mood) | {"lag_ms": ms(event.lag_seconds)}
