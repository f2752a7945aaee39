"""READ THIS FIRST: a recording becomes a transcript.

    bytes ─► blocks ─► pieces ─► hypotheses ─► segments ─► transcript
            audio/    long_audio  scheduler     guard,      domain/
            decode    and VAD     and engine    text chain

Pieces are read as the recording is decoded, kept in flight up to a bound, and answered in audio order, so
that hours of audio need the memory of a few pieces. Cancelling the caller stops the decoder and drops the work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import Hypothesis, Priority, Progress, RecognizeOptions, Segment, Transcript
from lingting.domain.errors import InvalidOption, Overloaded, QuotaExceeded
from lingting.domain.principal import ANYBODY, Principal
from lingting.recognition.assembly import Assembly
from lingting.recognition.diarization import Listening, Voices
from lingting.recognition.engine_doors import Route, Routes
from lingting.recognition.long_audio import Piece
from lingting.recognition.pieces import PieceReader, ScorerSource, open_pieces
from lingting.recognition.redacting import require_redaction
from lingting.recognition.second_opinion import asked_again, likelier, relabelled
from lingting.telemetry.traces import begin
from lingting.text.hotwords.correction import load_hotwords
from lingting.text.mood.sentiment import load_moods
from lingting.text.privacy.redaction import Sealer

__all__ = ["Pipeline", "PipelineObserver", "PipelineSettings"]

OnSegments = Callable[[Sequence[Segment]], None]
OnProgress = Callable[[Progress], None]
MAX_LANGUAGE_TRIES = 3
"""Pieces that wait for each other while the language is not known; later ones are detected one by one."""
Flight = tuple[Piece, asyncio.Task[Hypothesis]]


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Bounds of one request's work."""

    max_pieces_in_flight: int = 16
    """Of at most 28 s each: two full batches, so that the engine never waits for the decoder."""
    urgent_pieces: int = 2
    """Pieces of one recording with its caller's priority; later ones have a job's, so that short requests pass."""
    max_pause_seconds: float = 0.5
    """How long a recording that has been taken in waits before it asks a full queue again."""
    reader_threads: int = 32
    """How many recordings may be read at the same moment; more wait their turn."""
    confident_language: float = 0.5
    """A language detected at least this surely on the first speech holds for the whole recording."""


class PipelineObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def suppressed(self, reason: str) -> None: ...

    def transcribed(self, *, engine: str, audio_seconds: float, wall_seconds: float) -> None: ...


class Pipeline:
    """Turns recordings into transcripts, many at a time."""

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        recognizer: Routes,
        decoder: Decoder,
        vad: ScorerSource,
        observer: PipelineObserver,
        voices: Voices | None = None,
        settings: PipelineSettings = PipelineSettings(),
    ) -> None:
        self._recognizer = recognizer
        self._decoder = decoder
        self._vad = vad
        self._observer = observer
        self._voices = voices
        """None tells nobody apart."""
        self._settings = settings
        self._executor: Executor = ThreadPoolExecutor(settings.reader_threads, thread_name_prefix="lingting-read")

    async def aclose(self) -> None:
        """Wait for the reading threads; call after the last request has ended."""
        await asyncio.to_thread(self._executor.shutdown)

    async def transcribe(  # noqa: PLR0913 - a request's wishes, each with a default
        self,
        source: AudioSource,
        options: RecognizeOptions,
        *,
        priority: Priority = Priority.REQUEST,
        on_segments: OnSegments | None = None,
        on_progress: OnProgress | None = None,
        sealer: Sealer | None = None,
        caller: Principal = ANYBODY,
    ) -> Transcript:
        """Recognise a whole recording.

        on_segments    called on the loop with finished segments, in audio order, while later ones are computed
        sealer         for tokens in place of what is hidden
        caller         whose request it is, for the choice of the engine
        raises         InvalidInput, Busy, EngineError
        """
        self._recognizer.route(options, caller=caller, priority=priority).check(options)
        await require_redaction(options, has_sealer=sealer is not None)
        if options.mood:
            await asyncio.get_running_loop().run_in_executor(self._executor, load_moods)
        matchers = await asyncio.get_running_loop().run_in_executor(self._executor, load_hotwords, options.hotwords)
        voices = await self._listening(options)
        started = perf_counter()
        reading = open_pieces(source, options, decoder=self._decoder, vad=self._vad, executor=self._executor)
        async with reading as reader, AsyncExitStack() as held:
            route = self._recognizer.route(options, caller=caller, priority=priority, seconds=reader.total_seconds)
            await held.enter_async_context(route.held())
            route.check(options)
            assembly = Assembly(options, route, self._observer, sealer)
            work = _Work(route, options, priority, self._settings, voices)
            answers = work.run(reader)
            try:
                async for piece, hypothesis in answers:
                    segments = assembly.add(piece, hypothesis)
                    if on_segments and segments:
                        on_segments(segments)
                    if on_progress:
                        on_progress(Progress(assembly.done_seconds, reader.total_seconds))
            finally:
                await answers.aclose()
                await work.aclose()
            turns = None if voices is None else await voices.turns()
            if (rest := assembly.finish(turns)) and on_segments:
                on_segments(rest)
            transcript = assembly.transcript(reader.duration_seconds)
        del matchers  # held until here, so that none is made again on the loop
        self._observer.transcribed(
            engine=transcript.engine,
            audio_seconds=transcript.duration_seconds,
            wall_seconds=perf_counter() - started,
        )
        return transcript

    async def _listening(self, options: RecognizeOptions) -> Listening | None:
        if options.speakers is None:
            return None
        if self._voices is None:
            raise InvalidOption("speakers", "cannot be told apart here; leave it out")
        return await self._voices.listening(options.speakers)


class _Work:
    """The pieces of one recording that are with the engine."""

    def __init__(
        self,
        recognizer: Route,
        options: RecognizeOptions,
        priority: Priority,
        settings: PipelineSettings,
        voices: Listening | None,
    ) -> None:
        self._recognizer = recognizer
        self._options = options
        self._priority = priority
        self._settings = settings
        self._voices = voices
        self._flights: deque[Flight] = deque()
        self._launched = 0
        self._language_tries = 0 if options.language or options.per_segment_language else MAX_LANGUAGE_TRIES

    async def run(self, reader: PieceReader) -> AsyncGenerator[tuple[Piece, Hypothesis], None]:
        """Give the pieces with their answers, in audio order, reading ahead up to the bound."""
        decoding = begin("decode")
        try:
            async with aclosing(reader.pieces()) as pieces:
                async for piece in pieces:
                    self._launch(piece)
                    while self._flights and self._must_land():
                        yield await self._land()
        finally:
            decoding.end()
        while self._flights:
            yield await self._land()

    async def aclose(self) -> None:
        for _, task in self._flights:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._flights), return_exceptions=True)
        self._flights.clear()
        if self._voices is not None:
            await self._voices.aclose()

    def _launch(self, piece: Piece) -> None:
        answer = self._recognize(piece, self._options, number=self._launched)
        self._launched += 1
        if self._voices is not None:
            self._voices.hear(piece)
        self._flights.append((piece, asyncio.create_task(answer)))

    async def _recognize(self, piece: Piece, options: RecognizeOptions, *, number: int) -> Hypothesis:
        """The answer for one piece; where its language is in doubt, the likelier of two."""
        first = await self._ask(piece, options, number=number)
        other = asked_again(first, options)
        if other is None:
            return first
        second = await self._ask(piece, replace(options, language=other), number=number)
        return relabelled(likelier(first, second), options)

    async def _ask(self, piece: Piece, options: RecognizeOptions, *, number: int) -> Hypothesis:
        """The first pieces go as the request's own; the rest of a long recording lets other requests pass.

        A full queue refuses a recording at its first piece only: one that was taken in waits and goes on.
        """
        priority = self._priority if number < self._settings.urgent_pieces else max(self._priority, Priority.JOB)
        while True:
            try:
                return await self._recognizer.transcribe(piece.audio, options, priority=priority)
            except Overloaded as busy:
                if number == 0 or isinstance(busy, QuotaExceeded):
                    raise
                await asyncio.sleep(min(busy.retry_after_seconds, self._settings.max_pause_seconds))

    def _must_land(self) -> bool:
        full = len(self._flights) >= self._settings.max_pieces_in_flight
        return full or self._language_tries > 0 or self._flights[0][1].done()

    async def _land(self) -> tuple[Piece, Hypothesis]:
        piece, task = self._flights[0]
        hypothesis = await task
        if self._voices is not None:
            await self._voices.heard()
        self._flights.popleft()
        if self._language_tries > 0:
            self._settle_language(hypothesis)
        return piece, hypothesis

    def _settle_language(self, hypothesis: Hypothesis) -> None:
        """Let the first clear speech decide the language of the rest."""
        self._language_tries -= 1
        if hypothesis.text and hypothesis.language_probability >= self._settings.confident_language:
            self._options = replace(self._options, language=hypothesis.language)
            self._language_tries = 0
