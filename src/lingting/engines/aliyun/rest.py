"""Short speech over HTTP: one request a clip, on connections that are kept."""

from __future__ import annotations

import ssl

import httpx2

from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.aliyun.tokens import Token
from lingting.engines.aliyun.wire import Wishes, parse_rest, rest_target
from lingting.engines.aliyun.words import Heard, Sentence

__all__ = ["PLAIN", "RestDoor", "read_body"]

KEPT_SECONDS = 30.0
"""An idle connection; shorter than what gateways wait, so that it is seldom found closed."""
MAX_ANSWER_BYTES = 1 * 2**20
PLAIN = {"Accept-Encoding": "identity"}
"""Of every request."""


class RestDoor:
    """Belongs to one event loop; has an `aclose`."""

    def __init__(self, settings: AliyunSettings, tls: ssl.SSLContext) -> None:
        self._settings = settings
        timeout = httpx2.Timeout(settings.answer_seconds, connect=settings.connect_seconds)
        limits = httpx2.Limits(
            max_connections=settings.max_concurrent,
            max_keepalive_connections=settings.pool_size,
            keepalive_expiry=KEPT_SECONDS,
        )
        self._http = httpx2.AsyncClient(verify=tls, timeout=timeout, limits=limits, trust_env=settings.uses_proxies)

    async def recognize(self, pcm: bytes, wishes: Wishes, *, appkey: str, token: Token) -> Heard:
        """raises    Fault"""
        headers = {**PLAIN, "X-NLS-Token": token.text, "Content-Type": "application/octet-stream"}
        url = f"{self._settings.http_url}{rest_target(appkey, wishes)}"
        try:
            async with self._http.stream("POST", url, content=pcm, headers=headers) as answer:
                body = await read_body(answer)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as problem:
            raise Fault(FaultKind.AWAY, f"it cannot be reached ({type(problem).__name__})") from None
        except httpx2.TimeoutException:
            raise Fault(FaultKind.AWAY, f"it said nothing for {self._settings.answer_seconds:g} seconds") from None
        except httpx2.TransportError as problem:
            raise Fault(FaultKind.BROKEN_OFF, f"the connection broke off ({type(problem).__name__})") from None
        try:
            text = parse_rest(body, answer.status_code)
        except Fault as fault:
            fault.retry_after_seconds = _retry_after_seconds(answer)
            raise
        return Heard((Sentence(text, None),) if text else ())

    async def aclose(self) -> None:
        await self._http.aclose()


async def read_body(answer: httpx2.Response) -> bytes:
    """Not unpacked, as it was asked for plain: what a few bytes unfold to has no bound.

    raises    Fault for one that is too long
    """
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise Fault(FaultKind.SENSELESS, f"it sent an answer of more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _retry_after_seconds(answer: httpx2.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0.0
