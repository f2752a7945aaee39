"""Text to speech as OpenAI's clients ask for it, and the voices there are.

The answer begins when the first clause sounds, so that what fails before is an HTTP error.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from lingting.api.access import call_of, needs
from lingting.api.errors import http_status, openai_body
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import doors_of, unless_gone
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_json
from lingting.audio.encode import AudioFormat, Encoder
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, LingtingError, ModelNotFound, UnsupportedFormat
from lingting.security.call_note import audit_note
from lingting.speech.hub import SPEECH_RATE_HZ, Speech, SpeechAsk
from lingting.telemetry import log

__all__ = ["SPEECH_ALIASES", "router"]

router = APIRouter(tags=["Speech"], dependencies=[needs(Scope.SPEAK)])

SPEECH_ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "auto")
"""Each means that the language picks the voice; the name of an engine leaves only its voices."""
FORMATS: dict[str, tuple[AudioFormat | None, str]] = {
    "mp3": (AudioFormat.MP3, "audio/mpeg"),
    "opus": (AudioFormat.OPUS, "audio/ogg"),
    "aac": (AudioFormat.AAC, "audio/aac"),
    "flac": (AudioFormat.FLAC, "audio/flac"),
    "wav": (AudioFormat.WAV, "audio/wav"),
    "pcm": (None, "audio/pcm"),
}
STREAM_FORMATS = ("audio", "sse")
UNBUFFERED = {"X-Accel-Buffering": "no"}
"""nginx would hold sound back otherwise."""


class SpeechRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    model: str = Field(description=f"{', '.join(SPEECH_ALIASES)}, or an engine of GET /v1/audio/voices")
    input: str = Field(description="what is to be said, 4096 characters unless the server says otherwise")
    voice: str = Field("auto", description="one of GET /v1/audio/voices; OpenAI's names let the language choose")
    response_format: str = Field("mp3", description=f"{', '.join(FORMATS)}; pcm is 24 kHz, mono, s16le")
    speed: float = Field(1.0, description="0.25 to 4")
    stream_format: str = Field("audio", description="audio, or sse for events with base64")
    language: str | None = Field(None, description="found out when not given")
    instructions: str | None = Field(None, description="not followed: these voices have one manner")


EXAMPLE = {"model": "tts-1", "voice": "auto", "input": "你好，会议九点开始。"}
Body: Any = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SpeechRequest.model_json_schema(), "example": EXAMPLE}},
    }
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, checked."""

    ask: SpeechAsk
    form: str
    is_events: bool


@router.post(
    "/v1/audio/speech",
    openapi_extra=Body,
    responses=in_forms(*(kind for _, kind in FORMATS.values()), "text/event-stream"),
    summary="Text to speech",
)
async def speak(request: Request) -> Response:
    doors_of(request).require_open()
    asked = _read(request, Fields(await read_json(request)))
    with ExitStack() as stack:
        services = stack.enter_context(doors_of(request).holding_a_place())
        speech = await services.speech.prepare(asked.ask, call_of(request))
        body = _encoded(speech, asked.form)
        first = await unless_gone(request, anext(body))
        later = stack.pop_all()
    headers = {**UNBUFFERED, "X-Lingting-Voice": speech.voice.name, "Content-Language": speech.language}
    if asked.is_events:
        return _SoundAnswer(_events(first, body, speech), body, later, "text/event-stream", headers)
    return _SoundAnswer(_bytes(first, body), body, later, FORMATS[asked.form][1], headers)


@router.get("/v1/audio/voices", summary="The voices that are here")
async def voices(request: Request) -> Response:
    roster = doors_of(request).services.speech.roster
    listed = [
        {
            "id": voice.name,
            "name": voice.name,
            "object": "voice",
            "engine": voice.engine,
            "languages": list(voice.languages),
            "note": voice.note,
        }
        for voice in roster.voices
    ]
    return JSONResponse({"object": "list", "voices": listed, "models": [*SPEECH_ALIASES, *roster.engines]})


class _SoundAnswer(StreamingResponse):
    """Keeps the request's place until the last byte; stops the voice and gives the place back however it ends."""

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        body: AsyncGenerator[bytes],
        held: ExitStack,
        media_type: str,
        headers: dict[str, str],
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._body, self._held = body, held

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        with self._held:
            async with aclosing(self._body):
                await super().__call__(scope, receive, send)


def _read(request: Request, fields: Fields) -> _Asked:
    text = fields.text("input")
    if text is None:
        raise InvalidOption("input", "is missing; send the text that is to be said")
    form = fields.text("response_format") or "mp3"
    if form not in FORMATS:
        raise UnsupportedFormat("response_format", f"{form[:40]!r} is unknown; use one of {', '.join(FORMATS)}")
    stream_format = fields.text("stream_format") or "audio"
    if stream_format not in STREAM_FORMATS:
        raise UnsupportedFormat("stream_format", f"{stream_format[:40]!r} is unknown; use audio or sse")
    speed = fields.number("speed")
    ask = SpeechAsk(
        text=text,
        voice=fields.text("voice"),
        engine=_engine(request, fields.text("model")),
        language=fields.text("language"),
        speed=1.0 if speed is None else speed,
    )
    return _Asked(ask, form, stream_format == "sse")


def _engine(request: Request, model: str | None) -> str | None:
    """raises    InvalidOption, ModelNotFound"""
    engines = doors_of(request).services.speech.roster.engines
    if model is None:
        raise InvalidOption("model", f"is missing; use {SPEECH_ALIASES[0]}, and any voice of GET /v1/audio/voices")
    if model in SPEECH_ALIASES:
        return None
    if model not in engines:
        raise ModelNotFound(model, [*SPEECH_ALIASES, *engines])
    return model


async def _encoded(speech: Speech, form: str) -> AsyncGenerator[bytes]:
    """The file, piece by piece; its head goes out with the first sound."""
    encoder = Encoder(FORMATS[form][0], SPEECH_RATE_HZ)
    async with aclosing(speech.sound) as blocks:
        async for block in blocks:
            if piece := await asyncio.to_thread(encoder.push, block):
                yield piece
    yield await asyncio.to_thread(encoder.finish)


async def _bytes(first: bytes, body: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """raises    whatever ends it, since a file that stops in the middle must not look whole"""
    yield first
    try:
        async for piece in body:
            yield piece
    except LingtingError as problem:
        audit_note(code=problem.code)
        log.warning("speech.broken_off", code=problem.code)
        raise


async def _events(first: bytes, body: AsyncGenerator[bytes], speech: Speech) -> AsyncGenerator[bytes]:
    """What OpenAI's clients call events of speech; `usage` counts characters, as nothing here has tokens."""
    yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(first).decode()})
    try:
        async for piece in body:
            if piece:
                yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    except LingtingError as problem:
        audit_note(code=problem.code)
        yield _event(openai_body(problem, http_status(problem)))
        return
    usage = {"input_tokens": speech.characters, "output_tokens": 0, "total_tokens": speech.characters}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(value: dict[str, object]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
