"""Writes a transcript that a caller has, perhaps corrected by a person, as subtitles or text. Nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lingting.api.access import needs
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_json
from lingting.domain import Scope, Segment, Transcript, Word
from lingting.domain.errors import InvalidOption, UnsupportedFormat
from lingting.domain.languages import normalize_language
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["router"]

router = APIRouter(tags=["Text"], dependencies=[needs(Scope.TRANSCRIBE)])

FORMATS = {
    "srt": (TranscriptFormat.SRT, "application/x-subrip"),
    "vtt": (TranscriptFormat.VTT, "text/vtt"),
    "txt": (TranscriptFormat.TEXT, "text/plain"),
    "tsv": (TranscriptFormat.TSV, "text/tab-separated-values"),
    "json": (TranscriptFormat.VERBOSE_JSON, "application/json"),
}
MAX_SEGMENTS = 20_000
"""Some twenty hours of speech."""
MAX_WORDS = 400_000
MAX_CHARACTERS = 2_000_000
"""Of all segments together, and of all words together."""
MAX_NAME_CHARACTERS = 120
MAX_SECONDS = 1e6
UNKNOWN_LANGUAGE = "en"

_TIMED = {"text": {"type": "string"}, "start_seconds": {"type": "number"}, "end_seconds": {"type": "number"}}
_SEGMENT = {
    "type": "object",
    "required": ["text", "start_seconds", "end_seconds"],
    "properties": {
        **_TIMED,
        "language": {"type": "string"},
        "speaker": {"type": "string"},
        "words": {"type": "array", "items": {"type": "object", "required": list(_TIMED), "properties": _TIMED}},
    },
}
_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["segments"],
                    "properties": {
                        "segments": {"type": "array", "items": _SEGMENT, "maxItems": MAX_SEGMENTS},
                        "language": {"type": "string", "description": "of segments that name none"},
                        "duration_seconds": {"type": "number", "description": "of the recording; no cue ends later"},
                        "format": {"type": "string", "enum": list(FORMATS), "default": "srt"},
                    },
                },
                "example": {"format": "srt", "segments": [{"text": "你好", "start_seconds": 0.3, "end_seconds": 1.1}]},
            }
        },
    }
}


@router.post(
    "/v1/subtitles",
    openapi_extra=_BODY,
    responses=in_forms(*(media_type for _, media_type in FORMATS.values())),
    summary="A transcript of yours as subtitles or text",
)
async def subtitles(request: Request) -> Response:
    doors_of(request).require_open()
    body = await read_json(request)
    name = (Fields(body).text("format") or "srt").lower()
    if name not in FORMATS:
        raise UnsupportedFormat("format", f"{name[:40]!r} is not offered; use one of {', '.join(FORMATS)}")
    form, media_type = FORMATS[name]
    text = await asyncio.to_thread(lambda: render(_transcript(body), form))
    return Response(text, media_type=f"{media_type}; charset=utf-8")


def _transcript(body: Mapping[str, Any]) -> Transcript:  # Any: what was sent
    """raises    InvalidOption"""
    fields = Fields(body)
    language = _language(fields, "language") or UNKNOWN_LANGUAGE
    given = _objects(body.get("segments"), "segments", most=MAX_SEGMENTS)
    if sum(len(each["words"]) for each in given if isinstance(each.get("words"), list)) > MAX_WORDS:
        raise InvalidOption("segments", f"more than {MAX_WORDS} words at once")
    segments = tuple(_segment(place, each, language) for place, each in enumerate(given))
    if sum(len(segment.text) + sum(len(word.text) for word in segment.words) for segment in segments) > (
        2 * MAX_CHARACTERS
    ):
        raise InvalidOption("segments", f"more than {MAX_CHARACTERS} characters at once")
    end_seconds = max((segment.end_seconds for segment in segments), default=0.0)
    duration_seconds = _seconds(fields, "duration_seconds", otherwise=end_seconds)
    return Transcript(segments, language, max(duration_seconds, end_seconds))


def _objects(given: object, name: str, *, most: int) -> list[dict[str, Any]]:  # Any: what was sent
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise InvalidOption(name, "is missing, or no list of objects")
    if len(given) > most:
        raise InvalidOption(name, f"{len(given)} of them; at most {most} at once")
    return given


def _segment(place: int, given: Mapping[str, object], language: str) -> Segment:
    name = f"segments[{place}]"
    fields = Fields({f"{name}.{key}": value for key, value in given.items() if key != "words"})
    start_seconds, end_seconds = _span(fields, name)
    speaker = fields.text(f"{name}.speaker")
    if speaker is not None and len(speaker) > MAX_NAME_CHARACTERS:
        raise InvalidOption(f"{name}.speaker", f"is longer than {MAX_NAME_CHARACTERS} characters")
    words = _objects(given.get("words") or [], f"{name}.words", most=MAX_WORDS)
    return Segment(
        place,
        start_seconds,
        end_seconds,
        fields.text(f"{name}.text") or "",
        _language(fields, f"{name}.language") or language,
        words=tuple(_word(f"{name}.words[{at}]", word) for at, word in enumerate(words)),
        speaker=speaker,
    )


def _word(name: str, given: Mapping[str, object]) -> Word:
    fields = Fields({f"{name}.{key}": value for key, value in given.items()})
    return Word(fields.text(f"{name}.text") or "", *_span(fields, name), probability=1.0)


def _span(fields: Fields, name: str) -> tuple[float, float]:
    start_seconds = _seconds(fields, f"{name}.start_seconds")
    end_seconds = _seconds(fields, f"{name}.end_seconds")
    if end_seconds < start_seconds:
        raise InvalidOption(f"{name}.end_seconds", f"{end_seconds:g} is before the start, {start_seconds:g}")
    return start_seconds, end_seconds


def _seconds(fields: Fields, name: str, *, otherwise: float | None = None) -> float:
    given = fields.number(name)
    if given is None:
        if otherwise is None:
            raise InvalidOption(name, "is missing")
        return otherwise
    if not 0 <= given <= MAX_SECONDS:
        raise InvalidOption(name, f"is not within 0 to {MAX_SECONDS:g} seconds")
    return given


def _language(fields: Fields, name: str) -> str | None:
    given = fields.text(name)
    return None if given is None or given.lower() == "auto" else normalize_language(given)
