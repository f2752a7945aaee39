"""Completes the OpenAPI document: which errors each operation may answer with, and in which shape.

The statuses follow from what an operation takes: a body may be too large, a name may be of nothing. FastAPI's own 422
is taken out; no answer here has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from lingting.api.http.answers import ALIYUN_PATHS, DEEPGRAM_PATHS, OPENAI_PATHS

__all__ = ["describe_errors"]

Node = dict[str, Any]  # Any: OpenAPI is JSON
MEANINGS = {
    400: "Something in the request is wrong; `param` names it",
    401: "A key is missing or wrong",
    402: "The key has used up its audio of the day or month",
    403: "The key or the address may not do this",
    404: "There is nothing of this name, or it belongs to somebody else",
    405: "Not with this method",
    408: "The body did not arrive in time",
    409: "It is in a state in which this cannot be done",
    410: "It is gone",
    413: "The body or the recording is over a limit",
    415: "Not in this encoding",
    429: "Too much at once or in all; come back after Retry-After seconds",
    500: "Something broke here; the log has the request id of this answer",
    503: "Starting, stopping, or without something that is needed; come back after Retry-After seconds",
    504: "It took longer than it may",
}
QUIET_PATHS = ("/healthz", "/readyz")
"""They answer whatever the state, in a shape of their own."""
REQUEST_ID: Node = {"description": "Also on every log line about the request", "schema": {"type": "string"}}
RETRY_AFTER: Node = {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
NATIVE: Node = {
    "type": "object",
    "required": ["status", "code", "message", "param", "retryable", "request_id"],
    "properties": {
        "status": {"type": "string", "const": "FAILED"},
        "code": {"type": "string", "description": "Stable; docs/errors.md lists them"},
        "message": {"type": "string"},
        "param": {"type": ["string", "null"]},
        "retryable": {"type": "boolean"},
        "request_id": {"type": "string"},
    },
}
OPENAI: Node = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string", "description": "Stable; docs/errors.md lists them"},
            },
        }
    },
}
ALIYUN: Node = {
    "type": "object",
    "required": ["task_id", "result", "status", "message", "code"],
    "properties": {
        "task_id": {"type": "string"},
        "result": {"type": "string", "const": ""},
        "status": {"type": "integer", "description": "docs/aliyun.md lists them"},
        "message": {"type": "string"},
        "code": {"type": "string", "description": "Stable; docs/errors.md lists them"},
    },
}
DEEPGRAM: Node = {
    "type": "object",
    "required": ["err_code", "err_msg", "request_id", "code", "param"],
    "properties": {
        "err_code": {"type": "string"},
        "err_msg": {"type": "string"},
        "request_id": {"type": "string"},
        "code": {"type": "string", "description": "Stable; docs/errors.md lists them"},
        "param": {"type": ["string", "null"]},
    },
}


def describe_errors(app: FastAPI) -> None:
    """Make the application's document say which errors there are."""
    plain = app.openapi

    def complete() -> Node:
        is_done = app.openapi_schema is not None
        document = plain()
        if not is_done:
            _complete(document)
        return document

    app.openapi = complete  # type: ignore[method-assign]  # FastAPI documents this as the way


def _complete(document: Node) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Error": NATIVE, "OpenAIError": OPENAI, "DeepgramError": DEEPGRAM, "AliyunError": ALIYUN}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            answers.pop("422", None)
            if path not in QUIET_PATHS:
                for status in _statuses(path, method, operation):
                    answers.setdefault(str(status), _error(status, path))


def _statuses(path: str, method: str, operation: Node) -> Iterator[int]:
    yield from (400, 403, 405, 429, 500, 503)
    if "security" in operation:
        yield 401
    if path.startswith(DEEPGRAM_PATHS):
        yield 402
    if "{" in path or "/audio" in path:  # a room, a record, a model
        yield from (404, 409)
    if path.endswith("/result"):  # of a job that failed: whatever the request would have been answered
        yield from MEANINGS
    if method != "get":
        yield 409
    if "requestBody" in operation:
        yield from (404, 408, 413, 504)


def _error(status: int, path: str) -> Node:
    shape = "OpenAIError" if path.startswith(OPENAI_PATHS) else "Error"
    shape = "DeepgramError" if path.startswith(DEEPGRAM_PATHS) else shape
    shape = "AliyunError" if path.startswith(ALIYUN_PATHS) else shape
    headers = {"X-Request-ID": REQUEST_ID}
    if status in (429, 503):
        headers["Retry-After"] = RETRY_AFTER
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"description": MEANINGS[status], "headers": headers, "content": {"application/json": {"schema": schema}}}
