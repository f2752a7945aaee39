"""The driver round `protocol.py`: one task that connects, talks, and connects again until all is said.

Promises: `send` waits when the server, or the connection, does not keep up, and never holds more than the buffer;
whatever ends the stream is raised where the program waits; nothing is left running when the stream is closed.
"""

from __future__ import annotations

import asyncio
import random
import ssl as tls
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, Self

from lingting.client.errors import ConnectionLost, ServerUnreachable
from lingting.client.events import Disconnected, Event
from lingting.client.mailbox import Mailbox
from lingting.client.protocol import StreamConfig, StreamProtocol
from lingting.client.retry import Again, Fatal, Finished, Patience, RetryPolicy, Verdict
from lingting.client.sound import Sound, StreamFormat
from lingting.client.transport import (
    Address,
    Transport,
    TransportClosed,
    TransportRefused,
    Unreachable,
    open_socket,
)
from lingting.domain.errors import InvalidMessage, LingtingError

__all__ = ["LiveStream", "Timing", "connect", "open_stream"]

SILENT_SECONDS = 90.0
"""A server that owes an answer for so long is lost."""
MAX_WAITING_EVENTS = 10_000
"""About two hours of speech."""
MESSAGE_BYTES = 64 * 1024
"""Longer audio is sent in several messages."""
DONE, LOST = 1000, 4000
"""Close codes: the first says that the client is not coming back, the other, for private use, that it is."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Time, as far as it decides when to connect again."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """0..1, evenly spread."""


REAL_TIME = Timing()
USUAL_PATIENCE = RetryPolicy()


class LiveStream:
    """A stream of speech: `send` sound, iterate for events, `finish`. Made by `connect`."""

    def __init__(
        self,
        config: StreamConfig,
        open_transport: Callable[[], Awaitable[Transport]],
        *,
        retry: RetryPolicy = USUAL_PATIENCE,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._sound = config.sound
        self._protocol = StreamProtocol(config)
        self._open_transport = open_transport
        self._retry = retry
        self._timing = timing
        self._patience = Patience(retry, timing.chance)
        self._mailbox = Mailbox(MAX_WAITING_EVENTS)
        self._problem: LingtingError | None = None
        self._to_write = asyncio.Event()
        self._moved = asyncio.Event()
        """Something was taken in, or the stream has ended."""
        self._running: asyncio.Task[None] | None = None

    @property
    def session(self) -> str | None:
        """The server's name for it; whoever knows it may resume the session."""
        return self._protocol.session

    @property
    def received_seconds(self) -> float:
        """Of audio that the server has said it has."""
        return self._protocol.outbound.confirmed_seconds

    def start(self) -> None:
        """Called once, by whoever made it."""
        self._running = asyncio.create_task(self._run(), name="lingting-stream")

    async def send(self, sound: Sound) -> None:
        """Send bytes in the announced encoding, or float32 samples; waits while too much is under way.

        raises    ConnectionLost, ServerError, EventsUnread: what ended the stream; InvalidOption, InvalidMessage
        """
        data = memoryview(self._sound.encode(sound))
        for first in range(0, len(data), MESSAGE_BYTES):
            await self._room()
            self._protocol.outbound.write(bytes(data[first : first + MESSAGE_BYTES]))
            self._to_write.set()
        self._raise_problem()

    async def commit(self) -> None:
        """End the sentence here; Committed follows its final.

        raises    as `send`
        """
        self._raise_problem()
        self._protocol.outbound.commit()
        self._to_write.set()

    async def finish(self) -> None:
        """No more sound; returns at once. The remaining finals follow, then Ended, which ends the iteration."""
        self._protocol.outbound.finish()
        self._to_write.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._mailbox.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the stream; finals that were not read are given up."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._problem = self._problem or InvalidMessage("the stream is closed; begin another one")
        self._mailbox.close()
        self._moved.set()

    async def _room(self) -> None:
        while self._protocol.outbound.is_full:
            self._raise_problem()
            self._moved.clear()
            await self._moved.wait()

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem

    async def _run(self) -> None:
        try:
            while (wait_seconds := await self._connection()) is not None:
                await self._timing.sleep(wait_seconds)
        except LingtingError as problem:
            self._problem = problem
        except Exception as error:  # noqa: BLE001 - the socket loop: whoever waits gets an answer
            self._problem = LingtingError(f"the client broke: {type(error).__name__}")
            self._problem.__cause__ = error
        finally:
            self._mailbox.close(self._problem)
            self._moved.set()

    async def _connection(self) -> float | None:
        """One connection from its beginning to its end; how long to wait for the next one, None after the last."""
        match await self._attempt():
            case Finished():
                return None
            case Fatal(error):
                raise error
            case Again(reason, after_seconds):
                wait_seconds = self._patience.next_wait(after_seconds, now_seconds=self._timing.monotonic())
                if wait_seconds is None:
                    limit_seconds = self._retry.give_up_seconds
                    raise ConnectionLost(
                        f"the connection could not be made again within {limit_seconds:g} seconds: {reason}"
                    )
                self._mailbox.put(Disconnected(reason, wait_seconds))
                return wait_seconds

    async def _attempt(self) -> Verdict:
        try:
            transport = await self._open_transport()
        except TransportRefused as refused:
            return self._protocol.refused(refused.refusal)
        except Unreachable as problem:
            if not self._protocol.has_been_ready:
                raise ServerUnreachable(f"no server answers there: {problem}") from problem
            return Again(f"no server answers: {problem}")
        self._protocol.opened()
        code = DONE
        try:
            verdict, events = self._protocol.closed(*await self._talk(transport))
            code = LOST if isinstance(verdict, Again) else DONE
        finally:
            await transport.close(code)
        self._tell(events)
        return verdict

    async def _talk(self, transport: Transport) -> tuple[int, str]:
        """Write and read until the connection has ended; how it did."""
        writing = asyncio.create_task(self._write(transport), name="lingting-stream-writer")
        try:
            return await self._read(transport)
        finally:
            writing.cancel()
            (outcome,) = await asyncio.gather(writing, return_exceptions=True)
            if isinstance(outcome, Exception):
                raise outcome

    async def _read(self, transport: Transport) -> tuple[int, str]:
        was_ready = False
        while not self._protocol.wants_close:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    message = await transport.receive()
            except TransportClosed as closed:
                return closed.code, closed.reason
            except TimeoutError:
                if self._protocol.awaits_answer:
                    return 1006, f"the server said nothing for {SILENT_SECONDS:g} seconds"
                continue
            self._tell(self._protocol.receive(message))
            if not was_ready and self._protocol.is_live:
                was_ready = True
                self._patience.connected(self._timing.monotonic())
            self._to_write.set()
            self._moved.set()
        return LOST, ""

    async def _write(self, transport: Transport) -> None:
        """Send what there is; the reader learns of a connection that has ended."""
        try:
            while True:
                self._to_write.clear()
                while (message := self._protocol.next_message()) is not None:
                    await transport.send(message)
                    self._moved.set()
                await self._to_write.wait()
        except TransportClosed:
            return
        except Exception:
            await transport.close(LOST)  # which the reader waits for
            raise

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self._mailbox.put(event)


@asynccontextmanager
async def open_stream(
    config: StreamConfig,
    open_transport: Callable[[], Awaitable[Transport]],
    *,
    retry: RetryPolicy = USUAL_PATIENCE,
    timing: Timing = REAL_TIME,
) -> AsyncIterator[LiveStream]:
    """A stream over any transport."""
    stream = LiveStream(config, open_transport, retry=retry, timing=timing)
    stream.start()
    try:
        yield stream
    finally:
        await stream.aclose()


@asynccontextmanager
async def connect(  # noqa: PLR0913 - the settings of a connection, each with a default
    url: str,
    *,
    language: str | None = None,
    sample_rate: int = 16_000,
    channels: int = 1,
    encoding: str = "LINEAR16",
    api_key: str | None = None,
    ssl: tls.SSLContext | None = None,
    proxy: str | Literal[True] | None = True,
    retry: RetryPolicy = USUAL_PATIENCE,
    **config: object,
) -> AsyncIterator[LiveStream]:
    """A stream of speech to the server at `url`, such as "ws://127.0.0.1:8000"; connects in the background.

    sample_rate, channels, encoding   of the audio that will be sent
    api_key  sent as Authorization: Bearer; the variable LINGTING_API_KEY where it is not given
    ssl      for wss:// with certificates of one's own
    config   the other options of docs/streaming.md: silence_ms=..., partials=False, prompt="..."
    raises   InvalidOption for what is no address; the rest is raised by `send` and by the iteration
    """
    options = config if language is None else {"language": language, **config}
    sound = StreamFormat(encoding, sample_rate, channels)
    address = Address.of(url, key=api_key, ssl=ssl, proxy=proxy)
    stream_config = StreamConfig(sound, options)
    async with open_stream(stream_config, partial(open_socket, address), retry=retry) as stream:
        yield stream
