"""Aliyun ISI as an engine: a clip goes out, its words come back, and what goes wrong on the way is tried again.

Promises: never more tasks at once, nor more begun in a second, than was set; each call ends within `total_seconds`;
speech is sent to the one gateway that was set, and the token to it and nobody else; no answer is made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import httpx2
import stamina

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis, RecognizeOptions
from lingting.domain.audio import pcm16
from lingting.domain.clock import Clock, SystemClock
from lingting.domain.errors import (
    AudioTooLong,
    EngineFailed,
    EngineUnavailable,
    InvalidOption,
    LingtingError,
    Overloaded,
    UnsupportedLanguage,
)
from lingting.domain.options import Punctuation, Task
from lingting.engines.aliyun.faults import Fault, FaultKind, as_error
from lingting.engines.aliyun.rest import RestDoor
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.aliyun.sockets import SocketDoor
from lingting.engines.aliyun.token_maker import TokenMaker
from lingting.engines.aliyun.tokens import Token, TokenKeeper
from lingting.engines.aliyun.turns import Turns
from lingting.engines.aliyun.wire import Service, Wishes
from lingting.engines.aliyun.words import Heard, log_probability
from lingting.engines.base import Capabilities, Clip
from lingting.engines.remote_breaker import RemoteBreaker
from lingting.engines.remote_words import GUESSED_PROBABILITY, placed_words, written_language

__all__ = ["MAX_AUDIO_SECONDS", "AliyunEngine"]

MAX_AUDIO_SECONDS = 58.0
"""The services take a minute; longer audio is cut before it comes here."""
MAX_BACKOFF_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 30.0
"""What the service asks for beyond this is not waited for by a call that somebody waits for."""
WELL = frozenset({FaultKind.THROTTLED, FaultKind.TOKEN, FaultKind.TOO_LONG})
"""Faults that say nothing against the service: there it is, and it answers."""


class AliyunEngine:
    """A `RemoteEngine`. Belongs to one event loop, but may be made anywhere; making it reads files.

    raises    SettingsInvalid when there are no credentials
    """

    def __init__(self, settings: AliyunSettings | None = None, *, clock: Clock | None = None) -> None:
        self._settings = chosen = settings or AliyunSettings()
        tls = httpx2.create_ssl_context()
        clock = clock or SystemClock()
        self._maker = TokenMaker(chosen, clock, tls)
        self._tokens = TokenKeeper(self._maker.make, clock)
        self._rest = RestDoor(chosen, tls)
        self._sockets = SocketDoor(chosen, tls)
        self._turns = Turns(at_once=chosen.max_concurrent, per_second=chosen.per_second, waiting=chosen.max_waiting)
        self._breaker = RemoteBreaker(
            "Aliyun", failures=chosen.breaker_failures, open_seconds=chosen.breaker_seconds, counts=_is_unwell
        )
        self._capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=MAX_AUDIO_SECONDS,
            languages=frozenset(chosen.languages),
            streaming=False,
            word_times=chosen.mode in ("auto", "transcriber"),
            hotwords=False,
            max_batch=1,
            thread_safe=False,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def transcribe(self, clip: Clip) -> Hypothesis:
        """raises    EngineUnavailable, Overloaded, EngineFailed, InvalidOption, AudioTooLong"""
        self._check(clip)
        if not len(clip.audio.samples):
            return _hypothesis(Heard(), clip, self._settings.languages)
        call = _Call(clip.options)
        try:
            async with asyncio.timeout(self._settings.total_seconds):
                call.pcm = await asyncio.to_thread(_bytes_of, clip)
                heard = await self._heard(call)
        except TimeoutError as problem:
            raise self._too_late(call) from problem
        except Fault as fault:
            raise as_error(fault, max_audio_seconds=MAX_AUDIO_SECONDS) from fault
        return _hypothesis(heard, clip, self._settings.languages)

    async def aclose(self) -> None:
        await self._tokens.aclose()
        await self._sockets.aclose()
        await self._rest.aclose()

    def _check(self, clip: Clip) -> None:
        options = clip.options
        if options.task is not Task.TRANSCRIBE:
            raise InvalidOption("task", "Aliyun does not translate; use another engine")
        accepted = self._settings.languages
        for language in (options.language, *options.languages):
            if language is not None and language not in accepted:
                raise UnsupportedLanguage(language, accepted)
        if clip.audio.rate_hz != SAMPLE_RATE_HZ:
            raise EngineFailed(f"Aliyun is sent audio at {SAMPLE_RATE_HZ} Hz, got {clip.audio.rate_hz}")
        if clip.audio.duration_seconds > MAX_AUDIO_SECONDS:
            raise AudioTooLong(MAX_AUDIO_SECONDS)

    async def _heard(self, call: _Call) -> Heard:
        """raises    Fault of the last attempt, EngineUnavailable, Overloaded"""
        settings = self._settings
        async for attempt in stamina.retry_context(
            call.may_be_tried_again,
            attempts=settings.attempts,
            timeout=settings.total_seconds,
            wait_initial=settings.backoff_seconds,
            wait_max=MAX_BACKOFF_SECONDS,
            wait_jitter=settings.backoff_seconds,
        ):
            with attempt:
                return await self._attempt(call)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, call: _Call) -> Heard:
        """No place is held while the next attempt is waited for."""
        async with self._turns.turn(), self._breaker.watched():
            call.had_a_turn = True
            token = await self._tokens.current()
            try:
                return await self._ask(call, token)
            except Fault as fault:
                if fault.kind in (FaultKind.TOKEN, FaultKind.REFUSED):  # with the next token the appkey is read anew
                    self._tokens.refuse(token)
                    call.refused_tokens += 1
                raise

    async def _ask(self, call: _Call, token: Token) -> Heard:
        wishes = self._wishes(call.options)
        appkey = self._maker.credentials.appkey
        mode = self._settings.mode
        if mode == "rest" or (mode == "auto" and not call.options.word_times):
            return await self._rest.recognize(call.pcm, wishes, appkey=appkey, token=token)
        service = Service.SENTENCE if mode == "recognizer" else Service.REALTIME
        return await self._sockets.recognize(call.pcm, wishes, service, appkey=appkey, token=token)

    def _too_late(self, call: _Call) -> LingtingError:
        seconds = self._settings.total_seconds
        if not call.had_a_turn:
            return Overloaded(f"Aliyun: no turn came within {seconds:g} seconds", retry_after_seconds=seconds)
        return EngineUnavailable(f"Aliyun: no answer came within {seconds:g} seconds; try again later")

    def _wishes(self, options: RecognizeOptions) -> Wishes:
        settings = self._settings
        return Wishes(
            punctuation=settings.punctuation and options.punctuation is not Punctuation.OFF,
            itn=options.itn,
            words=options.word_times,
            disfluency=settings.disfluency,
            vocabulary_id=settings.vocabulary_id,
            customization_id=settings.customization_id,
        )


@dataclass(slots=True)
class _Call:
    """What is remembered from one attempt to the next."""

    options: RecognizeOptions
    pcm: bytes = b""
    refused_tokens: int = 0
    had_a_turn: bool = False

    def may_be_tried_again(self, problem: Exception) -> bool | float:
        """As seconds where the service says how many. A second token that is refused is not the token's fault."""
        if not isinstance(problem, Fault) or not problem.may_be_tried_again or self.refused_tokens > 1:
            return False
        if problem.retry_after_seconds > MAX_RETRY_AFTER_SECONDS:
            return False
        return problem.retry_after_seconds or True


def _is_unwell(problem: BaseException) -> bool:
    return isinstance(problem, Fault) and problem.kind not in WELL


def _bytes_of(clip: Clip) -> bytes:
    return pcm16(clip.audio.samples).astype("<i2").tobytes()


def _hypothesis(heard: Heard, clip: Clip, languages: Iterable[str]) -> Hypothesis:
    text = heard.text
    given = clip.options.language
    seconds = clip.audio.duration_seconds
    words = placed_words(text, heard.words, duration_seconds=seconds) if clip.options.word_times else ()
    return Hypothesis(
        text,
        given or written_language(text, clip.options.languages or tuple(languages)),
        language_probability=1.0 if given else GUESSED_PROBABILITY,
        words=words,
        avg_logprob=log_probability(heard.sentences),
    )
