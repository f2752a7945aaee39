"""History: what was kept of one's own, listed, found, read, downloaded, exported and erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from lingting.api.access import call_of, needs
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.history_answers import record_answer, whole_answer
from lingting.api.http.history_asked import (
    ERASE_BODY,
    LIST_PARAMETERS,
    asked_filter,
    asked_limit,
    read_erasure,
    sane_id,
)
from lingting.api.http.uploads import read_json
from lingting.domain.errors import RecordNotFound, UnsupportedFormat
from lingting.domain.principal import Scope
from lingting.security.audit import audit_note
from lingting.storage.erasing import Erasure
from lingting.storage.transcripts.history import History
from lingting.storage.transcripts.history_records import HistoryFilter, HistoryPage
from lingting.storage.transcripts.history_search import hits_of, search
from lingting.storage.transcripts.history_terms import parse_query
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["router"]

router = APIRouter(tags=["History"], dependencies=[needs(Scope.HISTORY)])

FORMATS = {
    "json": (None, "application/json"),
    "srt": (TranscriptFormat.SRT, "application/x-subrip"),
    "vtt": (TranscriptFormat.VTT, "text/vtt"),
    "txt": (TranscriptFormat.TEXT, "text/plain"),
    "tsv": (TranscriptFormat.TSV, "text/tab-separated-values"),
}
EXPORT_PAGE = 50
"""Records opened at once; a megabyte each at most, if hours long."""


@router.get("/v1/history", openapi_extra=LIST_PARAMETERS, summary="List or find what was kept")
async def listed(request: Request) -> Response:
    history, limit = _history(request), asked_limit(request)
    asked = asked_filter(request, call_of(request).principal)
    cursor = request.query_params.get("cursor") or None
    given = Fields(dict(request.query_params)).text("q")
    if given is not None:
        query = parse_query(given)
        page = await search(history, asked, query, cursor=cursor, limit=limit)
        hits = {name: hits_of(query, kept.transcript) for name, kept in page.opened.items()}
        records = [record_answer(each, page.opened[each.id], hits=hits[each.id]) for each in page.records]
    else:
        with_text = Fields(dict(request.query_params)).flag("text")
        page = await (history.opened if with_text else history.page)(asked, cursor=cursor, limit=limit)
        records = [record_answer(each, page.opened.get(each.id)) for each in page.records]
    return JSONResponse({"status": "SUCCESS", "records": records, "next_cursor": page.next_cursor})


@router.get(
    "/v1/history/export",
    openapi_extra=LIST_PARAMETERS,
    responses=in_forms("application/x-ndjson"),
    summary="Everything that fits, a JSON object a line",
)
async def export(request: Request) -> Response:
    history = _history(request)
    asked = asked_filter(request, call_of(request).principal)
    first = await history.opened(asked, limit=EXPORT_PAGE)
    audit_note(action="history.exported")
    headers = {"Content-Disposition": 'attachment; filename="history.jsonl"'}
    return StreamingResponse(_lines(history, asked, first), media_type="application/x-ndjson", headers=headers)


@router.get(
    "/v1/history/{record}",
    responses=in_forms(*(media_type for kind, media_type in FORMATS.values() if kind is not None)),
    summary="One transcript, as JSON, subtitles or text",
)
async def read(request: Request, record: str) -> Response:
    chosen = (request.query_params.get("format") or "json").lower()
    if chosen not in FORMATS:
        raise UnsupportedFormat("format", f"{chosen[:40]!r} is not offered; use one of {', '.join(FORMATS)}")
    kept = await _history(request).get(sane_id(record), owner=asked_filter(request, call_of(request).principal).owner)
    kind, media_type = FORMATS[chosen]
    if kind is None:
        return JSONResponse(await asyncio.to_thread(lambda: {"status": "SUCCESS"} | whole_answer(kept)))
    text = await asyncio.to_thread(render, kept.transcript, kind)
    headers = {"Content-Disposition": f'attachment; filename="{record}.{chosen}"'}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


@router.get(
    "/v1/history/{record}/audio",
    responses=in_forms("application/octet-stream"),
    summary="The recording, where it was kept",
)
async def audio(request: Request, record: str) -> Response:
    kept = await _history(request).get(sane_id(record), owner=asked_filter(request, call_of(request).principal).owner)
    if kept.record.blob_id is None:
        raise RecordNotFound("the recording was not kept")
    data = doors_of(request).services.kept.blobs.read(kept.record.blob_id)
    first = await anext(data, b"")
    headers = {"Content-Disposition": f'attachment; filename="{record}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(_rest(first, data), media_type="application/octet-stream", headers=headers)


@router.delete("/v1/history/{record}", summary="Erase one record")
async def delete(request: Request, record: str) -> Response:
    asked = Erasure(asked_filter(request, call_of(request).principal).owner, id=sane_id(record))
    erased = await doors_of(request).services.kept.eraser.erase(asked)
    if not (erased.transcripts or erased.jobs or erased.conversations):
        raise RecordNotFound("there is no such record, or its time is over")
    audit_note(action="history.erased", subject=record, **asdict(erased))
    return JSONResponse({"status": "SUCCESS", "id": record, "erased": asdict(erased)})


@router.post("/v1/erase", openapi_extra=ERASE_BODY, summary="Erase what is kept of a person, a key or a time")
async def erase(request: Request) -> Response:
    asked = read_erasure(await read_json(request), call_of(request).principal)
    erased = await doors_of(request).services.kept.eraser.erase(asked)
    audit_note(action="history.erased", by_user=asked.user is not None, by_key=asked.key is not None, **asdict(erased))
    return JSONResponse({"status": "SUCCESS", "erased": asdict(erased)})


def _history(request: Request) -> History:
    return doors_of(request).services.kept.history


async def _lines(history: History, asked: HistoryFilter, page: HistoryPage) -> AsyncIterator[str]:
    while True:
        for record in page.records:
            kept = page.opened.get(record.id)
            line = record_answer(record) | {"error": "seal_broken"} if kept is None else whole_answer(kept)
            yield json.dumps(line, ensure_ascii=False) + "\n"
        if page.next_cursor is None:
            return
        page = await history.opened(asked, cursor=page.next_cursor, limit=EXPORT_PAGE)


async def _rest(first: bytes, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in data:
        yield part
