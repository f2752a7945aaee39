"""Round every HTTP request: its id, its metrics, a bound on its body, safe headers, and an answer to every error."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lingting.api.auditing import CallRecorder, rows_of
from lingting.api.http.answers import error_answer
from lingting.api.http.doors import ClientGone, HttpLimits
from lingting.domain.errors import AudioTooLarge, LingtingError, Overloaded, StorageUnavailable, UploadStalled
from lingting.security.call_note import CallNote, noting
from lingting.telemetry import log, request_id, span, take_request_id

__all__ = ["BodyBounds", "RequestFrame"]

CLIENT_GONE = 499
"""nginx's code for a caller that hung up; only metrics and logs see it."""
FAULT = 500
BARE_RECORDING_PATHS = frozenset({"/v1/listen"})
"""Whose body may be a recording, which `read_recording` writes to disk as it comes."""
RETRY_SECONDS = 5.0
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"
"""A year. A browser that came by TLS once asks by nothing else from then on."""
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
QUIET_FOLDERS = ("/console/", "/overlay/", "/docs/static/")
"""Asked every few seconds, or by dozens; their log lines would hide the others."""


def _is_quiet(path: str) -> bool:
    return path in QUIET_PATHS or path.startswith(QUIET_FOLDERS)


class RequestFrame:
    """The outermost layer: nothing leaves without an id, and no exception leaves at all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(take_request_id(Headers(scope=scope).get("x-request-id")))
        services = scope["app"].state.doors.services_if_open
        if services is not None:
            services.telemetry.doors.request_began()
        started = perf_counter()
        with noting(CallNote()) as note:
            frame = _Frame(CallRecorder(rows_of(scope, note), str(scope["method"])), note, scope, receive, send)
            try:
                await self._traced(scope, receive, frame)
            finally:
                wall_seconds = perf_counter() - started
                door = getattr(scope.get("route"), "path", "unknown")
                if services is not None:
                    status = str(frame.status)
                    services.telemetry.doors.request_ended(door=door, outcome=status, wall_seconds=wall_seconds)
                if not _is_quiet(scope["path"]):
                    log.info("request.done", door=door, status=frame.status, wall_seconds=round(wall_seconds, 3))
                request_id.reset(token)

    async def _traced(self, scope: Scope, receive: Receive, frame: _Frame) -> None:
        if _is_quiet(scope["path"]):
            await self._answered(scope, receive, frame)
            return
        with span(scope["method"], kind="server", headers=Headers(scope=scope)) as spent:
            await self._answered(scope, receive, frame)
            door = getattr(scope.get("route"), "path", "unknown")
            spent.rename(f"{scope['method']} {door}")
            spent.set(**{"http.route": door, "http.response.status_code": frame.status, "request_id": request_id.get()})
            if frame.status >= FAULT:
                spent.fail(str(frame.status))

    async def _answered(self, scope: Scope, receive: Receive, frame: _Frame) -> None:
        is_over = True
        try:
            await self._app(scope, receive, frame.send)
        except (ClientGone, ClientDisconnect):
            is_over = False
        except Exception as error:  # noqa: BLE001 - main: whoever waits gets an answer
            log.error("request.broke", error=type(error).__name__, exc_info=not isinstance(error, LingtingError))
            if not frame.began:
                problem = error if isinstance(error, LingtingError) else LingtingError(INTERNAL)
                await error_answer(problem, scope["path"])(scope, receive, frame.send)
        finally:
            await frame.end(is_over=is_over)


INTERNAL = "something broke here; the log has the request id of this answer"


class _Frame:
    """What has been sent of one request's answer; nothing is before its audit row is written."""

    def __init__(self, recorder: CallRecorder, note: CallNote, scope: Scope, receive: Receive, send: Send) -> None:
        self.status = 500
        self.began = False
        self._recorder = recorder
        self._note = note
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_stream = False
        self._is_withheld = False

    async def send(self, message: Message) -> None:
        if self._is_withheld:
            raise ClientDisconnect  # the answer was replaced: whoever makes it may stop
        if message["type"] == "http.response.start":
            try:
                await self._recorder.answering(message["status"])
            except StorageUnavailable as problem:
                self._is_withheld = True
                await error_answer(problem, self._scope["path"])(self._scope, self._receive, self._pass_on)
                return
        await self._pass_on(message)

    async def end(self, *, is_over: bool) -> None:
        """The last row, where one is due."""
        if not self.began or not (is_over or self._is_withheld):
            self.status = CLIENT_GONE
        outcome = "ended" if self.status != CLIENT_GONE else str(CLIENT_GONE)
        await self._recorder.ended(outcome, as_stream=self._is_stream)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            self._is_stream = headers.get("content-type", "").startswith("text/event-stream")
            headers["X-Request-ID"] = request_id.get()
            for name, value in (*SAFE_HEADERS.items(), *self._note.headers.items()):
                headers.setdefault(name, value)
            if self._scope["scheme"] == "https":
                headers.setdefault("Strict-Transport-Security", HSTS)
        await self._send(message)


class BodyBounds:
    """Ends a body that is too large or too slow while it arrives, and bounds how many there are."""

    def __init__(self, app: ASGIApp, limits: HttpLimits) -> None:
        self._app = app
        self._limits = limits
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit_bytes = self._limits.max_upload_bytes if _is_recording(scope, headers) else self._limits.max_json_bytes
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit_bytes:
            await error_answer(AudioTooLarge(limit_bytes), scope["path"])(scope, receive, send)
            return
        if scope["method"] != "POST":
            await self._app(scope, _Bounded(receive, limit_bytes, self._limits), send)
            return
        if self._open >= self._limits.max_open_requests:
            error = Overloaded(f"{self._open} requests are open, the limit here", retry_after_seconds=RETRY_SECONDS)
            await error_answer(error, scope["path"])(scope, receive, send)
            return
        self._open += 1
        body = _Bounded(receive, limit_bytes, self._limits)
        try:
            await self._app(scope, body, send)
        finally:
            self._open -= 1
            services = scope["app"].state.doors.services_if_open
            if services is not None:
                services.telemetry.doors.received(body.taken_bytes)


def _is_recording(scope: Scope, headers: Headers) -> bool:
    """Whether the body is not held in memory: a form, or a recording by itself at a door that takes such."""
    kind = headers.get("content-type", "").lower()
    is_bare = scope["path"] in BARE_RECORDING_PATHS and not kind.startswith("application/json")
    return is_bare or kind.startswith("multipart/")


class _Bounded:
    """An ASGI `receive` that counts."""

    def __init__(self, receive: Receive, limit_bytes: int, limits: HttpLimits) -> None:
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._limits = limits
        self.taken_bytes = 0
        self._complete = False
        self._deadline_seconds = asyncio.get_running_loop().time() + limits.upload_seconds

    async def __call__(self) -> Any:  # Any: an ASGI message
        if self._complete:
            return await self._receive()
        remaining_seconds = self._deadline_seconds - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(self._limits.upload_idle_seconds, max(0.0, remaining_seconds))):
                message = await self._receive()
        except TimeoutError as error:
            raise UploadStalled(
                f"the upload stopped or took over {self._limits.upload_seconds:g} seconds; send it again"
            ) from error
        self.taken_bytes += len(message.get("body", b""))
        if self.taken_bytes > self._limit_bytes:
            raise AudioTooLarge(self._limit_bytes)
        self._complete = not message.get("more_body", False)
        return message
