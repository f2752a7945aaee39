"""The session's events as messages, with the names and units of the native WebSocket."""

from __future__ import annotations

import math
from typing import Any

from lingting.api.grpc._generated import speech_pb2
from lingting.api.grpc.answers import mood_message
from lingting.api.ws.dialect import Opened
from lingting.api.ws.native.native_events import ms
from lingting.domain import (
    Closed,
    Committed,
    Event,
    Final,
    Notice,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
)

__all__ = ["event_message", "ready_message"]

DIGITS = 3


def ready_message(opened: Opened) -> speech_pb2.StreamResponse:
    ready = speech_pb2.Ready(
        session=opened.session,
        resumed=opened.resumed,
        seq=opened.last_seq,
        received_ms=ms(opened.received_seconds),
        transcript=opened.text,
    )
    return speech_pb2.StreamResponse(ready=ready)


def event_message(event: Event, *, whole_text: str) -> speech_pb2.StreamResponse:  # noqa: PLR0911 - one for each event
    """
    whole_text    of the session so far, for its end
    """
    said = speech_pb2.StreamResponse
    match event:
        case SpeechStarted(seq, segment, start):
            started = speech_pb2.SpeechStarted(seq=seq, segment=segment, start_ms=ms(start))
            return said(speech_started=started)
        case SpeechEnded():
            return said(speech_stopped=speech_pb2.SpeechStopped(**_place(event)))
        case Partial():
            text, stable, language = event.text, event.stable, event.language
            partial = speech_pb2.Partial(**_place(event), transcript=text, stable=stable, language=language)
            return said(partial=partial)
        case Final():
            return said(final=_final(event))
        case SegmentFailed(code=code, message=message, retryable=retryable):
            problem = speech_pb2.SegmentError(**_place(event), code=code, message=message, retryable=retryable)
            return said(segment_error=problem)
        case Committed(seq, number, start, end):
            committed = speech_pb2.Committed(seq=seq, number=number, start_ms=ms(start), end_ms=ms(end))
            return said(committed=committed)
        case Notice(seq, kind, lag, message):
            return said(notice=speech_pb2.Notice(seq=seq, notice=str(kind), lag_ms=ms(lag), message=message))
        case Closed(seq, reason, audio, message):
            ended = speech_pb2.Ended(
                seq=seq, transcript=whole_text, audio_ms=ms(audio), reason=str(reason), message=message
            )
            return said(ended=ended)


def _place(event: SpeechEnded | Partial | Final | SegmentFailed) -> dict[str, Any]:  # Any: keyword arguments
    start_ms, end_ms = ms(event.start_seconds), ms(event.end_seconds)
    return {"seq": event.seq, "segment": event.segment, "start_ms": start_ms, "end_ms": end_ms}


def _final(event: Final) -> speech_pb2.Final:
    return speech_pb2.Final(
        **_place(event),
        transcript=event.text,
        language=event.language,
        language_probability=round(event.language_probability, DIGITS),
        confidence=round(math.exp(min(0.0, event.avg_logprob)), DIGITS),
        words=[
            speech_pb2.LiveWord(
                word=word.text.strip(),
                start_ms=ms(word.start_seconds),
                end_ms=ms(word.end_seconds),
                probability=round(word.probability, DIGITS),
            )
            for word in event.words
        ],
        redactions=[
            speech_pb2.LiveRedaction(kind=str(gone.kind), start_ms=ms(gone.start_seconds), end_ms=ms(gone.end_seconds))
            for gone in event.redacted
        ],
        suppressed=event.suppressed,
        mood=mood_message(event.mood),
        lag_ms=ms(event.lag_seconds),
        engine=event.engine,
        model=event.model,
        attempts=event.attempts,
        corrections=[
            speech_pb2.LiveCorrection(
                start_ms=ms(made.start_seconds),
                end_ms=ms(made.end_seconds),
                heard=made.heard,
                written=made.written,
                score=made.score,
                pack=made.pack or None,
            )
            for made in event.corrections
        ],
    )
