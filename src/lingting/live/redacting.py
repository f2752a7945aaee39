"""Hides personal data in what a live session says. Pure.

A final whose end may go on, such as half a telephone number, waits for the next one, for a silence, or for the end.
Promises: finals stay in order; none waits longer than `HOLD_SECONDS` of sound after its end; a draft shows nothing that
the finals so far and the draft itself tell to be personal, and no digits that may go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lingting.domain import Redaction, Segment
from lingting.live.answers import Spoken
from lingting.text.privacy.redaction import Sealer
from lingting.text.privacy.redaction_window import RedactionWindow

__all__ = ["HOLD_SECONDS", "Redacting"]

HOLD_SECONDS = 3.0
"""Longer than somebody pauses within a number, shorter than a reader misses the final."""


class Redacting:
    """One session's. Follows its options: nothing is hidden, and nothing held, while they do not ask for it."""

    def __init__(self, sealer: Sealer | None = None) -> None:
        self._sealer = sealer
        self._redaction = Redaction()
        self._window: RedactionWindow | None = None
        self._waiting: list[tuple[Segment, Spoken]] = []

    @property
    def is_holding(self) -> bool:
        return bool(self._waiting)

    def held_since_seconds(self) -> float:
        """The end of the first that waits."""
        return self._waiting[0][0].end_seconds

    def take(
        self, number: int, span: tuple[float, float], heard: Spoken, redaction: Redaction
    ) -> list[tuple[int, Spoken]]:
        """Take a segment's final; gives those, by number, that are to be said, which may be none and may be several."""
        said = self._change_to(redaction)
        if self._window is None:
            return [*said, (number, heard)]
        segment = Segment(number, *span, heard.text, heard.language, heard.words, corrections=heard.corrections)
        self._waiting.append((segment, heard))
        return said + self._said(self._window.take([segment]))

    def let_go(self, *, is_over: bool) -> list[tuple[int, Spoken]]:
        """Give what waits.

        is_over    nothing follows; otherwise digits at its end are hidden, in case they go on
        """
        if self._window is None:
            return []
        return self._said(self._window.finish() if is_over else self._window.let_go())

    def draft(self, text: str, language: str, redaction: Redaction) -> str:
        """What may be shown of an open segment, all before it having been taken."""
        if not redaction.is_on:
            return text
        window = self._window if self._redaction == redaction else None
        return (window or RedactionWindow(redaction, self._sealer)).draft(text, language)

    def _change_to(self, redaction: Redaction) -> list[tuple[int, Spoken]]:
        if redaction == self._redaction:
            return []
        said = self.let_go(is_over=False)
        self._redaction = redaction
        self._window = RedactionWindow(redaction, self._sealer) if redaction.is_on else None
        return said

    def _said(self, segments: Iterable[Segment]) -> list[tuple[int, Spoken]]:
        said = []
        for segment in segments:
            _, heard = self._waiting.pop(0)
            shown = replace(heard, text=segment.text, words=segment.words, redacted=segment.redacted)
            said.append((segment.id, replace(shown, corrections=segment.corrections)))
        return said
