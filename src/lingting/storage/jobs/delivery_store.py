"""Callbacks on their way: rows that are claimed by one server at a time, until they are delivered or dead.

Promises: a row that was inserted is delivered or dead in the end, whichever servers die meanwhile; an attempt that
nobody reported is made again under the same id. URL and payload are sealed; the host is kept as a keyed hash, so that
a receiver which is away does not use up what is claimed. `retention.py` forgets rows when their time is over.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.domain.errors import RecordNotFound, SealBroken, WrongState
from lingting.storage.db import Database
from lingting.storage.tables import deliveries

__all__ = ["Claimed", "Delivery", "DeliveryState", "DeliveryStore", "NewDelivery", "delivery_row"]

CANDIDATES = 256
"""Looked at to fill the free places; the hosts that have no place left are not among them."""
MAX_ERROR_CHARACTERS = 200


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; delivered again only when asked to."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """What is to be delivered where."""

    owner: str
    job_id: str
    """Or of the command that it tells of."""
    url: str
    """As the guard spelled it."""
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a delivery stands."""

    id: str
    owner: str
    job_id: str
    state: DeliveryState
    attempts: int
    next_ms: int
    """Of the next attempt, while waiting."""
    created_ms: int
    updated_ms: int
    last_status: int | None
    """What the receiver answered last; None if nothing."""
    last_error: str | None
    """The code of what went wrong last."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this server alone attempts, until the lease ends."""

    id: str
    owner: str
    attempts: int
    """Made before."""
    lease: str
    host_hash: bytes
    url: str = field(repr=False)
    payload: bytes = field(repr=False)


def delivery_row(vault: Vault, new: NewDelivery, *, now_ms: int) -> dict[str, object]:
    """The values to insert into `deliveries`, within the transaction that ends the job."""
    name = f"msg_{uuid.uuid4().hex}"
    content = json.dumps({"url": new.url, "payload": new.payload.decode()}).encode()
    return {
        "id": name,
        "owner": new.owner,
        "job_id": new.job_id,
        "host_hash": vault.mac("delivery-host", urlsplit(new.url).netloc.encode()),
        "state": DeliveryState.WAITING.value,
        "attempts": 0,
        "next_ms": now_ms,
        "created_ms": now_ms,
        "updated_ms": now_ms,
        "sealed": vault.seal(content, about=_about(name)),
    }


class DeliveryStore:
    """The table, for the couriers and for those who look after it."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def add(self, new: NewDelivery) -> None:
        """Of what no other row belongs to; then wake the courier.

        raises    StorageUnavailable
        """
        row = delivery_row(self._vault, new, now_ms=self.now_ms())
        await self._database.write(lambda connection: connection.execute(insert(deliveries).values(row)))

    async def claim(self, places: int, busy: Mapping[bytes, int], *, per_host: int, lease_ms: int) -> list[Claimed]:
        """Up to so many deliveries whose time has come, which no other server has.

        busy      attempts that this server is making, by host
        raises    StorageUnavailable
        """
        lease, now_ms = uuid.uuid4().hex, self.now_ms()
        full = [host for host, count in busy.items() if count >= per_host]
        due = and_(
            deliveries.c.state == DeliveryState.WAITING,
            deliveries.c.next_ms <= now_ms,
            or_(deliveries.c.lease.is_(None), deliveries.c.lease_until_ms < now_ms),
            deliveries.c.host_hash.not_in(full),
        )
        candidates = select(deliveries.c.id, deliveries.c.host_hash).where(due)
        found = await self._database.read(
            lambda connection: connection.execute(candidates.order_by(deliveries.c.next_ms).limit(CANDIDATES))
        )
        chosen = _fair([(row.id, row.host_hash) for row in found], places, busy, per_host)
        if not chosen:
            return []
        taken = update(deliveries).where(deliveries.c.id.in_(chosen), due)
        values = {"lease": lease, "lease_until_ms": now_ms + lease_ms}
        await self._database.write(lambda connection: connection.execute(taken.values(values)))
        rows = await self._database.read(
            lambda connection: connection.execute(select(deliveries).where(deliveries.c.lease == lease))
        )
        return [claimed for row in rows if (claimed := await self._opened(row)) is not None]

    async def delivered(self, claimed: Claimed, *, status: int, keep_ms: int) -> None:
        """raises    StorageUnavailable"""
        await self._settle(
            claimed, {"state": DeliveryState.DELIVERED, "last_status": status, "last_error": None}, keep_ms=keep_ms
        )

    async def failed(
        self, claimed: Claimed, *, status: int | None, error: str, next_ms: int | None, keep_ms: int
    ) -> None:
        """next_ms   of the next attempt; None gives it up

        raises    StorageUnavailable
        """
        values: dict[str, object] = {"last_status": status, "last_error": error[:MAX_ERROR_CHARACTERS]}
        if next_ms is None:
            await self._settle(claimed, {**values, "state": DeliveryState.DEAD}, keep_ms=keep_ms)
        else:
            await self._settle(claimed, {**values, "next_ms": next_ms}, keep_ms=None)

    async def release(self, claims: Sequence[Claimed]) -> None:
        """Let other servers take what was not attempted to the end.

        raises    StorageUnavailable
        """
        leases = {claimed.lease for claimed in claims}
        mine = and_(deliveries.c.id.in_([claimed.id for claimed in claims]), deliveries.c.lease.in_(leases))
        freed = update(deliveries).where(mine).values(lease=None, lease_until_ms=None)
        await self._database.write(lambda connection: connection.execute(freed))

    async def next_due_ms(self) -> int | None:
        """When the next delivery is due that nobody has in hand; None if none waits.

        raises    StorageUnavailable
        """
        since = func.coalesce(deliveries.c.lease_until_ms, deliveries.c.next_ms)
        waiting = select(func.min(since)).where(deliveries.c.state == DeliveryState.WAITING)
        found: int | None = await self._database.read(lambda connection: connection.scalar(waiting))
        return found

    async def counts(self) -> dict[DeliveryState, int]:
        """raises    StorageUnavailable"""
        counted = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        rows = await self._database.read(lambda connection: connection.execute(counted))
        found = {DeliveryState(row[0]): int(row[1]) for row in rows}
        return {state: found.get(state, 0) for state in DeliveryState}

    async def listed(
        self,
        *,
        owner: str | None,
        state: DeliveryState | None = None,
        after: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> list[Delivery]:
        """The newest first.

        owner     None is everybody's
        after     time and id of the last one of the page before
        raises    StorageUnavailable
        """
        wanted: list[ColumnElement[bool]] = []
        if owner is not None:
            wanted.append(deliveries.c.owner == owner)
        if state is not None:
            wanted.append(deliveries.c.state == state)
        if after is not None:
            older = deliveries.c.created_ms < after[0]
            wanted.append(or_(older, and_(deliveries.c.created_ms == after[0], deliveries.c.id < after[1])))
        page = select(deliveries).where(*wanted).order_by(deliveries.c.created_ms.desc(), deliveries.c.id.desc())
        rows = await self._database.read(lambda connection: connection.execute(page.limit(limit)))
        return [_delivery(row) for row in rows]

    async def redeliver(self, owner: str | None, name: str) -> Delivery:
        """Begin again, under the same id; one that waits is due at once.

        raises    RecordNotFound; WrongState while it is being attempted; StorageUnavailable
        """
        found, now_ms = await self._require(owner, name), self.now_ms()
        idle = or_(deliveries.c.lease.is_(None), deliveries.c.lease_until_ms < now_ms)
        values = {
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "next_ms": now_ms,
            "updated_ms": now_ms,
            "expires_ms": None,
        }
        changed = update(deliveries).where(deliveries.c.id == found.id, idle).values(values)
        result = await self._database.write(lambda connection: connection.execute(changed))
        if not result.rowcount:
            raise WrongState("the callback is being delivered at this moment; look at its state in a minute")
        return await self._require(owner, name)

    async def remove(self, owner: str | None, name: str) -> None:
        """raises    RecordNotFound, StorageUnavailable"""
        found = await self._require(owner, name)
        await self._database.write(
            lambda connection: connection.execute(delete(deliveries).where(deliveries.c.id == found.id))
        )

    def now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1_000)

    async def _settle(self, claimed: Claimed, values: Mapping[str, object], *, keep_ms: int | None) -> None:
        now_ms = self.now_ms()
        mine = and_(deliveries.c.id == claimed.id, deliveries.c.lease == claimed.lease)
        common = {
            "attempts": claimed.attempts + 1,
            "updated_ms": now_ms,
            "expires_ms": None if keep_ms is None else now_ms + keep_ms,
            "lease": None,
            "lease_until_ms": None,
        }
        settled = update(deliveries).where(mine).values({**common, **values})
        await self._database.write(lambda connection: connection.execute(settled))

    async def _opened(self, row: Row[tuple[object, ...]]) -> Claimed | None:
        try:
            content = json.loads(self._vault.open(row.sealed, about=_about(row.id)))
        except SealBroken:
            claimed = Claimed(row.id, row.owner, row.attempts, row.lease, row.host_hash, "", b"")
            await self.failed(claimed, status=None, error=SealBroken.code, next_ms=None, keep_ms=0)
            return None
        payload = str(content["payload"]).encode()
        return Claimed(row.id, row.owner, row.attempts, row.lease, row.host_hash, content["url"], payload)

    async def _require(self, owner: str | None, name: str) -> Delivery:
        mine = deliveries.c.id == name if owner is None else and_(deliveries.c.id == name, deliveries.c.owner == owner)
        found = await self._database.read(lambda connection: connection.execute(select(deliveries).where(mine)))
        row = found.first()
        if row is None:
            raise RecordNotFound("there is no such callback; `GET /v1/callbacks` lists those that are kept")
        return _delivery(row)


def _fair(found: Sequence[tuple[str, bytes]], places: int, busy: Mapping[bytes, int], per_host: int) -> list[str]:
    """The first of them, but of each host no more than may be attempted at once."""
    taken: Counter[bytes] = Counter(busy)
    chosen: list[str] = []
    for name, host in found:
        if len(chosen) < places and taken[host] < per_host:
            taken[host] += 1
            chosen.append(name)
    return chosen


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        owner=row.owner,
        job_id=row.job_id,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_ms=row.next_ms,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        last_status=row.last_status,
        last_error=row.last_error,
    )


def _about(name: str) -> str:
    return f"deliveries.sealed:{name}"
