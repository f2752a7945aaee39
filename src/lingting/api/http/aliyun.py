"""Aliyun's REST for short recordings: the audio is the body, all else stands in the query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.asking import defaults_of, headers_of, read_wishes, transcribe_for
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_recording
from lingting.api.ws.aliyun.refusal import token_of
from lingting.api.ws.aliyun.statuses import SUCCESS
from lingting.api.ws.aliyun.wishes import read_pcm_rate, text_options
from lingting.audio.decode import AudioSource
from lingting.crypto import new_bytes
from lingting.domain import PcmFormat, Scope
from lingting.domain.errors import InvalidOption, UnsupportedFormat
from lingting.text.unmarked import unmarked

__all__ = ["router"]

router = APIRouter(tags=["Aliyun"])

FORMATS = ("pcm", "wav", "opus", "opu", "speex", "amr", "mp3", "aac")
"""All but the first are told apart by their bytes."""
PARAMETERS = (
    *("appkey", "format", "sample_rate", "enable_punctuation_prediction", "enable_inverse_text_normalization"),
    "token",
)
DOCUMENTED: dict[str, Any] = {  # Any: OpenAPI
    "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in PARAMETERS],
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
}


@router.post(
    "/stream/v1/asr",
    dependencies=[needs(Scope.TRANSCRIBE, read_key=token_of)],
    openapi_extra=DOCUMENTED,
    summary="Aliyun: a short recording to text",
)
async def short_recording(request: Request) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    fields = Fields(dict(request.query_params))
    if fields.text("appkey") is None:
        raise InvalidOption("appkey", "is not set; any text will do, for the server asks for a token only")
    pcm = _read_pcm(fields)
    options = text_options(fields, defaults_of(request), services.hotwords)
    wishes = read_wishes(request, fields)
    async with read_recording(request) as recording:
        content = recording.content
        source = AudioSource(data=content) if isinstance(content, bytes) else AudioSource(path=content)
        answered = await transcribe_for(request, replace(source, pcm=pcm), options, wishes)
    text = answered.transcript.text
    answer = {
        "task_id": new_bytes(16).hex(),
        "result": text if fields.flag("enable_punctuation_prediction") else unmarked(text),
        "status": SUCCESS.number,
        "message": SUCCESS.name,
    }
    return JSONResponse(answer, headers=headers_of(answered))


def _read_pcm(fields: Fields) -> PcmFormat | None:
    name, rate_hz = (fields.text("format") or "pcm").lower(), read_pcm_rate(fields)
    if name not in FORMATS:
        raise UnsupportedFormat("format", f"{name[:40]!r} is not taken; send one of {', '.join(FORMATS)}")
    return PcmFormat(rate_hz=rate_hz) if name == "pcm" else None
