"""OpenAI's audio routes and models list, so that its clients change a URL and keep their code.

Source: the requests that the official Python client sends, and the types it reads the answers into.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lingting.api.access import needs
from lingting.api.http.answers import error_answer
from lingting.api.http.asking import (
    WISHES_SCHEMA,
    Wishes,
    defaults_of,
    headers_of,
    read_model,
    read_wishes,
    transcribe_for,
)
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields, read_options, read_speakers
from lingting.api.http.intents import intents_fields, read_matcher
from lingting.api.http.openai_answers import render_answer
from lingting.api.http.openai_stream import stream_answer
from lingting.api.http.uploads import read_form, source_of
from lingting.domain import ChannelMode, RecognizeOptions, Scope, Task, VadOptions
from lingting.domain.errors import InvalidOption, ModelNotFound, UnsupportedFormat
from lingting.domain.languages import normalize_language
from lingting.recognition.served import ServedNames
from lingting.text.commands.intent_match import Matcher

__all__ = ["ALIASES", "router"]

router = APIRouter(tags=["OpenAI"])

ALIASES = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
)
"""OpenAI's names; each means the default model, unless a model takes it for an alias."""
FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
TRANSLATION_FORMATS = FORMATS[:-1]
TIMED_FORMATS = ("srt", "vtt", "verbose_json", "diarized_json")
GRANULARITIES = ("word", "segment")
MODELS_SINCE = 1_700_000_000
"""The list demands a time of creation; it means nothing here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One transcription request, checked."""

    response_format: str
    granularities: frozenset[str]
    stream: bool
    options: RecognizeOptions
    wishes: Wishes


def _documented(*, translation: bool = False) -> dict[str, Any]:  # Any: OpenAPI
    formats = TRANSLATION_FORMATS if translation else FORMATS
    properties: dict[str, Any] = {
        "file": {"type": "string", "format": "binary"},
        "model": {"type": "string", "example": "whisper-1"},
        "prompt": {"type": "string"},
        "intents": {"type": "string", "description": "a pack of commands; with verbose_json"},
        "response_format": {"type": "string", "enum": list(formats), "default": "json"},
        "temperature": {"type": "number", "default": 0},
        **WISHES_SCHEMA,
    }
    if not translation:
        properties |= {
            "language": {"type": "string", "example": "zh"},
            "timestamp_granularities[]": {"type": "array", "items": {"type": "string", "enum": list(GRANULARITIES)}},
            "stream": {"type": "boolean", "default": False},
        }
    schema = {"type": "object", "required": ["file", "model"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post(
    "/v1/audio/transcriptions",
    dependencies=[needs(Scope.TRANSCRIBE)],
    openapi_extra=_documented(),
    responses=in_forms("text/plain", "text/vtt", "text/event-stream"),
    summary="Speech to text",
)
async def transcriptions(request: Request) -> Response:
    return await _answer(request, translate=False)


@router.post(
    "/v1/audio/translations",
    dependencies=[needs(Scope.TRANSCRIBE)],
    openapi_extra=_documented(translation=True),
    responses=in_forms("text/plain", "text/vtt"),
    summary="Speech to English text",
)
async def translations(request: Request) -> Response:
    return await _answer(request, translate=True)


@router.get("/v1/models", dependencies=[needs()], summary="The models served here, and the names they answer to")
async def list_models(request: Request) -> Response:
    served = doors_of(request).services.names
    return JSONResponse({"object": "list", "data": [_model(served, name) for name in served.names]})


@router.get("/v1/models/{model:path}", dependencies=[needs()], summary="One model")
async def one_model(request: Request, model: str) -> Response:
    served = doors_of(request).services.names
    if model not in served.names:
        return error_answer(ModelNotFound(model, served.names), request.scope["path"], status=404)
    return JSONResponse(_model(served, model))


def _model(served: ServedNames, name: str) -> dict[str, object]:
    """root: the model that the name means, which is another one of an alias; as other servers tell it."""
    known = served.find(name) or (served.default if name in served.default_names else None)
    root = name if known is None else known.name
    return {"id": name, "object": "model", "created": MODELS_SINCE, "owned_by": "lingting", "root": root}


async def _answer(request: Request, *, translate: bool) -> Response:
    doors = doors_of(request)
    doors.require_open()
    async with read_form(request) as form:
        asked = _read(request, form, translate=translate)
        matcher = _matcher(request, form, asked)
        source = await source_of(form, "file")
        if asked.stream:
            return await stream_answer(request, source, asked.options, asked.wishes)
        answered = await transcribe_for(request, source, asked.options, asked.wishes)
    transcript, headers = answered.transcript, headers_of(answered)
    body, media_type = render_answer(transcript, asked.response_format, asked.granularities, translate=translate)
    if isinstance(body, str):
        return PlainTextResponse(body, media_type=media_type, headers=headers)
    return JSONResponse(body | await intents_fields(matcher, transcript), headers=headers)


def _matcher(request: Request, form: FormData, asked: Asked) -> Matcher | None:
    given = form.get("intents")
    matcher = read_matcher(request, Fields({"intents": given if isinstance(given, str) else None}))
    if matcher is not None and asked.response_format != "verbose_json":
        raise UnsupportedFormat("intents", f"commands come with verbose_json, not with {asked.response_format}")
    return matcher


def _read(request: Request, form: FormData, *, translate: bool) -> Asked:
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    fields = Fields(texts)
    if fields.text("model") is None:
        raise InvalidOption("model", "is missing; GET /v1/models lists those of this server")
    response_format = fields.text("response_format") or "json"
    formats = TRANSLATION_FORMATS if translate else FORMATS
    if response_format not in formats:
        raise UnsupportedFormat(
            "response_format", f"{response_format[:40]!r} is unknown; use one of {', '.join(formats)}"
        )
    granularities = _granularities(form, response_format)
    stream = fields.flag("stream") and not translate
    _refuse_what_is_not_offered(form, fields, response_format, stream=stream)
    languages = [normalize_language(code) for code in _array(form, "languages")]
    shelf = doors_of(request).services.hotwords
    options = read_options(fields, defaults_of(request), keywords=_array(form, "keywords"), shelf=shelf)
    options = read_model(request, fields, options)
    if languages and fields.text("language") is None:
        options = replace(
            options,
            language=languages[0] if len(languages) == 1 else None,
            languages=tuple(languages) if len(languages) > 1 else (),
        )
    if translate:
        options = replace(options, task=Task.TRANSLATE)
    if response_format == "diarized_json" and options.channel_mode is not ChannelMode.SPLIT:
        options = replace(options, speakers=options.speakers or 0)
    options = replace(options, word_times=response_format in TIMED_FORMATS, vad=_vad(fields, options.vad))
    return Asked(response_format, granularities, stream, options, read_wishes(request, fields))


def _granularities(form: FormData, response_format: str) -> frozenset[str]:
    given = frozenset(_array(form, "timestamp_granularities"))
    unknown = given - frozenset(GRANULARITIES)
    if unknown:
        raise InvalidOption("timestamp_granularities", f"{min(unknown)[:40]!r} is unknown; use word, segment or both")
    if "word" in given and response_format != "verbose_json":
        raise InvalidOption(
            "timestamp_granularities", f"times of words come with verbose_json, not with {response_format}"
        )
    return given or frozenset({"segment"})


def _refuse_what_is_not_offered(form: FormData, fields: Fields, response_format: str, *, stream: bool) -> None:
    if _array(form, "known_speaker_names") or _array(form, "known_speaker_references"):
        raise InvalidOption("known_speaker_names", "voices are not compared here; channel_names names split channels")
    if stream and response_format not in ("json", "text"):
        raise UnsupportedFormat("stream", f"events carry text only; use json with stream, not {response_format}")
    if stream and read_speakers(fields) is not None:
        raise UnsupportedFormat("stream", "who speaks is known at the end only; leave out stream")
    if stream and fields.text("channel") == "split":
        raise UnsupportedFormat("stream", "split channels interleave, so they come in one answer; leave out stream")
    include = _array(form, "include")
    if include:
        raise InvalidOption("include", f"{include[0][:40]!r} is not offered; verbose_json has avg_logprob by segment")
    strategy = fields.text("chunking_strategy")
    kind = fields.text("chunking_strategy[type]")
    if strategy not in (None, "auto") or kind not in (None, "server_vad"):
        raise InvalidOption("chunking_strategy", "use auto, or an object of type server_vad")


def _vad(fields: Fields, vad: VadOptions) -> VadOptions:
    """The settings of server_vad, where they are given."""
    threshold = fields.number("chunking_strategy[threshold]")
    padding_ms = fields.number("chunking_strategy[prefix_padding_ms]")
    silence_ms = fields.number("chunking_strategy[silence_duration_ms]")
    return VadOptions(
        threshold=vad.threshold if threshold is None else threshold,
        min_silence_seconds=vad.min_silence_seconds if silence_ms is None else silence_ms / 1_000,
        min_speech_seconds=vad.min_speech_seconds,
        pad_seconds=vad.pad_seconds if padding_ms is None else padding_ms / 1_000,
    )


def _array(form: FormData, name: str) -> list[str]:
    """An array field, which clients send as name[] and some by hand as name."""
    return [value for key in (f"{name}[]", name) for value in form.getlist(key) if isinstance(value, str) and value]
