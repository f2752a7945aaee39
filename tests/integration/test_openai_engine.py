"""The OpenAI-compatible engine against a Lingting server, and against one that says what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from engine_rows import speech as spoken
from lingting.domain import RecognizeOptions
from lingting.domain.errors import AudioTooLong, EngineFailed, EngineUnavailable, InvalidOption, Overloaded
from lingting.domain.options import Task
from lingting.engines.base import Clip
from lingting.engines.openai_compatible.engine import OpenAIEngine
from lingting.engines.openai_compatible.line import MAX_ANSWER_BYTES
from lingting.engines.openai_compatible.settings import OpenAISettings
from lingting.settings import ServeEntry, load_settings
from lingting.testing import noise
from raw_server import RawServer, Received, answer, raw_server

pytestmark = pytest.mark.integration

ENGLISH = RecognizeOptions(language="en")
KEY = "nobodys-secret-of-openai"
CLIP = Clip(noise(0.5), ENGLISH)
HEARD = json.dumps({"text": "It was heard."}).encode()
OK = answer("200 OK", "Content-Type: application/json", body=HEARD)
EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def engine_for(url: str, **settings: object) -> AsyncIterator[OpenAIEngine]:
    quick = {"key_env": "", "backoff_seconds": 0.0, "total_seconds": 20.0, **settings}
    engine = OpenAIEngine(OpenAISettings(base_url=f"{url}/v1", **quick))
    try:
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def scripted(*answers: bytes, **settings: object) -> AsyncIterator[tuple[OpenAIEngine, RawServer]]:
    """An engine and its server, which gives one answer after the other, the last one for ever."""
    left = list(answers)

    async def handle(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    async with raw_server(handle) as server, engine_for(f"http://127.0.0.1:{server.port}", **settings) as engine:
        yield engine, server


def events(*said: object) -> bytes:
    return EVENTS.encode() + b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in said)


async def test_it_hears_what_a_lingting_server_hears_with_words_and_scores(live) -> None:
    audio = spoken("en")
    async with engine_for(live.url) as engine:
        heard = await engine.transcribe(Clip(audio, replace(ENGLISH, word_times=True)))
        found = await engine.transcribe(Clip(audio, RecognizeOptions()))
    assert "seconds of speech" in heard.text
    assert "".join(word.text for word in heard.words) == heard.text
    assert 0.0 <= heard.words[0].start_seconds < heard.words[-1].end_seconds <= audio.duration_seconds
    assert (found.text, found.language, found.words) == (heard.text, "en", ())


@pytest.mark.parametrize(
    "settings", [{"stream": True}, {"model": "gpt-4o-transcribe"}, {"stream": True, "model": "gpt-x"}]
)
async def test_it_hears_the_same_by_events_and_by_plain_json(live, settings) -> None:
    async with engine_for(live.url, **(settings | {"model": "whisper-1"})) as engine:
        heard = await engine.transcribe(Clip(spoken("en"), ENGLISH))
    assert "seconds of speech" in heard.text


async def test_it_translates_where_the_server_does(live) -> None:
    async with engine_for(live.url, translates=True) as engine:
        heard = await engine.transcribe(Clip(spoken("zh"), RecognizeOptions(language="zh", task=Task.TRANSLATE)))
    assert (heard.language, heard.language_probability) == ("en", 1.0)
    assert heard.text


def test_one_lingting_server_hears_through_another(live, open_live, speech) -> None:
    far = ServeEntry(name="far", engine="openai", options={"base_url": f"{live.url}/v1", "key_env": ""})
    settings = load_settings().model_copy(update={"model": "far", "serve": (far,)})
    with open_live(None, settings) as near:
        form = {
            "model": "whisper-1",
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        }
        told = httpx.post(
            f"{near.url}/v1/audio/transcriptions", data=form, files={"file": ("a.flac", speech)}, timeout=30.0
        ).json()
        models = httpx.get(f"{near.url}/v1/models", timeout=30.0).json()
    assert "seconds of speech" in told["text"]
    assert " ".join(word["word"] for word in told["words"]) == told["text"]
    assert any(model["id"] == "far" for model in models["data"])


async def test_only_what_was_set_goes_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "ambient-org")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "ambient-admin")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Ambient: yes\nAuthorization: Bearer-ambient")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    options = replace(ENGLISH, prompt="Lingting", temperatures=(0.2,))
    async with scripted(OK, key_env="A_KEY", project="ours", model="some-model") as (engine, server):
        await engine.transcribe(Clip(noise(0.05), options))
    (sent,) = server.requests
    assert sent.line.startswith("POST /v1/audio/transcriptions ")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["openai-project"] == "ours"
    assert set(sent.headers) <= {
        "host", "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
        "openai-project", "user-agent", "x-stainless-raw-response",
    }  # fmt: skip
    for part in (b"some-model", b"Lingting", b"0.2", b"RIFF", b"verbose_json", b"\r\nen\r\n"):
        assert part in sent.body
    assert len(sent.body) > 0.1 * 16_000 * 2, "shorter sounds than OpenAI takes are padded"


async def test_a_server_that_asks_for_no_key_is_sent_none() -> None:
    async with scripted(OK) as (engine, server):
        assert (await engine.transcribe(CLIP)).text == "It was heard."
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("401 Unauthorized", EngineUnavailable, "key_env"),
        ("403 Forbidden", EngineUnavailable, "model"),
        ("404 Not Found", EngineUnavailable, "base_url"),
        ("400 Bad Request", EngineFailed, "400"),
        ("413 Too Large", AudioTooLong, "seconds"),
        ("415 Unsupported", EngineFailed, "415"),
        ("422 Unprocessable", EngineFailed, "422"),
        ("307 Elsewhere", EngineUnavailable, "base_url"),
    ],
)
async def test_a_refusal_names_what_is_at_fault_and_is_not_tried_again(status, error, told) -> None:
    refusal = answer(
        status, "Location: http://127.0.0.1:1/v1/audio/transcriptions", body=b'{"error": {"message": "x"}}'
    )
    async with scripted(refusal) as (engine, server):
        with pytest.raises(error, match=told):
            await engine.transcribe(CLIP)
    assert len(server.requests) == 1


async def test_a_wish_of_the_caller_that_is_refused_is_the_callers() -> None:
    body = b'{"error": {"message": "bad", "param": "language", "code": "invalid_value"}}'
    async with scripted(answer("400 Bad Request", "Content-Type: application/json", body=body)) as (engine, _):
        with pytest.raises(InvalidOption) as refused:
            await engine.transcribe(CLIP)
    assert refused.value.param == "language"


@pytest.mark.parametrize(("header", "seconds"), [("Retry-After: 7", 7.0), ("Retry-After: soon", 1.0), ("X: y", 1.0)])
async def test_a_busy_server_says_when_to_come_back(header: str, seconds: float) -> None:
    async with scripted(answer("429 Too Many", header)) as (engine, server):
        with pytest.raises(Overloaded) as refused:
            await engine.transcribe(CLIP)
    assert refused.value.retry_after_seconds == seconds
    assert len(server.requests) == 1


async def test_an_account_without_money_is_not_a_busy_server() -> None:
    body = b'{"error": {"message": "no", "code": "insufficient_quota"}}'
    async with scripted(answer("429 Too Many", "Content-Type: application/json", body=body)) as (engine, _):
        with pytest.raises(EngineUnavailable, match="account"):
            await engine.transcribe(CLIP)


@pytest.mark.parametrize(
    "bad", [answer("500 Broken"), answer("502 Bad"), answer("408 Slow"), b"", b"HTTP/1.1 200 OK\r\n"]
)
async def test_what_may_pass_is_tried_again(bad: bytes) -> None:
    async with scripted(bad, bad, OK) as (engine, server):
        assert (await engine.transcribe(CLIP)).text == "It was heard."
    assert len(server.requests) == 3


async def test_what_does_not_pass_is_told_and_then_left_alone_for_a_while() -> None:
    broken = answer("500 Broken")
    async with scripted(broken, breaker_failures=3, breaker_seconds=600.0) as (engine, server):
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                await engine.transcribe(CLIP)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "body", [b"<html>no</html>", b"[]", b'{"text": 3}', b'{"text": "a", "words": 3}', b"\xff\xfe", b'{"said": "a"}']
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_none_is_not_made_up(body: bytes, stream: bool) -> None:
    async with scripted(answer("200 OK", "Content-Type: application/json", body=body), stream=stream) as (
        engine,
        server,
    ):
        with pytest.raises(EngineFailed, match="base_url"):
            await engine.transcribe(CLIP)
    assert len(server.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_has_a_bound_packed_or_not(stream: bool) -> None:
    endless = answer("200 OK", "Content-Type: text/event-stream", body=b"data: " + b"a" * (MAX_ANSWER_BYTES + 1))
    packed = answer("200 OK", "Content-Encoding: gzip", body=b"\x1f\x8b")
    for said in (endless, packed):
        async with scripted(said, stream=stream) as (engine, _):
            with pytest.raises(EngineFailed, match=r"more than|packed"):
                await engine.transcribe(CLIP)


async def test_events_end_in_the_text() -> None:
    told = ({"type": "transcript.text.delta", "delta": "It "}, {"type": "transcript.text.done", "text": "It was."})
    async with scripted(events(*told), stream=True) as (engine, _):
        assert (await engine.transcribe(CLIP)).text == "It was."


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (events({"type": "transcript.text.delta", "delta": "It "}), EngineUnavailable),
        (events({"type": "transcript.text.delta", "delta": "It "}, {"error": {"message": "lost"}}), EngineUnavailable),
        (EVENTS.encode() + b"data: {no\n\n", EngineFailed),
        (events([1, 2]), EngineFailed),
        (events({"type": "transcript.text.done", "text": 5}), EngineFailed),
        (
            EVENTS.replace("Connection: close", "Content-Length: 900").encode()
            + b'data: {"type": "transcript.text.delta", "delta": "It "}\n\n',
            EngineUnavailable,
        ),
    ],
)
async def test_a_stream_that_breaks_off_is_neither_an_answer_nor_asked_for_again(said: bytes, error: type) -> None:
    async with scripted(said, stream=True) as (engine, server):
        with pytest.raises(error):
            await engine.transcribe(CLIP)
    assert len(server.requests) == 1


@pytest.mark.parametrize("bounds", [{"answer_seconds": 0.1}, {"total_seconds": 0.2}])
@pytest.mark.parametrize("said", [b"", EVENTS.encode()])
async def test_a_server_that_says_nothing_is_not_waited_for(bounds: dict[str, float], said: bytes) -> None:
    async def hang(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.Event().wait()

    async with raw_server(hang) as server:
        async with engine_for(f"http://127.0.0.1:{server.port}", stream=bool(said), **bounds) as engine:
            with pytest.raises(EngineUnavailable, match="seconds"):
                await engine.transcribe(CLIP)
        assert len(server.requests) == 1


@pytest.mark.parametrize("said", [b"", EVENTS.encode()])
async def test_a_caller_who_goes_takes_the_call_along(said: bytes) -> None:
    gone, left = asyncio.Event(), asyncio.Event()

    async def hang(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await gone.wait()
        with suppress(ConnectionError):
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
                await asyncio.sleep(0)
        left.set()

    async with raw_server(hang) as server, engine_for(f"http://127.0.0.1:{server.port}", stream=bool(said)) as engine:
        call = asyncio.create_task(engine.transcribe(CLIP))
        await asyncio.wait_for(server.arrived.get(), 20.0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gone.set()
        await asyncio.wait_for(left.wait(), 20.0)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with engine_for("http://127.0.0.1:1", max_retries=0) as engine:
        with pytest.raises(EngineUnavailable, match="ConnectError"):
            await engine.transcribe(CLIP)


async def test_a_key_that_was_changed_is_found_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("old-nobodys-secret")
    refused = answer("401 Unauthorized")
    async with scripted(refused, OK, key_file=str(file)) as (engine, server):
        file.write_text("next-nobodys-secret")
        assert (await engine.transcribe(CLIP)).text == "It was heard."
    assert [each.headers["authorization"][:10] for each in server.requests] == ["Bearer old", "Bearer nex"]
