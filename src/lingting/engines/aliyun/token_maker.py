"""Makes tokens: asks Aliyun for one with the access key, or takes the one that is given."""

from __future__ import annotations

import asyncio
import ssl
import uuid

import httpx2

from lingting.domain.clock import Clock
from lingting.domain.errors import SettingsInvalid
from lingting.engines.aliyun.credentials import Credentials, read_credentials
from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.rest import PLAIN, read_body
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.aliyun.tokens import Token
from lingting.engines.aliyun.wire import fault_of, parse_token, token_query

__all__ = ["TokenMaker"]

TOO_OFTEN = b"Throttling"
"""In the code of an answer with status 400."""


class TokenMaker:
    """Reads the credentials when it is made, and again for each token, so that a rotated key is found."""

    def __init__(self, settings: AliyunSettings, clock: Clock, tls: ssl.SSLContext) -> None:
        """raises    SettingsInvalid"""
        self._settings = settings
        self._clock = clock
        self._tls = tls
        self.credentials = read_credentials(settings)

    async def make(self) -> Token:
        """A connection of its own, on whichever loop asks: it happens once a day.

        raises    Fault
        """
        self.credentials = found = await asyncio.to_thread(self._read_again)
        if found.token:
            return Token(found.token, life_seconds=None)
        body = await self._asked(found)
        text, expires = parse_token(body)
        return Token(text, expires - self._clock.now().timestamp())

    async def _asked(self, found: Credentials) -> bytes:
        query = token_query(
            found.access_key_id,
            found.access_key_secret,
            region=self._settings.region,
            nonce=uuid.uuid4().hex,
            timestamp=self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        timeout = httpx2.Timeout(self._settings.answer_seconds, connect=self._settings.connect_seconds)
        try:
            async with (
                httpx2.AsyncClient(verify=self._tls, timeout=timeout, trust_env=self._settings.uses_proxies) as http,
                http.stream("POST", f"{self._settings.maker_url}/?{query}", headers=PLAIN) as answer,
            ):
                body = await read_body(answer)
        except httpx2.TimeoutException:
            raise Fault(FaultKind.AWAY, "no token came in time") from None
        except httpx2.TransportError as problem:
            raise Fault(FaultKind.AWAY, f"tokens cannot be asked for ({type(problem).__name__})") from None
        if answer.status_code == 200:
            return body
        if answer.status_code < 500 and TOO_OFTEN in body:
            raise Fault(FaultKind.THROTTLED, "tokens were asked for too often")
        if answer.status_code < 500 and answer.status_code != 429:
            raise Fault(FaultKind.REFUSED, f"it makes no token for this access key (status {answer.status_code})")
        raise fault_of(0, answer.status_code)

    def _read_again(self) -> Credentials:
        """Those that are known stay good while new ones are being written."""
        try:
            return read_credentials(self._settings)
        except SettingsInvalid:
            return self.credentials
