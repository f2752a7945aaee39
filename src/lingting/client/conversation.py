"""A spoken conversation with a Lingting server; docs/voice.md describes its messages.

A connection that is lost ends it: what was said is remembered under its `conversation`, and another talk goes on there.
"""

from __future__ import annotations

import ssl as tls
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal, Self

from lingting.client.errors import ConnectionLost, ServerError, ServerUnreachable
from lingting.client.events import Event
from lingting.client.sound import Sound, StreamFormat
from lingting.client.talk_events import TalkEvent, read_talk_event, sound_of
from lingting.client.transport import (
    Address,
    Transport,
    TransportClosed,
    TransportRefused,
    Unreachable,
    open_socket,
)
from lingting.client.wire import Fields, Place, hello, order, read_event, read_message, text

__all__ = ["Talk", "talk", "talking"]

PATH = "/v1/chat/voice"
DONE = 1000
MESSAGE_BYTES = 64 * 1024
"""Longer audio is sent in several messages."""


class Talk:
    """`send` the microphone's sound and iterate for events, at the same time. Made by `talk`."""

    def __init__(self, transport: Transport, sound: StreamFormat) -> None:
        self._transport = transport
        self._sound = sound
        self._sound_of: Fields = {}
        """What the next binary frame is."""
        self.conversation = ""
        """By which another talk goes on."""

    async def begin(self, config: dict[str, object]) -> None:
        """raises    ServerError, ConnectionLost"""
        sound = self._sound
        about = {"encoding": sound.encoding, "sample_rate": sound.rate_hz, "channels": sound.channels}
        await self._send(hello({**about, **config}))
        while True:
            kind, fields = read_message(await self._receive())
            if kind == "ERROR":
                raise _error(fields)
            if kind == "READY":
                self.conversation = text(fields, "conversation")
                return

    async def send(self, sound: Sound) -> None:
        """Bytes in the announced encoding, or float32 samples; all the time, since silence ends a sentence.

        raises    ConnectionLost; InvalidOption for samples of another shape
        """
        data = memoryview(self._sound.encode(sound))
        for first in range(0, len(data), MESSAGE_BYTES):
            await self._send(bytes(data[first : first + MESSAGE_BYTES]))

    async def say(self, message: str) -> None:
        """Ask in writing."""
        await self._send(order("TEXT", text=message))

    async def end_turn(self) -> None:
        """The user has said what they want to say."""
        await self._send(order("TURN_END"))

    async def press(self) -> None:
        """The key is down: the user speaks. For conversations with `push_to_talk`."""
        await self._send(order("PRESS"))

    async def release(self) -> None:
        """The key is up: what was said since the press is the user's turn."""
        await self._send(order("RELEASE"))

    async def stop(self) -> None:
        """Hear no more of the reply in hand."""
        await self._send(order("STOP"))

    async def played(self, reply: int, seconds: float) -> None:
        """So much of the reply's sound has been played."""
        await self._send(order("PLAYED", reply=reply, ms=round(seconds * 1_000)))

    async def results(self, results: Mapping[str, str]) -> None:
        """What became of the calls of a reply, by their ids; the reply goes on."""
        await self._send(order("RESULTS", results=dict(results)))

    async def finish(self) -> None:
        """Hang up; the iteration ends after what is still said."""
        await self._send(order("END"))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | TalkEvent:
        """raises    ServerError for what the server refuses; ConnectionLost"""
        while True:
            message = await self._receive()
            if isinstance(message, bytes):
                return sound_of(self._sound_of, message)
            kind, fields = read_message(message)
            if kind == "ERROR":
                raise _error(fields)
            if kind == "REPLY_AUDIO":
                self._sound_of = fields
            elif kind in {"END", "CLOSED"}:
                raise StopAsyncIteration
            elif (event := read_talk_event(kind, fields) or read_event(kind, fields, Place())) is not None:
                return event

    async def _send(self, message: str | bytes) -> None:
        try:
            await self._transport.send(message)
        except TransportClosed as closed:
            raise _lost(closed) from closed

    async def _receive(self) -> str | bytes:
        try:
            return await self._transport.receive()
        except TransportClosed as closed:
            raise _lost(closed) from closed


@asynccontextmanager
async def talking(transport: Transport, sound: StreamFormat, config: dict[str, object]) -> AsyncIterator[Talk]:
    """A conversation over any transport, which is closed at its end."""
    try:
        talk = Talk(transport, sound)
        await talk.begin(config)
        yield talk
    finally:
        await transport.close(DONE)


@asynccontextmanager
async def talk(  # noqa: PLR0913 - the settings of a connection, each with a default
    url: str,
    *,
    sample_rate: int = 16_000,
    channels: int = 1,
    encoding: str = "LINEAR16",
    api_key: str | None = None,
    ssl: tls.SSLContext | None = None,
    proxy: str | Literal[True] | None = True,
    **config: object,
) -> AsyncIterator[Talk]:
    """A conversation with the bot of the server at `url`, such as "ws://127.0.0.1:8000".

    sample_rate, channels, encoding   of the microphone's sound
    api_key  sent as Authorization: Bearer; the variable LINGTING_API_KEY where it is not given
    config   the options of docs/voice.md: language="en", voice="af", echo=True, conversation="..."
    raises   InvalidOption for what is no address; ServerUnreachable; ServerError for what the server refuses
    """
    address = Address.of(url, key=api_key, ssl=ssl, proxy=proxy, path=PATH)
    try:
        transport = await open_socket(address)
    except TransportRefused as refused:
        raise ServerError(refused.refusal.code, refused.refusal.message) from refused
    except Unreachable as problem:
        raise ServerUnreachable(f"no server answers there: {problem}") from problem
    async with talking(transport, StreamFormat(encoding, sample_rate, channels), config) as opened:
        yield opened


def _error(fields: Fields) -> ServerError:
    is_retryable = fields.get("retryable") is True
    return ServerError(
        text(fields, "code"), text(fields, "message"), retryable=is_retryable, param=text(fields, "param") or None
    )


def _lost(closed: TransportClosed) -> ConnectionLost:
    return ConnectionLost(f"the connection has ended: {closed.reason or closed.code}; go on with its conversation")
