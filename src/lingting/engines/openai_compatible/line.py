"""The connection to the server: the SDK's client, held to what was set here and nothing that lies about.

The SDK reads variables of the environment by itself (keys, headers, an organisation, proxies), follows redirects, tells
the server about this machine, and takes answers of any length. Here only known headers go out, to the one address that
was set, and an answer has a bound.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import httpx2
import openai

from lingting.domain.errors import EngineFailed

__all__ = ["MAX_ANSWER_BYTES", "Line", "LineSettings"]

MAX_ANSWER_BYTES = 4 * 2**20
KEPT_SECONDS = 30.0
"""An idle connection; shorter than what gateways wait, so that it is seldom found closed."""
RAW_MARK = "x-stainless-raw-response"
"""By which the SDK knows, when the answer comes, that it was asked not to read it."""
SENT_HEADERS = frozenset(
    {"host", "content-type", "content-length", "transfer-encoding", "accept", "connection", RAW_MARK}
)


class LineSettings(Protocol):
    """Where the server is, and how long it may take."""

    @property
    def base_url(self) -> str: ...
    @property
    def organization(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def use_proxies(self) -> bool: ...
    @property
    def max_connections(self) -> int: ...
    @property
    def connect_seconds(self) -> float: ...
    @property
    def answer_seconds(self) -> float: ...


class Line:
    """Belongs to one event loop; has an `aclose`.

    key    sent as a bearer value; may be replaced while calls are in hand; empty sends none
    """

    def __init__(self, settings: LineSettings, key: str) -> None:
        self.key = key
        self._settings = settings
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(settings.answer_seconds, connect=settings.connect_seconds, pool=None),
            limits=httpx2.Limits(
                max_connections=settings.max_connections,
                max_keepalive_connections=settings.max_connections,
                keepalive_expiry=KEPT_SECONDS,
            ),
            follow_redirects=False,
            trust_env=settings.use_proxies,
            event_hooks={"request": [self._dress], "response": [_bound]},
        )
        self.api = openai.AsyncOpenAI(
            api_key="set-when-sent",
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url=settings.base_url,
            max_retries=0,
            http_client=self._http,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _dress(self, request: httpx2.Request) -> None:
        settings = self._settings
        for name in set(request.headers) - SENT_HEADERS:
            del request.headers[name]
        request.headers["User-Agent"] = "lingting"
        request.headers["Accept-Encoding"] = "identity"
        named = {"OpenAI-Organization": settings.organization, "OpenAI-Project": settings.project}
        if self.key:
            named["Authorization"] = f"Bearer {self.key}"
        request.headers.update({name: value for name, value in named.items() if value})


async def _bound(response: httpx2.Response) -> None:
    """raises    EngineFailed for a body that would have to be unpacked: what a few bytes unfold to has no bound"""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise EngineFailed("openai: the server packed its answer, though it was asked not to")
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    """A body that may not go on for ever."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left_bytes = MAX_ANSWER_BYTES
        async for piece in self._stream:
            left_bytes -= len(piece)
            if left_bytes < 0:
                raise EngineFailed(f"openai: the server sent an answer of more than {MAX_ANSWER_BYTES} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
