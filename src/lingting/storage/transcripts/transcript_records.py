"""A transcript as bytes, and back, whole: what history, jobs and the cache seal and keep.

Promises: what comes back equals what went in, to the last bit of each number; a field that a later version adds does
not hinder reading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lingting.domain import Correction, Mood, MoodLabel, PiiKind, Redacted, Segment, Transcript, Word
from lingting.domain.errors import SealBroken
from lingting.domain.transcript import Suppression

__all__ = ["transcript_from", "transcript_to"]

WORD_FIELDS = tuple(field.name for field in fields(Word))
NESTED = ("words", "redacted", "mood", "corrections")
SEGMENT_FIELDS = tuple(field.name for field in fields(Segment) if field.name not in NESTED)
REDACTED_FIELDS = tuple(field.name for field in fields(Redacted))
CORRECTION_FIELDS = tuple(field.name for field in fields(Correction))
TRANSCRIPT_FIELDS = tuple(field.name for field in fields(Transcript) if field.name not in ("segments", "suppressed"))
SUPPRESSION_FIELDS = tuple(field.name for field in fields(Suppression))
Row = Mapping[str, Any]  # Any: what JSON holds


def transcript_to(transcript: Transcript) -> bytes:
    """UTF-8 JSON; about 100 bytes for each word with its times."""
    row = _row(transcript, TRANSCRIPT_FIELDS)
    row["segments"] = [
        _row(segment, SEGMENT_FIELDS)
        | {"words": [_row(word, WORD_FIELDS) for word in segment.words]}
        | {"redacted": [_row(gone, REDACTED_FIELDS) for gone in segment.redacted]}
        | {"corrections": [_row(made, CORRECTION_FIELDS) for made in segment.corrections]}
        | _mood_row(segment)
        for segment in transcript.segments
    ]
    row["suppressed"] = [_row(gone, SUPPRESSION_FIELDS) for gone in transcript.suppressed]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def transcript_from(data: bytes) -> Transcript:
    """raises    SealBroken for what `transcript_to` did not make"""
    try:
        row = json.loads(data.decode("utf-8", "surrogatepass"))
        segments = tuple(_segment(segment) for segment in row["segments"])
        suppressed = tuple(Suppression(**_known(gone, SUPPRESSION_FIELDS)) for gone in row["suppressed"])
        known = _known(row, TRANSCRIPT_FIELDS) | {"segments": segments, "suppressed": suppressed}
        return Transcript(**known)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SealBroken("a kept transcript cannot be read; another version of Lingting wrote it") from problem


def _row(value: object, names: tuple[str, ...]) -> dict[str, Any]:  # Any: what JSON holds
    return {name: getattr(value, name) for name in names}


def _known(row: Row, names: tuple[str, ...]) -> dict[str, Any]:  # Any: keyword arguments; arrays become tuples
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in names}


def _segment(row: Row) -> Segment:
    words = tuple(Word(**_known(word, WORD_FIELDS)) for word in row["words"])
    hidden = tuple(_redacted(gone) for gone in row.get("redacted", ()))
    corrections = tuple(Correction(**_known(made, CORRECTION_FIELDS)) for made in row.get("corrections", ()))
    mood = row.get("mood")
    felt = None if mood is None else Mood(mood["score"], MoodLabel(mood["label"]))
    return Segment(**_known(row, SEGMENT_FIELDS), words=words, redacted=hidden, corrections=corrections, mood=felt)


def _redacted(row: Row) -> Redacted:
    known = _known(row, REDACTED_FIELDS)
    return Redacted(**known | {"kind": PiiKind(known["kind"])})


def _mood_row(segment: Segment) -> dict[str, Any]:  # Any: what JSON holds
    mood = segment.mood
    return {} if mood is None else {"mood": {"score": mood.score, "label": str(mood.label)}}
