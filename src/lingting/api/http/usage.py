"""What a key used of its limits, told to itself, and of all keys to an administrator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption
from lingting.domain.moments import read_moment
from lingting.storage.usage_store import Usage

__all__ = ["router"]

router = APIRouter(tags=["Usage"])

USUAL_DAYS = 31
MAX_DAYS = 366
KEY_ID = re.compile(r"[A-Za-z0-9_-]{0,40}")


def _query(**about: tuple[str, str]) -> dict[str, Any]:  # Any: OpenAPI
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind}}
            for name, (kind, text) in about.items()
        ]
    }


OWN_QUERY = _query(days=("integer", f"how many, today included, 1 to {MAX_DAYS}"))
ALL_QUERY = _query(
    since=("string", "a day, as 2026-01-31; the first of this month when it is not given"),
    until=("string", "a day, which is included"),
    key=("string", "of one key only"),
)


@router.get("/v1/usage", dependencies=[needs()], openapi_extra=OWN_QUERY, summary="What your key used")
async def own_usage(request: Request) -> Response:
    services, principal = doors_of(request).services, call_of(request).principal
    days = Fields(dict(request.query_params)).whole("days") or USUAL_DAYS
    if not 1 <= days <= MAX_DAYS:
        raise InvalidOption("days", f"is not 1 to {MAX_DAYS}")
    now = services.clock.now()
    today, month, first = _day(now), _day(now.replace(day=1)), _day(now - timedelta(days=days - 1))
    used = await services.usage.since(min(first, month), key_id=principal.key_id)
    return JSONResponse(
        {
            "status": "SUCCESS",
            "key": principal.key_id,
            "today": _sum([row for row in used if row.day == today]),
            "month": _sum([row for row in used if row.day >= month]),
            "days": [{"day": row.day} | _sum([row]) for row in used if row.day >= first],
            "limits": asdict(services.limiter.limits_of(principal)),
        }
    )


@router.get(
    "/v1/admin/usage", dependencies=[needs(Scope.ADMIN)], openapi_extra=ALL_QUERY, summary="What every key used"
)
async def all_usage(request: Request) -> Response:
    services = doors_of(request).services
    fields = Fields(dict(request.query_params))
    key = fields.text("key")
    if key is not None and not KEY_ID.fullmatch(key):
        raise InvalidOption("key", "is no id of a key")
    since, until = fields.text("since"), fields.text("until")
    now = services.clock.now()
    first = _day(read_moment(since, "since") if since else now.replace(day=1))
    last = _day(read_moment(until, "until") if until else now)
    used = await services.usage.since(first, until=last, key_id=key)
    rows = [{"key": row.key_id, "day": row.day} | _sum([row]) for row in used]
    return JSONResponse({"status": "SUCCESS", "since": first, "until": last, "usage": rows, "total": _sum(used)})


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _sum(used: Sequence[Usage]) -> dict[str, object]:
    return {
        "requests": sum(row.requests for row in used),
        "audio_seconds": round(sum(row.audio_seconds for row in used), 3),
        "paid_seconds": round(sum(row.paid_seconds for row in used), 3),
        "money": round(sum(row.money for row in used), 6),
        "tokens": sum(row.tokens for row in used),
    }
