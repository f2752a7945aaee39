"""Lets callers in, whatever they knock by: the key is verified, held against the door's scope, and counted.

HTTP and WebSockets come here through `api/access.py`, gRPC and Wyoming through doors of their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lingting.api.client_secrets import is_client_secret
from lingting.domain import ANYBODY, Call, Principal, Scope
from lingting.domain.errors import InvalidKey, InvalidOption, LingtingError, MissingKey, MissingScope
from lingting.security.key_pairs import KeyPairs, is_token
from lingting.services import Services
from lingting.telemetry import request_id, span

__all__ = ["Knock", "let_in", "pairs_of", "sane_user", "verified"]

MAX_USER_CHARACTERS = 200
MISSING = "this server asks for a key; send it as `Authorization: Bearer KEY`, see docs/security.md"
LIVE_ONLY = "a client secret opens live sessions only; use a key"


@dataclass(frozen=True, slots=True)
class Knock:
    """What is seen of a caller before it is known."""

    door: str
    """The route's pattern, or the method's name."""
    address: str
    """The client's, behind proxies that are trusted."""
    user: str = ""
    """As the caller wrote it; checked when it is let in."""
    user_param: str = "user"
    """Where it stood."""


async def let_in(
    services: Services,
    knock: Knock,
    scope: Scope | None,
    *,
    identify: Callable[[], Awaitable[Principal]],
    tell: Callable[[Call], None],
) -> Call:
    """Find out who calls, and whether it may.

    scope     any key will do where it is None
    identify  finds out whose key was shown: `verified`, and what a transport has of its own
    tell      told who it is before what it may do is looked at, for the audit log
    raises    MissingKey, InvalidKey, MissingScope, InvalidOption, AddressNotAllowed, RateLimited, StorageUnavailable
    """
    try:
        with span("auth"):
            principal = await identify()
        user = sane_user(knock.user, knock.user_param)
        call = Call(principal, knock.door, request_id.get(), address=knock.address, user=user)
        tell(call)
        if scope is not None and not principal.may(scope):
            raise MissingScope(f"this key lacks the scope {scope}; make one with it", param="Authorization")
        if scope is not Scope.METRICS:
            services.audit.require()
            await services.limiter.admit(principal)
    except LingtingError as refused:
        services.telemetry.access.checked(refused.code)
        raise
    services.telemetry.access.checked("allowed")
    return call


def pairs_of(services: Services) -> KeyPairs:
    """Tokens and signatures that stand for keys."""
    return KeyPairs(services.kept.vault, services.keys, services.clock)


async def verified(services: Services, key: str | None, *, address: str) -> Principal:
    """Whose key this is; anybody, where none is asked for.

    raises    MissingKey, InvalidKey, AddressNotAllowed, RateLimited, StorageUnavailable
    """
    if not await services.keys.is_required():
        return ANYBODY
    if key is None:
        raise MissingKey(MISSING, param="Authorization")
    if is_client_secret(key):
        raise InvalidKey(LIVE_ONLY, param="Authorization")
    if is_token(key):
        return await pairs_of(services).redeem(key, address=address)
    return await services.keys.verify(key, address=address)


def sane_user(text: str, param: str) -> str:
    """The caller's own name for whose speech it is.

    raises    InvalidOption
    """
    text = text.strip()
    if len(text) > MAX_USER_CHARACTERS or not text.isprintable():
        raise InvalidOption(param, f"use at most {MAX_USER_CHARACTERS} printable characters")
    return text
