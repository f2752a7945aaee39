"""What carries the messages: a WebSocket, or whatever a test puts in its place."""

from __future__ import annotations

import json
import os
import ssl as tls
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from lingting.client.retry import Refusal
from lingting.domain.errors import InvalidOption

__all__ = ["Address", "Transport", "TransportClosed", "TransportRefused", "Unreachable", "open_socket", "stream_url"]

PATH = "/v1/asr/stream"
KEY_VARIABLE = "LINGTING_API_KEY"
SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
OPEN_SECONDS = 10.0
PING_SECONDS = 15.0
PONG_SECONDS = 40.0
"""Long, because the answer stands in line behind audio that was sent before."""
CLOSE_SECONDS = 3.0
MAX_MESSAGE_BYTES = 16 * 2**20
"""The text of the longest session is far smaller."""
NO_CODE = 1005
ABNORMAL = 1006


class TransportClosed(Exception):
    """The connection has ended."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class TransportRefused(Exception):
    """The handshake was answered with HTTP."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


class Unreachable(Exception):
    """Nothing answered, or nothing that speaks WebSocket."""


class Transport(Protocol):
    """One connection."""

    async def send(self, message: str | bytes) -> None:
        """raises    TransportClosed"""
        ...

    async def receive(self) -> str | bytes:
        """raises    TransportClosed"""
        ...

    async def close(self, code: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and how it is reached."""

    url: str
    key: str | None = None
    ssl: tls.SSLContext | None = None
    proxy: str | Literal[True] | None = True
    """True takes what the environment says, but not to this very machine; None takes none."""

    @classmethod
    def of(
        cls,
        url: str,
        *,
        key: str | None,
        ssl: tls.SSLContext | None,
        proxy: str | Literal[True] | None,
        path: str = PATH,
    ) -> Address:
        """
        key      None takes that of the environment
        path     where the address has none

        raises    InvalidOption for what is no address
        """
        whole = stream_url(url, path)
        if ssl is not None and not whole.startswith("wss:"):
            raise InvalidOption("ssl", "certificates need an address that begins with wss:// or https://")
        return cls(whole, os.environ.get(KEY_VARIABLE) if key is None else key, ssl, proxy)

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def stream_url(given: str, usual_path: str = PATH) -> str:
    """The stream's full address: the path, unless there is one, and the scheme of WebSockets.

    raises    InvalidOption for what is no address
    """
    try:
        parts = urlsplit(given if "://" in given else f"ws://{given}")
        scheme = SCHEMES.get(parts.scheme.lower())
        _ = parts.port
    except ValueError as problem:
        raise InvalidOption("url", f"{given!r} is no address: {problem}") from problem
    if scheme is None or not parts.hostname:
        raise InvalidOption("url", f"{given!r} is no address like ws://127.0.0.1:8000 or wss://example.com")
    path = usual_path if parts.path in ("", "/") else parts.path
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


async def open_socket(address: Address) -> Transport:
    """Connect.

    raises    TransportRefused, Unreachable
    """
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    proxy = None if address.proxy is True and _is_here(address.url) else address.proxy
    try:
        connection = await connect(
            address.url,
            additional_headers=headers,
            compression=None,
            proxy=proxy,
            open_timeout=OPEN_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            ssl=address.ssl or (True if address.url.startswith("wss:") else None),
        )
    except InvalidStatus as refused:
        answer = refused.response
        raise TransportRefused(_refusal(answer.status_code, answer.headers, answer.body)) from refused
    except InvalidURI as problem:
        raise InvalidOption("url", str(problem)) from problem
    except (OSError, InvalidHandshake, TimeoutError) as problem:
        raise Unreachable(str(problem) or type(problem).__name__) from problem
    return _Socket(connection)


class _Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def close(self, code: int) -> None:
        await self._connection.close(code)


def _closed(closed: ConnectionClosed) -> TransportClosed:
    """What the server said; a connection that this side gave up, for want of a pong, counts as lost."""
    if closed.rcvd is None:
        return TransportClosed(ABNORMAL, closed.sent.reason if closed.sent else "")
    return TransportClosed(closed.rcvd.code or NO_CODE, closed.rcvd.reason)


def _refusal(status: int, headers: Headers, body: bytes | bytearray | None) -> Refusal:
    """What the answer says, in either of the server's shapes, or none."""
    try:
        said = json.loads(body or b"")
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("error"), dict):
        said = said["error"]
    known = said if isinstance(said, dict) else {}
    code, message = known.get("code"), known.get("message")
    return Refusal(
        status,
        code if isinstance(code, str) else f"http_{status}",
        message if isinstance(message, str) else f"the server answered with HTTP status {status}",
        _retry_after_seconds(headers),
    )


def _retry_after_seconds(headers: Headers) -> float:
    for name, unit in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        given = headers.get(name, "")
        if given.isdecimal():
            return int(given) * unit
    return 0.0


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
