"""An exception for the log: where it came from, never what strangers said about their input.

The messages of our own errors hold no text, audio or key, so they are told; those of libraries may quote what they
could not read, so only the type is.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog

from lingting.domain.errors import LingtingError

__all__ = ["describe", "describe_exception"]

MAX_CAUSES = 8
MAX_FRAMES = 25


def describe_exception(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A processor: turn `exc_info` into the text of `exception`."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if given and error is None:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = describe(error)
    return event


def describe(error: BaseException) -> str:
    """The chain of causes, the first one first, each with its frames."""
    return "\ncauses\n".join(reversed([_one(link) for link in _chain(error)]))


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _one(error: BaseException) -> str:
    said = f": {error.message}" if isinstance(error, LingtingError) else _number(error)
    return f"{_frames(error.__traceback__)}{type(error).__module__}.{type(error).__qualname__}{said}"


def _number(error: BaseException) -> str:
    """The system's number of an error; its message may name a file."""
    return f" [errno {error.errno}]" if isinstance(error, OSError) and error.errno is not None else ""


def _frames(place: TracebackType | None) -> str:
    return "".join(traceback.format_tb(place, limit=-MAX_FRAMES))
