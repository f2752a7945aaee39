"""What was hidden in a transcript, on the wire: kinds and times, never the text."""

from __future__ import annotations

from lingting.domain import Transcript

__all__ = ["redactions_of"]


def redactions_of(transcript: Transcript) -> list[dict[str, object]]:
    """In the order of the text."""
    return [
        {
            "kind": str(gone.kind),
            "segment": segment.id,
            "start": round(gone.start_seconds, 3),
            "end": round(gone.end_seconds, 3),
        }
        for segment in transcript.segments
        for gone in segment.redacted
    ]
