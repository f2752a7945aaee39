"""The Aliyun engine against a stand-in at the wire that errs: no call is lost, no limit is passed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from aliyun_cloud import (
    APPKEY,
    KEY_ID,
    KEY_SECRET,
    REST_FAULTS,
    SOCKET_FAULTS,
    Cloud,
    aliyun_cloud,
    digest,
    faults,
    in_order,
)
from lingting.domain import Audio, RecognizeOptions
from lingting.domain.audio import pcm16
from lingting.domain.errors import (
    EngineFailed,
    EngineUnavailable,
    LingtingError,
    Overloaded,
)
from lingting.engines.aliyun.engine import AliyunEngine
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.base import Clip
from lingting.testing import noise
from raw_server import answer, raw_server

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[2] / "samples"
WORDS = RecognizeOptions(language="zh", word_times=True)
CHINESE = RecognizeOptions(language="zh")
QUICK = AliyunSettings(
    mode="rest",
    per_second=10_000.0,
    speedup=1_000.0,
    answer_seconds=5.0,
    backoff_seconds=0.01,
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIYUN_NLS_APPKEY", APPKEY)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET)
    monkeypatch.delenv("ALIYUN_NLS_TOKEN", raising=False)


@asynccontextmanager
async def engine_at(cloud: Cloud, **changes: object) -> AsyncIterator[AliyunEngine]:
    engine = AliyunEngine(replace(QUICK, gateway_url=cloud.url, token_url=cloud.url, **changes))  # type: ignore[arg-type]
    try:
        yield engine
    finally:
        await engine.aclose()


def said(clip: Clip) -> str:
    """What the stand-in says of a clip that came whole."""
    return f"听到{digest(pcm16(clip.audio.samples).astype('<i2').tobytes())}。"


def clips(count: int, options: RecognizeOptions = CHINESE) -> list[Clip]:
    """No two alike."""
    base = noise(0.5, level=0.1).samples
    return [Clip(Audio(np.roll(base, 7 * i)), options) for i in range(count)]


async def ended(engine: AliyunEngine, clip: Clip) -> str:
    """ "right", or the code of the refusal."""
    try:
        heard = await engine.transcribe(clip)
    except LingtingError as problem:
        return problem.code
    return "right" if heard.text == said(clip) else "wrong"


def busiest_second(starts: list[float]) -> int:
    return max(sum(1 for other in starts if start <= other < start + 1.0) for start in starts)


@pytest.mark.parametrize(("mode", "kinds"), [("rest", REST_FAULTS), ("recognizer", SOCKET_FAULTS)])
async def test_of_a_thousand_calls_with_faults_none_is_lost_and_no_limit_is_passed(
    mode: str, kinds: tuple[str, ...]
) -> None:
    async with (
        aliyun_cloud(fault=faults(0.10, kinds, seed=7), work_seconds=0.12) as cloud,
        engine_at(cloud, mode=mode, max_concurrent=40, per_second=400.0, pool_size=40, answer_seconds=2.0) as engine,
    ):
        found = Counter(await asyncio.gather(*(ended(engine, clip) for clip in clips(1_000))))
    assert found["right"] + found["engine_failed"] + found["engine_unavailable"] + found["overloaded"] == 1_000
    assert found["right"] >= 970
    assert set(cloud.faults_done) == set(kinds)
    assert 20 < cloud.peak <= 40
    assert busiest_second(cloud.started_at) <= 400 + 1 + 40  # those on their way may come together
    assert cloud.complaints == []
    assert cloud.in_hand == 0


@pytest.mark.parametrize("mode", ["rest", "recognizer", "transcriber"])
async def test_the_token_is_made_once_for_all_and_again_when_it_is_refused(mode: str) -> None:
    async with aliyun_cloud() as cloud, engine_at(cloud, mode=mode, pool_size=0) as engine:
        found = await asyncio.gather(*(ended(engine, clip) for clip in clips(20)))
        assert cloud.tokens_made == 1
        cloud.tokens.clear()
        found += await asyncio.gather(*(ended(engine, clip) for clip in clips(20)))
    assert set(found) == {"right"}
    assert cloud.tokens_made == 2


@pytest.mark.parametrize(
    ("mode", "kind", "code"),
    [
        ("rest", "http_500", "right"),
        ("rest", "http_429", "right"),
        ("rest", "status_43040001", "right"),
        ("rest", "drop_half", "right"),
        ("rest", "garbage", "engine_failed"),
        ("recognizer", "drop_before", "right"),
        ("recognizer", "drop_mid", "right"),
        ("recognizer", "status_40000004", "right"),
        ("recognizer", "status_40010003", "right"),
        ("recognizer", "status_40000001", "right"),
        ("recognizer", "stray", "right"),
        ("recognizer", "garbage", "engine_failed"),
        ("transcriber", "drop_started", "right"),
        ("transcriber", "drop_late", "engine_unavailable"),
        ("transcriber", "late_50000000", "engine_unavailable"),
    ],
)
async def test_what_may_be_tried_again_is(mode: str, kind: str, code: str) -> None:
    async with aliyun_cloud(fault=in_order(kind)) as cloud, engine_at(cloud, mode=mode) as engine:
        assert await ended(engine, clips(1)[0]) == code
        assert cloud.faults_done == {kind: 1}
        assert len(cloud.started_at) == (2 if code == "right" and kind != "stray" else 1)


@pytest.mark.parametrize(
    ("mode", "kind", "error"),
    [
        ("rest", "http_503", EngineUnavailable),
        ("rest", "status_40000005", Overloaded),
        ("rest", "status_40000001", EngineUnavailable),
        ("recognizer", "drop_started", EngineUnavailable),
        ("recognizer", "status_43040001", Overloaded),
    ],
)
async def test_what_goes_on_failing_ends_with_a_reason(mode: str, kind: str, error: type[LingtingError]) -> None:
    async with aliyun_cloud(fault=lambda: kind) as cloud, engine_at(cloud, mode=mode) as engine:
        with pytest.raises(error):
            await engine.transcribe(clips(1)[0])
    assert len(cloud.started_at) == (2 if kind == "status_40000001" else QUICK.attempts)


@pytest.mark.parametrize("mode", ["rest", "recognizer"])
async def test_a_service_that_says_nothing_is_given_up(mode: str) -> None:
    async with (
        aliyun_cloud(fault=lambda: "hang") as cloud,
        engine_at(cloud, mode=mode, answer_seconds=0.1, attempts=2) as engine,
    ):
        with pytest.raises(EngineUnavailable, match="said nothing"):
            await engine.transcribe(clips(1)[0])
        assert len(cloud.started_at) == 2


async def test_a_call_ends_in_time_whatever_it_waits_for() -> None:
    async with (
        aliyun_cloud(fault=lambda: "hang") as cloud,
        engine_at(cloud, total_seconds=0.2, max_concurrent=1) as engine,
    ):
        with pytest.raises(EngineUnavailable, match="no answer came"):
            await engine.transcribe(clips(1)[0])
        async with engine._turns.turn():
            with pytest.raises(Overloaded, match="no turn came"):
                await engine.transcribe(clips(1)[0])


async def test_more_than_may_wait_are_refused_at_once() -> None:
    async with aliyun_cloud(work_seconds=0.05) as cloud, engine_at(cloud, max_concurrent=2, max_waiting=3) as engine:
        found = Counter(await asyncio.gather(*(ended(engine, clip) for clip in clips(20))))
    assert found == {"right": 5, "overloaded": 15}


async def test_a_dead_service_is_left_alone_and_asked_again_later() -> None:
    async with (
        aliyun_cloud(fault=lambda: "http_500") as cloud,
        engine_at(cloud, breaker_failures=3, breaker_seconds=0.05, attempts=1) as engine,
    ):
        for clip in clips(3):
            await ended(engine, clip)
        with pytest.raises(EngineUnavailable, match="left alone"):
            await engine.transcribe(clips(1)[0])
        assert len(cloud.started_at) == 3
        cloud.fault = lambda: None
        await asyncio.sleep(0.06)
        assert [await ended(engine, clip) for clip in clips(3)] == ["right"] * 3


@pytest.mark.parametrize("mode", ["rest", "recognizer"])
async def test_connections_are_used_again(mode: str) -> None:
    async with aliyun_cloud() as cloud, engine_at(cloud, mode=mode) as engine:
        for clip in clips(10):
            assert await ended(engine, clip) == "right"
        assert cloud.connections == 2  # one of them made the token


async def test_without_a_pool_each_call_opens_its_own() -> None:
    async with aliyun_cloud() as cloud, engine_at(cloud, mode="recognizer", pool_size=0) as engine:
        for clip in clips(4):
            assert await ended(engine, clip) == "right"
        assert cloud.connections == 5


async def test_a_kept_connection_that_the_gateway_gave_up_is_replaced() -> None:
    async with aliyun_cloud(idle_seconds=0.05) as cloud, engine_at(cloud, mode="recognizer", attempts=1) as engine:
        assert await ended(engine, clips(1)[0]) == "right"
        await asyncio.sleep(0.1)
        assert await ended(engine, clips(1)[0]) == "right"
        assert engine._sockets.pool.opened == 2


async def test_a_kept_connection_that_dies_at_the_next_start_costs_no_attempt() -> None:
    kinds = in_order(None, "drop_before")
    async with aliyun_cloud(fault=kinds) as cloud, engine_at(cloud, mode="recognizer", attempts=1) as engine:
        assert [await ended(engine, clip) for clip in clips(2)] == ["right", "right"]
        assert cloud.connections == 3


async def test_a_cancelled_call_ends_its_task_there_and_gives_its_place_back() -> None:
    async with (
        aliyun_cloud(fault=in_order("hang")) as cloud,
        engine_at(cloud, mode="recognizer", max_concurrent=1) as engine,
    ):
        call = asyncio.create_task(engine.transcribe(clips(1)[0]))
        await cloud.began.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await ended(engine, clips(1)[0]) == "right"
    assert cloud.peak == 1


async def test_silence_is_an_empty_answer() -> None:
    for mode, kind in (("rest", "status_40270002"), ("recognizer", "late_40270002")):
        async with aliyun_cloud(fault=in_order(kind)) as cloud, engine_at(cloud, mode=mode) as engine:
            heard = await engine.transcribe(clips(1)[0])
            assert (heard.text, len(cloud.started_at)) == ("", 1)


@pytest.mark.parametrize("mode", ["auto", "rest", "recognizer", "transcriber"])
async def test_a_sample_comes_back_as_its_text_with_words_where_they_are_asked_for(mode: str) -> None:
    audio = Audio(decode_audio(str(SAMPLES / "zh-short.flac")))
    text = "".join((SAMPLES / "zh-short.txt").read_text(encoding="utf-8").split())
    key = digest(pcm16(audio.samples).astype("<i2").tobytes())
    async with aliyun_cloud(answers={key: text}) as cloud, engine_at(cloud, mode=mode) as engine:
        heard = await engine.transcribe(Clip(audio, WORDS))
    assert heard.text == text
    assert heard.language == "zh"
    if engine.capabilities.word_times:
        assert "".join(word.text for word in heard.words) == text
        times = [time for word in heard.words for time in (word.start_seconds, word.end_seconds)]
        assert times == sorted(times)
        assert times[-1] <= audio.duration_seconds
    assert cloud.complaints == []


async def test_several_loops_share_one_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads with loops of their own ask one keeper at once."""
    async with aliyun_cloud() as cloud, engine_at(cloud) as engine:

        async def ask() -> list[str]:
            return [token.text for token in await asyncio.gather(*(engine._tokens.current() for _ in range(20)))]

        found = await asyncio.gather(*(asyncio.to_thread(asyncio.run, ask()) for _ in range(8)))
        assert cloud.tokens_made == 1
        assert len({text for texts in found for text in texts}) == 1


@pytest.mark.parametrize("mode", ["rest", "recognizer"])
async def test_an_appkey_that_is_not_known_is_a_refusal(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "another-one")
    async with aliyun_cloud() as cloud, engine_at(cloud, mode=mode) as engine:
        with pytest.raises(EngineUnavailable, match="no token for this access key"):
            await engine.transcribe(clips(1)[0])


async def test_a_rotated_access_key_is_found(tmp_path: Path) -> None:
    file = tmp_path / "aliyun.ini"
    file.write_text(f"appkey = {APPKEY}\naccess_key_id = {KEY_ID}\naccess_key_secret = old\n")
    async with aliyun_cloud() as cloud, engine_at(cloud, credentials_file=str(file)) as engine:
        with pytest.raises(EngineUnavailable):
            await engine.transcribe(clips(1)[0])
        file.write_text(f"appkey = {APPKEY}\naccess_key_id = {KEY_ID}\naccess_key_secret = {KEY_SECRET}\n")
        assert await ended(engine, clips(1)[0]) == "right"


async def test_a_changed_appkey_is_found(tmp_path: Path) -> None:
    file = tmp_path / "aliyun.json"
    key = {"access_key_id": KEY_ID, "access_key_secret": KEY_SECRET}
    file.write_text(json.dumps({"appkey": "gone", **key}))
    async with aliyun_cloud() as cloud, engine_at(cloud, credentials_file=str(file)) as engine:
        with pytest.raises(EngineUnavailable, match="40020105"):
            await engine.transcribe(clips(1)[0])
        file.write_text(json.dumps({"appkey": APPKEY, **key}))
        assert await ended(engine, clips(1)[0]) == "right"


@pytest.mark.parametrize("mode", ["rest", "recognizer"])
async def test_a_redirect_takes_the_token_nowhere(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    monkeypatch.setenv("ALIYUN_NLS_TOKEN", "token-of-a-test")
    async with aliyun_cloud() as elsewhere:
        away = answer("302 Found", f"Location: ws://127.0.0.1:{elsewhere.port}/ws/v1", "Connection: close")
        async with raw_server(away) as gateway, engine_at(Cloud(port=gateway.port), mode=mode) as engine:
            with pytest.raises(EngineUnavailable, match="302"):
                await engine.transcribe(clips(1)[0])
        assert elsewhere.connections == 0


async def test_an_answer_that_makes_no_sense_is_said_to_be_so() -> None:
    async with aliyun_cloud(fault=lambda: "garbage") as cloud, engine_at(cloud) as engine:
        with pytest.raises(EngineFailed, match="no JSON object"):
            await engine.transcribe(clips(1)[0])
