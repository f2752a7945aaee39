"""What a text that a caller sends is: how it sounds, and in which language. Nothing is kept, nothing recognised."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_json
from lingting.domain import Scope, Segment
from lingting.domain.errors import InvalidOption
from lingting.domain.languages import normalize_language
from lingting.text.language import language_of
from lingting.text.mood.mood_fields import course_fields, segment_mood
from lingting.text.mood.sentiment import load_moods, require_mood, with_moods

__all__ = ["router"]

router = APIRouter(tags=["Text"], dependencies=[needs(Scope.TRANSCRIBE)])

MAX_SEGMENTS = 5_000
"""Of one conversation: some hours of it."""
MAX_CHARACTERS = 200_000
"""Of all segments together."""
MAX_VOICE_CHARACTERS = 40
MAX_CANDIDATES = 16

_SEGMENT = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string"},
        "language": {"type": "string", "description": "zh, en, …; found out where it is not given"},
        "speaker": {"type": "string", "description": "who speaks, such as agent or customer"},
        "start_seconds": {"type": "number"},
    },
}
_MOOD_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string", "description": "each line is a segment"},
                        "segments": {"type": "array", "items": _SEGMENT, "maxItems": MAX_SEGMENTS},
                        "language": {"type": "string", "description": "of segments that name none"},
                    },
                },
                "example": {"segments": [{"speaker": "customer", "text": "不是很满意"}]},
            }
        },
    }
}
_LANGUAGE_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        "text": {"type": "string"},
                        "candidates": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_CANDIDATES},
                    },
                },
                "example": {"text": "请帮我 check 一下 email", "candidates": ["zh", "en"]},
            }
        },
    }
}


@router.post("/v1/mood", openapi_extra=_MOOD_BODY, summary="How a text or a conversation sounds")
async def mood(request: Request) -> Response:
    doors_of(request).require_open()
    require_mood()
    body = await read_json(request)
    segments = await asyncio.to_thread(_judged, _segments(body))
    answer = {"status": "SUCCESS", "mood": None} | course_fields(segments)
    return JSONResponse(answer | {"segments": [_segment_answer(segment) for segment in segments]})


@router.post("/v1/language", openapi_extra=_LANGUAGE_BODY, summary="Which language a text is in")
async def language(request: Request) -> Response:
    doors_of(request).require_open()
    body = await read_json(request)
    text = Fields(body).text("text")
    if text is None:
        raise InvalidOption("text", "is missing; send the text")
    found = await asyncio.to_thread(language_of, text, _candidates(body.get("candidates")))
    return JSONResponse(
        {
            "status": "SUCCESS",
            "language": found.language or None,
            "probability": round(found.probability, 3),
            "han_ratio": found.han_ratio,
        }
    )


def _judged(segments: Sequence[Segment]) -> Sequence[Segment]:
    load_moods()
    return with_moods(segments)


def _segments(body: Mapping[str, Any]) -> list[Segment]:  # Any: what was sent
    if ("text" in body) == ("segments" in body):
        raise InvalidOption("segments", "send either segments, or text")
    language = _language(Fields(body), "language")
    if "text" in body:
        text = Fields(body).text("text") or ""
        given: Sequence[object] = [{"text": line} for line in text.splitlines() if line.strip()]
    else:
        given = body["segments"]
    if not isinstance(given, list) or not given:
        raise InvalidOption("segments" if "segments" in body else "text", "is empty, or no list of objects")
    if len(given) > MAX_SEGMENTS:
        raise InvalidOption("segments", f"{len(given)} segments; at most {MAX_SEGMENTS} at once")
    segments = [_segment(i, each, language) for i, each in enumerate(given)]
    characters = sum(len(segment.text) for segment in segments)
    if characters > MAX_CHARACTERS:
        raise InvalidOption("segments", f"{characters} characters; at most {MAX_CHARACTERS} at once")
    return segments


def _segment(place: int, given: object, language: str | None) -> Segment:
    name = f"segments[{place}]"
    if not isinstance(given, dict):
        raise InvalidOption(name, "is no object")
    fields = Fields({f"{name}.{key}": value for key, value in given.items()})
    text = fields.text(f"{name}.text") or ""
    speaker = fields.text(f"{name}.speaker")
    if speaker is not None and len(speaker) > MAX_VOICE_CHARACTERS:
        raise InvalidOption(f"{name}.speaker", f"is longer than {MAX_VOICE_CHARACTERS} characters")
    start_seconds = fields.number(f"{name}.start_seconds") or 0.0
    if not 0 <= start_seconds < float("inf"):
        raise InvalidOption(f"{name}.start_seconds", f"{start_seconds} is no time")
    spoken = _language(fields, f"{name}.language") or language or language_of(text[:MAX_CHARACTERS]).language
    return Segment(place, start_seconds, start_seconds, text, spoken, speaker=speaker)


def _language(fields: Fields, name: str) -> str | None:
    given = fields.text(name)
    return None if given is None or given.lower() == "auto" else normalize_language(given)


def _candidates(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MAX_CANDIDATES or not all(isinstance(each, str) for each in given):
        raise InvalidOption("candidates", f"is no list of at most {MAX_CANDIDATES} language codes")
    return tuple(normalize_language(code) for code in given)


def _segment_answer(segment: Segment) -> dict[str, object]:
    answer: dict[str, object] = {"id": segment.id, "text": segment.text, "language": segment.language}
    if segment.speaker is not None:
        answer["speaker"] = segment.speaker
    return answer | segment_mood(segment.mood)
