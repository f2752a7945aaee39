"""The driver round `session.py`: takes a client's bytes, hears them in a thread, has the asks recognised, gives events.

Promises: `feed` never waits for a recognition unless the client is far ahead; audio is heard in the order in which it
came, and commands take effect between the sounds they were sent between; what was accepted is recognised, whatever
the load; all memory is bounded; nothing of a session is left when it has closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from lingting.audio.live_formats import LiveFormat
from lingting.audio.wake_words import Spotted
from lingting.domain import (
    CloseReason,
    Event,
    Final,
    Hypothesis,
    NoticeKind,
    Partial,
    SpeechStarted,
    StreamOptions,
)
from lingting.domain.errors import AudioUndecodable, InvalidMessage, LingtingError
from lingting.live.asking import Asking
from lingting.live.asks import Ask, AskKind, Drop, Foreseen, Output
from lingting.live.audience import Audience
from lingting.live.cleaning import FarEnd
from lingting.live.ear import Ear, Heard, Spotter
from lingting.live.ends import Ends, Judge
from lingting.live.inbox import Configure, Inbox, Item, Order
from lingting.live.metering import Metering
from lingting.live.outbox import Subscription
from lingting.live.parts import Opening, SessionParts, least
from lingting.live.redacting import Redacting
from lingting.live.session import Session
from lingting.recognition.redacting import require_redaction, with_floor
from lingting.telemetry import log
from lingting.text.hotwords.correction import load_hotwords

__all__ = ["LiveSession"]

T = TypeVar("T")
BACKLOG = "audio comes faster than it can be recognised; the socket is read more slowly until that is over"
BROKE = "something broke here; the log has more"


class LiveSession:
    """One client's live speech; made by the hub. Belongs to one event loop."""

    def __init__(self, opening: Opening, *, ear: Ear, parts: SessionParts) -> None:
        self.id = opening.identity
        self.owner = opening.owner
        self.options = opening.options
        """As wished last; they hold from the next segment on."""
        self._ear = ear
        self._parts = parts
        self._settings = parts.settings
        self._max_seconds = least(parts.settings.max_seconds, opening.options.bounds.max_seconds)
        self._idle_seconds = least(parts.settings.idle_seconds, opening.options.bounds.idle_seconds)
        self._lead_seconds = opening.options.bounds.lead_seconds
        """Until somebody speaks; None once somebody has, and where it is no matter."""
        self._session = Session(opening.options, Redacting(parts.seals(opening.owner)))
        self._inbox = Inbox(opening.format, max_ahead_seconds=parts.settings.max_ahead_seconds)
        self._changed = asyncio.Event()
        """Something came in, or an answer did."""
        self._asking = Asking(parts, stream=self.id, on_answer=self._answered, changed=self._changed)
        self._drained = asyncio.Event()
        """Something was taken out of the inbox."""
        self._wanted_end: CloseReason | None = None
        self._end_message = ""
        self._matchers = opening.matchers
        """Held, so that they are not made again on the loop."""
        self._metering = Metering(opening.meter)
        self._audience = Audience(parts.settings, parts.clock)
        self._on_spotted: Callable[[Spotted], None] | None = None
        self._on_foreseen: Callable[[Foreseen], None] | None = None
        self._ends: Ends | None = None
        self._heard_from_seconds = parts.clock.monotonic()
        self._running: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        """Set once nothing of it is left but what a client that comes back may still read."""

    @property
    def engine(self) -> str:
        """Which recognises it, if all goes well."""
        return self._parts.recognizer.engine

    @property
    def model(self) -> str:
        return self._parts.recognizer.model

    @property
    def format(self) -> LiveFormat:
        return self._inbox.format

    @property
    def received_seconds(self) -> float:
        """How much was accepted; of compressed audio what has been decoded."""
        return self._inbox.received_seconds(self._session.heard_seconds)

    def moment_of(self, place_seconds: float) -> float | None:
        """When what is there in its audio was said, by the server's clock; None where that is not known."""
        return self._inbox.arrivals.moment_of(place_seconds)

    @property
    def heard_seconds(self) -> float:
        """How much of it the session has listened to; what began before then was said to have begun."""
        return self._session.heard_seconds

    @property
    def has_client(self) -> bool:
        """False while it waits for a client whose connection was lost."""
        return self._audience.left_seconds is None

    @property
    def may_be_resumed(self) -> bool:
        """It waits for its client, or will, once closed, for the client to read what was said last."""
        return self._audience.may_come_back

    @property
    def last_seq(self) -> int:
        return self._session.last_seq

    @property
    def text(self) -> str:
        """What the open segment seems to say."""
        return self._session.text

    @property
    def far_end(self) -> FarEnd | None:
        """To be told what a bot says; None where the microphone does not hear it."""
        return self._ear.far_end

    def start(self) -> None:
        """Called once, by the hub."""
        self._running = asyncio.create_task(self._run(), name=f"live-{self.id[:6]}")

    async def feed(self, data: bytes) -> None:
        """Accept audio; waits only while more than `max_ahead_seconds` of it have not been heard.

        Nothing is taken once the server has begun to end the session.

        raises    InvalidMessage after `finish`
        """
        if not self._takes_more():
            return
        self.stay()
        self._inbox.put_audio(data, now_seconds=self._heard_from_seconds)
        if not self._inbox.is_far_ahead:
            return
        self.notice(NoticeKind.BACKLOG, lag_seconds=self._inbox.ahead_seconds, message=BACKLOG)
        while self._inbox.is_far_ahead and self._wanted_end is None:
            self._drained.clear()
            await self._drained.wait()

    def stay(self) -> None:
        """Its client is there, though no audio comes."""
        self._heard_from_seconds = self._parts.clock.monotonic()
        self._changed.set()

    async def commit(self) -> None:
        """End the open segment after the audio fed so far; `Committed` follows its final."""
        self._order(Order.COMMIT)

    async def clear(self) -> None:
        """Forget the audio since the last commit."""
        self._order(Order.CLEAR)

    async def configure(self, options: StreamOptions, fmt: LiveFormat | None = None) -> None:
        """Other options, from the next segment on.

        raises    InvalidOption, UnsupportedLanguage
        """
        self._parts.recognizer.check(options.recognize)
        options = with_floor(options, self._parts.floor)
        await require_redaction(options.recognize, has_sealer=self._parts.seals(self.owner) is not None)
        matchers = await asyncio.to_thread(load_hotwords, options.recognize.hotwords)
        self._order(Configure(options, fmt))
        self.options, self._matchers = options, matchers

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
        self._audience.observe(callback)

    def spot(self, spotter: Spotter, told: Callable[[Spotted], None]) -> None:
        """Listen for words in the sound as well; called before any is fed. Each is told before what is said in it."""
        self._ear.spot_with(spotter)
        self._on_spotted = told

    def foresee(self, told: Callable[[Foreseen], None]) -> None:
        """Tell what finals will say before the silence after them is over; it must be quick and not raise."""
        self._on_foreseen = told
        self._session.foresee()

    def judge_ends(self, judge: Judge, told: Callable[[int, float], None]) -> None:
        """Have each pause that may be an end judged by its sound; `told` gets the segment and the probability."""
        self._ends = Ends(judge, told, self._parts.executor)

    def attach(self, *, after_seq: int = 0) -> Subscription:
        """Begin to read the events, results after `after_seq` first; takes over from whoever reads them now."""
        subscription = self._audience.attach(after_seq=after_seq)
        self._inbox.complete_sample()
        self._changed.set()
        return subscription

    def detach(self, subscription: Subscription, *, for_good: bool = False) -> None:
        """The client's connection was lost: wait for it to come back, unless it left for good."""
        if self._audience.detach(subscription, for_good=for_good):
            self._changed.set()

    def notice(self, kind: NoticeKind, *, lag_seconds: float, message: str) -> None:
        self._apply(self._session.notice(kind, lag_seconds=lag_seconds, message=message))

    async def aclose(self) -> None:
        """Drop everything at once."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._clean_up(CloseReason.ABANDONED)

    def _takes_more(self) -> bool:
        """False when the server has ended the session, which its client learns from `Closed`.

        raises    InvalidMessage when the client itself has ended it
        """
        if self._wanted_end is CloseReason.FINISHED:
            raise InvalidMessage("the session has ended: nothing can be sent after its end")
        return self._wanted_end is None

    def _order(self, order: Order | Configure) -> None:
        if not self._takes_more():
            return
        self._inbox.put(order)
        self._changed.set()

    async def _run(self) -> None:
        """The session's one task: hears what comes, in order, until there is a reason to end."""
        reason, message = CloseReason.FAILED, BROKE
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
            if self._asking.finals_in_hand >= self._settings.max_finals_in_hand:
                await self._changed.wait()
            elif self._inbox:
                self._drained.set()
                await self._take(self._inbox.next())
            elif self._wanted_end is not None:
                await self._hear_last()
                return self._wanted_end, self._end_message
            else:
                await self._wait()
            if self.received_seconds > self._max_seconds:
                self.end(CloseReason.TOO_LONG)
            if self._lead_seconds is not None and self._session.heard_seconds > self._lead_seconds:
                self._inbox.clear()
                self.end(CloseReason.SILENT)
            enough = await self._metering.heard(self._session.heard_seconds)
            if enough is not None and self._wanted_end is None:
                self._inbox.clear()
                self._end_message = enough.message
                self.end(CloseReason.QUOTA_EXCEEDED)

    async def _take(self, item: Item) -> None:
        now_seconds = self._parts.clock.monotonic()
        if isinstance(item, bytes):
            heard = await self._in_thread(partial(self._ear.hear, item))
            for spotted in self._ear.take_spotted():
                if self._on_spotted is not None:
                    self._on_spotted(spotted)
            self._hear(heard)
        elif isinstance(item, Configure):
            await self._reconfigure(item)
        elif item is Order.COMMIT:
            self._apply(self._session.commit(now_seconds=now_seconds))
        else:
            self._apply(self._session.clear(now_seconds=now_seconds))

    def _hear(self, parts: Sequence[Heard]) -> None:
        self._session.set_pace(self._parts.load.pace)
        for heard in parts:
            now_seconds = self._parts.clock.monotonic()
            self._apply(self._session.hear(heard.samples, heard.probabilities, now_seconds=now_seconds))
            self._inbox.note_heard(self._session.heard_seconds, now_seconds=now_seconds)

    async def _hear_last(self) -> None:
        heard, rest = await self._in_thread(self._ear.finish)
        self._hear(heard)
        self._apply(self._session.finish(rest, now_seconds=self._parts.clock.monotonic()))

    async def _reconfigure(self, wanted: Configure) -> None:
        if wanted.format is not None and wanted.format != self.format:
            decoder = await self._in_thread(partial(self._parts.open_decoder, wanted.format))
            self._ear.switch(decoder)
            self._inbox.switch(wanted.format, heard_seconds=self._session.heard_seconds)
        self._session.configure(wanted.options)

    async def _wait(self) -> None:
        """Wait for the client, who may be silent for a while but not for ever."""
        now_seconds, left_seconds = self._parts.clock.monotonic(), self._audience.left_seconds
        if left_seconds is not None:
            deadline, reason = left_seconds + self._settings.resume_seconds, CloseReason.ABANDONED
        else:
            deadline, reason = self._heard_from_seconds + self._idle_seconds, CloseReason.IDLE
        stalls_at = self._heard_from_seconds + self._settings.stall_seconds
        has_more = self._session.is_open or self._session.is_holding
        may_stall = left_seconds is None and has_more and stalls_at < deadline
        try:
            async with asyncio.timeout(max(0.0, (stalls_at if may_stall else deadline) - now_seconds)):
                await self._changed.wait()
        except TimeoutError:
            if may_stall:
                self._apply(self._session.rest(now_seconds=self._parts.clock.monotonic()))
            else:
                self.end(reason)

    async def _settle(self) -> None:
        """End what is open and wait for the last finals."""
        self._apply(self._session.wind_up(now_seconds=self._parts.clock.monotonic()))
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
        await self._asking.aclose()
        if self._ends is not None:
            await self._ends.aclose()
        await self._metering.aclose(self._session.heard_seconds)
        self._inbox.clear()
        self._session.forget()
        self._audience.end()
        self.closed.set()
        self._parts.observer.live_closed(reason=reason, audio_seconds=self._session.heard_seconds)
        await asyncio.shield(self._in_thread(self._ear.close))

    def _in_thread(self, do: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._parts.executor, do)

    def _apply(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Ask):
                self._asking.begin(output)
                if self._ends is not None and output.kind is AskKind.FINAL:
                    self._ends.begin(output)
            elif isinstance(output, Drop):
                self._asking.drop(output.number)
            elif isinstance(output, Foreseen):
                if self._on_foreseen is not None:
                    self._on_foreseen(output)
            else:
                self._say(output)

    def _say(self, event: Event) -> None:
        if isinstance(event, SpeechStarted):
            self._lead_seconds = None
        elif isinstance(event, Final):
            self._parts.observer.live_final(lag_seconds=event.lag_seconds)
            if event.suppressed:
                self._parts.observer.suppressed(event.suppressed)
        elif isinstance(event, Partial):
            self._parts.observer.live_partial()
        self._audience.tell(event)

    def _answered(self, number: int, answer: Hypothesis | LingtingError) -> None:
        self._apply(self._session.answer(number, answer, now_seconds=self._parts.clock.monotonic()))
        self._changed.set()
