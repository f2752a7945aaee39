"""Log set-up and request ids. With the processors beside it, the only module that imports a logging library.

Promises: a line is an event and its fields, also what libraries log by the standard library; none holds audio, text or
a key; each names the request, session or job it belongs to.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import uuid
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

import structlog

from lingting.telemetry.log_file import LogFile
from lingting.telemetry.masks import mask
from lingting.telemetry.tracebacks import describe_exception
from lingting.telemetry.traces import trace_id

__all__ = ["about", "configure_logs", "log", "request_id", "take_request_id"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request in hand, on every log line written while it is worked on."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("lingting")

about = structlog.contextvars.bound_contextvars
"""`with about(job_id=...):` puts the fields on every line that is logged inside, by whomever."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
MAX_FOREIGN_CHARACTERS = 500
FOREIGN_LEVEL = logging.WARNING
"""Libraries tell of the content of messages below this: websockets of frames, HTTP clients of URLs."""


def take_request_id(offered: str | None) -> str:
    """Return the caller's id where it is harmless, else a fresh one."""
    if offered and _SANE_ID.fullmatch(offered):
        return offered
    return uuid.uuid4().hex


def configure_logs(
    level: str, style: Literal["json", "console"], *, file: Path | None = None, is_guest: bool = False
) -> None:
    """Send logs to standard error, for transcripts go to standard output; and to a file, as JSON.

    is_guest    in somebody else's program, whose own logging is left alone
    raises      SettingsInvalid for a file that cannot be written
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            describe_exception,
            *([_FileCopy(LogFile(file))] if file else []),
            _Masked(_renderer(style)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    if not is_guest:
        _adopt_libraries(max(number, FOREIGN_LEVEL))


def _renderer(style: Literal["json", "console"]) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(serializer=_json)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _json(event: object, **_options: object) -> str:
    return json.dumps(event, ensure_ascii=False, default=repr)


class _StandardError:
    """Writes whole lines to what standard error is at the moment; thread-safe."""

    _turn = threading.Lock()

    def __init__(self, *_names: object) -> None:
        pass

    def msg(self, line: str) -> None:
        with self._turn:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    log = debug = info = warning = error = critical = exception = msg


class _Masked:
    """A renderer whose lines have passed the masks."""

    def __init__(self, renderer: structlog.typing.Processor) -> None:
        self._renderer = renderer

    def __call__(self, logger: object, name: str, event: structlog.typing.EventDict) -> str:
        return mask(str(self._renderer(logger, name, event)))


class _FileCopy:
    """Writes each event to the file and hands it on."""

    def __init__(self, file: LogFile) -> None:
        self._file = file

    def __call__(self, _logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        self._file.add(mask(_json(event)))
        return event


def _adopt_libraries(level: int) -> None:
    """Lines of uvicorn, SQLAlchemy, Celery and the like become events as ours are, in the place of what was there."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Adopted)]:
        root.removeHandler(handler)
    root.addHandler(_Adopted())
    root.setLevel(level)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a warning for each bad form; its caller is told
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # uvicorn gives them handlers of its own by default
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.error").addFilter(_is_no_denial)


class _Adopted(logging.Handler):
    """Turns a record of the standard library into one of our events."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()[:MAX_FOREIGN_CHARACTERS]
            fields: dict[str, object] = {"logger": record.name, "message": message, "exc_info": record.exc_info}
            level = min(
                logging.CRITICAL, max(logging.DEBUG, record.levelno // 10 * 10)
            )  # libraries invent some between
            structlog.get_logger("lingting").log(level, "library.said", **fields)
        except Exception:  # noqa: BLE001 - the last line of defence: a log line may be lost, its writer may not fail
            self.handleError(record)


def _is_no_denial(record: logging.LogRecord) -> bool:
    """uvicorn 0.54 calls it an error when a handshake is answered by an HTTP refusal, whose reason we have logged."""
    return not record.getMessage().startswith("ASGI callable returned without completing handshake")


def _add_request_id(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if current := request_id.get():
        event["request_id"] = current
    if trace := trace_id():
        event["trace_id"] = trace
    return event
