"""A language model behind OpenAI's chat completions, that says what a test tells it to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from chat_stream import reply
from lingting.settings import Settings, load_settings
from raw_server import RawServer, Received, raw_server


def messages_of(received: Received) -> list[dict[str, str]]:
    """What the model was asked: roles and contents."""
    messages: list[dict[str, str]] = json.loads(received.body)["messages"]
    return messages


@asynccontextmanager
async def model_server(answer: Callable[[str], Sequence[str] | bytes]) -> AsyncIterator[RawServer]:
    """One that answers by what was said last, in pieces, or as given."""

    async def handle(received: Received, writer: asyncio.StreamWriter) -> None:
        said = answer(messages_of(received)[-1]["content"])
        writer.write(said if isinstance(said, bytes) else reply(*said))
        await writer.drain()

    async with raw_server(handle) as server:
        yield server


@contextmanager
def model_in_a_thread(answer: Callable[[str], Sequence[str] | bytes]) -> Iterator[RawServer]:
    """The same for tests that have no event loop of their own, or several."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="model-server")
    thread.start()
    serving = model_server(answer)
    try:
        yield asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(10)
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def talking_settings(
    port: int, *, engines: tuple[str, ...] = ("fake",), chat: Mapping[str, object] = {}, **talk: object
) -> Settings:
    """Settings of a server that talks, with its model on this port of this machine."""
    settings = load_settings()
    base_url = f"http://127.0.0.1:{port}/v1"
    chat = {"base_url": base_url, "model": "small", "backoff_seconds": 0.0, "max_retries": 0, **chat}
    return settings.model_copy(
        update={
            "chat": settings.chat.model_copy(update=chat),
            "speech": settings.speech.model_copy(update={"engines": engines}),
            "talk": settings.talk.model_copy(update={"no_input_seconds": 0.0, **talk}),
        }
    )
