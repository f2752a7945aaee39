"""Client secrets of OpenAI's Realtime API: a server asks for one, its page connects to `/v1/realtime` with it."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.client_secrets import ClientSecret
from lingting.api.http.doors import doors_of
from lingting.api.http.uploads import read_json
from lingting.api.ws.openai.config import RealtimeConfig, merged
from lingting.api.ws.openai.fields import Section
from lingting.api.ws.openai.session_object import session_object
from lingting.domain import Scope

__all__ = ["router"]

router = APIRouter(tags=["OpenAI"], dependencies=[needs(Scope.STREAM)])

DEFAULT_SECONDS = 600
MIN_SECONDS, MAX_SECONDS = 10, 7_200
EXAMPLE = {
    "expires_after": {"anchor": "created_at", "seconds": DEFAULT_SECONDS},
    "session": {"type": "transcription", "audio": {"input": {"transcription": {"language": "zh"}}}},
}
JsonBody: Any = {"requestBody": {"content": {"application/json": {"schema": {}, "example": EXAMPLE}}}}  # Any: OpenAPI


@router.post("/v1/realtime/client_secrets", openapi_extra=JsonBody, summary="A short-lived key for a page")
async def client_secrets(request: Request) -> Response:
    body = await _read_body(request)
    config, served = _configured(request, body.get("session"))
    secret = _issue(request, config, Section("expires_after", "expires_after", body.get("expires_after")))
    session = session_object(config, _session_id(), served=served)
    return JSONResponse({"value": secret.value, "expires_at": secret.expires_at, "session": session})


@router.post("/v1/realtime/transcription_sessions", openapi_extra=JsonBody, summary="The same, for older clients")
async def transcription_sessions(request: Request) -> Response:
    body = await _read_body(request)
    config, served = _configured(request, body)
    wishes = Section("client_secret", "client_secret", body.get("client_secret") or {}).fields()
    secret = _issue(request, config, Section("expires_at", "client_secret.expires_at", wishes.values.get("expires_at")))
    session = session_object(config, _session_id(), served=served, flat=True)
    return JSONResponse(session | {"client_secret": {"value": secret.value, "expires_at": secret.expires_at}})


async def _read_body(request: Request) -> dict[str, Any]:  # Any: whatever the caller wrote
    """An empty body asks for the defaults."""
    return await read_json(request) if await request.body() else {}


def _configured(request: Request, session: object) -> tuple[RealtimeConfig, str]:
    names = doors_of(request).require_open().names
    config = RealtimeConfig()
    made = config if session is None else merged(config, session, models=names.names)
    return made, names.default.name


def _issue(request: Request, config: RealtimeConfig, expiry: Section) -> ClientSecret:
    seconds = DEFAULT_SECONDS
    if expiry.value is not None:
        fields = expiry.fields()
        fields.choice("anchor", ("created_at",), default="created_at")
        seconds = fields.whole("seconds", MIN_SECONDS, MAX_SECONDS, default=DEFAULT_SECONDS)
    principal = call_of(request).principal
    scopes: tuple[Scope, ...] = (Scope.STREAM,)
    if config.bot is not None:
        config.bot.require_scopes(principal.may)
        scopes = (Scope.STREAM, Scope.CHAT, Scope.SPEAK)
    return doors_of(request).client_secrets.issue(config, principal, seconds=seconds, scopes=scopes)


def _session_id() -> str:
    return f"sess_{secrets.token_hex(8)}"
