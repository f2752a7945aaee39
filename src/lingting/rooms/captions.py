"""Turns what a live session says into captions: one for each segment, each change with a higher revision.

Pure. Room time goes on across sessions: a session's audio begins where the wall clock stood since the room's first
publish, and never before the end of what was said earlier.
"""

from __future__ import annotations

from dataclasses import replace

from lingting.domain import Closed, Event, Final, Partial, SegmentFailed
from lingting.storage.rooms.room_records import Caption

__all__ = ["Captioner"]


class Captioner:
    """The captions of one session in one room."""

    def __init__(self, publication: int, offset_ms: int) -> None:
        self._publication = publication
        self._offset_ms = offset_ms
        self._open: dict[int, Caption] = {}

    def take(self, event: Event) -> list[Caption]:
        """The captions that an event changes; none when viewers would see no difference."""
        match event:
            case Partial():
                return self._said(event, event.text.strip(), is_final=False)
            case Final():
                return self._said(event, event.text.strip(), is_final=True)
            case SegmentFailed():
                return self._settled(event.segment)
            case Closed():
                return [caption for segment in sorted(self._open) for caption in self._settled(segment)]
            case _:
                return []

    def _said(self, event: Partial | Final, text: str, *, is_final: bool) -> list[Caption]:
        known = self._open.get(event.segment)
        if known is None and not text:
            return []
        if known is not None and not is_final and known.text == text:
            return []
        caption = Caption(
            publication=self._publication,
            segment=event.segment,
            revision=0 if known is None else known.revision + 1,
            start_ms=self._offset_ms + round(event.start_seconds * 1_000),
            end_ms=self._offset_ms + round(event.end_seconds * 1_000),
            text=text,
            is_final=is_final,
            language=event.language,
        )
        if is_final:
            self._open.pop(event.segment, None)
        else:
            self._open[event.segment] = caption
        return [caption]

    def _settled(self, segment: int) -> list[Caption]:
        """What was shown last stands: better than taking a sentence from somebody who reads it."""
        known = self._open.pop(segment, None)
        return [] if known is None else [replace(known, revision=known.revision + 1, is_final=True)]
