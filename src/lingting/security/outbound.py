"""Calls to web addresses that callers named: fetching a recording, posting a callback.

Promises: a connection goes only to an address that was checked, and is made to that very address, so that a name which
leads elsewhere a moment later (DNS rebinding) gains nothing; TLS is checked for the name; proxies of the environment
are not used; bytes, time and redirects are bounded; a refusal says nothing of the network inside.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import httpcore2

from lingting.domain.errors import AudioTooLarge, FetchFailed, LingtingError, SettingsInvalid, UrlNotAllowed
from lingting.security.addresses import Address
from lingting.security.urls import OutboundSettings, UrlGuard, WebAddress

__all__ = ["FetchObserver", "FetchedFile", "Outbound", "PinningBackend", "Resolver"]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to the addresses it has now."""

LOOKUP_THREADS = 4
"""Of their own, so that names which nobody answers for hold up nothing else."""
MAX_ADDRESSES = 64
MAX_TRIED = 4
WRITE_BYTES = 2**20
MAX_IGNORED_BYTES = 64 * 2**10
"""Of a callback receiver's answer: read to be polite, and thrown away."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNREACHABLE = "the server at the address cannot be reached, or its certificate is not for the name"
NOT_PUBLIC = "the host name does not lead to a public address"
"""Also for names that lead nowhere: which names exist inside is nobody's business."""


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What came from an address."""

    content_type: str
    """As the server said; empty if it did not."""
    size_bytes: int


class FetchObserver(Protocol):
    """Told what happened, for metrics."""

    def fetched(self, outcome: str, *, size_bytes: int = 0) -> None: ...


class Outbound:
    """Calls out, within the rules. Belongs to one event loop; has an `aclose`.

    resolve   looks names up, instead of the system
    raises    SettingsInvalid
    """

    def __init__(
        self, settings: OutboundSettings, *, resolve: Resolver | None = None, observer: FetchObserver | None = None
    ) -> None:
        self._observer = observer
        self.guard = UrlGuard(settings)
        self._settings = settings
        self._tls = _tls_context(settings.ca_file)
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")
        self._backend = PinningBackend(self.guard, resolve or self._look_up)

    async def aclose(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def fetch(self, url: str, path: Path, *, max_bytes: int, seconds: float, idle_seconds: float) -> FetchedFile:
        """Write what is at the URL to a file, which is gone again if that fails.

        seconds         for all, redirects included
        idle_seconds    between two pieces
        raises          UrlNotAllowed, FetchFailed, AudioTooLarge
        """
        outcome, size_bytes = "broken_off", 0
        try:
            async with asyncio.timeout(seconds):
                fetched = await self._fetched(self.guard.check(url), path, max_bytes, idle_seconds)
            outcome, size_bytes = "ok", fetched.size_bytes
        except TimeoutError as problem:
            outcome = FetchFailed.code
            raise FetchFailed(f"the server at the address took longer than {seconds:g} seconds") from problem
        except LingtingError as problem:
            outcome = problem.code
            raise
        finally:
            if self._observer is not None:
                self._observer.fetched(outcome, size_bytes=size_bytes)
        return fetched

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> int:
        """Send a callback and return the status; redirects are not followed, the answer's body is ignored.

        raises    UrlNotAllowed, FetchFailed
        """
        address = self.guard.check(url, is_callback=True)
        try:
            async with (
                asyncio.timeout(seconds),
                self._answer("POST", address, headers, seconds, body) as answer,
            ):
                await _skim(answer)
                return int(answer.status)
        except TimeoutError as problem:
            raise FetchFailed(f"the server at the address took longer than {seconds:g} seconds") from problem

    async def _fetched(self, address: WebAddress, path: Path, max_bytes: int, idle_seconds: float) -> FetchedFile:
        for _ in range(self._settings.max_redirects + 1):
            headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
            async with self._answer("GET", address, headers, idle_seconds) as answer:
                if answer.status not in REDIRECTS:
                    return await _saved(answer, path, max_bytes)
                location = _header(answer, b"location")
            if not location:
                raise FetchFailed("the server at the address redirects to nowhere")
            address = self.guard.check_redirect(address, location)
        raise FetchFailed(f"the server at the address redirects more than {self._settings.max_redirects} times")

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        address: WebAddress,
        headers: Mapping[str, str],
        idle_seconds: float,
        body: bytes | None = None,
    ) -> AsyncIterator[httpcore2.Response]:
        """One request on a connection of its own: none is kept that a later check would not see."""
        host = address.host.encode("ascii")
        origin = httpcore2.Origin(address.scheme.encode(), host, address.port)
        target = httpcore2.URL(scheme=address.scheme, host=host, port=address.port, target=address.target)
        connect_seconds = self._settings.connect_seconds
        timeout = {"connect": connect_seconds, "read": idle_seconds, "write": idle_seconds, "pool": connect_seconds}
        connection = httpcore2.AsyncHTTPConnection(origin, ssl_context=self._tls, network_backend=self._backend)
        sent = [("Host", address.authority), ("User-Agent", "Lingting"), ("Connection", "close"), *headers.items()]
        try:
            async with connection.stream(
                method,
                target,
                headers=sent,
                content=body,
                extensions={"timeout": timeout},
            ) as answer:
                yield answer
        except (httpcore2.ReadTimeout, httpcore2.WriteTimeout) as problem:
            raise FetchFailed(f"the server at the address did nothing for {idle_seconds:g} seconds") from problem
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as problem:
            raise FetchFailed(UNREACHABLE) from problem
        except (httpcore2.ProtocolError, httpcore2.NetworkError) as problem:
            raise FetchFailed("the server at the address broke off, or does not speak HTTP") from problem
        finally:
            await connection.aclose()

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [str(entry[4][0]) for entry in found]


class PinningBackend(httpcore2.AsyncNetworkBackend):
    """Looks a name up, checks every address it has, and connects to one of those."""

    def __init__(self, guard: UrlGuard, resolve: Resolver) -> None:
        self._guard = guard
        self._resolve = resolve
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Any = None,  # Any: what httpcore2 takes
    ) -> httpcore2.AsyncNetworkStream:
        """raises    UrlNotAllowed, and what httpcore2 raises"""
        failure: Exception | None = None
        for address in await self._addresses(host, port, timeout):
            try:
                stream = await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as problem:
                failure = problem
                continue
            await self._require_elsewhere(host, address, stream)
            return stream
        raise failure or httpcore2.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[Address]:
        try:
            async with asyncio.timeout(seconds):
                found = await self._resolve(host, port)
            addresses = [ip_address(text) for text in dict.fromkeys(found)]
        except TimeoutError as problem:
            raise httpcore2.ConnectTimeout("looking up") from problem
        except (OSError, ValueError) as problem:  # UnicodeError, for names the system will not look up, among them
            raise UrlNotAllowed(NOT_PUBLIC) from problem
        allowed = all(self._guard.may_connect(host, address) for address in addresses)
        if not addresses or len(addresses) > MAX_ADDRESSES or not allowed:
            raise UrlNotAllowed(NOT_PUBLIC)
        return addresses[:MAX_TRIED]

    async def _require_elsewhere(self, host: str, address: Address, stream: httpcore2.AsyncNetworkStream) -> None:
        """A machine may have a public address of its own, and services there that trust whoever is on it."""
        ours, theirs = stream.get_extra_info("client_addr"), stream.get_extra_info("server_addr")
        if ours[0] == theirs[0] and not self._guard.is_open(address) and not self._guard.is_named(host):
            await stream.aclose()
            raise UrlNotAllowed(NOT_PUBLIC)


async def _saved(answer: httpcore2.Response, path: Path, max_bytes: int) -> FetchedFile:
    if answer.status != 200:
        raise FetchFailed(f"the server at the address answered {answer.status}")
    # Nothing else was asked for, and what a few packed bytes unfold to has no bound.
    if _header(answer, b"content-encoding").lower() not in {"", "identity"}:
        raise FetchFailed("the server at the address sends the file compressed, which was not asked for")
    length = _header(answer, b"content-length")
    if length.isdigit() and int(length) > max_bytes:
        raise AudioTooLarge(max_bytes)
    file = await asyncio.to_thread(path.open, "wb")
    try:
        size_bytes = await _written(answer, file, max_bytes)
    except BaseException:
        await asyncio.to_thread(_discard, file, path)
        raise
    await asyncio.to_thread(file.close)
    return FetchedFile(_header(answer, b"content-type")[:200], size_bytes)


async def _written(answer: httpcore2.Response, file: BinaryIO, max_bytes: int) -> int:
    size_bytes, waiting = 0, bytearray()
    async for piece in answer.aiter_stream():
        size_bytes += len(piece)
        if size_bytes > max_bytes:
            raise AudioTooLarge(max_bytes)
        waiting += piece
        if len(waiting) >= WRITE_BYTES:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))
    return size_bytes


def _discard(file: BinaryIO, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


async def _skim(answer: httpcore2.Response) -> None:
    ignored_bytes = 0
    async for piece in answer.aiter_stream():
        ignored_bytes += len(piece)
        if ignored_bytes > MAX_IGNORED_BYTES:
            return


def _header(answer: httpcore2.Response, name: bytes) -> str:
    value = next((value for key, value in answer.headers if key.lower() == name), b"")
    return bytes(value).decode("utf-8", "replace")


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = httpcore2.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise SettingsInvalid(
                f"outbound.ca_file cannot be read: {type(problem).__name__}", param="outbound.ca_file"
            ) from problem
    return context
