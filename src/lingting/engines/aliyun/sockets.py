"""A task over a WebSocket: one sentence, or a stretch of realtime speech with its words."""

from __future__ import annotations

import asyncio
import ssl
import uuid

from websockets.exceptions import ConnectionClosed

from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.aliyun.socket_pool import Line, SocketPool
from lingting.engines.aliyun.tokens import Token
from lingting.engines.aliyun.wire import (
    OK,
    SILENT,
    Event,
    Service,
    TaskHead,
    Wishes,
    command,
    fault_of,
    parse_event,
    start_payload,
)
from lingting.engines.aliyun.words import Heard, Sentence, parse_sentence

__all__ = ["SocketDoor"]

CHUNK_SECONDS = 0.2
CHUNK_BYTES = int(CHUNK_SECONDS * 16_000) * 2
MAX_SENTENCES = 500
"""In a minute of speech."""
MAX_EVENTS = 2_000
"""Of one task; a service that talks on for ever is not listened to."""


class SocketDoor:
    """Belongs to one event loop; has an `aclose`."""

    def __init__(self, settings: AliyunSettings, tls: ssl.SSLContext) -> None:
        self._settings = settings
        self.pool = SocketPool(settings, tls)

    async def recognize(self, pcm: bytes, wishes: Wishes, service: Service, *, appkey: str, token: Token) -> Heard:
        """On a kept connection if there is one; on a fresh one if that turns out dead before it has heard anything.

        raises    Fault
        """
        line = await self.pool.take(token)
        if line.tasks:
            try:
                return await self._on_line(line, pcm, wishes, service, appkey)
            except _NotBegun:
                line = await self.pool.take(token, fresh=True)
        try:
            return await self._on_line(line, pcm, wishes, service, appkey)
        except _NotBegun as problem:
            raise problem.fault from None

    async def aclose(self) -> None:
        await self.pool.aclose()

    async def _on_line(self, line: Line, pcm: bytes, wishes: Wishes, service: Service, appkey: str) -> Heard:
        """The line is given back after a good end only; whoever is cancelled closes it, which ends the task there."""
        task = _Task(line, service, appkey, self._settings)
        try:
            heard = await task.run(pcm, wishes)
        except BaseException:
            closing = self.pool.discard(line)
            await asyncio.wait([closing], timeout=2.0)  # so that the service counts it no more
            raise
        self.pool.give(line)
        return heard


class _NotBegun(Exception):
    """It failed before the service had accepted any audio."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class _Task:
    """One task, from Start to Completed."""

    def __init__(self, line: Line, service: Service, appkey: str, settings: AliyunSettings) -> None:
        self._connection = line.connection
        self._head = TaskHead(service, appkey, uuid.uuid4().hex)
        self._speedup = settings.speedup
        self._patience_seconds = settings.answer_seconds
        self._sentences: list[Sentence] = []
        self._events = 0

    async def run(self, pcm: bytes, wishes: Wishes) -> Heard:
        """raises    _NotBegun, Fault"""
        try:
            await self._start(wishes)
        except Fault as fault:
            if fault.kind in (FaultKind.BROKEN_OFF, FaultKind.AWAY):
                raise _NotBegun(fault) from None
            raise
        # A service that answers at the end only says nothing while it is spoken to.
        self._patience_seconds += len(pcm) / CHUNK_BYTES * CHUNK_SECONDS / self._speedup
        sending = asyncio.ensure_future(self._send(pcm))
        try:
            return await self._listen()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _start(self, wishes: Wishes) -> None:
        await self._say("Start", start_payload(self._head.service, wishes))
        event = await self._next()
        if event.name != f"{self._head.service.verb}Started":
            raise Fault(FaultKind.SENSELESS, "it did not begin with Started")

    async def _send(self, pcm: bytes) -> None:
        """At most `speedup` times as quick as it was spoken; then Stop. Whether it failed is heard by who listens."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for start in range(0, len(pcm), CHUNK_BYTES):
            ahead_seconds = began + start / CHUNK_BYTES * CHUNK_SECONDS / self._speedup - loop.time()
            if ahead_seconds > 0.0:
                await asyncio.sleep(ahead_seconds)
            await self._connection.send(pcm[start : start + CHUNK_BYTES])
        await self._say("Stop")

    async def _listen(self) -> Heard:
        while True:
            event = await self._next()
            if event.name == "SentenceEnd":
                self._sentences.append(parse_sentence(event.payload))
                if len(self._sentences) > MAX_SENTENCES:
                    raise Fault(FaultKind.SENSELESS, f"it sent more than {MAX_SENTENCES} sentences")
            if event.status == SILENT:
                return Heard()
            if event.name == f"{self._head.service.verb}Completed":
                return self._whole(event)

    def _whole(self, event: Event) -> Heard:
        if self._head.service is Service.SENTENCE:
            self._sentences.append(parse_sentence(event.payload))
        return Heard(tuple(sentence for sentence in self._sentences if sentence.text))

    async def _next(self) -> Event:
        """The next event of this task; what is left of another one on the line is passed over.

        raises    Fault, also for TaskFailed and for a line that is gone
        """
        while True:
            self._events += 1
            if self._events > MAX_EVENTS:
                raise Fault(FaultKind.SENSELESS, f"it sent more than {MAX_EVENTS} messages")
            event = parse_event(await self._frame())
            if event.name == "TaskFailed" and event.status == SILENT:
                return event
            if event.name == "TaskFailed" or event.status != OK:
                raise self._interrupted(fault_of(event.status if event.status != OK else 0, 500))
            if event.task_id in ("", self._head.task_id):
                return event

    async def _frame(self) -> str | bytes:
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await self._connection.recv()
        except ConnectionClosed as closed:
            raise self._interrupted(Fault(FaultKind.BROKEN_OFF, "the connection broke off")) from closed
        except TimeoutError:
            raise Fault(FaultKind.AWAY, f"it said nothing for {self._patience_seconds:g} seconds") from None

    async def _say(self, name: str, payload: dict[str, object] | None = None) -> None:
        try:
            await self._connection.send(command(name, self._head, uuid.uuid4().hex, payload))
        except ConnectionClosed as closed:
            raise Fault(FaultKind.BROKEN_OFF, "the connection broke off") from closed

    def _interrupted(self, fault: Fault) -> Fault:
        """With a part of the text said, it is not tried again: it would be said, and paid for, twice."""
        if self._sentences and fault.kind in (FaultKind.BROKEN_OFF, FaultKind.THROTTLED):
            return Fault(FaultKind.INTERRUPTED, f"{fault.message}, with a part of the text said")
        return fault
