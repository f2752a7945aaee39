"""Subtitle rooms: made, looked at, followed as events, corrected, downloaded and deleted."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.room_events import stream_events
from lingting.api.viewing import links_of, token_of, view_of
from lingting.api.ws.handshake import require_origin
from lingting.domain import Scope
from lingting.domain.errors import InvalidInput, InvalidOption, LimitExceeded, UnsupportedFormat
from lingting.rooms.hub import RoomWish
from lingting.rooms.views import render_history
from lingting.text.privacy.redaction import hidden_by
from lingting.text.subtitles import TranscriptFormat

__all__ = ["router"]

router = APIRouter(tags=["Subtitle rooms"])

MAX_BODY_BYTES = 64 * 1024
DOWNLOADS = {
    "srt": (TranscriptFormat.SRT, "application/x-subrip"),
    "vtt": (TranscriptFormat.VTT, "text/vtt"),
    "txt": (TranscriptFormat.TEXT, "text/plain"),
    "json": (TranscriptFormat.VERBOSE_JSON, "application/json"),
}
FIELDS = frozenset({"name", "title", "language", "history_limit", "ttl_seconds", "public"})


class RoomRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    name: str = Field("", description="1 to 64 of A-Z, a-z, 0-9, _ and -; random when not given")
    title: str = Field("", description="shown to viewers")
    language: str = Field("", description="of the captions, as a hint for those who show them")
    history_limit: int = Field(5_000, description="final captions kept")
    ttl_seconds: float = Field(86_400.0, description="how long the room stays after its last caption")
    public: bool = Field(default=False, description="let anybody watch who knows the name")


class CorrectionRequest(BaseModel):
    """For the documentation."""

    text: str = Field(description="what the caption says instead; empty takes it back")


def _body(model: type[BaseModel], *, required: bool) -> dict[str, Any]:  # Any: OpenAPI
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}


@router.post(
    "/v1/rooms",
    status_code=201,
    dependencies=[needs(Scope.ROOMS)],
    openapi_extra=_body(RoomRequest, required=False),
    summary="Make a room",
)
async def create(request: Request) -> Response:
    doors = doors_of(request)
    require_origin(request.headers, doors.sockets.limits.allowed_origins)
    rooms = doors.require_open().rooms
    body = await _json_object(request, may_be_empty=True)
    for name in body.keys() - FIELDS:
        raise InvalidOption(name[:40], f"is unknown; a room has {', '.join(sorted(FIELDS))}")
    fields = Fields(body)
    created = await rooms.create(
        RoomWish(
            name=fields.text("name"),
            title=fields.text("title") or "",
            language=fields.text("language") or "",
            history_limit=fields.whole("history_limit"),
            ttl_seconds=fields.number("ttl_seconds"),
            is_public=fields.flag("public"),
        )
    )
    record = created.record
    answer = {
        "status": "SUCCESS",
        "room": record.name,
        "publish_token": created.publish_token,
        "view_token": created.view_token,
        "history_limit": record.history_limit,
        "ttl_seconds": record.ttl_seconds,
        "links": links_of(request.base_url, record.name, created.view_token, is_public=record.is_public),
    }
    return JSONResponse(answer, 201)


@router.get("/v1/rooms/{room}", summary="How a room stands (view token)")
async def describe(request: Request, room: str) -> Response:
    summary = await doors_of(request).services.rooms.describe(room, token_of(request))
    return JSONResponse(
        {
            "status": "SUCCESS",
            "room": summary.record.name,
            "title": summary.record.title,
            "language": summary.record.language,
            "public": summary.record.is_public,
            "live": summary.is_live,
            "captions": summary.captions,
            "viewers": summary.viewers,
            "history_limit": summary.record.history_limit,
            "ttl_seconds": summary.record.ttl_seconds,
        }
    )


@router.delete("/v1/rooms/{room}", summary="End a room and forget what was said (publish token)")
async def delete(request: Request, room: str) -> Response:
    await doors_of(request).services.rooms.delete(room, token_of(request))
    return JSONResponse({"status": "SUCCESS", "room": room})


@router.put(
    "/v1/rooms/{room}/captions/{caption}",
    openapi_extra=_body(CorrectionRequest, required=True),
    summary="Correct a final caption (publish token)",
)
async def correct(request: Request, room: str, caption: str) -> Response:
    rooms = doors_of(request).services.rooms
    body = await _json_object(request)
    text = body.get("text")
    if not isinstance(text, str):
        raise InvalidOption("text", "is missing; send what the caption says instead, or an empty text to take it back")
    if text:
        Fields(body).text("text")
    hidden = await asyncio.to_thread(hidden_by, doors_of(request).defaults.redaction, text)
    corrected = await rooms.correct(room, token_of(request), caption, hidden)
    return JSONResponse({"status": "SUCCESS", "id": corrected.id, "revision": corrected.revision})


@router.get(
    "/v1/rooms/{room}/events",
    responses=in_forms("text/event-stream"),
    summary="Follow a room as server-sent events (view token)",
)
async def events(request: Request, room: str) -> Response:
    rooms = doors_of(request).services.rooms
    viewer = await rooms.watch(room, token_of(request), view_of(request, as_events=True))
    return stream_events(viewer, rooms.settings, rooms.observer)


@router.get(
    "/v1/rooms/{room}/transcript",
    responses=in_forms(*(media_type for _, media_type in DOWNLOADS.values())),
    summary="What was said, as a file (view token)",
)
async def transcript(request: Request, room: str) -> Response:
    chosen = (request.query_params.get("format") or "srt").lower()
    if chosen not in DOWNLOADS:
        raise UnsupportedFormat("format", f"{chosen[:40]!r} is not offered; use one of {', '.join(DOWNLOADS)}")
    record, captions = await doors_of(request).services.rooms.history(room, token_of(request))
    kind, media_type = DOWNLOADS[chosen]
    text = await asyncio.to_thread(render_history, captions, record.language, kind)
    headers = {"Content-Disposition": f'attachment; filename="{record.name}.{chosen}"'}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


async def _json_object(request: Request, *, may_be_empty: bool = False) -> dict[str, Any]:  # Any: what was sent
    """raises    InvalidInput, LimitExceeded, UploadStalled"""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise LimitExceeded(f"the body is larger than {MAX_BODY_BYTES} bytes, the limit here")
    if may_be_empty and not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON; send one JSON object") from error
    if not isinstance(value, dict):
        raise InvalidInput("the body is JSON but no object; send one JSON object")
    return value
