"""Round every call: who calls, its id, its metrics, its rows in the audit log, and a status for every error.

A method is served as a stream of messages both ways, whatever its proto says, which is the same on the wire: so the
caller is known before the first message is read, and a refusal costs nobody an upload.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from urllib.parse import unquote

import grpc
import grpc.aio

from lingting.api.admission import Knock, let_in, verified
from lingting.api.auditing import Caller, CallRows
from lingting.api.errors import grpc_status, retry_after_ms
from lingting.api.http.doors import Doors
from lingting.domain import Call, Scope
from lingting.domain.errors import AddressNotAllowed, LingtingError
from lingting.security.call_note import CallNote, noting
from lingting.services import Services
from lingting.telemetry import log, request_id, span, take_request_id

__all__ = ["OK", "Frame", "Rpc", "address_of", "as_handler"]

INTERNAL = "something broke here; the log has the request id of this call"
USER = "x-lingting-user"
AUDITED_AS = "GRPC"
"""Where HTTP has its verbs."""
CANCELLED, LATE, OK = "CANCELLED", "DEADLINE_EXCEEDED", "OK"
LATE_SECONDS = 0.1
"""A client cancels at its own deadline, which is that much before ours at most: ours began when its call arrived."""
MAX_DETAIL_CHARACTERS = 1_000

Work = Callable[["Rpc"], Awaitable[None]]


class Rpc:
    """One call, as the methods see it."""

    def __init__(
        self, context: Any, doors: Doors, method: str, note: CallNote
    ) -> None:  # Any: the library has no types
        self.context = context
        self.doors = doors
        self.note = note
        self.method = method
        """As `/package.Service/Method`."""
        self.metadata: Mapping[str, str] = _texts(context.invocation_metadata())
        self.call: Call | None = None
        self.status = OK
        """How it ends, by gRPC's name."""
        services = doors.services_if_open
        self.address = address_of(context, doors)
        self._rows = CallRows(services.audit if services else None, note, self._caller)
        self._has_row = False
        self._is_live = False

    def require_address(self) -> None:
        """raises    AddressNotAllowed"""
        if not self.doors.allowlist.admits(self.address):
            raise AddressNotAllowed("callers from this address are not let in")

    async def admit(self, scope: Scope) -> Call:
        """raises    what `let_in` raises; Starting"""
        services: Services = self.doors.services
        knock = Knock(self.method, self.address, user=self.metadata.get(USER, ""), user_param=USER)

        def tell(call: Call) -> None:
            self.call = call

        return await let_in(
            services,
            knock,
            scope,
            identify=lambda: verified(services, key_in(self.metadata), address=self.address),
            tell=tell,
        )

    async def record(self, outcome: str) -> None:
        """A row for the audit log, before anything is answered.

        raises    StorageUnavailable, where the log is required
        """
        await self._rows.write(AUDITED_AS, outcome)
        self._has_row = True

    async def begin_live(self) -> None:
        """raises    StorageUnavailable, where the audit log is required"""
        await self.record("opened")
        self._is_live = True
        self.doors.services.telemetry.doors.socket_opened(self.method)

    async def finish(self) -> None:
        """After the work, however it went: the last row, where one is due, and the end of a live call."""
        if self._is_live:
            self.doors.services.telemetry.doors.socket_closed(self.method, self.status)
        if not self._has_row:
            await self._rows.write_last(AUDITED_AS, self.status)
        elif self.status != OK or self._is_live or self.note.audio_seconds:
            await self._rows.write_last(AUDITED_AS, f"closed {self.status}")

    async def send_headers(self) -> None:
        """What a caller may know before the first message: the id of its call, and what is left to it."""
        left = [(name.lower(), value) for name, value in self.note.headers.items()]
        await self.context.send_initial_metadata((("x-request-id", request_id.get()), *left))

    def end_with(self, error: LingtingError) -> None:
        """Tell what was wrong, for people in the status and for programs beside it."""
        trailing = [("lingting-code", error.code), ("lingting-retryable", str(error.retryable).lower())]
        if error.param is not None and error.param.isascii() and error.param.isprintable():
            trailing.append(("lingting-param", error.param))
        if (after_ms := retry_after_ms(error)) is not None:
            trailing.append(("retry-after-ms", str(after_ms)))
        self.end(grpc_status(error), error.message, trailing)

    def end(self, status: str, details: str, trailing: Sequence[tuple[str, str]] = ()) -> None:
        self.status = status
        self.context.set_code(grpc.StatusCode[status])
        self.context.set_details(details[:MAX_DETAIL_CHARACTERS])
        self.context.set_trailing_metadata((("x-request-id", request_id.get()), *trailing))

    def count(self, error: LingtingError) -> None:
        """Once for each error that a caller sees."""
        self.note.code = error.code
        log.info("rpc.refused", code=error.code, param=error.param)
        services = self.doors.services_if_open
        if services is not None:
            services.telemetry.doors.answered_with_error(error.code)

    def _caller(self) -> Caller:
        return Caller(self.call, self.address, self.method)


class Frame:
    """Makes handlers of methods."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def serving(self, method: str, work: Work, *, is_live: bool) -> Any:  # Any: the library has no types
        """A handler that ends every call with a status, and tells nobody of what broke but the log.

        is_live    its time says nothing of how quick the server is
        """

        async def serve(_requests: object, context: Any) -> None:  # Any: the library has no types
            metadata = _texts(context.invocation_metadata())
            token = request_id.set(take_request_id(metadata.get("x-request-id")))
            try:
                with noting(CallNote()) as note, span(method, kind="server", headers=metadata) as spent:
                    rpc = Rpc(context, self._doors, method, note)
                    try:
                        with self._measured(rpc, is_live=is_live):
                            await self._answered(rpc, work)
                    finally:
                        await rpc.finish()
                        spent.set(**{"rpc.grpc.status": rpc.status, "request_id": request_id.get()})
            finally:
                request_id.reset(token)

        return as_handler(serve)

    @contextmanager
    def _measured(self, rpc: Rpc, *, is_live: bool) -> Iterator[None]:
        services = None if is_live else self._doors.services_if_open
        if services is not None:
            services.telemetry.doors.request_began()
        started = perf_counter()
        try:
            yield
        finally:
            wall_seconds = perf_counter() - started
            if services is not None:
                services.telemetry.doors.request_ended(door=rpc.method, outcome=rpc.status, wall_seconds=wall_seconds)
            log.info("rpc.done", door=rpc.method, status=rpc.status, wall_seconds=round(wall_seconds, 3))

    async def _answered(self, rpc: Rpc, work: Work) -> None:
        try:
            rpc.require_address()
            await work(rpc)
        except LingtingError as error:
            rpc.count(error)
            rpc.end_with(error)
        except asyncio.CancelledError:
            left_seconds = rpc.context.time_remaining()
            rpc.status = CANCELLED if left_seconds is None or left_seconds > LATE_SECONDS else LATE
            raise
        except grpc.aio.BaseError:  # the client hung up while it was written to
            rpc.status = CANCELLED
        except Exception as error:  # noqa: BLE001 - main: whoever waits gets an answer
            log.error("rpc.broke", error=type(error).__name__, exc_info=True)
            problem = LingtingError(INTERNAL)
            rpc.count(problem)
            rpc.end_with(problem)


def as_handler(serve: Callable[[object, Any], Awaitable[None]]) -> Any:  # Any: the library has no types
    """Of a method whose messages are read and written as bytes."""
    return grpc.stream_stream_rpc_method_handler(serve)


def key_in(metadata: Mapping[str, str]) -> str | None:
    """The key that a caller shows."""
    kind, _, given = metadata.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip()
    return metadata.get("x-api-key", "").strip() or None


def address_of(context: Any, doors: Doors) -> str:  # Any: the library has no types
    """The client's, behind proxies that are trusted; empty on a local socket."""
    family, _, where = unquote(context.peer()).partition(":")
    forwarded = [value for name, value in context.invocation_metadata() if name == "x-forwarded-for"]
    return doors.allowlist.client_of(where if family.startswith("ipv") else "", forwarded)


def _texts(metadata: Sequence[tuple[str, str | bytes]]) -> dict[str, str]:
    """The first value of each name; binary ones say nothing here."""
    texts: dict[str, str] = {}
    for name, value in metadata:
        if isinstance(value, str):
            texts.setdefault(name, value)
    return texts
