"""A server with OpenAI's transcription route, asked as any program would ask it: a form with the file as it is.

Lingting's own server and its peers are asked in the same way, so that they are measured alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import httpx2

from lingting.client.errors import ServerError, ServerUnreachable
from lingting.domain.errors import InvalidOption

__all__ = ["Answer", "Target", "TranscriptionDoor", "one_language"]

CONNECT_SECONDS = 10.0
MAX_ANSWER_BYTES = 8 * 2**20
MAX_MESSAGE_CHARACTERS = 300
AFRESH = {"Cache-Control": "no-cache"}
CACHE_HEADER = "x-lingting-cache"


@dataclass(frozen=True, slots=True)
class Target:
    """A server and what is asked of it."""

    base_url: str
    """With the version: http://127.0.0.1:8000/v1."""
    model: str = "whisper-1"
    key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, address: str, *, model: str = "", key: str | None = None) -> Target:
        """A server's address, or its base URL, with the model behind a # where `model` is not given.

        raises    InvalidOption for what is no address
        """
        try:
            parts = urlsplit(address if "://" in address else f"http://{address}")
            _ = parts.port
        except ValueError as problem:
            raise InvalidOption("url", f"{address[:200]!r} is no address: {problem}") from problem
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidOption("url", f"{address[:200]!r} is no address like http://127.0.0.1:8000/v1")
        if parts.username or parts.password or parts.query:
            raise InvalidOption("url", "an address with a password or a query is not taken; give the key by a variable")
        path = parts.path.rstrip("/") or "/v1"
        return cls(f"{parts.scheme}://{parts.netloc}{path}", model or parts.fragment or "whisper-1", key)

    @property
    def root(self) -> str:
        """Where a Lingting server's other routes are."""
        return self.base_url.removesuffix("/v1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said of one recording."""

    text: str
    latency_seconds: float
    cache: str = ""
    """hit, miss or off, of servers that say so."""


class TranscriptionDoor:
    """Asks one server; use it as an async context manager."""

    def __init__(self, target: Target, *, connections: int = 64, answer_seconds: float = 900.0) -> None:
        headers = {"Authorization": f"Bearer {target.key}"} if target.key else {}
        self._model = target.model
        self._http = httpx2.AsyncClient(
            base_url=f"{target.base_url}/",
            headers=headers,
            timeout=httpx2.Timeout(answer_seconds, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, name: str, data: bytes, *, fields: Mapping[str, str], is_fresh: bool = True) -> Answer:
        """Send one recording.

        is_fresh  let it be recognised anew where it is cached
        raises    ServerError, ServerUnreachable
        """
        began = time.perf_counter()
        try:
            async with self._http.stream(
                "POST",
                "audio/transcriptions",
                files={"file": (name, data)},
                data={"model": self._model, "response_format": "json", **fields},
                headers=AFRESH if is_fresh else {},
            ) as answer:
                body = await _read(answer)
        except (httpx2.TransportError, httpx2.DecodingError) as problem:
            raise ServerUnreachable(f"the server cannot be reached: {type(problem).__name__}") from problem
        if answer.is_error:
            raise _refusal(answer.status_code, body)
        return Answer(_text(body), time.perf_counter() - began, answer.headers.get(CACHE_HEADER, ""))


def one_language(language: str) -> str | None:
    """The code that such servers take; None for two languages in one recording, or none."""
    given = language.strip().lower().replace("_", "-")
    first, _, rest = given.partition("-")
    return first if given and rest not in ("zh", "en", "yue", "ja", "ko") else None


async def _read(answer: httpx2.Response) -> bytes:
    """raises    ServerError for an answer longer than any true one"""
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise ServerError("unreadable_answer", f"the server's answer has more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _text(body: bytes) -> str:
    try:
        text = json.loads(body)["text"]
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise ServerError("unreadable_answer", "the server's answer is no transcription in JSON") from problem
    if not isinstance(text, str):
        raise ServerError("unreadable_answer", "the server's answer has no text")
    return text


def _refusal(status: int, body: bytes) -> ServerError:
    """The server's own code and message, in OpenAI's shape or in ours."""
    try:
        said = json.loads(body)
        said = said.get("error", said)
        code, message = said.get("code"), said.get("message")
    except (ValueError, AttributeError, RecursionError):
        code = message = None
    told = message if isinstance(message, str) else f"the server answered with HTTP status {status}"
    return ServerError(code if isinstance(code, str) else f"http_{status}", told[:MAX_MESSAGE_CHARACTERS])
