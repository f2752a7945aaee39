"""A key's other faces: a secret that signs requests and is never shown to the server, and tokens that stand for the
key for a while.

Promises: both are derived under the vault, so that nothing more is kept of a key, and any process of an installation
can check what another has made; both end with the secret that they were derived from, when the key is revoked, has
expired or was rotated (and the grace is over); a token recognises speech and does nothing else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from lingting.crypto import Vault, is_same, new_bytes, sign_rpc
from lingting.domain import Clock, Principal, Scope
from lingting.domain.errors import InvalidKey
from lingting.security.keys import Keys

__all__ = ["IssuedToken", "KeyPairs", "SignedRequest", "is_token"]

PREFIX = "lts_"
ID_BYTES, TIME_BYTES, SALT_BYTES, MAC_BYTES = 6, 8, 8, 32
PAYLOAD_BYTES = ID_BYTES + TIME_BYTES + SALT_BYTES
TOKEN_CHARACTERS = len(PREFIX) + 4 * (PAYLOAD_BYTES + MAC_BYTES) // 3
NOBODY = bytes(ID_BYTES)
"""Where no key is asked for; once one is, no key has this id."""
SECRET_CHARACTERS = 40
TOKEN_SCOPES = frozenset((Scope.STREAM, Scope.TRANSCRIBE))


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made."""

    text: str = field(repr=False)
    expires_at: int
    """Seconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a caller says, and its signature of that."""

    method: str
    fields: Mapping[str, str]
    signature: str


class KeyPairs:
    """Checks and makes them. Holds nothing; make one wherever it is needed."""

    def __init__(self, vault: Vault, keys: Keys, clock: Clock) -> None:
        self._vault = vault
        self._keys = keys
        self._clock = clock

    async def secret_of(self, identity: str) -> str:
        """What the holder of this key signs with; the same each time, until the key is rotated.

        raises    RecordNotFound, StorageUnavailable
        """
        record = await self._keys.find(identity)
        return self._secret(record.id, record.secret_hash)

    async def vouch(self, identity: str, request: SignedRequest, *, address: str) -> Principal:
        """Who signed the request, with `secret_of`.

        raises    what `Keys.verify` raises
        """
        given = request.signature.encode("utf-8", "surrogatepass")

        def matches(secret_hash: bytes) -> bool:
            signature = sign_rpc(request.method, request.fields, secret=self._secret(identity, secret_hash))
            return is_same(signature.encode(), given)

        return await self._keys.vouch(identity, matches, address=address)

    async def issue(self, principal: Principal, *, seconds: float) -> IssuedToken:
        """raises    RecordNotFound, StorageUnavailable"""
        expires_at = int(self._clock.now().timestamp() + seconds)
        identity = bytes.fromhex(principal.key_id) if principal.key_id else NOBODY
        payload = identity + expires_at.to_bytes(TIME_BYTES, "big") + new_bytes(SALT_BYTES)
        secret_hash = (await self._keys.find(principal.key_id)).secret_hash if principal.key_id else b""
        whole = payload + self._mac(payload, secret_hash)
        return IssuedToken(PREFIX + base64.urlsafe_b64encode(whole).decode(), expires_at)

    async def redeem(self, token: str, *, address: str) -> Principal:
        """The key's holder, with no scope but speech.

        raises    what `Keys.verify` raises; InvalidKey also once the token has expired
        """
        payload, given = _split(token)
        principal = await self._keys.vouch(payload[:ID_BYTES].hex(), self._fits(payload, given), address=address)
        expires_at = int.from_bytes(payload[ID_BYTES : ID_BYTES + TIME_BYTES], "big")
        if self._clock.now().timestamp() >= expires_at:
            raise InvalidKey("the token has expired; make another", param="Authorization")
        scopes = TOKEN_SCOPES if principal.may(Scope.ADMIN) else principal.scopes & TOKEN_SCOPES
        return replace(principal, scopes=scopes)

    def _fits(self, payload: bytes, given: bytes) -> Callable[[bytes], bool]:
        return lambda secret_hash: is_same(self._mac(payload, secret_hash), given)

    def _mac(self, payload: bytes, secret_hash: bytes) -> bytes:
        return self._vault.mac("key token", payload + secret_hash)

    def _secret(self, identity: str, secret_hash: bytes) -> str:
        return self._vault.mac("key signing secret", identity.encode() + secret_hash).hex()[:SECRET_CHARACTERS]


def is_token(key: str | None) -> TypeGuard[str]:
    return key is not None and key.startswith(PREFIX)


def _split(token: str) -> tuple[bytes, bytes]:
    """What the token says and its seal; of what is no token something that fits nothing."""
    try:
        whole = base64.urlsafe_b64decode(token.removeprefix(PREFIX)) if len(token) == TOKEN_CHARACTERS else b""
    except (binascii.Error, ValueError):
        whole = b""
    whole = whole.ljust(PAYLOAD_BYTES + MAC_BYTES, b"\0")
    return whole[:PAYLOAD_BYTES], whole[PAYLOAD_BYTES:]
