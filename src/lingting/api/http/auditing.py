"""The audit rows of one HTTP call: one before its answer leaves, and for a stream of events another when it ends."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from lingting.domain import Call
from lingting.security.audit import Audit, AuditEntry
from lingting.security.call_note import CallNote
from lingting.telemetry import request_id

__all__ = ["CallRecorder", "is_audited"]

UNAUDITED = ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/favicon.ico")
"""Asked every few seconds, or the same for everybody."""


def is_audited(path: str) -> bool:
    return not path.startswith(UNAUDITED)


class CallRecorder:
    """Writes down one call; without an audit log, as while the server starts, it does nothing."""

    def __init__(self, audit: Audit | None, scope: Scope, note: CallNote) -> None:
        self._audit = audit if is_audited(scope["path"]) else None
        self._scope = scope
        self._note = note
        self._has_row = False
        self._told_seconds = 0.0

    async def answering(self, status: int) -> None:
        """Before the first byte of the answer.

        raises    StorageUnavailable, where the log is required
        """
        self._has_row = True
        await self._record(str(status))

    async def ended(self, outcome: str, *, as_stream: bool) -> None:
        """After the answer, or instead of it.

        as_stream   audio was recognised while the answer was under way
        raises      StorageUnavailable, where the log is required
        """
        if as_stream or not self._has_row:
            await self._record(outcome)

    async def _record(self, outcome: str) -> None:
        if self._audit is None:
            return
        fresh_seconds, self._told_seconds = self._note.audio_seconds - self._told_seconds, self._note.audio_seconds
        call: Call | None = _state(self._scope).get("call")
        route = getattr(self._scope.get("route"), "path", "unknown")
        door = f"{self._scope['method']} {route}"
        entry = AuditEntry(
            actor=call.principal.key_id if call else "",
            address=_address(self._scope),
            action=self._note.action or door,
            subject=self._note.subject,
            outcome=f"{outcome} {self._note.code}".rstrip(),
            audio_seconds=fresh_seconds,
            request_id=request_id.get(),
            detail={"door": door, **self._note.detail} if self._note.action else self._note.detail,
        )
        await (self._audit.record(entry) if call else self._audit.record_unknown(entry))


def _state(scope: Scope) -> dict[str, Any]:  # Any: Starlette's, of whatever layers put there
    state: dict[str, Any] = scope.setdefault("state", {})
    return state


def _address(scope: Scope) -> str:
    """Behind trusted proxies, where that is known."""
    known = _state(scope).get("address")
    return str(known) if known is not None else str((scope.get("client") or ("",))[0])
