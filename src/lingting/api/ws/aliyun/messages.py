"""The frame of every message: a client's directive read and checked, a server's event written with fresh ids. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lingting.api.ws.aliyun.statuses import SUCCESS, Status
from lingting.api.ws.messages import read_object, write_object
from lingting.domain.errors import InvalidMessage, InvalidOption

__all__ = ["Directive", "EventWriter", "read_directive"]

MAX_NAME_CHARACTERS = 64
_ID = re.compile("[0-9a-f]{32}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Directive:
    """What a client asks for."""

    namespace: str
    name: str
    task_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever the client wrote


def read_directive(text: str) -> Directive:
    """raises    InvalidMessage; InvalidOption where there is no appkey"""
    message = read_object(text)
    header, payload = message.get("header"), message.get("payload")
    if not isinstance(header, dict):
        raise InvalidMessage("header: is missing or no object; every directive has one", param="header")
    if payload is not None and not isinstance(payload, dict):
        raise InvalidMessage("payload: is no object", param="payload")
    task_id = _id(header, "task_id")
    _id(header, "message_id")
    appkey = header.get("appkey")
    if not isinstance(appkey, str) or not appkey:
        raise InvalidOption("appkey", "is not set; any text will do, for the server asks for a token only")
    return Directive(_name(header, "namespace"), _name(header, "name"), task_id, payload or {})


def _id(header: Mapping[str, object], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InvalidMessage(f"header.{name}: is not 32 characters of 0-9 and a-f", param=f"header.{name}")
    return value


def _name(header: Mapping[str, object], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARACTERS or not value.isascii():
        raise InvalidMessage(f"header.{name}: is missing or no name", param=f"header.{name}")
    return value


@dataclass(slots=True)
class EventWriter:
    """Writes one connection's events; `token`, 16 hexadecimal characters, makes their ids unique."""

    token: str
    count: int = 0

    def fresh_id(self) -> str:
        self.count += 1
        return f"{self.token}{self.count:016x}"

    def write(self, name: str, *, of: tuple[str, str], payload: Mapping[str, object] | None = None) -> str:
        """An event that all is well with.

        of    the namespace and the id of the task
        """
        return self._write(name, of, SUCCESS, SUCCESS.text("Success."), payload or {})

    def write_failed(
        self,
        status: Status,
        message: str,
        *,
        of: tuple[str, str],
        name: str = "TaskFailed",
        payload: Mapping[str, object] | None = None,
    ) -> str:
        return self._write(name, of, status, status.text(message), payload or {})

    def _write(self, name: str, of: tuple[str, str], status: Status, text: str, payload: Mapping[str, object]) -> str:
        namespace, task_id = of
        header = {
            "namespace": namespace,
            "name": name,
            "status": status.number,
            "message_id": self.fresh_id(),
            "task_id": task_id,
            "status_text": text,
            "status_message": text,
        }
        return write_object({"header": header, "payload": payload})
