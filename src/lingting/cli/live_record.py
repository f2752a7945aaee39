"""Keeps what was said in a file: subtitles or text, put in place whole while the stream goes on, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from lingting.client import Final
from lingting.domain import Segment, Transcript
from lingting.domain.errors import InvalidOption
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["Record"]

FORMATS = {".srt": TranscriptFormat.SRT, ".vtt": TranscriptFormat.VTT, ".txt": None}
"""None is a line for each sentence."""
SAVE_SECONDS = 10.0


class Record:
    """A file of finals.

    raises    InvalidOption for a suffix that is not known, or a place that cannot be written
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = monotonic) -> None:
        if path.suffix.lower() not in FORMATS:
            raise InvalidOption("--output", f"{path.name} does not end with {', '.join(FORMATS)}")
        self._path = path
        self._format = FORMATS[path.suffix.lower()]
        self._now = now
        self._saved_seconds = now()
        self._finals: list[Final] = []
        self.save()

    def add(self, final: Final) -> None:
        if not final.text:
            return
        self._finals.append(final)
        if self._now() - self._saved_seconds >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """raises    InvalidOption when the file cannot be written"""
        self._saved_seconds = self._now()
        draft = self._path.with_name(f".{self._path.name}.tmp")
        try:
            draft.write_text(self._text(), encoding="utf-8")
            draft.replace(self._path)
        except OSError as problem:
            raise InvalidOption("--output", f"cannot write {self._path}: {problem.strerror}") from problem

    def _text(self) -> str:
        if self._format is None:
            return "".join(f"{' '.join(final.text.split())}\n" for final in self._finals)
        segments = tuple(
            Segment(index, final.start_seconds, final.end_seconds, final.text, final.language, final.words)
            for index, final in enumerate(self._finals)
        )
        language = self._finals[0].language if self._finals else ""
        duration_seconds = self._finals[-1].end_seconds if self._finals else 0.0
        return render(Transcript(segments, language, duration_seconds), self._format)
