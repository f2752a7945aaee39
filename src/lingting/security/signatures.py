"""Signs callbacks as Standard Webhooks do, with a secret of the owner's. The only module that imports that library.

A secret that was rotated signs beside the fresh one for a time of grace, so that a receiver can change over when it
likes. Source: https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field

from standardwebhooks import Webhook

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.storage.db import Database
from lingting.storage.secrets import changed_secret, kept_secret

__all__ = ["CallbackSecret", "CallbackSigner"]

SECRET_BYTES = 32
"""The standard asks for 24 to 64."""


@dataclass(frozen=True, slots=True)
class CallbackSecret:
    """What an owner's receivers check signatures by."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    previous_until_ms: int = 0
    """Until when callbacks are signed by the previous one too."""


class CallbackSigner:
    """The owners' secrets, sealed, each made when it is first needed."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, *, grace_seconds: float) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._grace_ms = int(grace_seconds * 1_000)

    async def secret(self, owner: str) -> CallbackSecret:
        """raises    SealBroken, StorageUnavailable"""
        fresh = _packed(CallbackSecret(_new()))
        kept = await kept_secret(self._database, self._vault, self._clock, self._name(owner), fresh)
        return self._unpacked(kept)

    async def rotate(self, owner: str) -> CallbackSecret:
        """A fresh secret; the one before goes on signing for a while, the one before that no longer.

        raises    SealBroken, StorageUnavailable
        """
        await self.secret(owner)
        until_ms = self._now_ms() + self._grace_ms
        fresh = _new()

        def change(kept: bytes) -> bytes:
            return _packed(CallbackSecret(fresh, self._unpacked(kept).current, until_ms))

        return self._unpacked(await changed_secret(self._database, self._vault, self._name(owner), change))

    async def headers(self, owner: str, name: str, payload: bytes) -> dict[str, str]:
        """Of a callback that is sent now.

        name      the same each time it is sent, so that a receiver knows it again
        raises    SealBroken, StorageUnavailable
        """
        secret = await self.secret(owner)
        at = self._clock.now()
        signers = [secret.current] + ([secret.previous] if secret.previous else [])
        signatures = [Webhook(signer).sign(msg_id=name, timestamp=at, data=payload.decode()) for signer in signers]
        return {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _unpacked(self, kept: bytes) -> CallbackSecret:
        value = json.loads(kept)
        secret = CallbackSecret(value["current"], value["previous"], value["previous_until_ms"])
        return secret if secret.previous_until_ms > self._now_ms() else CallbackSecret(secret.current)

    def _name(self, owner: str) -> str:
        return f"callback:{self._vault.mac('callback-owner', owner.encode()).hex()}"

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1_000)


def _new() -> str:
    """In standard base64: the library drops what belongs to the alphabet for URLs without a word."""
    return f"whsec_{base64.b64encode(os.urandom(SECRET_BYTES)).decode()}"


def _packed(secret: CallbackSecret) -> bytes:
    value = {
        "current": secret.current,
        "previous": secret.previous,
        "previous_until_ms": secret.previous_until_ms,
    }
    return json.dumps(value).encode()
