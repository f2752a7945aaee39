"""What becomes known of a recording while it is worked on, on its way to a client that may read slowly."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from lingting.api.grpc._generated import speech_pb2
from lingting.api.grpc.answers import progress_message, segments_message
from lingting.domain import Progress, Segment

__all__ = ["News"]


class News:
    """Between the pipeline, which never waits, and the answer; bounded by the recording's own text.

    Progress that nobody took is replaced by what comes after it.
    """

    def __init__(self, *, with_words: bool) -> None:
        self._with_words = with_words
        self._segments: deque[Sequence[Segment]] = deque()
        self._progress: Progress | None = None
        self._has_ended = False
        self._changed = asyncio.Event()

    def put_segments(self, segments: Sequence[Segment]) -> None:
        self._segments.append(segments)
        self._changed.set()

    def put_progress(self, progress: Progress) -> None:
        self._progress = progress
        self._changed.set()

    def put_end(self, _work: object) -> None:
        self._has_ended = True
        self._changed.set()

    async def take(self) -> speech_pb2.RecognizeFileResponse | None:
        """The next message; None at the end."""
        while True:
            if self._segments:
                return segments_message(self._segments.popleft(), with_words=self._with_words)
            if self._progress is not None:
                progress, self._progress = self._progress, None
                return progress_message(progress)
            if self._has_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
