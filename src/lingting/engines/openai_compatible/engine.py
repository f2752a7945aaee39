"""Any OpenAI-compatible server as an engine: a clip goes out, its words come back.

Promises: speech and key go to the one address that was set; each call ends within `total_seconds`; a caller who goes
takes the call along; no answer is made up.
"""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import httpx2
import numpy as np
import openai
import stamina

from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions
from lingting.domain.audio import pcm16
from lingting.domain.errors import (
    AudioTooLong,
    EngineFailed,
    EngineUnavailable,
    InvalidOption,
    SettingsInvalid,
    UnsupportedLanguage,
)
from lingting.domain.options import Task
from lingting.engines.base import Capabilities, Clip
from lingting.engines.openai_compatible.answers import Answer, Senseless, hypothesis_of, parse_answer, parse_done
from lingting.engines.openai_compatible.faults import Fault, fault_of, senseless
from lingting.engines.openai_compatible.line import Line
from lingting.engines.openai_compatible.settings import OpenAISettings, read_key
from lingting.engines.remote_breaker import RemoteBreaker

__all__ = ["OpenAIEngine"]

MAX_BACKOFF_SECONDS = 5.0
MIN_SAMPLES = SAMPLE_RATE_HZ // 10
"""OpenAI refuses less than a tenth of a second; a shorter clip is padded to it."""
SAMPLE_BYTES = 2


class OpenAIEngine:
    """A `RemoteEngine`. Belongs to one event loop, but may be made anywhere; making it reads the key.

    raises    SettingsInvalid when there is no key
    """

    def __init__(self, settings: OpenAISettings | None = None) -> None:
        self._settings = chosen = settings or OpenAISettings()
        self._line = Line(chosen, read_key(chosen))
        self._breaker = RemoteBreaker(
            "openai", failures=chosen.breaker_failures, open_seconds=chosen.breaker_seconds, counts=_is_unwell
        )
        self._capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=chosen.max_audio_seconds,
            languages=frozenset(chosen.languages),
            streaming=False,
            word_times=chosen.gives_words,
            hotwords=False,
            max_batch=1,
            thread_safe=False,
            translates=chosen.translates,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def transcribe(self, clip: Clip) -> Hypothesis:
        """raises    EngineUnavailable, Overloaded, EngineFailed, InvalidOption, AudioTooLong"""
        self._check(clip)
        seconds = clip.audio.duration_seconds
        if not len(clip.audio.samples):
            return hypothesis_of(Answer(""), clip.options, self._settings.languages, duration_seconds=seconds)
        try:
            async with asyncio.timeout(self._settings.total_seconds):
                answer = await self._answer(await asyncio.to_thread(_wav, clip.audio), clip.options)
        except TimeoutError:
            total_seconds = self._settings.total_seconds
            raise EngineUnavailable(f"openai: no answer came within {total_seconds:g} seconds; try later") from None
        except Fault as fault:
            raise fault.error from None
        return await asyncio.to_thread(
            hypothesis_of, answer, clip.options, self._settings.languages, duration_seconds=seconds
        )

    async def aclose(self) -> None:
        await self._line.aclose()

    def _check(self, clip: Clip) -> None:
        options, settings = clip.options, self._settings
        if options.task is Task.TRANSLATE and not settings.translates:
            raise InvalidOption("task", "the server behind this model does not translate; use another model")
        for language in (options.language, *options.languages):
            if language is not None and language not in settings.languages:
                raise UnsupportedLanguage(language, settings.languages)
        if clip.audio.rate_hz != SAMPLE_RATE_HZ:
            raise EngineFailed(f"openai is sent audio at {SAMPLE_RATE_HZ} Hz, got {clip.audio.rate_hz}")
        if clip.audio.duration_seconds > settings.max_audio_seconds:
            raise AudioTooLong(settings.max_audio_seconds)

    async def _answer(self, sound: bytes, options: RecognizeOptions) -> Answer:
        """raises    Fault of the last attempt, EngineUnavailable"""
        settings = self._settings
        async for attempt in stamina.retry_context(
            _may_retry,
            attempts=settings.max_retries + 1,
            timeout=settings.total_seconds,
            wait_initial=settings.backoff_seconds,
            wait_max=MAX_BACKOFF_SECONDS,
            wait_jitter=settings.backoff_seconds,
        ):
            with attempt:
                return await self._attempt(sound, options)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, sound: bytes, options: RecognizeOptions) -> Answer:
        async with self._breaker.watched():
            try:
                return await self._ask(sound, options)
            except openai.OpenAIError as problem:
                fault = fault_of(problem, self._settings)
                if isinstance(problem, openai.AuthenticationError):
                    fault.may_retry = await self._finds_another_key()
                raise fault from None

    async def _finds_another_key(self) -> bool:
        """Keys are changed while servers run."""
        try:
            key = await asyncio.to_thread(read_key, self._settings)
        except SettingsInvalid:
            return False
        is_another, self._line.key = key != self._line.key, key
        return is_another

    async def _ask(self, sound: bytes, options: RecognizeOptions) -> Answer:
        wishes = self._wishes(sound, options)
        try:
            if options.task is Task.TRANSLATE:
                return await asyncio.to_thread(parse_answer, await self._translated(wishes))
            if self._settings.stream and not options.word_times:
                return await self._streamed(wishes)
            told = await self._line.api.audio.transcriptions.with_raw_response.create(**wishes)
            return await asyncio.to_thread(parse_answer, told.content)
        except Senseless as senselessness:
            raise senseless(str(senselessness)) from None

    async def _translated(self, wishes: dict[str, Any]) -> bytes:  # Any: what the SDK takes
        """By the SDK's general way, as it means to give up its own method for this route."""
        fields = {name: value for name, value in wishes.items() if name != "file"}
        told = await self._line.api.post(
            "/audio/translations",
            cast_to=httpx2.Response,
            body=fields,
            files={"file": wishes["file"]},
            options={"headers": {"Content-Type": "multipart/form-data"}},
        )
        return told.content

    async def _streamed(self, wishes: dict[str, Any]) -> Answer:  # Any: what the SDK takes
        """raises    Senseless, Fault"""
        heard = False
        stream = await self._line.api.audio.transcriptions.create(**wishes, stream=True)
        async with stream:
            if not stream.response.headers.get("content-type", "").startswith("text/event-stream"):
                return await asyncio.to_thread(parse_answer, await _whole(stream.response))
            try:
                async for event in stream:
                    if event.type == "transcript.text.done":
                        return parse_done(event.model_dump(warnings=False))
                    heard = True
            except openai.OpenAIError as problem:
                raise fault_of(problem, self._settings, has_text=heard) from None
            except (ValueError, TypeError, AttributeError):  # what the SDK makes of events that are none
                raise Senseless("events that are not understood") from None
        told = EngineUnavailable("openai: the server ended its answer before the text was whole; try again")
        raise Fault(told, is_unwell=True)

    def _wishes(self, sound: bytes, options: RecognizeOptions) -> dict[str, Any]:  # Any: what the SDK takes
        settings = self._settings
        streams = settings.stream and not options.word_times
        verbose = settings.gives_words and not streams
        wishes: dict[str, Any] = {
            "file": ("speech.wav", sound, "audio/wav"),
            "model": settings.model,
            "response_format": "verbose_json" if verbose else "json",
        }
        if options.prompt:
            wishes["prompt"] = options.prompt
        if options.temperatures[0] > 0.0:
            wishes["temperature"] = options.temperatures[0]
        if options.task is Task.TRANSLATE:
            return wishes
        if options.language:
            wishes["language"] = options.language
        if verbose and options.word_times:
            wishes["timestamp_granularities"] = ["word", "segment"]
        if settings.logprobs and not verbose:
            wishes["include"] = ["logprobs"]
        return wishes


async def _whole(response: httpx2.Response) -> bytes:
    """raises    Fault"""
    try:
        return await response.aread()
    except httpx2.HTTPError as problem:
        told = EngineUnavailable(f"openai: the server's answer broke off ({type(problem).__name__}); try again")
        raise Fault(told, is_unwell=True) from None


def _may_retry(problem: Exception) -> bool:
    return isinstance(problem, Fault) and problem.may_retry


def _is_unwell(problem: BaseException) -> bool:
    return isinstance(problem, Fault) and problem.is_unwell


def _wav(audio: Audio) -> bytes:
    samples = audio.samples
    if len(samples) < MIN_SAMPLES:
        samples = np.pad(samples, (0, MIN_SAMPLES - len(samples)))
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm16(samples).astype("<i2").tobytes())
    return written.getvalue()
