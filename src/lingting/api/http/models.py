"""Which models are in memory, over HTTP, for those who may administer them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import needs
from lingting.api.http.doors import doors_of
from lingting.domain import Scope
from lingting.recognition.residents import ResidentReport
from lingting.security.call_note import audit_note
from lingting.services import Services

__all__ = ["router"]

router = APIRouter(tags=["Models"])

ADMIN = [needs(Scope.ADMIN)]


@router.get("/v1/admin/models", dependencies=ADMIN, summary="The models that are served, and which are in memory")
async def listed(request: Request) -> Response:
    services = doors_of(request).services
    found = [_answer(services, report) for report in services.models.report()]
    return JSONResponse({"status": "SUCCESS", "models": found, "memory_bytes": services.models.memory_bytes})


@router.post("/v1/admin/models/{name}/load", dependencies=ADMIN, summary="Have a model in memory; answers when it is")
async def load(request: Request, name: str) -> Response:
    services = doors_of(request).services
    report = services.models.report_of(name)
    audit_note(action="models.loaded", subject=report.resident.name)
    return JSONResponse({"status": "SUCCESS", **_answer(services, await services.models.load(name))})


@router.post(
    "/v1/admin/models/{name}/unload", dependencies=ADMIN, summary="Have a model out of memory, unless it is in use"
)
async def unload(request: Request, name: str) -> Response:
    services = doors_of(request).services
    report = services.models.report_of(name)
    audit_note(action="models.unloaded", subject=report.resident.name)
    return JSONResponse({"status": "SUCCESS", **_answer(services, await services.models.unload(name))})


def _answer(services: Services, report: ResidentReport) -> dict[str, object]:
    served = services.names.find(report.resident.name) or services.names.default
    idle_seconds = report.idle_seconds
    return {
        "name": served.name,
        "aliases": list(served.aliases),
        "engine": served.engine,
        "kind": str(served.kind),
        "is_default": served.is_default,
        "state": str(report.state),
        "users": report.users,
        "memory_bytes": report.resident.memory_bytes,
        "idle_seconds": None if idle_seconds is None else round(idle_seconds, 1),
        "error": report.error,
    }
