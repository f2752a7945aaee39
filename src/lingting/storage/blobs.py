"""Recordings that are kept for a while, sealed in pieces as they stream in, opened as they stream out.

Promises: a recording is there whole or not at all, and cut, reordered or foreign pieces are found when it is read;
nothing is held in memory but a megabyte; once its row is gone it cannot be opened, because the row has its key.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import PIECE_BYTES, SEALED_PIECE_BYTES, PieceSeal, Vault
from lingting.domain import Clock
from lingting.domain.errors import RecordNotFound, StorageUnavailable
from lingting.storage.blob_files import BlobFile, BlobFiles
from lingting.storage.db import Database
from lingting.storage.identity import hash_of_user, milliseconds, new_id
from lingting.storage.tables import blobs
from lingting.telemetry.areas.storage import StorageMetrics

__all__ = ["BlobKind", "BlobSettings", "Blobs"]

T = TypeVar("T")
STEP_PIECES = 16
"""A megabyte for each turn of a thread."""
STEP_BYTES = STEP_PIECES * PIECE_BYTES
NAMES_AT_ONCE = 500


class BlobKind(StrEnum):
    JOB_INPUT = "job_input"
    """Until its job is done."""
    AUDIO = "audio"
    """A recording that is kept with its transcript."""


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """Where recordings are kept."""

    url: str | None = None
    """An address that fsspec knows (s3://bucket/folder, oss://…); None is the folder `blobs` in `data_dir`."""


class Blobs:
    """The recordings of one installation. Belongs to one event loop."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, files: BlobFiles, metrics: StorageMetrics
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._files = files
        self._metrics = metrics

    async def put(
        self,
        source: Path | bytes | AsyncIterator[bytes],
        *,
        kind: BlobKind,
        owner: str,
        user: str = "",
        expires_in_seconds: float | None = None,
    ) -> str:
        """Keep it, and return its id once it is on disk and committed; None as time keeps it until it is deleted.

        raises    StorageUnavailable; what the source raises, with nothing kept
        """
        made = self._vault.data_key()
        now_ms = milliseconds(self._clock)
        row = {
            "id": new_id("bl", self._clock),
            "kind": kind,
            "owner": owner,
            "user_hash": hash_of_user(self._vault, user),
            "size_bytes": 0,
            "created_ms": now_ms,
            "expires_ms": None if expires_in_seconds is None else now_ms + round(expires_in_seconds * 1_000),
            "is_complete": 0,
            "sealed_key": made.header,
        }
        name = str(row["id"])
        await self._database.write(lambda connection: connection.execute(insert(blobs).values(row)))
        try:
            size_bytes = await self._write(name, PieceSeal(made.key, about=_about(name)), source)
            await self._change(name, is_complete=1, size_bytes=size_bytes)
            self._metrics.blob_written(size_bytes)
        except BaseException:
            with contextlib.suppress(StorageUnavailable):  # what is left over the sweeper finds
                await asyncio.shield(self.delete(name))
            raise
        return name

    async def copy_to(self, blob_id: str, path: Path) -> int:
        """Write what was kept to a file, which is not there if that fails; how many bytes it has.

        raises    RecordNotFound, SealBroken, StorageUnavailable
        """
        file = await asyncio.to_thread(path.open, "wb")
        written = 0
        try:
            async for data in self.read(blob_id):
                written += await _in_thread(file.write, data)
            await _in_thread(file.close)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(_discard, file, path))
            raise
        return written

    async def read(self, blob_id: str) -> AsyncIterator[bytes]:
        """What was kept, up to a megabyte at a time; what came is right, but not all of it until the end has come.

        raises    RecordNotFound, SealBroken, StorageUnavailable
        """
        sealed_key = await self._database.read(
            lambda connection: connection.scalar(
                select(blobs.c.sealed_key).where(blobs.c.id == blob_id, blobs.c.is_complete == 1)
            )
        )
        if sealed_key is None:
            raise RecordNotFound("there is no such recording, or its time is over")
        key, _ = self._vault.find_data_key(sealed_key)
        file = await _in_thread(self._files.open, blob_id)
        pieces = _Pieces(file, PieceSeal(key, about=_about(blob_id)))
        try:
            while data := await _in_thread(pieces.read):
                self._metrics.blob_read(len(data))
                yield data
        finally:
            file.close()

    async def delete(self, blob_id: str) -> bool:
        """Forget it: its key first, so that a file which cannot be reached just now is of no use; whether it was there.

        raises    StorageUnavailable, with the file left for the sweeper
        """
        was_there = await self._change(blob_id, is_complete=0, sealed_key=b"")
        await _in_thread(self._files.delete, blob_id)
        await self._database.write(lambda connection: connection.execute(delete(blobs).where(blobs.c.id == blob_id)))
        return was_there

    async def names(self) -> list[list[str]]:
        """Of all files, a few hundred at a time, those without a row too.

        raises    StorageUnavailable
        """
        found = list(await _in_thread(lambda: sorted(self._files.names())))
        return [found[i : i + NAMES_AT_ONCE] for i in range(0, len(found), NAMES_AT_ONCE)]

    async def _write(self, name: str, seal: PieceSeal, source: Path | bytes | AsyncIterator[bytes]) -> int:
        file = await _in_thread(self._files.create, name)
        writer = _Writer(file, seal)
        try:
            async for data in _steps(source):
                await _in_thread(writer.write, data)
            return await _in_thread(writer.finish)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(file.abandon))
            raise

    async def _change(self, name: str, **values: object) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(update(blobs).where(blobs.c.id == name).values(values))).rowcount)

        return await self._database.write(work)


class _Writer:
    """Bytes of any length to sealed pieces; blocking."""

    def __init__(self, file: BlobFile, seal: PieceSeal) -> None:
        self._file = file
        self._seal = seal
        self._rest = bytearray()
        self._written_bytes = 0

    def write(self, data: bytes) -> None:
        """The last piece waits, since it may be the end."""
        self._rest += data
        self._written_bytes += len(data)
        sealed = []
        whole = (len(self._rest) - 1) // PIECE_BYTES
        for i in range(whole):
            piece = bytes(self._rest[i * PIECE_BYTES : (i + 1) * PIECE_BYTES])
            sealed.append(self._seal.seal(piece, is_last=False))
        del self._rest[: max(0, whole) * PIECE_BYTES]
        self._file.write(b"".join(sealed))

    def finish(self) -> int:
        self._file.write(self._seal.seal(bytes(self._rest), is_last=True))
        self._file.commit()
        return self._written_bytes


class _Pieces:
    """Sealed pieces to bytes; blocking. Reads one byte on, to know whether a piece is the last."""

    def __init__(self, file: IO[bytes], seal: PieceSeal) -> None:
        self._file = file
        self._seal = seal
        self._ahead = b""
        self._is_over = False

    def read(self) -> bytes:
        """Some of it; nothing at the end.

        raises    SealBroken
        """
        opened: list[bytes] = []
        while not self._is_over and len(opened) < STEP_PIECES:
            held = self._ahead + _exactly(self._file, SEALED_PIECE_BYTES + 1 - len(self._ahead))
            piece, self._ahead = held[:SEALED_PIECE_BYTES], held[SEALED_PIECE_BYTES:]
            self._is_over = not self._ahead
            opened.append(self._seal.open(piece, is_last=self._is_over))
        return b"".join(opened)


def _exactly(file: IO[bytes], count: int) -> bytes:
    """So many bytes, or what there is until the end."""
    parts: list[bytes] = []
    while count > 0 and (data := file.read(count)):
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def _discard(file: IO[bytes], path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


async def _steps(source: Path | bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The source, about a megabyte at a time."""
    if isinstance(source, bytes):
        for i in range(0, len(source), STEP_BYTES):
            yield source[i : i + STEP_BYTES]
    elif isinstance(source, Path):
        file = await asyncio.to_thread(source.open, "rb")
        try:
            while data := await _in_thread(file.read, STEP_BYTES):
                yield data
        finally:
            file.close()
    else:
        waiting = bytearray()
        async for data in source:
            waiting += data
            if len(waiting) >= STEP_BYTES:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)


async def _in_thread(work: Callable[..., T], *given: object) -> T:
    """As `asyncio.to_thread`, but a caller that is cancelled waits until the thread has let go of what it uses."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        raise


def _about(name: str) -> str:
    return f"blobs:{name}"
