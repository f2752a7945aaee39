"""What a viewer is sent: snapshots and updates as JSON, WebVTT or plain text, bare or as server-sent events.

Pure. Each update is written once for each style, however many viewers read it in that style. Cues are drawn by
`text.subtitles`, like every other subtitle of the house.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lingting.domain import Segment, Transcript
from lingting.storage.rooms.room_records import Caption, RoomRecord
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["Ended", "LiveChange", "Snapshot", "Update", "ViewFormat", "ViewStyle", "render_history", "transcript_of"]

VTT_HEADER = "WEBVTT\n"


class ViewFormat(StrEnum):
    JSON = "json"
    VTT = "vtt"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ViewStyle:
    """How one viewer wants its messages; few different ones exist, however many viewers."""

    format: ViewFormat = ViewFormat.JSON
    partials: bool = True
    """False: only what is final."""
    as_events: bool = False
    """Server-sent events instead of bare messages."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a viewer needs to know of the room at once."""

    record: RoomRecord
    captions: Sequence[Caption]
    is_live: bool
    position: int
    skipped: int = 0
    """Updates that the viewer was too slow to read; they are in here as far as they still matter."""
    is_resumed: bool = False
    """Only what changed since the viewer left."""


@dataclass(frozen=True, slots=True)
class LiveChange:
    """Somebody began or ceased to publish."""

    is_live: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The room is gone; the last message."""


Body = Caption | Snapshot | LiveChange | Ended


class Update:
    """One message to all viewers, written at most once for each style."""

    __slots__ = ("_written", "body", "key")

    def __init__(self, body: Body) -> None:
        self.body = body
        self.key = body.id if isinstance(body, Caption) else type(body).__name__
        """A later update with the same key makes this one superfluous."""
        self._written: dict[ViewStyle, str | None] = {}

    def written(self, style: ViewStyle) -> str | None:
        """None when this style has no words for it."""
        if style not in self._written:
            self._written[style] = _written(self.body, style)
        return self._written[style]


def transcript_of(captions: Sequence[Caption], language: str = "") -> Transcript:
    """Final captions as a recording, which begins at room time 0."""
    segments = tuple(_segment(i, caption) for i, caption in enumerate(captions))
    end_seconds = max((segment.end_seconds for segment in segments), default=0.0)
    spoken = language or next((caption.language for caption in reversed(captions)), "")
    return Transcript(segments, spoken, end_seconds)


def render_history(captions: Sequence[Caption], language: str, format: TranscriptFormat) -> str:  # noqa: A002
    """The whole history as a file; plain text has a line for each caption."""
    if format is TranscriptFormat.TEXT:
        return "".join(_line(caption) for caption in captions)
    return render(transcript_of(captions, language), format)


def _written(body: Body, style: ViewStyle) -> str | None:
    if isinstance(body, Caption) and not (body.is_final or style.partials):
        return None
    if isinstance(body, Snapshot) and not style.partials:
        body = Snapshot(
            body.record,
            [caption for caption in body.captions if caption.is_final],
            body.is_live,
            body.position,
            body.skipped,
            body.is_resumed,
        )
    text = _WRITERS[style.format](body)
    if text is None or not style.as_events:
        return text
    return _event(text, _position(body))


def _position(body: Body) -> int | None:
    match body:
        case Caption():
            return body.changed
        case Snapshot():
            return body.position
        case _:
            return None


def _event(text: str, position: int | None) -> str:
    """Source: HTML Living Standard, 9.2 Server-sent events."""
    data = "".join(f"data: {line}\n" for line in text.rstrip("\n").split("\n"))
    return f"{data}\n" if position is None else f"id: {position}\n{data}\n"


def _json(body: Body) -> str | None:
    return json.dumps(_fields(body), ensure_ascii=False, separators=(",", ":"))


def _fields(body: Body) -> dict[str, object]:
    match body:
        case Caption():
            return {"type": "caption", **_caption(body)}
        case LiveChange():
            return {"type": "status", "live": body.is_live}
        case Ended():
            return {"type": "ended"}
        case Snapshot():
            extra: dict[str, object] = {"skipped": body.skipped} if body.skipped else {}
            if body.is_resumed:
                extra["resumed"] = True
            return {
                "type": "snapshot",
                "room": body.record.name,
                "title": body.record.title,
                "language": body.record.language,
                "live": body.is_live,
                **extra,
                "captions": [_caption(caption) for caption in body.captions],
            }


def _caption(caption: Caption) -> dict[str, object]:
    return {
        "id": caption.id,
        "revision": caption.revision,
        "start_ms": caption.start_ms,
        "end_ms": caption.end_ms,
        "text": caption.text,
        "is_final": caption.is_final,
        "language": caption.language,
    }


def _vtt(body: Body) -> str | None:
    match body:
        case Caption():
            return _cues(body)
        case LiveChange():
            return None
        case Ended():
            return "NOTE ended\n"
        case Snapshot():
            notes = [f"NOTE skipped {body.skipped}\n"] if body.skipped else []
            return "\n".join([VTT_HEADER, *notes, *(_cues(caption) for caption in body.captions)])


def _cues(caption: Caption) -> str:
    """The caption's cues, the first of which has its id as identifier; one that was taken back is a note."""
    if not caption.text:
        return f"NOTE withdrawn {caption.id}\n"
    drawn = render(transcript_of([caption]), TranscriptFormat.VTT).removeprefix(f"{VTT_HEADER}\n")
    blocks = drawn.strip("\n").split("\n\n")
    named = (f"{caption.id}.{i}\n{block}\n" if i else f"{caption.id}\n{block}\n" for i, block in enumerate(blocks))
    return "\n".join(named)


def _text(body: Body) -> str | None:
    match body:
        case Caption():
            return _line(body).rstrip("\n") or None
        case Snapshot():
            return "".join(_line(caption) for caption in body.captions).rstrip("\n") or None
        case _:
            return None


def _line(caption: Caption) -> str:
    return render(transcript_of([caption]), TranscriptFormat.TEXT)


_WRITERS = {ViewFormat.JSON: _json, ViewFormat.VTT: _vtt, ViewFormat.TEXT: _text}


def _segment(number: int, caption: Caption) -> Segment:
    return Segment(
        id=number,
        start_seconds=caption.start_ms / 1_000,
        end_seconds=max(caption.end_ms, caption.start_ms + 1) / 1_000,
        text=caption.text,
        language=caption.language,
    )
