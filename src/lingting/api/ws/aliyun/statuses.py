"""What went wrong, in the numbers that Aliyun's clients know: one table for its sockets and its REST.

Source: Aliyun, Intelligent Speech Interaction, the tables of status codes.
"""

from __future__ import annotations

from dataclasses import dataclass

from lingting.domain import CloseReason
from lingting.domain.errors import (
    AudioTooLarge,
    AudioTooLong,
    AudioUndecodable,
    InvalidInput,
    InvalidKey,
    InvalidMessage,
    InvalidOption,
    LingtingError,
    NotAllowed,
    Overloaded,
    QuotaExceeded,
    RateLimited,
    SessionIdle,
    StreamsExceeded,
    UnsupportedFormat,
    WrongState,
)

__all__ = ["DIRECTIVE", "ENDS", "FAILED", "SUCCESS", "Status", "failure", "status_of"]

DIRECTIVE = "header.name"
"""A field whose mistakes have a number of their own."""


@dataclass(frozen=True, slots=True)
class Status:
    """A number, and what stands beside it in texts."""

    number: int
    name: str

    def text(self, message: str) -> str:
        return f"Gateway:{self.name}:{message}"


SUCCESS = Status(20_000_000, "SUCCESS")
FAILED = Status(50_000_000, "SERVER_ERROR")
CLIENT_ERROR = Status(40_000_000, "CLIENT_ERROR")
ACCESS_DENIED = Status(40_000_001, "ACCESS_DENIED")
MESSAGE_INVALID = Status(40_000_002, "MESSAGE_INVALID")
PARAMETER_INVALID = Status(40_000_003, "PARAMETER_INVALID")
IDLE_TIMEOUT = Status(40_000_004, "IDLE_TIMEOUT")
TOO_MANY_REQUESTS = Status(40_000_005, "TOO_MANY_REQUESTS")
DIRECTIVE_INVALID = Status(40_010_003, "DIRECTIVE_INVALID")
TASK_STATE_ERROR = Status(40_010_005, "TASK_STATE_ERROR")
NO_VALID_AUDIO = Status(40_270_002, "NO_VALID_AUDIO_ERROR")
UNSUPPORTED_FORMAT = Status(41_010_101, "UNSUPPORTED_FORMAT")
TOO_LONG_SPEECH = Status(41_010_104, "TOO_LONG_SPEECH")
CONCURRENCY_EXCEEDED = Status(43_040_001, "CONCURRENCY_EXCEEDED")

STATUSES: dict[type[LingtingError], Status] = {
    InvalidInput: CLIENT_ERROR,
    InvalidKey: ACCESS_DENIED,
    NotAllowed: ACCESS_DENIED,
    InvalidMessage: MESSAGE_INVALID,
    InvalidOption: PARAMETER_INVALID,
    SessionIdle: IDLE_TIMEOUT,
    WrongState: TASK_STATE_ERROR,
    AudioUndecodable: UNSUPPORTED_FORMAT,
    UnsupportedFormat: UNSUPPORTED_FORMAT,
    AudioTooLarge: TOO_LONG_SPEECH,
    AudioTooLong: TOO_LONG_SPEECH,
    Overloaded: CONCURRENCY_EXCEEDED,
    RateLimited: TOO_MANY_REQUESTS,
    QuotaExceeded: TOO_MANY_REQUESTS,
    StreamsExceeded: CONCURRENCY_EXCEEDED,
    LingtingError: FAILED,
}
"""The nearest class in the error's own line of descent counts."""

ENDS: dict[CloseReason, tuple[Status, str]] = {
    CloseReason.IDLE: (IDLE_TIMEOUT, "no audio came for too long; begin another task when there is some"),
    CloseReason.SILENT: (NO_VALID_AUDIO, "nobody spoke within max_start_silence"),
    CloseReason.TOO_LONG: (TOO_LONG_SPEECH, "the audio is longer than a task may have; begin another one"),
    CloseReason.QUOTA_EXCEEDED: (TOO_MANY_REQUESTS, "the key's quota of audio is used up"),
    CloseReason.UNDECODABLE: (UNSUPPORTED_FORMAT, "the audio is not what its format says, or is damaged"),
    CloseReason.SHUTTING_DOWN: (FAILED, "the server is stopping; connect again"),
    CloseReason.ABANDONED: (CLIENT_ERROR, "the client was away for too long"),
    CloseReason.FAILED: (FAILED, "the task broke here; begin it again"),
}
"""What a client is told of a task that neither it nor its protocol ended."""


def status_of(error: LingtingError) -> Status:
    if error.param == DIRECTIVE:
        return DIRECTIVE_INVALID
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def failure(error: LingtingError, *, task_id: str) -> dict[str, object]:
    """An error as the REST answers it; `code` is ours, for those who look for more than a number."""
    status = status_of(error)
    return {
        "task_id": task_id,
        "result": "",
        "status": status.number,
        "message": status.text(error.message),
        "code": error.code,
    }
