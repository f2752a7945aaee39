"""The packs of hotwords that are known here."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.doors import doors_of
from lingting.domain import Scope

__all__ = ["router"]

router = APIRouter(tags=["Hotwords"], dependencies=[needs(Scope.TRANSCRIBE)])


@router.get("/v1/hotwords", summary="The packs of hotwords that are known here")
async def packs(request: Request) -> Response:
    shelf = doors_of(request).services.hotwords
    listed = [{"pack": pack.name, "title": pack.title, "words": len(pack.words)} for pack in shelf.packs]
    return JSONResponse({"status": "SUCCESS", "packs": listed})
