"""API keys: who shows which, and issuing, changing, rotating and revoking them.

Promises: a wrong secret takes as long to refuse whether its id is known or not; a key that is verified again within
`refresh_seconds` costs no query; what this process revokes is refused from then on, what another revokes at most that
much later; nothing but a hash of a secret is kept, in memory or on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from lingting.crypto import is_same
from lingting.domain import Clock, Principal
from lingting.domain.errors import AddressNotAllowed, InvalidKey, InvalidOption, RecordNotFound, StorageUnavailable
from lingting.security.allowlist import is_inside
from lingting.security.failures import Failures
from lingting.security.key_text import new_key_id, new_key_text, read_key
from lingting.security.key_wishes import MAX_GRACE_SECONDS, KeyWish
from lingting.security.known_keys import KnownKeys
from lingting.storage.key_store import KeyRecord, KeyStore
from lingting.telemetry import log

__all__ = ["AccessSettings", "IssuedKey", "Keys"]

FLUSH_SECONDS = 30.0
"""How often the times of last use are written."""
DOUBT_SECONDS = 0.25
"""How old a record may be when the secret is not that of it: another process may have rotated the key just now."""
Matches = Callable[[bytes], bool]
NO_HASH = b"\0" * 32
WRONG = "the key is unknown here; check that it was copied whole"


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who is let in."""

    required: bool = False
    """Ask for a key though none was made yet; once one was made, it is always asked for."""
    networks: tuple[str, ...] = ()
    """Whence callers are let in, as 10.0.0.0/8; empty is from anywhere."""
    refresh_seconds: float = 2.0
    """How long what is known of a key is good, and so how late another process's revocation may hold."""
    failures_per_minute: int = 60
    """Wrong keys from one address; more are refused with 429, unlooked at."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made; it cannot be shown again."""

    text: str = field(repr=False)
    record: KeyRecord


class Keys:
    """The keys of an installation, as one process sees them. Belongs to one event loop."""

    def __init__(self, store: KeyStore, clock: Clock, settings: AccessSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._failures = Failures(clock, settings.failures_per_minute)
        self._known = KnownKeys(store, clock, settings.refresh_seconds)
        self._is_required = settings.required
        self._asked_seconds: float | None = None
        self._used_ms: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def opened(cls, store: KeyStore, clock: Clock, settings: AccessSettings) -> AsyncIterator[Keys]:
        """Ready, and from time to time writing when keys were used; on leaving the last of it is written."""
        keys = cls(store, clock, settings)
        writing = asyncio.create_task(keys._write_now_and_then())
        try:
            yield keys
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
            await keys.flush()

    async def is_required(self) -> bool:
        """Whether callers must show a key: always once there was one, even if all are revoked.

        raises    StorageUnavailable
        """
        if self._is_required:
            return True
        now_seconds = self._clock.monotonic()
        if self._asked_seconds is None or now_seconds - self._asked_seconds >= self._settings.refresh_seconds:
            self._is_required = await self._store.has_any()
            self._asked_seconds = now_seconds
        return self._is_required

    async def has_usable(self) -> bool:
        """Whether anybody could be let in by a key."""
        return await self._store.has_usable(self._now_ms())

    async def verify(self, text: str, *, address: str) -> Principal:
        """The caller whose key this is.

        raises    InvalidKey, RateLimited after too many wrong ones, AddressNotAllowed, StorageUnavailable
        """
        shown = read_key(text)
        if shown is None:
            self._failures.count(address)
            raise InvalidKey(WRONG, param="Authorization")
        return await self.vouch(shown.id, partial(is_same, shown.hash), address=address)

    async def vouch(self, identity: str, matches: Matches, *, address: str) -> Principal:
        """The holder of the key of this id, if what the caller showed belongs to it.

        matches   whether that fits the hash of the key's secret; takes as long whatever the answer
        raises    as `verify` does
        """
        known = self._known.glance(identity)
        is_suspect = not self._matches(None if known is None else known.record, matches)
        if is_suspect:
            self._failures.count(address)
        known = await self._known.find(identity, at_most_seconds=DOUBT_SECONDS if is_suspect else None)
        if not self._matches(None if known is None else known.record, matches):
            if not is_suspect:
                self._failures.count(address)
            raise InvalidKey(WRONG, param="Authorization")
        assert known is not None
        if is_suspect:
            self._failures.forgive(address)
        self._require_usable(known.record)
        if known.networks and not is_inside(address, known.networks):
            raise AddressNotAllowed("this key is not good for calls from this address", param="Authorization")
        self._used_ms[identity] = self._now_ms()
        return known.principal

    async def require_usable(self, principal: Principal) -> None:
        """For what was made by a key and must not outlive it.

        raises    InvalidKey, StorageUnavailable
        """
        if not principal.key_id:
            return
        known = await self._known.find(principal.key_id)
        if known is None:
            raise InvalidKey(WRONG, param="Authorization")
        self._require_usable(known.record)

    async def issue(self, wish: KeyWish, *, by: str = "") -> IssuedKey:
        """Make a key.

        by        the id of the key that asks; empty for the command line
        raises    StorageUnavailable
        """
        identity, now_ms = new_key_id(), self._now_ms()
        text = new_key_text(identity)
        shown = read_key(text)
        assert shown is not None
        record = KeyRecord(
            id=identity,
            secret_hash=shown.hash,
            created_ms=now_ms,
            created_by=by,
            label=wish.label,
            tenant=wish.tenant,
            scopes=wish.scopes,
            networks=wish.networks,
            limits=wish.limits,
            hotword_packs=wish.hotword_packs,
            expires_ms=None if wish.expires_seconds is None else now_ms + int(wish.expires_seconds * 1_000),
        )
        await self._store.add(record)
        self._is_required = True
        self._known.keep(record)
        log.info("key.issued", key_id=identity, by=by, scopes=" ".join(sorted(wish.scopes)))
        return IssuedKey(text, record)

    async def find(self, identity: str) -> KeyRecord:
        """raises    RecordNotFound, StorageUnavailable"""
        record = await self._store.find(identity)
        if record is None:
            raise RecordNotFound("there is no key of this id; `lingting keys list` shows them", param="id")
        return record

    async def list(self, *, tenant: str | None = None) -> Sequence[KeyRecord]:
        """All, revoked ones too, the newest first."""
        return await self._store.list(tenant=tenant)

    async def change(self, identity: str, wish: KeyWish) -> KeyRecord:
        """Give a key another label, tenant, scopes, networks, limits or end.

        raises    RecordNotFound, StorageUnavailable
        """
        async with self._known.lock(identity):
            record = await self.find(identity)
            expires_ms = None if wish.expires_seconds is None else self._now_ms() + int(wish.expires_seconds * 1_000)
            return await self._replace(
                replace(
                    record,
                    label=wish.label,
                    tenant=wish.tenant,
                    scopes=wish.scopes,
                    networks=wish.networks,
                    limits=wish.limits,
                    hotword_packs=wish.hotword_packs,
                    expires_ms=expires_ms,
                )
            )

    async def revoke(self, identity: str) -> KeyRecord:
        """Make a key good for nothing, for ever; again changes nothing.

        raises    RecordNotFound, StorageUnavailable
        """
        async with self._known.lock(identity):
            record = await self.find(identity)
            if record.revoked_ms is not None:
                return record
            log.info("key.revoked", key_id=identity)
            return await self._replace(replace(record, revoked_ms=self._now_ms(), previous_hash=None))

    async def rotate(self, identity: str, *, grace_seconds: float = 0.0) -> IssuedKey:
        """Give a key another secret; the one it had is good for `grace_seconds` more.

        raises    RecordNotFound, InvalidOption, InvalidKey for a revoked or expired one, StorageUnavailable
        """
        if not 0 <= grace_seconds <= MAX_GRACE_SECONDS:
            raise InvalidOption("grace_seconds", f"{grace_seconds:g} is outside 0 to {MAX_GRACE_SECONDS}, seven days")
        async with self._known.lock(identity):
            record = await self.find(identity)
            self._require_usable(record)
            text = new_key_text(identity)
            shown = read_key(text)
            assert shown is not None
            changed = replace(
                record,
                secret_hash=shown.hash,
                previous_hash=record.secret_hash if grace_seconds else None,
                previous_until_ms=self._now_ms() + int(grace_seconds * 1_000) if grace_seconds else None,
            )
            log.info("key.rotated", key_id=identity, grace_seconds=grace_seconds)
            return IssuedKey(text, await self._replace(changed))

    async def flush(self) -> None:
        """Write when keys were used last; for want of a database it is tried again the next time."""
        times_ms, self._used_ms = self._used_ms, {}
        try:
            await self._store.used(times_ms)
        except StorageUnavailable as problem:
            self._used_ms = times_ms | self._used_ms
            log.warning("keys.not_flushed", code=problem.code)

    async def _write_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def _replace(self, record: KeyRecord) -> KeyRecord:
        await self._store.change(record)
        self._known.keep(record)
        return record

    def _matches(self, record: KeyRecord | None, matches: Matches) -> bool:
        """Both comparisons are made whatever the record, so that the time says nothing."""
        until_ms = record.previous_until_ms if record is not None else None
        is_current = matches(record.secret_hash if record is not None else NO_HASH)
        previous = record.previous_hash if record is not None else None
        is_previous = matches(previous or NO_HASH)
        return record is not None and (
            is_current or (is_previous and until_ms is not None and self._now_ms() < until_ms)
        )

    def _require_usable(self, record: KeyRecord) -> None:
        if record.revoked_ms is not None:
            raise InvalidKey(f"the key {record.id} was revoked; ask for another", param="Authorization")
        if not record.is_usable(self._now_ms()):
            assert record.expires_ms is not None
            ended = datetime.fromtimestamp(record.expires_ms / 1_000, UTC)
            raise InvalidKey(f"the key {record.id} expired on {ended:%Y-%m-%d}; ask for another", param="Authorization")

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1_000)
