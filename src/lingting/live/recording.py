"""Keeps what a live session said, as one record, once it has ended.

Promises: a session never waits for it; a session that lost its client is kept too, and so is one that the server's
stopping ended; what could not be kept is counted and logged. A server that is killed loses what its open sessions said.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol

from lingting.domain import Call, Closed, Event, Final, Segment, Transcript
from lingting.domain.errors import LingtingError
from lingting.telemetry import log

__all__ = ["FollowedSession", "LiveRecorder", "TranscriptKeeper"]

MAX_SEGMENTS = 20_000
"""Of one session, four hours of which have about 5,000; its first ones are kept."""


class TranscriptKeeper(Protocol):
    """Where transcripts are kept."""

    def wants(self, call: Call, /) -> bool: ...

    async def save(self, call: Call, transcript: Transcript, /, *, kind: Literal["stream"]) -> str | None:
        """raises    StorageUnavailable"""
        ...


class RecordingObserver(Protocol):
    """Told what could not be kept."""

    def history_failed(self) -> None: ...


class FollowedSession(Protocol):
    """What keeping needs of a live session."""

    @property
    def engine(self) -> str: ...

    @property
    def model(self) -> str: ...

    def observe(self, callback: Callable[[Event], None], /) -> None: ...


class LiveRecorder:
    """Belongs to one event loop; close it after the sessions have ended."""

    def __init__(self, keeper: TranscriptKeeper, observer: RecordingObserver) -> None:
        self._keeper = keeper
        self._observer = observer
        self._saving: set[asyncio.Task[None]] = set()

    def follow(self, session: FollowedSession, call: Call) -> None:
        """Note what it says from now on, if its caller has nothing against it."""
        if self._keeper.wants(call):
            keep = partial(self._keep, engine=session.engine, model=session.model)
            session.observe(_Notes(call, keep).take)

    async def aclose(self) -> None:
        """Wait until what was said is kept."""
        if self._saving:
            await asyncio.wait(self._saving)

    def _keep(self, call: Call, finals: list[Final], audio_seconds: float, *, engine: str, model: str) -> None:
        transcript = transcript_of(finals, audio_seconds, engine=engine, model=model)
        saving = asyncio.create_task(self._save(call, transcript), name="live-record")
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)

    async def _save(self, call: Call, transcript: Transcript) -> None:
        try:
            await self._keeper.save(call, transcript, kind="stream")
        except LingtingError as error:
            self._observer.history_failed()
            log.error("history.failed", code=error.code, kind="stream")


class _Notes:
    """Of one session."""

    def __init__(self, call: Call, keep: Callable[[Call, list[Final], float], None]) -> None:
        self._call = call
        self._keep = keep
        self._finals: list[Final] = []

    def take(self, event: Event) -> None:
        if isinstance(event, Final) and event.text and len(self._finals) < MAX_SEGMENTS:
            self._finals.append(event)
        elif isinstance(event, Closed) and self._finals:
            self._keep(self._call, self._finals, event.audio_seconds)


def transcript_of(finals: list[Final], audio_seconds: float, *, engine: str, model: str) -> Transcript:
    """The session as if it had been a recording; its language is that of most of its speech, and so is who heard it.

    engine, model    the session's first, where its finals do not say
    """
    segments = tuple(
        Segment(
            id=i,
            start_seconds=final.start_seconds,
            end_seconds=final.end_seconds,
            text=final.text,
            language=final.language,
            words=final.words,
            redacted=final.redacted,
            corrections=final.corrections,
            avg_logprob=final.avg_logprob,
            mood=final.mood,
        )
        for i, final in enumerate(finals)
    )
    spoken: defaultdict[str, float] = defaultdict(float)
    heard: defaultdict[tuple[str, str], float] = defaultdict(float)
    for final in finals:
        seconds = final.end_seconds - final.start_seconds
        spoken[final.language] += seconds
        heard[(final.engine, final.model) if final.model else (engine, model)] += seconds
    engine, model = max(heard, key=heard.__getitem__)
    return Transcript(
        segments=segments,
        language=max(spoken, key=spoken.__getitem__),
        duration_seconds=audio_seconds,
        speech_seconds=sum(spoken.values()),
        engine=engine,
        model=model,
    )
