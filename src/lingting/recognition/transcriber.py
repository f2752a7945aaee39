"""One recording for one caller: what the caller may use, what is known already, and only then the pipeline.

    quota ─► digest ─► cache ─► work in hand? ─► pipeline ─► charge ─► history ─► cache ─► answer

Every door for files and every job comes through here. Promises: equal questions of the same owner that are in hand at
the same time are worked on once; what was recognised is charged once, to the caller who began it, and an answer from
the cache is not charged; a caller who hangs up hurts nobody else; nothing is cached that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Literal, Protocol

from lingting.audio.decode import AudioSource
from lingting.domain import Priority, Progress, RecognizeOptions, Redaction, RedactMode, Segment, Transcript
from lingting.domain.principal import Call, Principal
from lingting.recognition.flights import Flight, Flights, Listener
from lingting.recognition.held_audio import HeldAudio, hold_audio
from lingting.recognition.result_keys import ResultKeys
from lingting.security.call_note import audit_note
from lingting.security.redaction_tokens import RedactionTokens
from lingting.storage.caching.cached_results import CachedResult, CachedResults
from lingting.telemetry import span
from lingting.text.privacy.redaction import Sealer

__all__ = ["CacheUse", "Transcribed", "Transcriber", "TranscriberObserver", "TranscriberParts"]

OnSegments = Callable[[Sequence[Segment]], None]
OnProgress = Callable[[Progress], None]


class CacheUse(StrEnum):
    """What the cache had to do with an answer."""

    HIT = "hit"
    """It was known, or another request's work in hand gave it."""
    MISS = "miss"
    OFF = "off"
    """Not asked: the caller did not want it, or the server has none."""


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The answer, and what became of it."""

    transcript: Transcript
    record_id: str | None = None
    """In history; None where it is not kept."""
    cache: CacheUse = CacheUse.OFF

    @property
    def is_cached(self) -> bool:
        return self.cache is CacheUse.HIT


class Recognises(Protocol):
    """The pipeline."""

    async def transcribe(  # noqa: PLR0913 - a request's wishes, each with a default
        self,
        source: AudioSource,
        options: RecognizeOptions,
        *,
        priority: Priority = ...,
        on_segments: OnSegments | None = None,
        on_progress: OnProgress | None = None,
        sealer: Sealer | None = ...,
        caller: Principal = ...,
    ) -> Transcript: ...


class Meter(Protocol):
    """How much audio a caller may still have recognised."""

    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None: ...


class Keeper(Protocol):
    """History; see `Records`."""

    async def keep(  # noqa: PLR0913 - what one record is linked to
        self,
        call: Call,
        transcript: Transcript,
        source: AudioSource,
        *,
        kind: Literal["file", "job"],
        cache_key: str | None,
        record_id: str | None,
        with_audio: bool = ...,
    ) -> str | None: ...


class TranscriberObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def looked_up(self, outcome: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TranscriberParts:
    """What a transcriber puts together."""

    pipeline: Recognises
    meter: Meter
    keeper: Keeper
    results: CachedResults | None
    """None where the server caches nothing."""
    keys: ResultKeys
    observer: TranscriberObserver
    floor: Redaction = Redaction()  # noqa: RUF009 - frozen
    """What is hidden at least, whoever asks."""
    tokens: RedactionTokens | None = None
    """None where tokens cannot be made."""
    facet: Callable[[Principal, Priority], str] = lambda _caller, _priority: ""
    """What of a caller changes who answers."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one caller asked for."""

    source: AudioSource
    options: RecognizeOptions
    call: Call
    priority: Priority
    listener: Listener
    record_id: str | None


class Transcriber:
    """Answers recordings with transcripts. Belongs to one event loop."""

    def __init__(self, parts: TranscriberParts) -> None:
        self._parts = parts
        self._flights = Flights()

    async def transcribe(  # noqa: PLR0913 - a request's wishes, each with a default
        self,
        source: AudioSource,
        options: RecognizeOptions,
        call: Call,
        *,
        priority: Priority = Priority.REQUEST,
        on_segments: OnSegments | None = None,
        on_progress: OnProgress | None = None,
        use_cache: bool = True,
        record_id: str | None = None,
    ) -> Transcribed:
        """Recognise a whole recording, or say again what it was recognised as.

        on_segments    called on the loop with finished segments, in audio order; all at once when they are known
        use_cache      False recognises anew, and leaves nothing in the cache
        record_id      the name under which history is to keep it, for work that may be done twice
        raises         InvalidInput, Busy, EngineError
        """
        options = replace(options, redaction=self._parts.floor.over(options.redaction))
        await self._parts.meter.require_audio(call.principal)
        wish = _Wish(source, options, call, priority, Listener(on_segments, on_progress), record_id)
        held = await hold_audio(source) if use_cache and self._parts.results else None
        if held is None:
            return await self._uncached(wish)
        wish = replace(wish, source=held.source)
        facet = self._parts.facet(call.principal, priority)
        key = self._parts.keys.key_of(held.digest, source.pcm, options, call, facet=facet)
        try:
            return await self._known(key, wish) or await self._in_company(held, key, wish)
        finally:
            held.close()

    async def aclose(self) -> None:
        """Stop what is in hand; whoever waits gets ShuttingDown."""
        await self._flights.aclose()

    async def _uncached(self, wish: _Wish) -> Transcribed:
        self._parts.observer.looked_up(CacheUse.OFF)
        transcript = await self._recognise(wish, wish.listener)
        return Transcribed(transcript, await self._keep(wish, transcript), CacheUse.OFF)

    async def _known(self, key: str, wish: _Wish) -> Transcribed | None:
        results = self._parts.results
        assert results is not None
        with span("cache") as asked:
            known = await results.get(key)
            asked.set(found=known is not None)
        if known is None:
            return None
        self._parts.observer.looked_up(CacheUse.HIT)
        if wish.listener.on_segments and known.transcript.segments:
            wish.listener.on_segments(known.transcript.segments)
        is_own = known.owner == wish.call.principal.owner
        record_id = known.record_id if is_own else None
        if record_id is None:
            record_id = await self._keep(wish, known.transcript, key)
            if record_id and is_own:
                kept = CachedResult(known.transcript, known.owner, record_id)
                await results.put(key, kept, wish.call, only_if_there=True)
        return Transcribed(known.transcript, record_id, CacheUse.HIT)

    async def _in_company(self, held: HeldAudio, key: str, wish: _Wish) -> Transcribed:
        """Do the work, or wait with others for whom it is being done."""
        name = (key, wish.call.principal.owner, wish.priority)
        flight = self._flights.find(name)
        joined = flight is not None
        self._parts.observer.looked_up("joined" if joined else CacheUse.MISS)
        if flight is None:
            own = held.again()  # whoever began may leave first
            work = partial(self._recognise, replace(wish, source=own.source))
            flight = self._flights.begin(name, work, at_end=own.close)
        async with self._flights.boarded(name, flight, wish.listener):
            transcript = await flight.arrive()
            async with flight.landing:
                await self._land(flight, transcript, wish, key)
        return Transcribed(transcript, flight.record_id, CacheUse.HIT if joined else CacheUse.MISS)

    async def _land(self, flight: Flight, transcript: Transcript, wish: _Wish, key: str) -> None:
        """What is done once with the answer, or by a later caller who wants it kept when the earlier ones did not."""
        results = self._parts.results
        assert results is not None
        if flight.record_id is not None:
            return
        flight.record_id = await self._keep(wish, transcript, key)
        if transcript.is_substitute:  # the model that was meant may be back for the next who asks
            return
        if flight.record_id is None and flight.is_cached:
            return
        kept = CachedResult(transcript, wish.call.principal.owner, flight.record_id)
        await results.put(key, kept, wish.call, only_if_there=flight.is_cached)
        flight.is_cached = True

    async def _recognise(self, wish: _Wish, listener: Listener) -> Transcript:
        tokens = self._parts.tokens if wish.options.redaction.mode is RedactMode.TOKEN else None
        sealing: dict[str, Sealer] = {"sealer": tokens.sealer_of(wish.call.principal.owner)} if tokens else {}
        transcript = await self._parts.pipeline.transcribe(
            wish.source,
            wish.options,
            priority=wish.priority,
            on_segments=listener.on_segments,
            on_progress=listener.on_progress,
            caller=wish.call.principal,
            **sealing,
        )
        await self._parts.meter.charge_audio(wish.call.principal, transcript.duration_seconds)
        audit_note(audio_seconds=transcript.duration_seconds)
        return transcript

    async def _keep(self, wish: _Wish, transcript: Transcript, key: str | None = None) -> str | None:
        """Put it into history; its id there, None where it is not kept.

        raises    StorageUnavailable, where history is required
        """
        with span("history"):
            return await self._parts.keeper.keep(
                wish.call,
                transcript,
                wish.source,
                kind="job" if wish.priority is Priority.JOB else "file",
                cache_key=key,
                record_id=wish.record_id,
                **({"with_audio": False} if wish.options.redaction.is_on else {}),  # it would let the hidden be heard
            )
