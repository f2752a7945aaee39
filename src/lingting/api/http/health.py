"""For operators: alive, ready, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.http.doors import Phase, doors_of
from lingting.telemetry import METRICS_CONTENT_TYPE

__all__ = ["router"]

router = APIRouter(tags=["Operations"])


@router.get("/healthz", summary="The process is alive; answers whatever the load")
async def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", summary="The model is loaded and warm, and the server is not stopping")
async def readyz(request: Request) -> Response:
    phase = doors_of(request).phase
    return JSONResponse({"status": phase}, 200 if phase is Phase.READY else 503)


@router.get("/metrics", summary="Prometheus")
async def metrics(request: Request) -> Response:
    return Response(doors_of(request).services.telemetry.exposition(), media_type=METRICS_CONTENT_TYPE)
