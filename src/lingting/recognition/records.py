"""Keeps an answer in history, with its recording where the server is told to keep those."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal, Protocol

from lingting.audio.decode import AudioSource
from lingting.domain import Transcript
from lingting.domain.errors import StorageUnavailable
from lingting.domain.principal import Call
from lingting.storage.blobs import BlobKind, Blobs
from lingting.storage.transcripts.history import History
from lingting.telemetry import log

__all__ = ["RecordObserver", "Records"]

DAY_SECONDS = 86_400.0


class RecordObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def history_failed(self) -> None: ...


class Records:
    """History, as whoever recognises files sees it."""

    def __init__(self, history: History, blobs: Blobs, observer: RecordObserver) -> None:
        self._history = history
        self._blobs = blobs
        self._observer = observer

    async def keep(  # noqa: PLR0913 - what one record is linked to
        self,
        call: Call,
        transcript: Transcript,
        source: AudioSource,
        *,
        kind: Literal["file", "job"],
        cache_key: str | None,
        record_id: str | None,
        with_audio: bool = True,
    ) -> str | None:
        """The record's id once it is committed; None where it is not wanted, or where it failed and may.

        with_audio    False keeps no recording, whatever the settings say
        raises    StorageUnavailable, where history is required
        """
        if not self._history.wants(call):
            return None
        blob_id = None
        try:
            blob_id = await self._keep_audio(call, source) if with_audio else None
            return await self._history.save(
                call, transcript, kind=kind, cache_key=cache_key, blob_id=blob_id, record_id=record_id
            )
        except StorageUnavailable as problem:
            self._observer.history_failed()
            log.error("history.failed", code=problem.code, is_required=self._history.settings.required)
            if blob_id is not None:
                with contextlib.suppress(StorageUnavailable):  # else its time to live ends it
                    await self._blobs.delete(blob_id)
            if self._history.settings.required:
                raise
            return None

    async def _keep_audio(self, call: Call, source: AudioSource) -> str | None:
        settings = self._history.settings
        if not settings.keep_audio:
            return None
        recording: Path | bytes | None = source.path if source.data is None else source.data
        assert recording is not None
        return await self._blobs.put(
            recording,
            kind=BlobKind.AUDIO,
            owner=call.principal.owner,
            user=call.user,
            expires_in_seconds=settings.audio_ttl_days * DAY_SECONDS or None,
        )
