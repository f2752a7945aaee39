"""Pieces of one recording, made in a thread as they are asked for: decode, detect speech, cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Protocol

from lingting.audio.decode import AudioSource, DecodedAudio, Decoder
from lingting.audio.vad import FrameScorer, SpeechDetector
from lingting.domain import SAMPLE_RATE_HZ, ChannelMode, RecognizeOptions
from lingting.recognition.long_audio import Piece, Planner, plan_for

__all__ = ["PieceReader", "ScorerSource", "open_pieces"]

BLOCKS_PER_HOP = 8
"""Blocks of about a second that one visit to a thread may read before it answers, so that a short file costs
one hop and a long one stays interruptible."""


class ScorerSource(Protocol):
    """A voice detection model that many streams share."""

    def scorer(self) -> FrameScorer: ...


class PieceReader:
    """Reads one recording; `pieces` hops to a thread for each few seconds of sound."""

    def __init__(self, decoded: DecodedAudio, planners: list[Planner], executor: Executor) -> None:
        self._decoded = decoded
        self._blocks = iter(decoded)
        self._planners = planners
        self._executor = executor
        self._ended = False

    @property
    def duration_seconds(self) -> float:
        """How much has been decoded so far."""
        return self._planners[0].heard_samples / SAMPLE_RATE_HZ

    @property
    def total_seconds(self) -> float | None:
        """What the file's header promises; None when it is silent about it."""
        return self._decoded.info.duration_seconds

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        loop = asyncio.get_running_loop()
        while not self._ended:
            for piece in await loop.run_in_executor(self._executor, self._read):
                yield piece

    def _read(self) -> list[Piece]:
        pieces: list[Piece] = []
        for _ in range(BLOCKS_PER_HOP):
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                return pieces + [piece for planner in self._planners for piece in planner.finish()]
            for planner, samples in zip(self._planners, block, strict=True):
                pieces += planner.accept(samples)
            if pieces:
                break
        return pieces


@asynccontextmanager
async def open_pieces(
    source: AudioSource, options: RecognizeOptions, *, decoder: Decoder, vad: ScorerSource, executor: Executor
) -> AsyncIterator[PieceReader]:
    """Open a recording; leaving the block stops the decoder at once, wherever it is.

    raises    AudioUndecodable, AudioTooLarge, AudioTooLong, Overloaded
    """

    def open_decoder() -> DecodedAudio:
        return decoder.open(source, mode=options.channel_mode, channel=options.channel, denoise=options.denoise)

    decoded = await _in_thread(executor, open_decoder, undo=DecodedAudio.close)
    try:
        plan = plan_for(options)
        split = options.channel_mode is ChannelMode.SPLIT
        planners = [
            Planner(SpeechDetector(vad.scorer(), options.vad), plan, channel=index if split else None)
            for index in range(decoded.channels)
        ]
        yield PieceReader(decoded, planners, executor)
    finally:
        decoded.close()


async def _in_thread(
    executor: Executor, open_it: Callable[[], DecodedAudio], *, undo: Callable[[DecodedAudio], None]
) -> DecodedAudio:
    """Run a blocking open; if the caller leaves meanwhile, what was opened is closed again."""
    future = asyncio.get_running_loop().run_in_executor(executor, open_it)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        future.add_done_callback(lambda done: None if done.cancelled() or done.exception() else undo(done.result()))
        raise
