"""Deepgram's door for recordings, `POST /v1/listen`: the recording is the body, or its URL stands in JSON."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.deepgram.answers import metadata_fields
from lingting.api.deepgram.key import deepgram_key_of
from lingting.api.deepgram.query import Query, fields_of, keeps_marks, read_pcm_query, read_query
from lingting.api.deepgram.recordings import Shape, results_fields
from lingting.api.http.asking import defaults_of, headers_of, read_wishes, transcribe_for
from lingting.api.http.doors import doors_of, unless_gone
from lingting.api.http.fields import MAX_PCM_RATE_HZ, MIN_PCM_RATE_HZ, Fields
from lingting.api.http.uploads import Recording, read_json, read_recording
from lingting.audio.decode import AudioSource
from lingting.domain import ChannelMode, Scope
from lingting.domain.errors import InvalidOption
from lingting.jobs.sources import fetch_recording
from lingting.telemetry import request_id

__all__ = ["router"]

router = APIRouter(tags=["Deepgram"])

MAX_CHANNELS = 16
LISTEN_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "audio/*": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["url"],
                    "properties": {"url": {"type": "string", "format": "uri"}},
                }
            },
        },
    }
}


@router.post(
    "/v1/listen",
    dependencies=[needs(Scope.TRANSCRIBE, read_key=deepgram_key_of)],
    openapi_extra=LISTEN_BODY,
    summary="Speech to text, as Deepgram's clients ask for it",
)
async def listen(request: Request) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    asked = request.query_params
    query: Query = {name: asked.getlist(name) for name in asked}
    fields = fields_of(query)
    options = read_query(query, defaults_of(request), models=services.names.names)
    options = replace(options, model=services.names.chosen(options.model))
    pcm = read_pcm_query(query, min_hz=MIN_PCM_RATE_HZ, max_hz=MAX_PCM_RATE_HZ, max_channels=MAX_CHANNELS)
    shape = _shape(query, fields)
    if shape.is_split:
        options = replace(options, channel_mode=ChannelMode.SPLIT)
    began_at = services.clock.now()
    async with _recording(request) as recording:
        source = _source(recording.content)
        answered = await transcribe_for(request, replace(source, pcm=pcm), options, read_wishes(request, fields))
    results = results_fields(answered.transcript, shape)
    channels = results["channels"]
    metadata = metadata_fields(
        request_id=request_id.get(),
        sha256=recording.sha256,
        began_at=began_at,
        duration_seconds=answered.transcript.duration_seconds,
        channels=len(channels) if isinstance(channels, list) else 1,
        model=answered.transcript.model or services.model,
    )
    return JSONResponse({"metadata": metadata, "results": results}, headers=headers_of(answered))


def _shape(query: Query, fields: Fields) -> Shape:
    """raises    InvalidOption"""
    return Shape(
        request_id=request_id.get(),
        with_marks=keeps_marks(query),
        with_paragraphs=fields.flag("paragraphs", default=fields.flag("smart_format")),
        with_utterances=fields.flag("utterances"),
        with_language=fields.flag("detect_language"),
        is_multi=(fields.text("language") or "").lower() == "multi",
        is_split=fields.flag("multichannel"),
    )


def _source(content: Path | bytes) -> AudioSource:
    return AudioSource(data=content) if isinstance(content, bytes) else AudioSource(path=content)


@asynccontextmanager
async def _recording(request: Request) -> AsyncIterator[Recording]:
    """What is to be recognised, until this is left.

    raises    InvalidInput, AudioTooLarge, UploadStalled, UrlNotAllowed, FetchFailed
    """
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        async with read_recording(request) as recording:
            yield recording
        return
    url = _url(await read_json(request))
    doors = doors_of(request)
    services = doors.services
    await services.limiter.require_audio(call_of(request).principal)
    fetching = fetch_recording(
        services.outbound,
        url,
        max_bytes=doors.limits.max_upload_bytes,
        seconds=services.jobs.settings.fetch_seconds,
    )
    file = await unless_gone(request, fetching)
    try:
        path = Path(f"/dev/fd/{file.fileno()}")
        yield Recording(path, await asyncio.to_thread(_digest, path))
    finally:
        file.close()


def _url(body: Mapping[str, object]) -> str:
    url = body.get("url")
    if not isinstance(url, str) or not url:
        raise InvalidOption("url", 'is missing; send {"url": …}, or the recording itself as the body')
    return url


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
