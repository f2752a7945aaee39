"""Callbacks of one's own jobs: the secret they are signed with, how they stand, sending them again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, RecordNotFound
from lingting.security.signatures import CallbackSecret
from lingting.services import Callbacks
from lingting.storage.jobs.delivery_store import Delivery, DeliveryState

__all__ = ["router"]

router = APIRouter(tags=["Callbacks"], dependencies=[needs(Scope.JOBS)])

PAGE = 50
MAX_PAGE = 500
_ID = re.compile(r"msg_[0-9a-f]{32}")
_CURSOR = re.compile(r"([0-9]{1,15})-(msg_[0-9a-f]{32})")
_LIST: dict[str, Any] = {  # Any: OpenAPI
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": kind}}
        for name, kind, about in (
            ("state", "string", "waiting, delivered or dead"),
            ("limit", "integer", f"of callbacks, 1 to {MAX_PAGE}"),
            ("cursor", "string", "next_cursor of the page before"),
        )
    ]
}


@router.get("/v1/callbacks/secret", summary="What your receivers check signatures by")
async def secret(request: Request) -> Response:
    return _secret_answer(await _callbacks(request).signer.secret(_owner(request)))


@router.post("/v1/callbacks/secret/rotate", summary="A fresh secret; the one before goes on signing for a while")
async def rotate(request: Request) -> Response:
    return _secret_answer(await _callbacks(request).signer.rotate(_owner(request)))


@router.get("/v1/callbacks", openapi_extra=_LIST, summary="How your callbacks stand")
async def listed(request: Request) -> Response:
    fields = Fields(dict(request.query_params))
    limit = fields.whole("limit")
    if limit is not None and not 1 <= limit <= MAX_PAGE:
        raise InvalidOption("limit", f"is not 1 to {MAX_PAGE}")
    limit = limit or PAGE
    found = await _callbacks(request).store.listed(
        owner=_owner(request),
        state=fields.choice("state", DeliveryState),
        after=_place(fields.text("cursor")),
        limit=limit + 1,
    )
    page = found[:limit]
    cursor = f"{page[-1].created_ms}-{page[-1].id}" if len(found) > limit else None
    return JSONResponse({"status": "SUCCESS", "callbacks": [_answer(each) for each in page], "next_cursor": cursor})


@router.post("/v1/callbacks/{callback}/redeliver", summary="Send one again, under the same id")
async def redeliver(request: Request, callback: str) -> Response:
    callbacks = _callbacks(request)
    again = await callbacks.store.redeliver(_owner(request), _sane(callback))
    callbacks.courier.wake()
    return JSONResponse({"status": "SUCCESS", "callback": _answer(again)}, 202)


@router.delete("/v1/callbacks/{callback}", summary="Forget one")
async def remove(request: Request, callback: str) -> Response:
    await _callbacks(request).store.remove(_owner(request), _sane(callback))
    return JSONResponse({"status": "SUCCESS", "id": callback})


def _callbacks(request: Request) -> Callbacks:
    return doors_of(request).services.callbacks


def _owner(request: Request) -> str:
    return call_of(request).principal.owner


def _sane(given: str) -> str:
    if not _ID.fullmatch(given):
        raise RecordNotFound("there is no such callback; `GET /v1/callbacks` lists those that are kept")
    return given


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidOption("cursor", "is not one that a page ended with")
    return int(found[1]), found[2]


def _secret_answer(shown: CallbackSecret) -> Response:
    until = _moment(shown.previous_until_ms) if shown.previous else None
    return JSONResponse(
        {"status": "SUCCESS", "secret": shown.current, "previous_until": until}, headers={"Cache-Control": "no-store"}
    )


def _answer(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "job_id": delivery.job_id,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_attempt": _moment(delivery.next_ms) if delivery.state is DeliveryState.WAITING else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "created": _moment(delivery.created_ms),
        "updated": _moment(delivery.updated_ms),
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
