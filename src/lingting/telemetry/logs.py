"""Log set-up and request ids. The only module that imports a logging library.

Promises: log lines are an event and fields; none holds audio, text or a key.
"""

from __future__ import annotations

import logging
import re
import sys
import uuid
from contextvars import ContextVar
from typing import Literal

import structlog

__all__ = ["configure_logs", "log", "request_id", "take_request_id"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request in hand, on every log line written while it is worked on."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("lingting")

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def take_request_id(offered: str | None) -> str:
    """Return the caller's id where it is harmless, else a fresh one."""
    if offered and _SANE_ID.fullmatch(offered):
        return offered
    return uuid.uuid4().hex


def configure_logs(level: str, style: Literal["json", "console"]) -> None:
    """Send logs to standard error; transcripts go to standard output."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_denial)
    structlog.configure(
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _is_no_denial(record: logging.LogRecord) -> bool:
    """uvicorn 0.54 calls it an error when a handshake is answered by an HTTP refusal, whose reason we have logged."""
    return not record.getMessage().startswith("ASGI callable returned without completing handshake")


def _add_request_id(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if current := request_id.get():
        event["request_id"] = current
    return event
