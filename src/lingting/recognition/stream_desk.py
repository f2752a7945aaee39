"""Lets a streaming engine answer clips as a batch engine does: it remembers what each live segment has heard.

A draft of a segment hears only the sound past what was heard, and answers what the engine makes of it all; a final
hears the rest and asks for the end. If the speaker goes on, the engine's stream does too, where it can; else the next
clip is heard from the start of the segment. A clip of a recording has a stream to itself.

What is kept is one stream for each live speaker, and closed when a newer segment begins, when no clip came for
`IDLE_SECONDS`, when nobody speaks any more, or when it is the oldest of too many; a clip that misses it is heard from
its start.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lingting.domain import Clock, Hypothesis, RecognizeOptions, Span
from lingting.engines.base import Capabilities, Clip, EngineStream, StreamEngine

__all__ = ["IDLE_SECONDS", "StreamDesk"]

IDLE_SECONDS = 10.0
"""Longer than drafts are apart when the server is busy."""
MAX_KEPT = 256
STRETCH_SECONDS = 0.5
"""Heard in one go of what comes at once: a recogniser's own end of sentence can only lie between two."""


@dataclass(slots=True, eq=False)
class _Hearing:
    """A stream of the engine, and how far into its segment it has heard."""

    stream: EngineStream
    segment: int
    heard_samples: int = 0
    seems: Hypothesis | None = None
    """What it said last; None before it said anything."""
    used_seconds: float = 0.0
    is_over: bool = False
    """It was asked for its end, after which it takes no more."""


class StreamDesk:
    """A `BatchEngine` of one clip a batch. Clips of one live stream come one by one; others from any thread."""

    def __init__(self, engine: StreamEngine, clock: Clock, *, max_kept: int = MAX_KEPT) -> None:
        self.capabilities: Capabilities = replace(engine.capabilities, max_batch=1)
        self._engine = engine
        self._clock = clock
        self._max_kept = max_kept
        self._kept: dict[str, _Hearing] = {}
        """By live stream, without those in hand; the one used longest ago first."""
        self._turn = threading.Lock()
        self._is_open = True

    @property
    def kept(self) -> int:
        """How many streams wait for more sound."""
        return len(self._kept)

    def batch_key(self, options: RecognizeOptions) -> None:
        return None

    def padded_seconds(self, clip: Clip) -> float:
        """Of the clip what was not heard yet."""
        hearing = self._kept.get(clip.origin.stream) if clip.origin is not None else None
        if hearing is None or not _continues(hearing, clip):
            return clip.audio.duration_seconds
        return clip.audio.duration_seconds - hearing.heard_samples / clip.audio.rate_hz

    def prepare(self, clips: Sequence[Clip]) -> Clip:
        (clip,) = clips
        return clip

    def compute(self, prepared: Clip) -> Hypothesis:
        hearing = self._take(prepared)
        try:
            answer = _hear(hearing, prepared)
        except BaseException:
            hearing.stream.close()
            raise
        self._put_back(hearing, prepared)
        return answer if prepared.options.word_times else replace(answer, words=())

    def finish(self, raw: Hypothesis) -> list[Hypothesis]:
        return [raw]

    def sweep(self, *, everything: bool = False) -> None:
        """Close what nobody has asked for in a while, or all that waits."""
        oldest_seconds = self._clock.monotonic() - (0.0 if everything else IDLE_SECONDS)
        with self._turn:
            idle = [stream for stream, hearing in self._kept.items() if hearing.used_seconds <= oldest_seconds]
            hearings = [self._kept.pop(stream) for stream in idle]
        _close_all(hearings)

    def close(self) -> None:
        """Close all streams; the engine itself is its owner's."""
        with self._turn:
            self._is_open = False
            hearings = list(self._kept.values())
            self._kept.clear()
        _close_all(hearings)

    def _take(self, clip: Clip) -> _Hearing:
        """The stream that has heard the beginning of this clip, or one that has heard nothing."""
        origin = clip.origin
        if origin is None:
            return _Hearing(self._engine.open(clip.options), segment=0)
        with self._turn:
            hearing = self._kept.get(origin.stream)
            if hearing is not None and hearing.segment <= origin.segment:
                del self._kept[origin.stream]
            else:
                hearing = None
        if hearing is not None and _continues(hearing, clip):
            return hearing
        if hearing is not None:
            hearing.stream.close()
        # A draft opens what a final may close: with words, for those who want them in the end.
        return _Hearing(self._engine.open(replace(clip.options, word_times=True)), origin.segment)

    def _put_back(self, hearing: _Hearing, clip: Clip) -> None:
        hearing.used_seconds = self._clock.monotonic()
        closing = []
        with self._turn:
            newer = clip.origin is not None and self._kept.get(clip.origin.stream)
            if clip.origin is None or hearing.is_over or newer or not self._is_open:
                closing = [hearing]
            else:
                self._kept[clip.origin.stream] = hearing
                while len(self._kept) > self._max_kept:
                    closing.append(self._kept.pop(next(iter(self._kept))))
        _close_all(closing)


def _continues(hearing: _Hearing, clip: Clip) -> bool:
    """Whether what was heard is the beginning of the clip."""
    return (
        clip.origin is not None
        and hearing.segment == clip.origin.segment
        and hearing.heard_samples <= len(clip.audio.samples)
    )


def _hear(hearing: _Hearing, clip: Clip) -> Hypothesis:
    step = int(STRETCH_SECONDS * clip.audio.rate_hz)
    end = len(clip.audio.samples)
    for start in range(hearing.heard_samples, end, step):
        said = hearing.stream.accept(clip.audio.cut(Span(start, min(start + step, end))))
        hearing.seems = said or hearing.seems
    hearing.heard_samples = end
    if clip.origin is None or clip.origin.is_final:
        hearing.seems = hearing.stream.finish()
        hearing.is_over = not hearing.stream.goes_on
    return hearing.seems or Hypothesis("", clip.options.language or "")


def _close_all(hearings: Sequence[_Hearing]) -> None:
    for hearing in hearings:
        hearing.stream.close()
