"""The native protocol's messages as the client reads and writes them; docs/streaming.md describes them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lingting.client.errors import ServerError
from lingting.client.events import Event, Final, Notice, Partial, SegmentError, SpeechStarted, SpeechStopped
from lingting.domain import Word

__all__ = ["Fields", "Place", "hello", "names", "number", "order", "read_event", "read_message", "text"]

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session stands in its stream: one that replaced another begins later, and counts segments from there."""

    offset_seconds: float = 0.0
    segments: int = 0

    def seconds(self, fields: Fields, name: str) -> float:
        return self.offset_seconds + number(fields, name) / 1_000

    def segment(self, fields: Fields) -> int:
        return self.segments + int(number(fields, "segment"))

    def span(self, fields: Fields) -> tuple[int, float, float]:
        return self.segment(fields), self.seconds(fields, "start_ms"), self.seconds(fields, "end_ms")


def hello(config: Fields) -> str:
    return json.dumps({"type": "INIT", "config": config}, ensure_ascii=False)


def order(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, **fields})


def read_message(message: str | bytes) -> tuple[str, Fields]:
    """The type and the fields of what a server says.

    raises    ServerError for what is not of this protocol
    """
    try:
        fields = json.loads(message)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ServerError("invalid_message", "the server does not speak Lingting's protocol; check the address")
    return fields["type"], fields


def read_event(kind: str, fields: Fields, place: Place) -> Event | None:
    """The event that is about speech or the service; None for other messages, unknown ones among them."""
    read = _READERS.get(kind)
    return None if read is None else read(fields, place)


def number(fields: Fields, name: str) -> float:
    value = fields.get(name)
    return value if isinstance(value, int | float) else 0


def text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def names(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _started(fields: Fields, place: Place) -> Event:
    return SpeechStarted(place.segment(fields), place.seconds(fields, "start_ms"))


def _stopped(fields: Fields, place: Place) -> Event:
    return SpeechStopped(*place.span(fields))


def _partial(fields: Fields, place: Place) -> Event:
    return Partial(
        *place.span(fields), text(fields, "transcript"), text(fields, "stable"), language=text(fields, "language")
    )


def _final(fields: Fields, place: Place) -> Event:
    said = text(fields, "transcript")
    return Final(
        *place.span(fields),
        said,
        language=text(fields, "language"),
        language_probability=number(fields, "language_probability"),
        confidence=number(fields, "confidence"),
        words=_words(fields.get("words"), said, place),
        suppressed=text(fields, "suppressed") or None,
        lag_seconds=number(fields, "lag_ms") / 1_000,
    )


def _segment_error(fields: Fields, place: Place) -> Event:
    problem = text(fields, "code"), text(fields, "message"), fields.get("retryable") is True
    return SegmentError(*place.span(fields), *problem)


def _notice(fields: Fields, _place: Place) -> Event:
    return Notice(text(fields, "notice"), number(fields, "lag_ms") / 1_000, text(fields, "message"))


def _words(given: object, said: str, place: Place) -> tuple[Word, ...]:
    """The words with the spaces that the text has before them; none when they are not those of the text."""
    words: list[Word] = []
    reached = 0
    for fields in given if isinstance(given, list) else ():
        if not isinstance(fields, dict) or (found := said.find(text(fields, "word"), reached)) < 0:
            return ()
        end = found + len(text(fields, "word"))
        times = place.seconds(fields, "start_ms"), place.seconds(fields, "end_ms")
        words.append(Word(said[reached:end], *times, probability=number(fields, "probability")))
        reached = end
    return tuple(words)


_READERS: dict[str, Callable[[Fields, Place], Event]] = {
    "SPEECH_STARTED": _started,
    "SPEECH_STOPPED": _stopped,
    "PARTIAL": _partial,
    "FINAL": _final,
    "SEGMENT_ERROR": _segment_error,
    "NOTICE": _notice,
}
