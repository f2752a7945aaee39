"""The audit log over HTTP, for administrators: read in pages, and checked."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption
from lingting.domain.moments import ms_of, read_moment
from lingting.security.audit import audit_note
from lingting.storage.audit_check import read_anchor
from lingting.storage.audit_log import AuditFilter

__all__ = ["router"]

router = APIRouter(tags=["Administration"], dependencies=[needs(Scope.ADMIN)])

PAGE, MAX_PAGE = 100, 1_000
MAX_CHARACTERS = 120
_QUERY = {
    "before": ("integer", "`next_before` of the page before"),
    "limit": ("integer", f"of rows, 1 to {MAX_PAGE}"),
    "actor": ("string", "the id of a key"),
    "action": ("string", "as `POST /v1/asr` or `keys.created`"),
    "from": ("string", "a moment, ISO 8601: written then or later"),
    "to": ("string", "a moment: written before it"),
}
_PARAMETERS: dict[str, Any] = {  # Any: OpenAPI
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind}}
        for name, (kind, text) in _QUERY.items()
    ]
}
_ANCHOR: dict[str, Any] = {  # Any: OpenAPI
    "parameters": [{"name": "anchor", "in": "query", "required": False, "schema": {"type": "string"}}]
}


@router.get("/v1/admin/audit", openapi_extra=_PARAMETERS, summary="The audit log, newest first")
async def read(request: Request) -> Response:
    fields = Fields(dict(request.query_params))
    limit, before = fields.whole("limit"), fields.whole("before")
    if limit is not None and not 1 <= limit <= MAX_PAGE:
        raise InvalidOption("limit", f"is not 1 to {MAX_PAGE}")
    if before is not None and not 0 <= before < 2**63:
        raise InvalidOption("before", "is no number of a row")
    wanted = AuditFilter(_name(fields, "actor"), _name(fields, "action"), _ms(fields, "from"), _ms(fields, "to"))
    log = doors_of(request).services.audit.log
    rows = await log.rows_before(seq=before, limit=limit or PAGE, wanted=wanted)
    following = rows[-1].seq if len(rows) == (limit or PAGE) else None
    return JSONResponse({"status": "SUCCESS", "rows": [row.shown() for row in rows], "next_before": following})


@router.get("/v1/admin/audit/verify", openapi_extra=_ANCHOR, summary="Check every row of the audit log")
async def verify(request: Request) -> Response:
    given = Fields(dict(request.query_params)).text("anchor")
    anchor = read_anchor(given) if given is not None else None
    verdict = await doors_of(request).services.audit.check(anchor)
    audit_note(action="audit.verified", whole=verdict.fault is None, rows=verdict.rows)
    return JSONResponse(
        {
            "status": "SUCCESS",
            "whole": verdict.fault is None,
            "rows": verdict.rows,
            "fault": verdict.fault,
            "row": verdict.seq or None,
            "message": verdict.message,
            "anchor": verdict.head.anchor if verdict.head and verdict.fault is None else None,
        }
    )


def _name(fields: Fields, name: str) -> str | None:
    text = fields.text(name)
    if text is not None and (len(text) > MAX_CHARACTERS or not text.isprintable()):
        raise InvalidOption(name, f"is no name of at most {MAX_CHARACTERS} characters")
    return text


def _ms(fields: Fields, name: str) -> int | None:
    text = fields.text(name)
    return None if text is None else ms_of(read_moment(text, name))
