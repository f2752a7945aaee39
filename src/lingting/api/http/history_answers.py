"""Records of history as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lingting.domain import Segment
from lingting.storage.transcripts.history_records import HistoryRecord, KeptTranscript
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["record_answer", "whole_answer"]


def record_answer(
    record: HistoryRecord, opened: KeptTranscript | None = None, *, hits: Sequence[Segment] | None = None
) -> dict[str, object]:
    """What is known without opening it; with its text where it was opened."""
    answer: dict[str, object] = {
        "id": record.id,
        "owner": record.owner,
        "key": record.key_id,
        "created": _moment(record.created),
        "expires": _moment(record.expires),
        "door": record.door,
        "kind": record.kind,
        "language": record.language,
        "engine": record.engine,
        "model": record.model,
        "duration_seconds": record.duration_seconds,
        "speech_seconds": record.speech_seconds,
        "characters": record.characters,
        "request_id": record.request_id,
        "has_audio": record.blob_id is not None,
    }
    if opened is not None:
        answer |= {"user": opened.user, "text": opened.transcript.text}
    if hits is not None:
        answer["hits"] = [{"start": hit.start_seconds, "end": hit.end_seconds, "text": hit.text} for hit in hits]
    return answer


def whole_answer(kept: KeptTranscript) -> dict[str, Any]:  # Any: what JSON holds
    """The record and all that was recognised."""
    transcript = json.loads(render(kept.transcript, TranscriptFormat.VERBOSE_JSON))
    return record_answer(kept.record, kept) | {"transcript": transcript}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
