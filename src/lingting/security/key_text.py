"""What a key looks like: `ltk_` and an id that may be shown, then a secret that is shown once."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from lingting.crypto import hash_of, new_secret

__all__ = ["KEY_PREFIX", "ShownKey", "is_key_id", "new_key_id", "new_key_text", "read_key"]

KEY_PREFIX = "ltk_"
ID_BYTES = 6
SECRET_BYTES = 32
_ID = re.compile("[0-9a-f]{12}")
_KEY = re.compile(r"ltk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
"""43 characters of base64 are 32 bytes."""


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key that a caller has shown, or that was just made."""

    id: str
    hash: bytes = field(repr=False)


def new_key_id() -> str:
    return secrets.token_hex(ID_BYTES)


def is_key_id(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def new_key_text(identity: str) -> str:
    """A fresh key of this id; whoever has it is let in."""
    return f"{KEY_PREFIX}{identity}_{new_secret(SECRET_BYTES)}"


def read_key(text: str) -> ShownKey | None:
    """None for what is no key of this server."""
    match = _KEY.fullmatch(text)
    return None if match is None else ShownKey(match[1], hash_of(match[2]))
