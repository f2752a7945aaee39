"""A scripted engine: transcripts, failures and a gate to stop at, for tests here and in users' own projects.

It computes nothing and never sleeps. By default its answer says how much it heard: "5.0 seconds of speech".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions, Word
from lingting.domain.languages import LANGUAGES
from lingting.engines.base import Capabilities, Clip

__all__ = ["FAKE_CAPABILITIES", "Answer", "FakeBatch", "FakeEngine", "Gate", "scripted", "seconds_heard"]

Answer = str | Hypothesis | BaseException
"""What the script says of one clip; an exception is raised, and takes the whole batch with it."""

FAKE_CAPABILITIES = Capabilities(
    sample_rate_hz=SAMPLE_RATE_HZ,
    max_audio_seconds=30.0,
    languages=frozenset(LANGUAGES),
    streaming=False,
    word_times=True,
    hotwords=False,
    max_batch=8,
    thread_safe=True,
    translates=True,
)
"""As Whisper's, so that a test of what surrounds the engine needs no other."""

GATE_DEADLINE_SECONDS = 30.0
"""A test that forgot to open its gate fails after this, instead of hanging."""


def seconds_heard(clip: Clip) -> Answer:
    """Return the default answer, which depends on nothing but the clip's length."""
    return f"{clip.audio.duration_seconds:.1f} seconds of speech"


class Gate:
    """A place where the engine's threads stop until they are let through; thread-safe."""

    def __init__(self) -> None:
        self._arrivals = threading.Semaphore(0)
        self._passes = threading.Semaphore(0)

    def wait_for_arrival(self) -> None:
        """Block until one more batch stands at the gate; call it through `asyncio.to_thread`."""
        if not self._arrivals.acquire(timeout=GATE_DEADLINE_SECONDS):
            raise TimeoutError("no batch came to the gate")

    def let_through(self, batches: int = 1) -> None:
        """Let so many pass, now or when they come."""
        self._passes.release(batches)

    def pass_through(self) -> None:
        self._arrivals.release()
        if not self._passes.acquire(timeout=GATE_DEADLINE_SECONDS):
            raise TimeoutError("nobody opened the gate")


@dataclass(frozen=True, slots=True, eq=False)
class FakeBatch:
    """What the engine got in one call of `compute`."""

    clips: tuple[Clip, ...]
    thread: str
    """The name of the thread that brought it."""


class FakeEngine:
    """A `BatchEngine` that answers from a script.

    script         a function of the clip, or answers in the order in which clips are computed; when those are
                   used up, `seconds_heard`
    gate           where each `compute` stops until let through; None never stops
    capabilities   the record it shows
    key            what makes clips fit to share a batch; all are by default
    padded         the cost of a clip; its length by default
    """

    def __init__(
        self,
        script: Sequence[Answer] | Callable[[Clip], Answer] = seconds_heard,
        *,
        gate: Gate | None = None,
        capabilities: Capabilities = FAKE_CAPABILITIES,
        key: Callable[[RecognizeOptions], Hashable] = lambda _: None,
        padded: Callable[[Clip], float] = lambda clip: clip.audio.duration_seconds,
    ) -> None:
        self._answer = script if callable(script) else _in_order(script)
        self._gate = gate
        self._capabilities = capabilities
        self._key = key
        self._padded = padded
        self.prepared: list[tuple[Clip, ...]] = []
        """What `prepare` got, in order."""
        self.computed: list[FakeBatch] = []
        """What reached the device, in order."""
        self.is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        return self._key(options)

    def padded_seconds(self, clip: Clip) -> float:
        return self._padded(clip)

    def prepare(self, clips: Sequence[Clip]) -> FakeBatch:
        assert not self.is_closed, "the engine was closed"
        self.prepared.append(tuple(clips))
        return FakeBatch(tuple(clips), threading.current_thread().name)

    def compute(self, prepared: FakeBatch) -> list[Hypothesis]:
        assert not self.is_closed, "the engine was closed"
        self.computed.append(prepared)
        if self._gate is not None:
            self._gate.pass_through()
        answers = [(clip, self._answer(clip)) for clip in prepared.clips]
        return [scripted(clip, answer) for clip, answer in answers]

    def finish(self, raw: list[Hypothesis]) -> list[Hypothesis]:
        return raw

    def close(self) -> None:
        self.is_closed = True


def _in_order(script: Sequence[Answer]) -> Callable[[Clip], Answer]:
    remaining = iter(tuple(script))
    turn = threading.Lock()

    def answer(clip: Clip) -> Answer:
        with turn:
            return next(remaining, seconds_heard(clip))

    return answer


def scripted(clip: Clip, answer: Answer) -> Hypothesis:
    """Return what the script says of the clip, or raise it."""
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, Hypothesis):
        return answer
    hypothesis = Hypothesis(answer, clip.options.language or "en", window_seconds=clip.audio.duration_seconds)
    return replace(hypothesis, words=_spread(answer, clip.audio)) if clip.options.word_times else hypothesis


def _spread(text: str, audio: Audio) -> tuple[Word, ...]:
    """Give each word of `text` an equal share of the audio."""
    pieces = text.split()
    share_seconds = audio.duration_seconds / max(1, len(pieces))
    return tuple(
        Word(piece if i == 0 else f" {piece}", i * share_seconds, (i + 1) * share_seconds, probability=1.0)
        for i, piece in enumerate(pieces)
    )
