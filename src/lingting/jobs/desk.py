"""Where jobs are handed in, asked about and taken back: what the doors need of jobs.

Promises: `accept` returns once the rows and the recordings are committed, all of them or none; the same request under
the same idempotency key gives the same jobs, another one is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lingting.domain import Principal
from lingting.domain.errors import IdempotencyConflict, Overloaded, StorageUnavailable, WrongState
from lingting.domain.job import ENDED, JobState
from lingting.jobs.ending import Endings
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.runner import Runner
from lingting.storage.blobs import BlobKind
from lingting.storage.identity import new_id
from lingting.storage.jobs.job_codec import JobSpec
from lingting.storage.jobs.job_records import Job, NewJob
from lingting.storage.jobs.job_store import Accepted

__all__ = ["JobDesk", "Order", "Receipt", "Wanted"]

RECORDING_GRACE_SECONDS = 86_400.0
"""Longer than a job may wait; so a recording whose job was never written goes too."""
RETRY_SECONDS = 30.0
HASH_BYTES = 2**20
CANCEL_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One recording of an order."""

    spec: JobSpec
    recording: Path | bytes | None = field(default=None, repr=False)
    """As it was uploaded; None for one at a URL."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller hands in at once."""

    wanted: Sequence[Wanted]
    priority: int
    idempotency_key: str | None = None
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an order."""

    jobs: Sequence[Job]
    batch_id: str | None
    is_new: bool
    """False when an earlier request under the same idempotency key was the same."""


class JobDesk:
    """Belongs to one event loop."""

    def __init__(self, parts: JobParts, settings: JobSettings, endings: Endings, runner: Runner) -> None:
        self.settings = settings
        self.store = parts.store
        self._parts = parts
        self._endings = endings
        self._runner = runner

    async def accept(self, principal: Principal, order: Order) -> Receipt:
        """raises    IdempotencyConflict, Overloaded, StorageUnavailable"""
        request_hash = None
        if order.idempotency_key is not None:
            request_hash = await self._hash(order)
            earlier = await self.store.accepted(principal.owner, order.idempotency_key)
            if earlier is not None:
                return await self._again(principal.owner, earlier, request_hash)
        await self._require_room(len(order.wanted))
        recordings = await self._put_recordings(principal.owner, order)
        new = self._new_jobs(principal, order, recordings)
        try:
            is_new = await self.store.insert(
                new,
                max_open=self.settings.max_open,
                idempotency_key=order.idempotency_key,
                request_hash=request_hash,
            )
        except BaseException:
            await asyncio.shield(self._drop(recordings))
            raise
        if not is_new:
            await self._drop(recordings)
            earlier = await self.store.accepted(principal.owner, order.idempotency_key or "")
            assert earlier is not None
            return await self._again(principal.owner, earlier, request_hash or b"")
        self._parts.observer.job_accepted(len(new))
        self._runner.wake()
        return Receipt([await self.store.get(job.id, owner=job.owner) for job in new], new[0].batch_id, is_new=True)

    async def cancel(self, job_id: str, *, owner: str) -> Job:
        """Take it back: at once while it waits; its worker stops within a second or so.

        raises    RecordNotFound; WrongState when it has ended otherwise; StorageUnavailable
        """
        for _ in range(CANCEL_TRIES):  # it may begin, or be given back, between two looks
            job = await self.store.get(job_id, owner=owner)
            if job.state in (JobState.CANCELLING, JobState.CANCELLED):
                return job
            if job.state in ENDED:
                break
            if job.state is JobState.QUEUED:
                done = await self._endings.cancel(job)
            else:
                done = await self.store.ask_to_stop(job_id, owner=owner)
            if done:
                return await self.store.get(job_id, owner=owner)
        raise WrongState(f"the job is {job.state}; it cannot be cancelled any more")

    async def _again(self, owner: str, earlier: Accepted, request_hash: bytes) -> Receipt:
        if earlier.request_hash != request_hash:
            raise IdempotencyConflict(
                "this idempotency key was used for another request; take a fresh key for each", param="Idempotency-Key"
            )
        if earlier.batch_id is None:
            return Receipt([await self.store.get(earlier.job_id, owner=owner)], None, is_new=False)
        page = await self.store.page(owner, batch_id=earlier.batch_id, limit=self.settings.max_batch)
        return Receipt(page.jobs[::-1], earlier.batch_id, is_new=False)

    async def _require_room(self, count: int) -> None:
        """Before anything is written; the insert looks again."""
        if sum((await self.store.open_counts()).values()) + count > self.settings.max_open:
            raise Overloaded(
                f"{self.settings.max_open} jobs have not ended, the limit here; come back later",
                retry_after_seconds=RETRY_SECONDS,
            )

    async def _put_recordings(self, owner: str, order: Order) -> list[str | None]:
        names: list[str | None] = []
        try:
            for wanted in order.wanted:
                names.append(
                    None if wanted.recording is None else await self._put(owner, wanted.spec, wanted.recording)
                )
        except BaseException:
            await asyncio.shield(self._drop(names))
            raise
        return names

    async def _put(self, owner: str, spec: JobSpec, recording: Path | bytes) -> str:
        return await self._parts.blobs.put(
            recording,
            kind=BlobKind.JOB_INPUT,
            owner=owner,
            user=spec.user,
            expires_in_seconds=self.settings.max_age_seconds + self.settings.attempt_seconds + RECORDING_GRACE_SECONDS,
        )

    async def _drop(self, names: Iterable[str | None]) -> None:
        for name in names:
            if name is not None:
                with contextlib.suppress(StorageUnavailable):  # then its time to live ends it
                    await self._parts.blobs.delete(name)

    def _new_jobs(self, principal: Principal, order: Order, recordings: Sequence[str | None]) -> list[NewJob]:
        clock = self._parts.clock
        batch_id = new_id("batch", clock) if order.is_batch else None
        names = sorted(new_id("job", clock) for _ in order.wanted)  # in the order in which they are listed
        return [
            NewJob(
                id=name,
                owner=principal.owner,
                key_id=principal.key_id,
                spec=dataclasses.replace(wanted.spec, tenant=principal.tenant, limits=principal.limits),
                priority=order.priority,
                batch_id=batch_id,
                blob_id=blob_id,
            )
            for name, wanted, blob_id in zip(names, order.wanted, recordings, strict=True)
        ]

    async def _hash(self, order: Order) -> bytes:
        """Of everything that was asked; keyed, so that it says nothing about the recordings."""
        digest = hashlib.sha256()
        for wanted in order.wanted:
            asked = dataclasses.asdict(dataclasses.replace(wanted.spec, request_id=""))
            digest.update(json.dumps([asked, order.priority, order.is_batch], sort_keys=True).encode())
            digest.update(await asyncio.to_thread(_digest, wanted.recording))
        return self._parts.vault.mac("job-request", digest.digest())


def _digest(recording: Path | bytes | None) -> bytes:
    if recording is None:
        return b""
    if isinstance(recording, bytes):
        return hashlib.sha256(recording).digest()
    digest = hashlib.sha256()
    with recording.open("rb") as file:
        while data := file.read(HASH_BYTES):
            digest.update(data)
    return digest.digest()
