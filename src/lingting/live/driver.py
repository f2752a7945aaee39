"""The driver round `session.py`: takes a client's bytes, hears them in a thread, has the asks recognised, gives events.

Promises: `feed` never waits for a recognition unless the client is far ahead; audio is heard in the order in which it
came, and commands take effect between the sounds they were sent between; what was accepted is recognised, whatever
the load; all memory is bounded; nothing of a session is left when it has closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from lingting.audio.live_formats import LiveDecoder, LiveFormat
from lingting.domain import (
    Clock,
    Closed,
    CloseReason,
    Event,
    Final,
    Hypothesis,
    NoticeKind,
    Partial,
    Priority,
    StreamOptions,
)
from lingting.domain.errors import AudioUndecodable, InvalidMessage, LingtingError, Overloaded, Superseded
from lingting.live.ear import Ear, Heard
from lingting.live.outbox import Log, Subscription
from lingting.live.session import Ask, AskKind, Drop, Output, Pace, Session
from lingting.recognition.recognizer import Recognizer
from lingting.telemetry import log

__all__ = ["LiveSession", "LiveSettings", "Opening", "SessionParts"]

BITE_SECONDS = 1.0
"""Of audio, heard in one visit to the thread."""
CONTAINER_BYTES_PER_SECOND = 16_000
"""Assumed of compressed audio: 128 kbit/s."""
RETRY_SECONDS = 0.3
"""How long a final waits before it asks a full queue again."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Bounds of live sessions."""

    max_sessions: int = 64
    """Whatever the measured capacity says."""
    idle_seconds: float = 300.0
    """A session that gets no audio for so long is closed."""
    stall_seconds: float = 3.0
    """When audio stops coming in the middle of a sentence, this long is waited before it is called the end."""
    resume_seconds: float = 60.0
    """How long a session waits for a client whose connection was lost."""
    max_seconds: float = 14_400.0
    """Audio of one session."""
    max_ahead_seconds: float = 120.0
    """Of audio that is accepted before it is heard; then its socket is read no further until there is room."""
    max_finals_in_hand: int = 4
    """Of one session with the engine; it is not heard further until one is done."""
    replayed_events: int = 512
    """Kept for a client that resumes."""
    waiting_events: int = 1_024
    """Not yet read by the client; more ends its connection."""
    drain_seconds: float = 30.0
    """How long a session that has ended waits for its last finals."""
    hearing_threads: int = 4


class LiveObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def suppressed(self, reason: str) -> None: ...

    def live_final(self, *, lag_seconds: float) -> None: ...

    def live_partial(self) -> None: ...

    def live_opened(self) -> None: ...

    def live_closed(self, *, reason: str, audio_seconds: float) -> None: ...


class Load(Protocol):
    """The hub's meter, as a session sees it."""

    @property
    def pace(self) -> Pace: ...

    def answered(self, kind: AskKind, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What every session of a server shares."""

    recognizer: Recognizer
    executor: Executor
    open_decoder: Callable[[LiveFormat], LiveDecoder]
    settings: LiveSettings
    clock: Clock
    observer: LiveObserver
    load: Load


@dataclass(frozen=True, slots=True)
class Opening:
    """How a session begins."""

    identity: str
    """Whoever knows it, and is its owner, may resume the session."""
    owner: str
    options: StreamOptions
    format: LiveFormat


@dataclass(frozen=True, slots=True)
class _Configure:
    options: StreamOptions
    format: LiveFormat | None


class _Order:
    """What a client wants done between two sounds."""

    COMMIT = "commit"
    CLEAR = "clear"


_Item = bytes | str | _Configure


class LiveSession:
    """One client's live speech; made by the hub. Belongs to one event loop."""

    def __init__(self, opening: Opening, *, ear: Ear, parts: SessionParts) -> None:
        self.id = opening.identity
        self.owner = opening.owner
        self.format = opening.format
        self.options = opening.options
        """As wished last; they hold from the next segment on."""
        self.received_bytes = 0
        self._ear = ear
        self._parts = parts
        self._settings = parts.settings
        self._session = Session(opening.options)
        self._session.set_pace(parts.load.pace)
        self._inbox: deque[_Item] = deque()
        self._inbox_bytes = 0
        self._base_seconds = 0.0
        """What was received in formats that the session no longer has."""
        self._base_bytes = 0
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._wanted_end: CloseReason | None = None
        self._asks: dict[int, asyncio.Task[None]] = {}
        self._finals_in_hand = 0
        self._log = Log(self._settings.replayed_events)
        self._observers: list[Callable[[Event], None]] = []
        self._subscription: Subscription | None = None
        self._heard_from_seconds = parts.clock.monotonic()
        self._left_seconds: float | None = None
        """When its client's connection was lost; None while there is one."""
        self._running: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        """Set once nothing of it is left."""

    @property
    def received_seconds(self) -> float:
        """How much audio was accepted; of compressed audio what has been decoded."""
        if self.format.pcm is None:
            return self._session.heard_seconds
        return self._base_seconds + (self.received_bytes - self._base_bytes) / _bytes_per_second(self.format)

    @property
    def has_client(self) -> bool:
        """False while it waits for a client whose connection was lost."""
        return self._left_seconds is None

    @property
    def last_seq(self) -> int:
        return self._session.last_seq

    @property
    def text(self) -> str:
        """What the open segment seems to say."""
        return self._session.text

    def start(self) -> None:
        """Called once, by the hub."""
        self._running = asyncio.create_task(self._run(), name=f"live-{self.id[:6]}")

    async def feed(self, data: bytes) -> None:
        """Accept audio; waits only while more than `max_ahead_seconds` of it have not been heard.

        raises    InvalidMessage after `finish`
        """
        self._require_open()
        self.received_bytes += len(data)
        self._heard_from_seconds = self._parts.clock.monotonic()
        self._inbox.append(data)
        self._inbox_bytes += len(data)
        self._changed.set()
        if not self._is_far_ahead:
            return
        ahead_seconds = self._inbox_bytes / _bytes_per_second(self.format)
        message = "audio comes faster than it can be recognised; the socket is read more slowly until that is over"
        self._apply(self._session.notice(NoticeKind.BACKLOG, lag_seconds=ahead_seconds, message=message))
        while self._is_far_ahead and self._wanted_end is None:
            self._drained.clear()
            await self._drained.wait()

    async def commit(self) -> None:
        """End the open segment after the audio fed so far; `Committed` follows its final."""
        self._order(_Order.COMMIT)

    async def clear(self) -> None:
        """Forget the audio since the last commit."""
        self._order(_Order.CLEAR)

    async def configure(self, options: StreamOptions, fmt: LiveFormat | None = None) -> None:
        """Other options, from the next segment on.

        raises    InvalidOption, UnsupportedLanguage
        """
        self._parts.recognizer.check(options.recognize)
        self._order(_Configure(options, fmt))
        self.options = options

    async def finish(self) -> None:
        """No more audio; returns at once. The finals follow, then `Closed`."""
        self.end(CloseReason.FINISHED)

    def end(self, reason: CloseReason) -> None:
        """Recognise what was accepted, then close; the first reason given stays."""
        self._wanted_end = self._wanted_end or reason
        self._changed.set()
        self._drained.set()

    def observe(self, callback: Callable[[Event], None]) -> None:
        """Call it with every event from now on, whether or not a client is there; it must be quick and not raise."""
        self._observers.append(callback)

    def attach(self, *, after_seq: int = 0) -> Subscription:
        """Begin to read the events, results after `after_seq` first; takes over from whoever reads them now."""
        if self._subscription is not None:
            self._subscription.replace()
        self._subscription = Subscription(self._settings.waiting_events, self._log.after(after_seq))
        self._complete_sample()
        self._left_seconds = None
        self._changed.set()
        return self._subscription

    def detach(self, subscription: Subscription) -> None:
        """The client's connection was lost: wait for it to come back."""
        if self._subscription is not subscription:
            return
        self._subscription = None
        self._left_seconds = self._parts.clock.monotonic()
        self._changed.set()

    def take_pace(self, pace: Pace) -> None:
        self._session.set_pace(pace)

    def notice(self, kind: NoticeKind, *, lag_seconds: float, message: str) -> None:
        self._apply(self._session.notice(kind, lag_seconds=lag_seconds, message=message))

    async def aclose(self) -> None:
        """Drop everything at once."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._clean_up(CloseReason.ABANDONED)

    @property
    def _is_far_ahead(self) -> bool:
        return self._inbox_bytes > self._settings.max_ahead_seconds * _bytes_per_second(self.format)

    def _complete_sample(self) -> None:
        """A client that comes back begins with a whole sample; the rest of a half one would shift all that follows."""
        pcm = self.format.pcm
        if pcm is None:
            return
        sample_bytes = int(_bytes_per_second(self.format)) // pcm.rate_hz
        missing = bytes(-(self.received_bytes - self._base_bytes) % sample_bytes)
        if missing:
            self.received_bytes += len(missing)
            self._inbox.append(missing)
            self._inbox_bytes += len(missing)

    def _require_open(self) -> None:
        if self._wanted_end is not None:
            raise InvalidMessage("the session has ended: nothing can be sent after its end")

    def _order(self, item: str | _Configure) -> None:
        self._require_open()
        self._inbox.append(item)
        self._changed.set()

    async def _run(self) -> None:
        """The session's one task: hears what comes, in order, until there is a reason to end."""
        reason, message = CloseReason.FAILED, "something broke here; the log has more"
        try:
            reason, message = await self._hear_all()
        except AudioUndecodable as error:
            reason, message = CloseReason.UNDECODABLE, error.message
        except Exception as error:  # noqa: BLE001 - the session's worker loop: its client gets an answer
            log.error("live.broke", error=type(error).__name__, exc_info=not isinstance(error, LingtingError))
        try:
            await self._settle()
        finally:
            await self._clean_up(reason, message)

    async def _hear_all(self) -> tuple[CloseReason, str]:
        while True:
            self._changed.clear()
            if self._finals_in_hand >= self._settings.max_finals_in_hand:
                await self._changed.wait()
            elif self._inbox:
                await self._take(self._next())
            elif self._wanted_end is not None:
                await self._hear_last()
                return self._wanted_end, ""
            else:
                await self._wait()
            if self.received_seconds > self._settings.max_seconds:
                self.end(CloseReason.TOO_LONG)

    def _next(self) -> _Item:
        """The next command, or as much audio as one visit to the thread takes."""
        first = self._inbox.popleft()
        if not isinstance(first, bytes):
            return first
        bite_bytes = int(BITE_SECONDS * _bytes_per_second(self.format))
        taken, size_bytes = [first], len(first)
        while size_bytes < bite_bytes and self._inbox and isinstance(self._inbox[0], bytes):
            more = self._inbox.popleft()
            assert isinstance(more, bytes)
            taken.append(more)
            size_bytes += len(more)
        data = b"".join(taken)
        if size_bytes > bite_bytes:
            self._inbox.appendleft(data[bite_bytes:])
            data = data[:bite_bytes]
        self._inbox_bytes -= len(data)
        self._drained.set()
        return data

    async def _take(self, item: _Item) -> None:
        now_seconds = self._parts.clock.monotonic()
        if isinstance(item, bytes):
            self._hear(await self._in_thread(self._ear.hear, item))
        elif isinstance(item, _Configure):
            await self._reconfigure(item)
        elif item == _Order.COMMIT:
            self._apply(self._session.commit(now_seconds=now_seconds))
        else:
            self._apply(self._session.clear(now_seconds=now_seconds))

    def _hear(self, parts: Sequence[Heard]) -> None:
        for heard in parts:
            now_seconds = self._parts.clock.monotonic()
            self._apply(self._session.hear(heard.samples, heard.probabilities, now_seconds=now_seconds))

    async def _hear_last(self) -> None:
        heard, rest = await asyncio.get_running_loop().run_in_executor(self._parts.executor, self._ear.finish)
        self._hear(heard)
        self._apply(self._session.finish(rest, now_seconds=self._parts.clock.monotonic()))

    async def _reconfigure(self, wanted: _Configure) -> None:
        if wanted.format is not None and wanted.format != self.format:
            decoder = await asyncio.get_running_loop().run_in_executor(
                self._parts.executor, self._parts.open_decoder, wanted.format
            )
            self._base_seconds, self._base_bytes = self.received_seconds, self.received_bytes
            self._ear.switch(decoder)
            self.format = wanted.format
        self._session.configure(wanted.options)

    async def _wait(self) -> None:
        """Wait for the client, who may be silent for a while but not for ever."""
        now_seconds = self._parts.clock.monotonic()
        if self._left_seconds is not None:
            deadline, reason = self._left_seconds + self._settings.resume_seconds, CloseReason.ABANDONED
        else:
            deadline, reason = self._heard_from_seconds + self._settings.idle_seconds, CloseReason.IDLE
        stalls_at = self._heard_from_seconds + self._settings.stall_seconds
        may_stall = self._left_seconds is None and self._session.is_open and stalls_at < deadline
        wait_seconds = (stalls_at if may_stall else deadline) - now_seconds
        try:
            async with asyncio.timeout(max(0.0, wait_seconds)):
                await self._changed.wait()
        except TimeoutError:
            if may_stall:
                self._apply(self._session.end_segment(now_seconds=self._parts.clock.monotonic()))
            else:
                self.end(reason)

    async def _settle(self) -> None:
        """End what is open and wait for the last finals."""
        self._apply(self._session.end_segment(now_seconds=self._parts.clock.monotonic()))
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                while not self._session.is_settled:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            log.warning("live.unsettled", waited_seconds=self._settings.drain_seconds)

    async def _clean_up(self, reason: CloseReason, message: str = "") -> None:
        if self.closed.is_set():
            return
        self._wanted_end = self._wanted_end or reason
        self._drained.set()
        self._apply(self._session.close(reason, message))
        tasks = list(self._asks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._inbox.clear()
        if self._subscription is not None:
            self._subscription.end()
        self.closed.set()
        self._parts.observer.live_closed(reason=reason, audio_seconds=self._session.heard_seconds)
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._parts.executor, self._ear.close))

    async def _in_thread(self, hear: Callable[[bytes], list[Heard]], data: bytes) -> list[Heard]:
        return await asyncio.get_running_loop().run_in_executor(self._parts.executor, hear, data)

    def _apply(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Ask):
                self._begin(output)
            elif isinstance(output, Drop):
                if (task := self._asks.get(output.number)) is not None:
                    task.cancel()
            else:
                self._say(output)

    def _say(self, event: Event) -> None:
        self._log.append(event)
        if isinstance(event, Final):
            self._parts.observer.live_final(lag_seconds=event.lag_seconds)
            if event.suppressed:
                self._parts.observer.suppressed(event.suppressed)
        elif isinstance(event, Partial):
            self._parts.observer.live_partial()
        for callback in self._observers:
            callback(event)
        if self._subscription is not None:
            self._subscription.put(event)
        if isinstance(event, Closed):
            self._observers.clear()

    def _begin(self, ask: Ask) -> None:
        self._finals_in_hand += ask.kind is AskKind.FINAL
        task = asyncio.create_task(self._recognize(ask))
        self._asks[ask.number] = task
        task.add_done_callback(lambda _: self._ended(ask))

    def _ended(self, ask: Ask) -> None:
        del self._asks[ask.number]
        self._finals_in_hand -= ask.kind is AskKind.FINAL
        self._changed.set()

    async def _recognize(self, ask: Ask) -> None:
        began_seconds = self._parts.clock.monotonic()
        answer = await self._answer(ask)
        now_seconds = self._parts.clock.monotonic()
        if not isinstance(answer, LingtingError):
            self._parts.load.answered(ask.kind, now_seconds - began_seconds)
        self._apply(self._session.answer(ask.number, answer, now_seconds=now_seconds))

    async def _answer(self, ask: Ask) -> Hypothesis | LingtingError:
        """A draft that finds no room is left out; a final waits until there is some."""
        priority = Priority.STREAM_FINAL if ask.kind is AskKind.FINAL else Priority.STREAM_PARTIAL
        while True:
            try:
                return await self._parts.recognizer.transcribe(
                    ask.audio, ask.options, priority=priority, coalesce=self.id
                )
            except Overloaded as busy:
                if ask.kind is AskKind.DRAFT:
                    return busy
                await asyncio.sleep(min(busy.retry_after_seconds, RETRY_SECONDS))
            except Superseded as newer:
                return newer
            except LingtingError as error:
                return error


def _bytes_per_second(fmt: LiveFormat) -> float:
    if fmt.pcm is None:
        return CONTAINER_BYTES_PER_SECOND
    width_bytes = {"s16le": 2, "f32le": 4, "mulaw": 1, "alaw": 1}[fmt.pcm.encoding]
    return float(width_bytes * fmt.pcm.rate_hz * fmt.pcm.channels)
