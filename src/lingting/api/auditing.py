"""The audit rows of one call: who it was is told by its door, what else is known in its note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

from lingting.api.http.doors import Doors
from lingting.domain import Call
from lingting.domain.errors import LingtingError, StorageUnavailable
from lingting.security.audit import Audit, AuditEntry
from lingting.security.call_note import CallNote
from lingting.telemetry import log, request_id

__all__ = ["CallRecorder", "CallRows", "Caller", "SocketRecorder", "audit_of", "is_audited", "rows_of"]

UNAUDITED = ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/favicon.ico", "/console/")
"""Asked every few seconds, or the same for everybody."""


def audit_of(scope: Scope) -> Audit | None:
    """The server's; None while it starts."""
    doors: Doors = scope["app"].state.doors
    services = doors.services_if_open
    return services.audit if services is not None else None


def is_audited(path: str) -> bool:
    return not path.startswith(UNAUDITED)


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of the other side when a row is written."""

    call: Call | None
    """None of one that was not let in."""
    address: str
    door: str
    """The route's pattern."""


class CallRows:
    """Writes the rows of one call or connection; where there is no audit log, none."""

    def __init__(self, audit: Audit | None, note: CallNote, caller: Callable[[], Caller]) -> None:
        self._audit = audit
        self._note = note
        self._caller = caller
        self._told_seconds = 0.0

    async def write(self, method: str, outcome: str) -> None:
        """A row, with the audio since the row before.

        raises    StorageUnavailable, where the log is required
        """
        if self._audit is None:
            return
        note, caller = self._note, self._caller()
        fresh_seconds, self._told_seconds = note.audio_seconds - self._told_seconds, note.audio_seconds
        door = f"{method} {caller.door}"
        entry = AuditEntry(
            actor=caller.call.principal.key_id if caller.call else "",
            address=caller.address,
            action=note.action or door,
            subject=note.subject,
            outcome=f"{outcome} {note.code}".rstrip(),
            audio_seconds=fresh_seconds,
            request_id=request_id.get(),
            detail={"door": door, **note.detail} if note.action else note.detail,
        )
        await (self._audit.record(entry) if caller.call else self._audit.record_unknown(entry))

    async def write_last(self, method: str, outcome: str) -> None:
        """When it is over there is nobody to tell that a row cannot be written."""
        try:
            await self.write(method, outcome)
        except StorageUnavailable as problem:
            log.error("call.unrecorded", code=problem.code)


def rows_of(scope: Scope, note: CallNote) -> CallRows:
    """Of an HTTP call or a WebSocket."""

    def caller() -> Caller:
        state = scope.setdefault("state", {})
        door = getattr(scope.get("route"), "path", "unknown")
        return Caller(state.get("call"), str(state.get("address", "")), door)

    return CallRows(audit_of(scope) if is_audited(scope["path"]) else None, note, caller)


class CallRecorder:
    """Of a call with an answer: a row before that leaves, and for a stream of events another when it ends."""

    def __init__(self, rows: CallRows, method: str) -> None:
        self._rows = rows
        self._method = method
        self._has_row = False

    async def answering(self, status: int | str) -> None:
        """Before the first byte of the answer.

        raises    StorageUnavailable, where the log is required
        """
        self._has_row = True
        await self._rows.write(self._method, str(status))

    async def ended(self, outcome: str, *, as_stream: bool) -> None:
        """After the answer, or instead of it.

        as_stream   audio was recognised while the answer was under way
        """
        if as_stream or not self._has_row:
            await self._rows.write_last(self._method, outcome)


class SocketRecorder:
    """Of a live connection: a row before it is accepted, and one when it is closed; or one that says why it was not."""

    def __init__(self, rows: CallRows, note: CallNote, method: str = "WS") -> None:
        self._rows = rows
        self._note = note
        self._method = method
        self._is_open = False

    async def opening(self) -> None:
        """raises    StorageUnavailable, where the log is required"""
        await self._rows.write(self._method, "opened")
        self._is_open = True

    async def denied(self, error: LingtingError) -> None:
        if not self._is_open:
            self._note.code = error.code
            await self._rows.write_last(self._method, "denied")

    async def closed(self) -> None:
        if self._is_open:
            await self._rows.write_last(self._method, f"closed {self._note.detail.pop('closed', '')}".rstrip())
