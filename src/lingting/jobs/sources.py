"""Brings a job's recording to where it can be read: from the store of recordings, or from its URL.

Promises: no recording is left on disk, however the process ends: it is in a file without a name, but for one that is
being fetched, which is public to its URL.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from lingting.audio.decode import AudioSource
from lingting.domain.errors import AudioUndecodable
from lingting.jobs.parts import JobSettings
from lingting.security.outbound import Outbound
from lingting.storage.blobs import Blobs
from lingting.storage.jobs.job_records import Job

__all__ = ["JobSources", "fetch_recording"]

IDLE_SECONDS = 30.0
"""Between two pieces of what is fetched."""


class JobSources:
    """Opens recordings, one for each attempt.

    max_bytes    of what is fetched
    """

    def __init__(self, blobs: Blobs, outbound: Outbound, settings: JobSettings, *, max_bytes: int) -> None:
        self._blobs = blobs
        self._outbound = outbound
        self._settings = settings
        self._max_bytes = max_bytes

    @asynccontextmanager
    async def opened(self, job: Job) -> AsyncIterator[AudioSource]:
        """The recording, until this is left.

        raises    RecordNotFound when it is gone; SealBroken, UrlNotAllowed, FetchFailed, AudioTooLarge,
                  StorageUnavailable
        """
        file = await (self._fetched(job.spec.url) if job.spec.url else self._kept(job.blob_id or ""))
        try:
            path = Path(f"/dev/fd/{file.fileno()}")
            yield AudioSource(path=path, pcm=job.spec.pcm, name=job.spec.name)
        finally:
            file.close()

    async def _kept(self, blob_id: str) -> IO[bytes]:
        file: IO[bytes] = await asyncio.to_thread(tempfile.TemporaryFile)
        try:
            async for data in self._blobs.read(blob_id):
                await asyncio.to_thread(file.write, data)
            await asyncio.to_thread(file.flush)
        except BaseException:
            file.close()
            raise
        return file

    async def _fetched(self, url: str) -> IO[bytes]:
        return await fetch_recording(
            self._outbound, url, max_bytes=self._max_bytes, seconds=self._settings.fetch_seconds
        )


async def fetch_recording(outbound: Outbound, url: str, *, max_bytes: int, seconds: float) -> IO[bytes]:
    """What is at the URL, in a file without a name.

    raises    UrlNotAllowed, FetchFailed, AudioTooLarge; AudioUndecodable when nothing came
    """
    handle, name = await asyncio.to_thread(tempfile.mkstemp, prefix="lingting-fetch-")
    os.close(handle)
    path = Path(name)
    try:
        await outbound.fetch(url, path, max_bytes=max_bytes, seconds=seconds, idle_seconds=IDLE_SECONDS)
        return await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError as problem:
        raise AudioUndecodable("nothing came from the address") from problem
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
