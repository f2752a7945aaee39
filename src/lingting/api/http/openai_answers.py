"""A transcript in each of the formats that OpenAI's transcription route answers in."""

from __future__ import annotations

import math

from lingting.api.http.redactions import redactions_of
from lingting.domain import Segment, Transcript, Word
from lingting.domain.languages import LANGUAGES
from lingting.text.hotwords.wire import correction_fields
from lingting.text.mood.mood_fields import course_fields, segment_mood
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["render_answer"]

RENDERED = {
    "text": (TranscriptFormat.TEXT, "text/plain"),
    "srt": (TranscriptFormat.SRT, "text/plain"),
    "vtt": (TranscriptFormat.VTT, "text/vtt"),
}
SEEKS_PER_SECOND = 100
"""Whisper counts `seek` in feature frames of 10 ms."""


def render_answer(
    transcript: Transcript, response_format: str, granularities: frozenset[str], *, translate: bool
) -> tuple[str | dict[str, object], str]:
    """The body, text or an object for JSON, and its media type."""
    if response_format in RENDERED:
        form, media_type = RENDERED[response_format]
        return render(transcript, form), media_type
    if response_format == "verbose_json":
        return _verbose(transcript, granularities, translate=translate), "application/json"
    if response_format == "diarized_json":
        return _diarized(transcript), "application/json"
    return {"text": transcript.text, "usage": _usage(transcript)}, "application/json"


def _diarized(transcript: Transcript) -> dict[str, object]:
    """Each segment with its speaker; the client takes their ids for text."""
    return {
        "task": "transcribe",
        "duration": round(transcript.duration_seconds, 3),
        "text": transcript.text,
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": str(segment.id),
                "start": round(segment.start_seconds, 3),
                "end": round(segment.end_seconds, 3),
                "text": segment.text,
                "speaker": segment.voice or "",
            }
            for segment in transcript.segments
        ],
        "usage": _usage(transcript),
    }


def _verbose(transcript: Transcript, granularities: frozenset[str], *, translate: bool) -> dict[str, object]:
    """Segments unless only words were asked for; words at the top level, never inside segments."""
    return {
        "task": "translate" if translate else "transcribe",
        "language": "english" if translate else LANGUAGES.get(transcript.language, transcript.language),
        "duration": round(transcript.duration_seconds, 3),
        "text": transcript.text,
        "segments": [_segment(segment) for segment in transcript.segments] if "segment" in granularities else None,
        "words": [_word(word) for word in transcript.words] if "word" in granularities else None,
        "redactions": redactions_of(transcript),
        "engine": transcript.engine,
        "model": transcript.model,
        "attempts": list(transcript.attempts),
        "usage": _usage(transcript),
    } | course_fields(transcript.segments)


def _usage(transcript: Transcript) -> dict[str, object]:
    return {"type": "duration", "seconds": math.ceil(transcript.duration_seconds)}


def _segment(segment: Segment) -> dict[str, object]:
    return (
        {
            "id": segment.id,
            "seek": int(segment.start_seconds * SEEKS_PER_SECOND),
            "start": round(segment.start_seconds, 3),
            "end": round(segment.end_seconds, 3),
            "text": segment.text,
            "tokens": list(segment.tokens),
            "temperature": segment.temperature,
            "avg_logprob": round(segment.avg_logprob, 4),
            "compression_ratio": round(segment.compression_ratio, 4),
            "no_speech_prob": round(segment.no_speech_prob, 4),
        }
        | segment_mood(segment.mood)
        | correction_fields(segment.corrections)
    )


def _word(word: Word) -> dict[str, object]:
    return {
        "word": word.text.strip(),
        "start": round(word.start_seconds, 3),
        "end": round(word.end_seconds, 3),
    }
