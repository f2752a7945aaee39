"""Tokens that stand for what was hidden: short, the same for the same text of the same owner, opened only on purpose.

`⟦PHONE:…⟧` holds the hidden text itself, sealed under a key that lives as long as the server's vault: nothing is stored
for it, and it goes wherever the transcript goes. Promises: it is worth nothing without the vault; it opens for its own
owner only; changed, it opens for nobody.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial

from lingting.crypto import Vault
from lingting.domain import PiiKind
from lingting.domain.errors import SealBroken

__all__ = ["TOKEN", "RedactionTokens"]

TOKEN = re.compile(r"⟦(?P<kind>[A-Z_]{2,20}):(?P<sealed>[A-Za-z0-9_-]{20,2000})⟧")


class RedactionTokens:
    """Makes and opens them. Safe in threads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealer_of(self, owner: str) -> partial[str]:
        """What seals for an owner; see `Principal.owner`."""
        return partial(self._seal, owner)

    def open(self, token: str, *, owner: str) -> str:
        """What the token stands for.

        raises    SealBroken for what is no token, or another owner's
        """
        match = TOKEN.fullmatch(token)
        try:
            kind = PiiKind((match["kind"] if match else "").lower())
            encoded = match["sealed"] if match else ""
            sealed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (ValueError, binascii.Error) as problem:
            raise SealBroken("this is no token of a redaction") from problem
        return self._vault.open_same(sealed, about=_about(owner, kind)).decode("utf-8", "surrogatepass")

    def _seal(self, owner: str, kind: PiiKind, text: str) -> str:
        sealed = self._vault.seal_same(text.encode("utf-8", "surrogatepass"), about=_about(owner, kind))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _about(owner: str, kind: PiiKind) -> str:
    return f"redaction {kind} {owner}"
