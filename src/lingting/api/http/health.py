"""For operators: alive, ready, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.documentation import in_forms
from lingting.api.http.doors import Phase, doors_of
from lingting.domain import Scope
from lingting.telemetry import METRICS_CONTENT_TYPE
from lingting.telemetry.health import Finding

__all__ = ["router"]

router = APIRouter(tags=["Operations"])


@router.get("/healthz", summary="The process is alive; answers whatever the load")
async def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get(
    "/readyz",
    responses={503: {"description": "No traffic, please"}},
    summary="Whether traffic should come here, and how each part is",
)
async def readyz(request: Request) -> Response:
    doors = doors_of(request)
    if doors.phase is not Phase.READY or doors.services_if_open is None:
        return JSONResponse({"status": doors.phase, "checks": {}}, 503)
    report = await doors.services_if_open.health.look()
    checks = {finding.name: _check(finding) for finding in report.findings}
    status = "ready" if report.is_fit else "failing"
    return JSONResponse({"status": status, "checks": checks}, 200 if report.is_fit else 503)


def _check(finding: Finding) -> dict[str, object]:
    return {
        "status": finding.state,
        "required": finding.is_required,
        "milliseconds": finding.milliseconds,
        "reason": finding.reason,
    }


@router.get(
    "/metrics",
    dependencies=[needs(Scope.METRICS)],
    responses=in_forms("text/plain"),
    summary="Prometheus",
)
async def metrics(request: Request) -> Response:
    return Response(doors_of(request).services.telemetry.exposition(), media_type=METRICS_CONTENT_TYPE)
