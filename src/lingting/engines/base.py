"""What every recogniser offers, and nothing about how: contracts the scheduler and the router call.

An engine gets arrays at the rate it declared and options; it never sees a request, a file or a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from lingting.domain import Audio, Hypothesis, RecognizeOptions

__all__ = [
    "AnyEngine",
    "BatchEngine",
    "Capabilities",
    "Clip",
    "EngineKind",
    "EngineStream",
    "NoLongerWanted",
    "Origin",
    "RemoteEngine",
    "StreamEngine",
]


class EngineKind(StrEnum):
    """Which contract an engine keeps."""

    BATCH = "batch"
    STREAM = "stream"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the callers need to know, as data; nobody asks an engine for its class."""

    sample_rate_hz: int
    max_audio_seconds: float
    """The longest clip one call takes; longer audio is cut before it gets here."""
    languages: frozenset[str]
    streaming: bool
    word_times: bool
    hotwords: bool
    max_batch: int
    thread_safe: bool
    """True when several threads may call `compute` at once."""
    replicas: int = 1
    """How many threads the scheduler should give it."""
    translates: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The live segment that a clip is of. Clips of one segment begin at the same sample, and each goes on further than
    the drafts before it, so that an engine that streams hears only what is new."""

    stream: str
    segment: int
    is_final: bool
    """Whether it may be the last; a later one comes all the same when the speaker goes on."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One piece of audio to recognise, with its caller's wishes."""

    audio: Audio
    options: RecognizeOptions
    origin: Origin | None = None
    """None for pieces of recordings."""
    is_wanted: Callable[[], bool] = _always
    """Whether somebody still waits for the answer; may be asked in any thread."""


class NoLongerWanted(Exception):
    """Nobody waits for any clip of the batch any more."""


class BatchEngine(Protocol):
    """Recognises several clips at once. Blocking; the scheduler calls it from its own threads."""

    @property
    def capabilities(self) -> Capabilities: ...

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        """Clips whose keys are equal may share a batch."""
        ...

    def padded_seconds(self, clip: Clip) -> float:
        """How much audio the clip will cost on the device, padding included."""
        ...

    def prepare(self, clips: Sequence[Clip]) -> Any:  # each engine's own
        """Features, on the CPU; may run ahead of the device."""
        ...

    def compute(self, prepared: Any) -> Any:
        """The device's part; no I/O.

        raises    NoLongerWanted from an engine that asks its clips; EngineFailed
        """
        ...

    def finish(self, raw: Any) -> list[Hypothesis]:
        """Text and times, on the CPU; as many as there were clips, in the same order."""
        ...

    def close(self) -> None:
        """Give the memory back; later calls are mistakes."""
        ...


class EngineStream(Protocol):
    """All per-utterance state of a streaming engine. Blocking; one thread at a time."""

    @property
    def goes_on(self) -> bool:
        """Whether more may be heard after `finish`, which then answers for all of it; else nothing may follow."""
        ...

    def accept(self, audio: Audio) -> Hypothesis | None:
        """Hear the next stretch; what it all seems to say so far, None where nothing changed. Text without words."""
        ...

    def finish(self) -> Hypothesis:
        """What was said, times from the start of the first stretch."""
        ...

    def close(self) -> None:
        """Give up what it holds; also after `finish`, also twice."""
        ...


class StreamEngine(Protocol):
    """Recognises while the audio arrives; shared by many streams. Blocking."""

    @property
    def capabilities(self) -> Capabilities: ...

    def open(self, options: RecognizeOptions) -> EngineStream: ...

    def close(self) -> None:
        """Give the memory back; its streams are closed before."""
        ...


class RemoteEngine(Protocol):
    """Another server. Belongs to one event loop; owns its connections, timeouts, retries and outbound limits."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def transcribe(self, clip: Clip) -> Hypothesis:
        """Cancelling the caller ends the call there too, where the protocol can.

        raises    EngineUnavailable when it is away or refuses us (the router may try another); Overloaded when it
                  says to come back later; EngineFailed for an answer that makes no sense; InvalidOption, AudioTooLong
                  for what another engine could not do either
        """
        ...

    async def aclose(self) -> None: ...


AnyEngine = BatchEngine | StreamEngine | RemoteEngine
"""Its row in the registry says which; a made one that streams shows it by its capabilities."""
