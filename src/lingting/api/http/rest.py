"""The native REST: JSON with base64 audio, and two plain multipart doors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.asking import (
    MODEL_SCHEMA,
    WISHES_SCHEMA,
    defaults_of,
    headers_of,
    read_model,
    read_wishes,
    transcribe_for,
)
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import PCM_ENCODINGS, Fields, read_options, read_pcm
from lingting.api.http.intents import intents_fields, read_matcher
from lingting.api.http.redactions import redactions_of
from lingting.api.http.uploads import decode_base64, read_form, read_json, source_of
from lingting.audio.decode import AudioSource
from lingting.domain import Scope, Segment, Word
from lingting.domain.errors import InvalidOption, UnsupportedFormat
from lingting.recognition.transcriber import Transcribed
from lingting.text.hotwords.wire import correction_fields
from lingting.text.mood.mood_fields import course_fields, segment_mood

__all__ = ["check_format", "router"]

router = APIRouter(tags=["Lingting"], dependencies=[needs(Scope.TRANSCRIBE)])

CONTAINERS = (
    "aac", "aiff", "amr", "au", "caf", "flac", "m4a", "mka", "mkv", "mov", "mp3", "mp4", "mpga", "mpeg", "oga", "ogg",
    "opus", "opu", "silk", "speex", "spx", "wav", "weba", "webm", "wma",
)  # fmt: skip
"""Names for what the decoder finds out by itself; anything else is a mistake worth telling."""


class AsrRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    audio: str = Field(description="the audio in base64, with or without a data URI in front")
    format: str = Field("wav", description="a container (wav, mp3, …) or headerless audio: pcm, f32le, mulaw, alaw")
    sample_rate: int = Field(16_000, description="of headerless audio, Hz")
    channels: int = Field(1, description="of headerless audio")
    language: str = Field("auto", description="zh-CN, en, … or auto")
    prompt: str = Field("", description="words the recording may hold")
    hotwords: str | list[Any] = Field("", description="words it may hold: 血压:3, stent; or a list of texts or objects")
    hotword_packs: str | list[str] = Field("", description="packs of hotwords, with commas: medical, car; or none")
    hotword_prompt: bool = Field(default=False, description="true puts them into the prompt of an engine")
    words: bool = Field(default=False, description="answer with the time of each word")
    task: str = Field("transcribe", description="transcribe, or translate into English")
    script: str = Field("simplified", description="of Chinese: simplified, traditional, as_is")
    spacing: str = Field("as_is", description="between Chinese and Latin or digits: as_is, spaced, tight")
    punctuation: str = Field("auto", description="for text that has none: auto, off")
    itn: bool = Field(default=False, description="write numbers, dates and sums in digits")
    channel: str = Field("mix", description="mix, split, or a channel counted from 0")
    channel_names: str = Field("", description="of split channels, with commas between: agent,customer")
    speakers: str = Field("", description="tell persons apart by their voices: how many there are at most, or auto")
    intents: str = Field("", description="a pack of commands: answer with what each segment asks for")
    mood: bool = Field(default=False, description="say how each segment sounds, and how the conversation went")
    per_segment_language: bool = Field(default=False, description="detect the language anew for each stretch of speech")
    beam_size: int = 5
    temperature: float = 0.0
    denoise: bool = False
    redact: str = Field("off", description="hide personal data: off, mask, tag, token")
    redact_kinds: str = Field("", description="which kinds, with commas between them; all unless named")
    user: str = Field("", description="your own name for whose speech it is, to find and erase it by")
    store: bool = Field(default=True, description="false keeps the transcript out of the history")
    cache: bool = Field(default=True, description="false recognises anew, whatever is known")
    model: str = Field("", description="one of GET /v1/models; the server chooses unless named")
    local_only: bool = Field(default=False, description="true lets the audio go to no other server")


EXAMPLE = {"audio": "UklGRi4AAABXQVZF…", "format": "wav", "language": "zh-CN", "words": True}
JsonBody: Any = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}, "example": EXAMPLE}}}}


def _documented(field: str) -> dict[str, Any]:  # Any: OpenAPI
    names = (
        "language",
        "prompt",
        "script",
        "itn",
        "spacing",
        "punctuation",
        "channel",
        "channel_names",
        "speakers",
        "mood",
        "format",
    )
    options = {name: {"type": "string"} for name in names}
    properties = {field: {"type": "string", "format": "binary"}, **options, **MODEL_SCHEMA, **WISHES_SCHEMA}
    schema = {"type": "object", "required": [field], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


ASR_SCHEMA = AsrRequest.model_json_schema()
JsonBody["requestBody"]["content"]["application/json"]["schema"] = ASR_SCHEMA


@router.post("/v1/asr", openapi_extra=JsonBody, summary="Audio in base64 to text")
async def asr_json(request: Request) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    body = await read_json(request)
    fields = Fields(body)
    audio = fields.text("audio")
    if audio is None:
        raise InvalidOption("audio", "is missing; send the audio in base64 in this field")
    check_format(fields)
    wants_words = fields.flag("words")
    options = replace(read_options(fields, defaults_of(request), shelf=services.hotwords), word_times=wants_words)
    options = read_model(request, fields, options)
    matcher = read_matcher(request, fields)
    source = AudioSource(data=await decode_base64(audio), pcm=read_pcm(fields))
    answered = await transcribe_for(request, source, options, read_wishes(request, fields))
    commands = await intents_fields(matcher, answered.transcript)
    return JSONResponse(_answer(answered, wants_words=wants_words) | commands, headers=headers_of(answered))


@router.post("/recognize", openapi_extra=_documented("file"), summary="An uploaded file to text")
async def recognize(request: Request) -> Response:
    return await _plain(request, "file")


@router.post("/asr", openapi_extra=_documented("audio"), summary="An uploaded file to text")
async def asr_form(request: Request) -> Response:
    return await _plain(request, "audio")


async def _plain(request: Request, field: str) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    async with read_form(request) as form:
        fields = _scalars(request, form)
        check_format(fields)
        options = read_options(fields, defaults_of(request), shelf=services.hotwords)
        options = read_model(request, fields, options)
        source = await source_of(form, field, pcm=read_pcm(fields))
        answered = await transcribe_for(request, source, options, read_wishes(request, fields))
    return JSONResponse({"text": answered.transcript.text}, headers=headers_of(answered))


def _scalars(request: Request, form: FormData) -> Fields:
    """Fields of the form win over those of the query."""
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    return Fields(dict(request.query_params) | texts)


def check_format(fields: Fields) -> None:
    """raises    UnsupportedFormat for a name that means nothing here"""
    name = (fields.text("format") or "").lower()
    if name and name not in CONTAINERS and name not in PCM_ENCODINGS:
        accepted = ", ".join((*sorted(PCM_ENCODINGS), *CONTAINERS))
        raise UnsupportedFormat("format", f"{name[:40]!r} is unknown; use one of {accepted}")


def _answer(answered: Transcribed, *, wants_words: bool) -> dict[str, object]:
    transcript = answered.transcript
    return {
        "status": "SUCCESS",
        "id": answered.record_id,
        "cached": answered.is_cached,
        "transcript": transcript.text,
        "language": transcript.language,
        "language_probability": round(transcript.language_probability, 3),
        "duration_seconds": round(transcript.duration_seconds, 3),
        "speech_seconds": round(transcript.speech_seconds, 3),
        "engine": transcript.engine,
        "model": transcript.model,
        "attempts": list(transcript.attempts),
        "segments": [_segment(segment, wants_words=wants_words) for segment in transcript.segments],
        "redactions": redactions_of(transcript),
        "suppressed": [
            {"start": round(gone.start_seconds, 3), "end": round(gone.end_seconds, 3), "reason": gone.reason}
            for gone in transcript.suppressed
        ],
    } | course_fields(transcript.segments)


def _segment(segment: Segment, *, wants_words: bool) -> dict[str, object]:
    answer: dict[str, object] = {
        "id": segment.id,
        "start": round(segment.start_seconds, 3),
        "end": round(segment.end_seconds, 3),
        "text": segment.text,
        "language": segment.language,
    }
    if segment.channel is not None:
        answer["channel"] = segment.channel
    if segment.speaker is not None:
        answer["speaker"] = segment.speaker
    if wants_words:
        answer["words"] = [_word(word) for word in segment.words]
    return answer | segment_mood(segment.mood) | correction_fields(segment.corrections)


def _word(word: Word) -> dict[str, object]:
    return {
        "word": word.text.strip(),
        "start": round(word.start_seconds, 3),
        "end": round(word.end_seconds, 3),
        "probability": round(word.probability, 3),
    }
