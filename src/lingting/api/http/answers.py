"""Errors as HTTP answers, in the shape that the clients of each path expect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match

from lingting.api.errors import (
    deepgram_body,
    deepgram_status,
    http_status,
    native_body,
    openai_body,
    retry_headers,
)
from lingting.api.http.doors import doors_of
from lingting.api.ws.aliyun.statuses import failure
from lingting.crypto import new_bytes
from lingting.domain.errors import InvalidInput, InvalidKey, InvalidOption, LingtingError, MissingKey
from lingting.security.call_note import audit_note
from lingting.telemetry import log, request_id

__all__ = ["answer_errors", "error_answer", "note_refusal"]

ALIYUN_PATHS = ("/stream/v1/",)
OPENAI_PATHS = ("/v1/audio/", "/v1/models", "/v1/realtime")
DEEPGRAM_PATHS = ("/v1/listen",)
MAX_HEADER_CHARACTERS = 500
"""Of a message: where a handshake fails, Deepgram's clients see no more than headers."""


def error_answer(error: LingtingError, path: str, *, status: int | None = None) -> Response:
    """The error in the shape of the path's clients, with Retry-After where it helps."""
    audit_note(code=error.code)
    headers = retry_headers(error)
    if path.startswith(DEEPGRAM_PATHS):
        status = status or deepgram_status(error)
        body = deepgram_body(error, status, request_id.get())
        headers |= {"dg-request-id": request_id.get(), "dg-error": _in_header(error.message)}
    else:
        status = status or http_status(error)
        body = _body(error, path, status)
    if isinstance(error, InvalidKey):
        headers["WWW-Authenticate"] = "Bearer" if isinstance(error, MissingKey) else 'Bearer error="invalid_token"'
    return JSONResponse(body, status, headers=headers)


def _body(error: LingtingError, path: str, status: int) -> dict[str, object]:
    if path.startswith(OPENAI_PATHS):
        return openai_body(error, status)
    if path.startswith(ALIYUN_PATHS):
        return failure(error, task_id=new_bytes(16).hex())
    return native_body(error, request_id.get())


def note_refusal(request: Request, error: LingtingError) -> None:
    """For the log, the metrics and the audit."""
    audit_note(code=error.code)
    log.info("request.refused", code=error.code, param=error.param)
    services = doors_of(request).services_if_open
    if services is not None:
        services.telemetry.doors.answered_with_error(error.code)


def _in_header(text: str) -> str:
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text[:MAX_HEADER_CHARACTERS])


def answer_errors(app: FastAPI) -> None:
    """Give every kind of error its answer."""

    @app.exception_handler(LingtingError)
    async def ours(request: Request, error: LingtingError) -> Response:
        note_refusal(request, error)
        return error_answer(error, request.scope["path"])

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
        return error_answer(InvalidOption(where, first["msg"]), request.scope["path"])

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        problem = InvalidInput(_ROUTING.get(error.status_code, str(error.detail)))
        problem.code = _CODES.get(error.status_code, "invalid_input")
        answer = error_answer(problem, request.scope["path"], status=error.status_code)
        answer.headers.update(error.headers or {})
        if error.status_code == METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(_methods(request))
        return answer


def _methods(request: Request) -> list[str]:
    """Of all routes with the pattern that fits first; Starlette names those of the first route only."""
    routes = list(_flat(request.app.routes))
    fitting = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    pattern = getattr(next(fitting, None), "path", None)
    same = (route for route in routes if getattr(route, "path", None) == pattern)
    return sorted({method for route in same for method in getattr(route, "methods", None) or ()})


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """FastAPI 0.165 keeps the routes of each included router together."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from (route,) if inner is None else _flat(inner.routes)


METHOD_NOT_ALLOWED = 405
_ROUTING = {
    404: "there is nothing at this path; /docs lists what there is",
    405: "this path has another method; see /docs",
}
_CODES = {404: "not_found", 405: "method_not_allowed"}
