"""Transcripts as messages, with the roundings of the native REST."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.struct_pb2 import Struct, Value

from lingting.api.grpc._generated import speech_pb2
from lingting.domain import Progress, Segment
from lingting.domain.intents import IntentMatch, SlotValue
from lingting.domain.mood import Mood
from lingting.recognition.transcriber import Transcribed
from lingting.text.mood.mood_fields import course_fields

__all__ = ["intent_message", "mood_message", "progress_message", "result_message", "segments_message"]

DIGITS = 3


def result_message(
    answered: Transcribed, commands: Sequence[tuple[Segment, IntentMatch]], *, with_words: bool
) -> speech_pb2.RecognizeResponse:
    transcript = answered.transcript
    message = speech_pb2.RecognizeResponse(
        id=answered.record_id or "",
        cached=answered.is_cached,
        transcript=transcript.text,
        language=transcript.language,
        language_probability=_round(transcript.language_probability),
        duration_seconds=_round(transcript.duration_seconds),
        speech_seconds=_round(transcript.speech_seconds),
        engine=transcript.engine,
        model=transcript.model,
        segments=[_segment(segment, with_words=with_words) for segment in transcript.segments],
        redactions=[
            speech_pb2.Redaction(
                kind=str(gone.kind),
                segment=segment.id,
                start=_round(gone.start_seconds),
                end=_round(gone.end_seconds),
            )
            for segment in transcript.segments
            for gone in segment.redacted
        ],
        suppressed=[
            speech_pb2.Suppression(start=_round(gone.start_seconds), end=_round(gone.end_seconds), reason=gone.reason)
            for gone in transcript.suppressed
        ],
        intents=[intent_message(match, segment.id) for segment, match in commands],
        attempts=transcript.attempts,
    )
    course = course_fields(transcript.segments).get("mood")
    if course is not None:
        message.mood.CopyFrom(Struct())
        message.mood.update(course)
    return message


def segments_message(segments: Sequence[Segment], *, with_words: bool) -> speech_pb2.RecognizeFileResponse:
    made = [_segment(segment, with_words=with_words) for segment in segments]
    return speech_pb2.RecognizeFileResponse(segments=speech_pb2.Segments(segments=made))


def progress_message(progress: Progress) -> speech_pb2.RecognizeFileResponse:
    message = speech_pb2.Progress(done_seconds=_round(progress.done_seconds))
    if progress.total_seconds is not None:
        message.total_seconds = _round(progress.total_seconds)
    return speech_pb2.RecognizeFileResponse(progress=message)


def intent_message(match: IntentMatch, segment: int) -> speech_pb2.Intent:
    message = speech_pb2.Intent(
        segment=segment,
        pack=match.pack,
        score=match.score,
        by=match.by,
        slots={
            slot.name: speech_pb2.Slot(type=slot.type, value=_value(slot.value), text=slot.text) for slot in match.slots
        },
    )
    if match.intent is not None:
        message.intent = match.intent
    if match.runner_up is not None:
        after = speech_pb2.RunnerUp(intent=match.runner_up.intent, score=match.runner_up.score)
        message.runner_up.CopyFrom(after)
    return message


def mood_message(mood: Mood | None) -> speech_pb2.Mood | None:
    return None if mood is None else speech_pb2.Mood(score=mood.score, label=str(mood.label))


def _segment(segment: Segment, *, with_words: bool) -> speech_pb2.Segment:
    return speech_pb2.Segment(
        id=segment.id,
        start=_round(segment.start_seconds),
        end=_round(segment.end_seconds),
        text=segment.text,
        language=segment.language,
        channel=segment.channel,
        speaker=segment.speaker,
        words=[
            speech_pb2.Word(
                word=word.text.strip(),
                start=_round(word.start_seconds),
                end=_round(word.end_seconds),
                probability=_round(word.probability),
            )
            for word in (segment.words if with_words else ())
        ],
        corrections=[
            speech_pb2.Correction(
                start=_round(made.start_seconds),
                end=_round(made.end_seconds),
                heard=made.heard,
                written=made.written,
                score=made.score,
                pack=made.pack or None,
            )
            for made in segment.corrections
        ],
        mood=mood_message(segment.mood),
    )


def _value(value: SlotValue) -> Value:
    return Value(string_value=value) if isinstance(value, str) else Value(number_value=value)


def _round(number: float) -> float:
    return round(number, DIGITS)
