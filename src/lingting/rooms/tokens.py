"""Tokens that open a room: random, known to their holders only, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets

__all__ = ["fresh_token", "hash_of", "opens"]

TOKEN_BYTES = 24
"""192 bits: not to be guessed."""
MAX_TOKEN_CHARACTERS = 256


def fresh_token() -> str:
    """A token that is safe in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is kept of a token. It is random, so that no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def opens(token: str, kept_hash: str) -> bool:
    """Whether it is the token with this hash; takes the same time either way."""
    return hmac.compare_digest(hash_of(token[:MAX_TOKEN_CHARACTERS]), kept_hash)
