"""A scripted engine that streams: `FakeEngine`'s sibling, for tests here and in users' own projects.

It computes nothing and never sleeps. By default it says how much it has heard: "5.0 seconds of speech".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lingting.domain import Audio, Hypothesis, RecognizeOptions, Samples
from lingting.engines.base import Capabilities, Clip
from lingting.engines.fake import FAKE_CAPABILITIES, Answer, Gate, scripted, seconds_heard

__all__ = ["FAKE_STREAM_CAPABILITIES", "FakeStream", "FakeStreamEngine"]

_NOTHING: Samples = np.zeros(0, dtype=np.float32)
FAKE_STREAM_CAPABILITIES = replace(FAKE_CAPABILITIES, streaming=True, max_batch=1)


class FakeStreamEngine:
    """A `StreamEngine` that answers from a script.

    script         a function of all that one stream has heard, as a clip
    gate           where each `accept` and `finish` stops until let through; None never stops
    capabilities   the record it shows
    goes_on        whether its streams may hear more after `finish`
    """

    def __init__(
        self,
        script: Callable[[Clip], Answer] = seconds_heard,
        *,
        gate: Gate | None = None,
        capabilities: Capabilities = FAKE_STREAM_CAPABILITIES,
        goes_on: bool = False,
    ) -> None:
        self.capabilities = capabilities
        self.script = script
        self.gate = gate
        self.goes_on = goes_on
        self.streams: list[FakeStream] = []
        """All that were opened, in order."""
        self.is_closed = False

    @property
    def open_streams(self) -> int:
        return sum(not stream.is_closed for stream in self.streams)

    def open(self, options: RecognizeOptions) -> FakeStream:
        assert not self.is_closed, "the engine was closed"
        stream = FakeStream(self, options)
        self.streams.append(stream)
        return stream

    def close(self) -> None:
        assert not self.open_streams, "its streams are closed before"
        self.is_closed = True


class FakeStream:
    """What one stream heard, and how it came."""

    def __init__(self, engine: FakeStreamEngine, options: RecognizeOptions) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self.options = options
        self.heard: list[Samples] = []
        """Each stretch, in order."""
        self.finished = 0
        self.closed = threading.Event()

    @property
    def is_closed(self) -> bool:
        return self.closed.is_set()

    @property
    def goes_on(self) -> bool:
        return self._engine.goes_on

    def accept(self, audio: Audio) -> Hypothesis | None:
        assert self.goes_on or not self.finished, "nothing may follow the end"
        self.heard.append(audio.samples)
        return replace(self._answer(), words=()) if len(audio.samples) else None

    def finish(self) -> Hypothesis:
        assert self.goes_on or not self.finished, "it ends once"
        self.finished += 1
        return self._answer()

    def close(self) -> None:
        self.closed.set()

    def _answer(self) -> Hypothesis:
        assert not self.is_closed, "the stream was closed"
        assert self._turn.acquire(blocking=False), "one thread at a time"
        try:
            if self._engine.gate is not None:
                self._engine.gate.pass_through()
            clip = Clip(Audio(np.concatenate([*self.heard, _NOTHING])), self.options)
            return scripted(clip, self._engine.script(clip))
        finally:
            self._turn.release()
