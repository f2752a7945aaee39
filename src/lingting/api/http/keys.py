"""Keys over HTTP, for those who may administer them; and for everybody what their own key is good for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.key_fields import KeyRequest, changed_wish, key_answer, limits_answer, read_wish
from lingting.api.http.uploads import read_json
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, RecordNotFound
from lingting.security.call_note import audit_note
from lingting.security.key_text import is_key_id
from lingting.security.keys import IssuedKey, Keys
from lingting.services import Services

__all__ = ["router"]

router = APIRouter(tags=["Keys"])

ADMIN = [needs(Scope.ADMIN)]


class RotateRequest(BaseModel):
    """For the documentation."""

    grace_seconds: float = Field(0, description="how long the secret before is still good; at most seven days")


def _body(model: type[BaseModel]) -> dict[str, Any]:  # Any: OpenAPI
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": model.model_json_schema()}}}}


@router.get("/v1/me", dependencies=[needs()], summary="Who calls, and what the key is good for")
async def me(request: Request) -> Response:
    principal = call_of(request).principal
    return JSONResponse(
        {
            "status": "SUCCESS",
            "key_id": principal.key_id,
            "label": principal.label,
            "tenant": principal.tenant,
            "scopes": sorted(scope for scope in Scope if principal.may(scope)),
            "limits": limits_answer(principal.limits),
        }
    )


@router.post(
    "/v1/admin/keys", status_code=201, dependencies=ADMIN, openapi_extra=_body(KeyRequest), summary="Make a key"
)
async def create(request: Request) -> Response:
    wish = read_wish(await _optional_json(request))
    issued = await _keys(request).issue(wish, by=call_of(request).principal.key_id)
    audit_note(action="keys.created", subject=issued.record.id)
    return _issued(request, issued, 201)


@router.get("/v1/admin/keys", dependencies=ADMIN, summary="All keys, revoked ones too, the newest first")
async def listed(request: Request) -> Response:
    tenant = Fields(dict(request.query_params)).text("tenant")
    now_ms = _now_ms(request)
    found = [key_answer(record, now_ms=now_ms) for record in await _keys(request).list(tenant=tenant)]
    return JSONResponse({"status": "SUCCESS", "keys": found})


@router.get("/v1/admin/keys/{key}", dependencies=ADMIN, summary="One key")
async def read(request: Request, key: str) -> Response:
    record = await _keys(request).find(_sane(key))
    return JSONResponse({"status": "SUCCESS", **key_answer(record, now_ms=_now_ms(request))})


@router.patch(
    "/v1/admin/keys/{key}",
    dependencies=ADMIN,
    openapi_extra=_body(KeyRequest),
    summary="Change what a key is good for; what is not named stays",
)
async def change(request: Request, key: str) -> Response:
    keys, now_ms = _keys(request), _now_ms(request)
    body = await _optional_json(request)
    wish = changed_wish(await keys.find(_sane(key)), body, now_ms=now_ms)
    audit_note(action="keys.changed", subject=key)
    return JSONResponse({"status": "SUCCESS", **key_answer(await keys.change(key, wish), now_ms=now_ms)})


@router.delete("/v1/admin/keys/{key}", dependencies=ADMIN, summary="Revoke a key, for ever")
async def revoke(request: Request, key: str) -> Response:
    audit_note(action="keys.revoked", subject=_sane(key))
    record = await _keys(request).revoke(key)
    return JSONResponse({"status": "SUCCESS", **key_answer(record, now_ms=_now_ms(request))})


@router.post(
    "/v1/admin/keys/{key}/rotate",
    dependencies=ADMIN,
    openapi_extra=_body(RotateRequest),
    summary="Give a key another secret",
)
async def rotate(request: Request, key: str) -> Response:
    fields = Fields(await _optional_json(request))
    audit_note(action="keys.rotated", subject=_sane(key))
    issued = await _keys(request).rotate(key, grace_seconds=fields.number("grace_seconds") or 0.0)
    return _issued(request, issued, 200)


def _services(request: Request) -> Services:
    return doors_of(request).services


def _keys(request: Request) -> Keys:
    return _services(request).keys


def _now_ms(request: Request) -> int:
    return int(_services(request).clock.now().timestamp() * 1_000)


def _issued(request: Request, issued: IssuedKey, status: int) -> Response:
    """The only answer that shows a secret."""
    shown = key_answer(issued.record, now_ms=_now_ms(request))
    return JSONResponse({"status": "SUCCESS", "key": issued.text, **shown}, status)


def _sane(key: str) -> str:
    if not is_key_id(key):
        raise RecordNotFound("a key's id is 12 of 0-9 and a-f; there is none of this id", param="key")
    return key


async def _optional_json(request: Request) -> dict[str, Any]:  # Any: whatever the caller wrote
    """An empty body asks for the defaults.

    raises    InvalidInput, InvalidOption for names that are no text
    """
    body = await read_json(request) if await request.body() else {}
    if any(not name.isprintable() for name in body):
        raise InvalidOption("body", "has a field whose name is not printable")
    return body
