"""Text to speech for all who ask: the language picks the voice, clauses are said one after the other as they are read.

    text ─► language ─► voice ─► words ─► clauses ─► (said of late? else the voice) ─► 24 kHz ─► loudness ─► caller

Promises: what cannot be said is refused before the first sound; no more texts are in hand than `max_speaking`; a caller
who leaves stops the work at the next block; clauses of many callers take turns; what was said is charged, what was
known is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lingting.audio.resample import StreamResampler
from lingting.domain import Clock, Samples
from lingting.domain.errors import InvalidOption, LingtingError, Overloaded
from lingting.domain.principal import Call, Principal
from lingting.security.call_note import audit_note
from lingting.speech.base import Style, VoiceEngine, VoiceInfo
from lingting.speech.booth import Booth
from lingting.speech.clauses import clauses
from lingting.speech.levels import Leveller
from lingting.speech.phrases import Phrases, phrase_key
from lingting.speech.roster import Chosen, Roster
from lingting.speech.settings import SpeechSettings
from lingting.speech.shared_phrases import SharedPhrases
from lingting.speech.speakable import has_words, speakable

__all__ = ["SPEECH_RATE_HZ", "Speech", "SpeechAsk", "SpeechHub", "SpeechObserver"]

SPEECH_RATE_HZ = 24_000
"""Of all that leaves: what OpenAI's clients expect of bare samples."""
RETRY_SECONDS = 2.0
LATE_RETRY_SECONDS = 10.0
SLOWEST, FASTEST = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class SpeechAsk:
    """What is to be said, and how."""

    text: str
    voice: str | None = None
    """None lets the language choose."""
    engine: str | None = None
    """Only voices of this engine."""
    language: str | None = None
    """None finds it out."""
    speed: float = 1.0
    wanted_seconds: float | None = None
    """When the first sound is wanted in a conversation, by the clock; None where nobody hears it as it is made."""


class Meter(Protocol):
    """How much a caller may still have said."""

    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None: ...


class SpeechObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def spoke(self, engine: str, outcome: str, *, characters: int, seconds: float) -> None: ...

    def first_sound(self, engine: str, seconds: float) -> None: ...

    def phrase(self, outcome: str, *, size_bytes: int) -> None: ...

    def speaking(self, count: int) -> None: ...


@dataclass(slots=True)
class _Tally:
    """What becomes of one text."""

    call: Call
    made_seconds: float = 0.0
    seconds: float = 0.0
    outcome: str = "left"


@dataclass(frozen=True, slots=True)
class Speech:
    """A text that can be said: who says it, in which language, and its sound."""

    voice: VoiceInfo
    language: str
    characters: int
    sound: AsyncGenerator[Samples]
    """At `SPEECH_RATE_HZ`; begins to be made when it is read."""


class SpeechHub:
    """All voices of a server. Belongs to one event loop."""

    def __init__(
        self,
        engines: Sequence[VoiceEngine],
        settings: SpeechSettings,
        *,
        clock: Clock,
        meter: Meter,
        observer: SpeechObserver,
    ) -> None:
        self._settings, self._clock, self._meter, self._observer = settings, clock, meter, observer
        self._booths = [
            Booth(engine, stall_seconds=settings.stall_seconds, timer=clock.monotonic) for engine in engines
        ]
        self._booth_of = {voice.name: booth for booth in self._booths[::-1] for voice in booth.engine.voices}
        self.roster = Roster([voice for engine in engines for voice in engine.voices], settings)
        self._phrases = Phrases(max_bytes=settings.phrase_bytes, seconds=settings.phrase_seconds, timer=clock.monotonic)
        self._shared: SharedPhrases | None = None
        self._speaking = 0

    @property
    def max_characters(self) -> int:
        return self._settings.max_characters

    def share(self, phrases: SharedPhrases) -> None:
        """Look for clauses among those of other servers, too."""
        self._shared = phrases

    async def warm_up(self) -> None:
        """Load the engines that the settings name, so that nobody waits for them.

        raises    EngineUnavailable
        """
        for booth in self._booths:
            if any(voice.engine in self._settings.preload for voice in booth.engine.voices):
                await booth.warm_up()

    async def prepare(self, ask: SpeechAsk, call: Call) -> Speech:
        """Choose the voice; nothing is said yet.

        raises    InvalidOption, VoiceNotFound, QuotaExceeded
        """
        if len(ask.text) > self._settings.max_characters:
            most = self._settings.max_characters
            raise InvalidOption("input", f"{len(ask.text)} characters; at most {most}, send it in parts")
        _require_speed(ask.speed)
        chosen, pieces = await asyncio.to_thread(self._read, ask)
        await self._meter.require_audio(call.principal)
        return Speech(chosen.voice, chosen.language, len(ask.text), self._said(ask, chosen, pieces, call))

    async def require(self, principal: Principal, *, voice: str | None, speed: float) -> None:
        """That something can be said so, before there is a text.

        raises    InvalidOption, VoiceNotFound, QuotaExceeded
        """
        _require_speed(speed)
        self.roster.require(voice)
        await self._meter.require_audio(principal)

    def expect(self, *, voice: str | None, language: str) -> None:
        """Load what will probably speak in a conversation, while nothing is to be said yet.

        raises    Overloaded, if it does not keep up with those who talk already
        """
        try:
            chosen = self.roster.choose("", voice=voice, engine=None, language=language)
        except LingtingError:
            return  # said where something is to be spoken
        booth = self._booth_of[chosen.voice.name]
        booth.warm_soon()
        late_seconds = booth.late_seconds
        if late_seconds > self._settings.late_seconds:
            raise Overloaded(
                f"the voice {chosen.voice.name!r} has let others wait for {late_seconds:.0f} seconds; try again "
                f"in {LATE_RETRY_SECONDS:.0f}, or another voice",
                retry_after_seconds=LATE_RETRY_SECONDS,
            )

    async def aclose(self) -> None:
        for booth in self._booths:
            await booth.aclose()

    def _read(self, ask: SpeechAsk) -> tuple[Chosen, list[str]]:
        """Who says it, and in which pieces. Blocking, some milliseconds."""
        if not has_words(ask.text):
            raise InvalidOption("input", "has nothing that can be said; send some words")
        chosen = self.roster.choose(ask.text, voice=ask.voice, engine=ask.engine, language=ask.language)
        is_quick = self._booth_of[chosen.voice.name].engine.is_quick
        pieces = clauses(speakable(ask.text, chosen.language), eager=not is_quick)
        return chosen, [piece for piece in pieces if has_words(piece)]

    async def _said(self, ask: SpeechAsk, chosen: Chosen, pieces: list[str], call: Call) -> AsyncGenerator[Samples]:
        engine, tally, began = chosen.voice.engine, _Tally(call), self._clock.monotonic()
        with self._place():
            try:
                async with aclosing(self._levelled(ask, chosen, pieces, tally)) as blocks:
                    async for block in blocks:
                        if not tally.seconds:
                            self._observer.first_sound(engine, self._clock.monotonic() - began)
                        tally.seconds += len(block) / SPEECH_RATE_HZ
                        yield block
                tally.outcome = "said"
            except LingtingError:
                tally.outcome = "failed"
                raise
            finally:
                self._observer.spoke(engine, tally.outcome, characters=len(ask.text), seconds=tally.seconds)
                audit_note(audio_seconds=tally.made_seconds)
                await self._meter.charge_audio(call.principal, tally.made_seconds)

    async def _levelled(
        self, ask: SpeechAsk, chosen: Chosen, pieces: list[str], tally: _Tally
    ) -> AsyncGenerator[Samples]:
        booth, leveller = self._booth_of[chosen.voice.name], Leveller()
        rate_hz = booth.engine.rate_hz
        resampler = StreamResampler(rate_hz, SPEECH_RATE_HZ)
        wanted_seconds = ask.wanted_seconds
        for piece in pieces:
            asked_seconds = self._clock.monotonic()
            is_urgent = wanted_seconds is not None and wanted_seconds <= asked_seconds
            style = Style(chosen.language, ask.speed, is_urgent=is_urgent)
            async with aclosing(self._piece(piece, chosen.voice, style, wanted_seconds, tally)) as blocks:
                async for block in blocks:
                    if wanted_seconds is not None:
                        wanted_seconds = max(wanted_seconds, asked_seconds) + len(block) / rate_hz
                    yield leveller.level(resampler.push(block[np.newaxis, :])[0])
        yield leveller.level(resampler.finish()[0])

    async def _piece(
        self, piece: str, voice: VoiceInfo, style: Style, wanted_seconds: float | None, tally: _Tally
    ) -> AsyncGenerator[Samples]:
        """At the voice's own rate; kept when it was said to the end."""
        booth, whole = self._booth_of[voice.name], []
        key = phrase_key(tally.call.principal.owner, voice, booth.engine.version, style.manner, piece)
        known = await self._known(key)
        if known is not None:
            yield known
            return
        async with aclosing(booth.say(piece, voice.name, style, wanted_seconds=wanted_seconds)) as blocks:
            async for block in blocks:
                whole.append(block)
                tally.made_seconds += len(block) / booth.engine.rate_hz
                yield block
        if whole:
            sound = np.concatenate(whole)
            if self._phrases.put(key, sound) and self._shared is not None:
                self._shared.put_soon(key, sound, tally.call)

    async def _known(self, key: bytes) -> Samples | None:
        """What was said here of late, else elsewhere."""
        known, outcome = self._phrases.get(key), "hit"
        if known is None and self._shared is not None:
            known, outcome = await self._shared.get(key), "shared"
            if known is not None:
                self._phrases.put(key, known)
        self._observer.phrase("miss" if known is None else outcome, size_bytes=self._phrases.size_bytes)
        return known

    @contextmanager
    def _place(self) -> Iterator[None]:
        """raises    Overloaded"""
        if self._speaking >= self._settings.max_speaking:
            raise Overloaded(
                f"{self._speaking} texts are being spoken, the limit here; try again later",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._speaking += 1
        self._observer.speaking(self._speaking)
        try:
            yield
        finally:
            self._speaking -= 1
            self._observer.speaking(self._speaking)


def _require_speed(speed: float) -> None:
    if not SLOWEST <= speed <= FASTEST:
        raise InvalidOption("speed", f"{speed:g} is outside {SLOWEST} to {FASTEST}")
