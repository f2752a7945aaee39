"""Domain errors on the wire: one table of codes for each transport, and the two shapes an error takes in HTTP."""

from __future__ import annotations

import math

from lingting.domain import CloseReason
from lingting.domain.errors import (
    AudioUndecodable,
    Busy,
    ChatError,
    ClientTooSlow,
    DeadlineExceeded,
    EngineError,
    IdempotencyConflict,
    InvalidInput,
    InvalidKey,
    InvalidMessage,
    JobLost,
    LimitExceeded,
    LingtingError,
    ModelError,
    NotAllowed,
    Overloaded,
    QuotaExceeded,
    RecordNotFound,
    RoomNotFound,
    RoomTaken,
    SealBroken,
    SessionIdle,
    SessionNotFound,
    SettingsInvalid,
    ShuttingDown,
    Superseded,
    UploadStalled,
    WrongState,
)

__all__ = [
    "CLOSE_CODES",
    "GRPC_STATUS",
    "HTTP_STATUS",
    "SESSION_CLOSE_CODES",
    "SESSION_GRPC_STATUS",
    "close_code",
    "deepgram_body",
    "deepgram_status",
    "grpc_status",
    "http_status",
    "native_body",
    "openai_body",
    "openai_type",
    "retry_after_ms",
    "retry_headers",
]

HTTP_STATUS: dict[type[LingtingError], int] = {
    AudioUndecodable: 400,
    InvalidInput: 400,
    UploadStalled: 408,
    SessionIdle: 408,
    ClientTooSlow: 408,
    InvalidKey: 401,
    NotAllowed: 403,
    RecordNotFound: 404,
    WrongState: 409,
    IdempotencyConflict: 409,
    SessionNotFound: 404,
    RoomNotFound: 404,
    RoomTaken: 409,
    LimitExceeded: 413,
    Overloaded: 429,
    Superseded: 409,
    JobLost: 409,
    Busy: 503,
    EngineError: 503,
    ChatError: 503,
    ModelError: 503,
    SealBroken: 500,
    DeadlineExceeded: 504,
    SettingsInvalid: 500,
    LingtingError: 500,
}
"""The nearest class in the error's own line of descent counts."""

CLOSE_CODES: dict[type[LingtingError], int] = {
    InvalidInput: 1008,
    InvalidMessage: 1008,
    LimitExceeded: 1009,
    ShuttingDown: 1012,
    Busy: 1013,
    QuotaExceeded: 1008,
    LingtingError: 1011,
}
"""Of the WebSocket that an error ends; OpenAI's clients come back after 1011, 1012 and 1013, and not after 1008,
which a used-up quota is, since it does not come back for hours. Source: RFC 6455, section 7.4."""

SESSION_CLOSE_CODES: dict[CloseReason, int] = {
    CloseReason.FINISHED: 1000,
    CloseReason.IDLE: 1008,
    CloseReason.SILENT: 1008,
    CloseReason.ABANDONED: 1008,
    CloseReason.UNDECODABLE: 1008,
    CloseReason.TOO_LONG: 1009,
    CloseReason.QUOTA_EXCEEDED: 1008,
    CloseReason.SHUTTING_DOWN: 1012,
    CloseReason.FAILED: 1011,
}
"""Of the WebSocket whose session ended so."""

DEEPGRAM_CODES = {
    401: "INVALID_AUTH",
    402: "ASR_PAYMENT_REQUIRED",
    403: "INSUFFICIENT_PERMISSIONS",
    408: "SLOW_UPLOAD",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
GRPC_STATUS: dict[type[LingtingError], str] = {
    InvalidInput: "INVALID_ARGUMENT",
    UploadStalled: "DEADLINE_EXCEEDED",
    SessionIdle: "DEADLINE_EXCEEDED",
    ClientTooSlow: "DEADLINE_EXCEEDED",
    InvalidKey: "UNAUTHENTICATED",
    NotAllowed: "PERMISSION_DENIED",
    RecordNotFound: "NOT_FOUND",
    SessionNotFound: "NOT_FOUND",
    RoomNotFound: "NOT_FOUND",
    RoomTaken: "ALREADY_EXISTS",
    IdempotencyConflict: "ALREADY_EXISTS",
    WrongState: "FAILED_PRECONDITION",
    Superseded: "ABORTED",
    JobLost: "ABORTED",
    Overloaded: "RESOURCE_EXHAUSTED",
    Busy: "UNAVAILABLE",
    EngineError: "UNAVAILABLE",
    ChatError: "UNAVAILABLE",
    ModelError: "UNAVAILABLE",
    DeadlineExceeded: "DEADLINE_EXCEEDED",
    SealBroken: "DATA_LOSS",
    LingtingError: "INTERNAL",
}
"""By name, since the library is an extra."""

SESSION_GRPC_STATUS: dict[CloseReason, str] = {
    CloseReason.FINISHED: "OK",
    CloseReason.IDLE: "DEADLINE_EXCEEDED",
    CloseReason.SILENT: "DEADLINE_EXCEEDED",
    CloseReason.ABANDONED: "ABORTED",
    CloseReason.UNDECODABLE: "INVALID_ARGUMENT",
    CloseReason.TOO_LONG: "INVALID_ARGUMENT",
    CloseReason.QUOTA_EXCEEDED: "RESOURCE_EXHAUSTED",
    CloseReason.SHUTTING_DOWN: "UNAVAILABLE",
    CloseReason.FAILED: "INTERNAL",
}
"""Of the call whose session ended so."""

OPENAI_TYPES = {429: "rate_limit_exceeded", 401: "authentication_error", 403: "permission_error"}


def http_status(error: LingtingError) -> int:
    return next(HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS)


def close_code(error: LingtingError) -> int:
    return next(CLOSE_CODES[kind] for kind in type(error).__mro__ if kind in CLOSE_CODES)


def grpc_status(error: LingtingError) -> str:
    return next(GRPC_STATUS[kind] for kind in type(error).__mro__ if kind in GRPC_STATUS)


def retry_after_ms(error: LingtingError) -> int | None:
    """None where the error does not say when to come back."""
    return max(1, math.ceil(error.retry_after_seconds * 1_000)) if isinstance(error, Busy) else None


def native_body(error: LingtingError, request_id: str) -> dict[str, object]:
    """The shape of our own REST: a status other than SUCCESS, a code and a message."""
    return {
        "status": "FAILED",
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "retryable": error.retryable,
        "request_id": request_id,
    }


def openai_type(error: LingtingError) -> str:
    """What OpenAI's clients call this kind of error."""
    return _openai_type(http_status(error))


def openai_body(error: LingtingError, status: int) -> dict[str, object]:
    """The shape that OpenAI's clients turn into their exceptions."""
    kind = _openai_type(status)
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def deepgram_status(error: LingtingError) -> int:
    """A used-up quota is Deepgram's 402, after which its clients do not try again."""
    return 402 if isinstance(error, QuotaExceeded) else http_status(error)


def deepgram_body(error: LingtingError, status: int, request_id: str) -> dict[str, object]:
    """The shape that Deepgram's clients show; `code` and `param` are ours."""
    return {
        "err_code": DEEPGRAM_CODES.get(status, "Bad Request" if status < 500 else "INTERNAL_SERVER_ERROR"),
        "err_msg": error.message,
        "request_id": request_id,
        "code": error.code,
        "param": error.param,
    }


def _openai_type(status: int) -> str:
    return OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


def retry_headers(error: LingtingError) -> dict[str, str]:
    """When to come back, in whole seconds and, for OpenAI's clients, in milliseconds."""
    after_ms = retry_after_ms(error)
    if after_ms is None:
        return {}
    return {"Retry-After": str(math.ceil(after_ms / 1_000)), "retry-after-ms": str(after_ms)}
