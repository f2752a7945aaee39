"""What every remote engine of the registry promises; a new row needs a stand-in for its server in `remote_rows.py`."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from engine_rows import names
from lingting.domain import SAMPLE_RATE_HZ, RecognizeOptions
from lingting.domain.errors import AudioTooLong, EngineError, SettingsInvalid
from lingting.engines.base import Clip, EngineKind
from lingting.engines.registry import ENGINES, open_engine
from lingting.testing import noise, silence
from remote_rows import CREDENTIALS, REMOTES, Mood, Standing

pytestmark = pytest.mark.contract

CHINESE = RecognizeOptions(language="zh")
CLIP = Clip(noise(0.5), CHINESE)
LONG_ENOUGH_SECONDS = 30.0


@pytest.fixture(params=names(EngineKind.REMOTE))
def name(request, monkeypatch: pytest.MonkeyPatch) -> str:
    assert request.param in REMOTES, f"give {request.param!r} a stand-in in remote_rows.py"
    for variable, value in CREDENTIALS[request.param].items():
        monkeypatch.setenv(variable, value)
    return request.param


@asynccontextmanager
async def standing(name: str, mood: Mood = "well") -> AsyncIterator[Standing]:
    async with asyncio.timeout(LONG_ENOUGH_SECONDS), REMOTES[name](mood) as stand:
        yield stand


async def test_the_capabilities_make_sense(name: str) -> None:
    async with standing(name) as stand:
        capabilities = stand.engine.capabilities
    assert capabilities.sample_rate_hz == SAMPLE_RATE_HZ
    assert capabilities.max_audio_seconds > 1.0
    assert capabilities.languages
    assert not capabilities.streaming


async def test_what_was_said_comes_back_in_the_language_asked_for(name: str) -> None:
    async with standing(name) as stand:
        heard = await stand.engine.transcribe(CLIP)
    assert heard.text.strip()
    assert (heard.language, heard.language_probability, heard.words) == ("zh", 1.0, ())


async def test_a_language_that_nobody_named_is_one_of_the_engines(name: str) -> None:
    async with standing(name) as stand:
        heard = await stand.engine.transcribe(Clip(noise(0.5), RecognizeOptions()))
        assert heard.language in stand.engine.capabilities.languages
    assert 0.0 <= heard.language_probability <= 1.0


async def test_words_spell_the_text_in_order_inside_the_clip(name: str) -> None:
    async with standing(name) as stand:
        if not stand.engine.capabilities.word_times:
            pytest.skip("this engine gives no word times, and says so")
        heard = await stand.engine.transcribe(Clip(noise(2.0), replace(CHINESE, word_times=True)))
    assert "".join(word.text for word in heard.words).strip() == heard.text.strip()
    times = [time for word in heard.words for time in (word.start_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= 2.0


async def test_calls_do_not_stand_in_each_others_way(name: str) -> None:
    async with standing(name) as stand:
        heard = await asyncio.gather(*(stand.engine.transcribe(CLIP) for _ in range(8)))
    assert len({each.text for each in heard}) == 1


async def test_a_server_that_breaks_is_an_error_of_the_engine(name: str) -> None:
    async with standing(name, "broken") as stand:
        with pytest.raises(EngineError) as refused:
            await stand.engine.transcribe(CLIP)
    assert "nobodys-secret" not in refused.value.message


async def test_a_caller_who_goes_is_not_held(name: str) -> None:
    async with standing(name, "silent") as stand:
        call = asyncio.create_task(stand.engine.transcribe(CLIP))
        await stand.has_arrived()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_it_closes_twice_and_unused(name: str) -> None:
    async with standing(name) as stand:
        await stand.engine.aclose()
        await stand.engine.aclose()


async def test_audio_longer_than_it_declares_is_refused(name: str) -> None:
    if name == "fake-remote":
        pytest.skip("it opens no connection, and takes what comes")
    async with standing(name) as stand:
        too_long = silence(stand.engine.capabilities.max_audio_seconds + 1.0)
        with pytest.raises(AudioTooLong):
            await stand.engine.transcribe(Clip(too_long, CHINESE))


def test_credentials_that_are_missing_are_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not CREDENTIALS[name]:
        pytest.skip("it needs none")
    for variable in CREDENTIALS[name]:
        monkeypatch.delenv(variable)
    module, _, settings = ENGINES[name].settings.partition(":")
    with pytest.raises(SettingsInvalid) as refused:
        open_engine(name, getattr(importlib.import_module(module), settings)())
    assert any(variable in refused.value.message for variable in CREDENTIALS[name])
