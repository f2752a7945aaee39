"""Opens the transcriber: what every door for files and every job asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.recognition.records import Records
from lingting.recognition.result_keys import ResultKeys
from lingting.recognition.transcriber import Meter, Transcriber, TranscriberParts
from lingting.security.redaction_tokens import RedactionTokens
from lingting.server.recognition import Recognition
from lingting.services import Kept
from lingting.settings import Settings

__all__ = ["open_transcriber"]


@asynccontextmanager
async def open_transcriber(
    settings: Settings, hearing: Recognition, kept: Kept, meter: Meter
) -> AsyncIterator[Transcriber]:
    """On what hears and what is kept; what is in hand is stopped on leaving."""
    telemetry = hearing.telemetry
    transcriber = Transcriber(
        TranscriberParts(
            pipeline=hearing.pipeline,
            meter=meter,
            keeper=Records(kept.history, kept.blobs, telemetry.storage),
            results=kept.results,
            keys=ResultKeys(kept.vault, hearing.recipe, is_shared=settings.cache.shared),
            observer=telemetry.cache,
            floor=settings.redaction.floor(),
            tokens=RedactionTokens(kept.vault),
            facet=hearing.router.facet,
        )
    )
    try:
        yield transcriber
    finally:
        await transcriber.aclose()
