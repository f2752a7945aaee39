"""Clauses that one server said are known to the others, and a store that is slow or away holds nobody up."""

from __future__ import annotations

import asyncio
import os

import numpy as np
import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Principal, SystemClock
from lingting.domain.principal import Call
from lingting.speech.hub import SpeechAsk, SpeechHub
from lingting.speech.settings import SpeechSettings
from lingting.speech.shared_phrases import MAX_WAITING, SharedPhrases
from lingting.speech.voices.fake import FakeVoices
from lingting.storage.caching.cache import CacheSettings, MemoryCache
from lingting.storage.caching.cached_results import CachedResults, CacheTag
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit

ANN, BOB = Call(Principal("ann"), "one"), Call(Principal("bob"), "two")


class Meter:
    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None: ...


def results_of(**settings: int) -> CachedResults:
    telemetry, vault = Telemetry(), Vault(Keyring.parse([new_master_key()]), os.urandom(32))
    cache = MemoryCache(CacheSettings(), SystemClock(), telemetry.cache)
    return CachedResults(cache, vault, telemetry.cache, max_value_bytes=settings.get("max_value_bytes", 2**20))


class Server:
    """One of several with the same store."""

    def __init__(self, shared: SharedPhrases, **settings: object) -> None:
        self.voices, self.telemetry = FakeVoices(), Telemetry()
        chosen, observer = SpeechSettings(**settings), self.telemetry.speech
        self.hub = SpeechHub([self.voices], chosen, clock=SystemClock(), meter=Meter(), observer=observer)
        self.hub.share(shared)

    async def said(self, text: str = "Good morning.", call: Call = ANN) -> np.ndarray:
        speech = await self.hub.prepare(SpeechAsk(text), call)
        return np.concatenate([block async for block in speech.sound])


class Stuck:
    """A store that never answers."""

    def name(self, about: str, text: str) -> str:
        return f"{about} {text}"

    async def get_bytes(self, key: str) -> bytes | None:
        await asyncio.Event().wait()
        return None

    async def put_bytes(self, key: str, data: bytes, call: Call) -> None:
        await asyncio.Event().wait()


async def test_what_one_server_said_the_others_know() -> None:
    results = results_of()
    shared = SharedPhrases(results)
    one, other = Server(shared), Server(shared)
    async with shared.running():
        first = await one.said()
    again = await other.said()
    assert (len(one.voices.said), len(other.voices.said)) == (1, 0)
    assert np.allclose(first, again, atol=2e-4)
    assert 'asr_speech_phrases_total{outcome="shared"} 1.0' in other.telemetry.exposition().decode()
    await other.said()
    assert 'asr_speech_phrases_total{outcome="hit"} 1.0' in other.telemetry.exposition().decode()


async def test_nobody_hears_what_was_said_to_others_and_erasing_forgets() -> None:
    results = results_of()
    shared = SharedPhrases(results)
    async with shared.running():
        await Server(shared).said()
    other = Server(shared)
    await other.said(call=BOB)
    assert len(other.voices.said) == 1
    assert await results.erase(tags=[CacheTag.owner("ann")]) == 1
    third = Server(shared)
    await third.said()
    assert len(third.voices.said) == 1


async def test_a_store_that_never_answers_holds_nobody_up() -> None:
    server = Server(SharedPhrases(Stuck()))
    async with asyncio.timeout(10):
        assert len(await server.said())


async def test_what_waits_to_be_kept_is_bounded() -> None:
    shared = SharedPhrases(Stuck())
    for i in range(MAX_WAITING + 5):
        shared.put_soon(b"%d" % i, np.zeros(8, np.float32), ANN)
    assert shared._waiting.qsize() == MAX_WAITING


async def test_where_none_are_kept_none_are_shared() -> None:
    results = results_of()
    shared = SharedPhrases(results)
    async with shared.running():
        await Server(shared, phrase_bytes=0).said()
    other = Server(shared)
    await other.said()
    assert len(other.voices.said) == 1


async def test_a_sound_that_is_too_large_is_not_kept() -> None:
    results = results_of(max_value_bytes=100)
    await results.put_bytes("k", b"x" * 101, ANN)
    await results.put_bytes("l", b"x" * 100, ANN)
    assert (await results.get_bytes("k"), await results.get_bytes("l")) == (None, b"x" * 100)
