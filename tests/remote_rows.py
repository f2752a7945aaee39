"""The remote engines of the registry as their contract suite opens them: each with a stand-in for its server, which is
well, broken, or never answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aliyun_cloud import APPKEY, KEY_ID, KEY_SECRET, aliyun_cloud
from lingting.domain.errors import EngineUnavailable
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.base import RemoteEngine
from lingting.engines.openai_compatible.settings import OpenAISettings
from lingting.engines.registry import open_engine
from raw_server import Received, answer, raw_server

__all__ = ["CREDENTIALS", "REMOTES", "Mood", "Standing"]

Mood = Literal["well", "broken", "silent"]
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "aliyun": {
        "ALIYUN_NLS_APPKEY": APPKEY,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
    },
    "openai": {"OPENAI_API_KEY": KEY_SECRET},
    "fake-remote": {},
}
"""The variables that each needs by default."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An engine and what its server saw."""

    engine: RemoteEngine
    has_arrived: Callable[[], Awaitable[object]]
    """Waits until the server has a call."""


@asynccontextmanager
async def _aliyun(mood: Mood) -> AsyncIterator[Standing]:
    fault = {"well": None, "broken": "http_500", "silent": "hang"}[mood]
    async with aliyun_cloud(fault=lambda: fault) as cloud:
        settings = AliyunSettings(gateway_url=cloud.url, token_url=cloud.url, attempts=1, speedup=1_000.0)
        engine = await asyncio.to_thread(open_engine, "aliyun", settings)
        yield Standing(engine, cloud.began.wait)
        await engine.aclose()


@asynccontextmanager
async def _openai(mood: Mood) -> AsyncIterator[Standing]:
    heard = b'{"text": "It was heard.", "words": [{"word": "heard", "start": 0, "end": 90}]}'
    said = answer("500 Broken") if mood == "broken" else answer("200 OK", "Content-Type: application/json", body=heard)

    async def handle(_received: Received, writer: asyncio.StreamWriter) -> None:
        if mood == "silent":
            await asyncio.Event().wait()
        writer.write(said)
        await writer.drain()

    async with raw_server(handle) as server:
        settings = OpenAISettings(base_url=f"http://127.0.0.1:{server.port}/v1", max_retries=0)
        engine = await asyncio.to_thread(open_engine, "openai", settings)
        yield Standing(engine, server.arrived.get)
        await engine.aclose()


@asynccontextmanager
async def _fake(mood: Mood) -> AsyncIterator[Standing]:
    engine = await asyncio.to_thread(open_engine, "fake-remote")
    if mood == "broken":
        engine.script = lambda _clip: EngineUnavailable("as the test wants it")
    if mood == "silent":
        engine.hold()

    async def has_arrived() -> None:
        while not engine.in_hand:  # noqa: ASYNC110  a fake tells nobody
            await asyncio.sleep(0)

    yield Standing(engine, has_arrived)
    await engine.aclose()


REMOTES: Mapping[str, Callable[[Mood], AbstractAsyncContextManager[Standing]]] = {
    "aliyun": _aliyun,
    "openai": _openai,
    "fake-remote": _fake,
}
"""A row that is not here fails its suite."""
