"""One stream's half of the conversation, without a socket: what to send, what was meant, and whether to come back.

The promise: whatever is lost on the way, every final is given once, in order, and times and segments run on. A session
is resumed where that is possible, else another one hears again what was not final. docs/streaming.md has the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from lingting.client.errors import ConnectionLost, ServerError
from lingting.client.events import Ended, Event, Final, Ready, Refused, SegmentError, SessionRestarted
from lingting.client.outbound import Outbound
from lingting.client.retry import RETRIED_CODES, RETRIED_STATUSES, Again, Fatal, Finished, Refusal, Verdict
from lingting.client.sound import StreamFormat
from lingting.client.wire import Fields, Place, hello, names, number, order, read_event, read_message, text
from lingting.domain.errors import InvalidMessage
from lingting.domain.transcript import join_texts

__all__ = ["StreamConfig", "StreamProtocol"]

SESSION_NOT_FOUND = "session_not_found"
REPLACED = frozenset({"shutting_down", "too_long", "failed", "abandoned"})
"""Why a server ends a session whose client may begin another."""
FLUSHED = frozenset({"shutting_down", "too_long"})
"""Of these, all that was taken in is final."""
RETRIED_ERRORS = frozenset({"client_too_slow", "invalid_message"})
"""Resumed whatever the close code. The second means that the session ended while audio was under way."""


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """What a stream is like."""

    sound: StreamFormat = field(default_factory=StreamFormat)
    options: Mapping[str, object] = field(default_factory=dict)
    """Of INIT, beside those of the sound."""
    buffer_seconds: float = 60.0
    """Of audio that is kept to be sent again."""
    window_seconds: float = 10.0
    """Of audio that may be under way, unless the server was told not to acknowledge it."""

    @property
    def acknowledges(self) -> bool:
        return self.options.get("ack", True) is not False


class _Phase(Enum):
    AWAY = auto()
    """No connection."""
    GREETING = auto()
    """Connected; INIT or RESUME is to be sent."""
    OPENING = auto()
    """READY is waited for."""
    LIVE = auto()
    OVER = auto()


class StreamProtocol:
    """Takes what the program and the server say; gives messages, events, and a verdict for each end of a connection."""

    def __init__(self, config: StreamConfig = StreamConfig()) -> None:
        self._config = config
        self.outbound = Outbound(
            config.sound,
            buffer_seconds=config.buffer_seconds,
            window_seconds=config.window_seconds if config.acknowledges else None,
        )
        self._phase = _Phase.AWAY
        self.session: str | None = None
        """To be resumed; None while there is none."""
        self.has_been_ready = False
        self._seq = 0
        self._place = Place()
        self._segment = 0
        """The last that is final."""
        self._texts: list[str] = []
        self._problem: ServerError | None = None
        """What the server said last, until it is clear whether that ends the connection."""
        self._retry_after_seconds = 0.0
        self._restarted: SessionRestarted | None = None
        """To be told once the other session is ready."""
        self._verdict: Verdict | None = None

    @property
    def is_live(self) -> bool:
        """The server has said READY on this connection."""
        return self._phase in (_Phase.LIVE, _Phase.OVER)

    @property
    def wants_close(self) -> bool:
        """Nothing more will come of this connection."""
        return self._verdict is not None or self._phase is _Phase.OVER

    @property
    def awaits_answer(self) -> bool:
        """The server owes a word; when none comes for long, the connection is lost."""
        return self._phase is _Phase.OPENING or (self._phase is _Phase.LIVE and self.outbound.is_unanswered)

    def opened(self) -> None:
        """There is a connection."""
        self._phase = _Phase.GREETING
        self._problem, self._retry_after_seconds, self._verdict = None, 0.0, None
        self.outbound.connected()

    def next_message(self) -> str | bytes | None:
        """What to send; None when there is nothing for now."""
        if self._phase is _Phase.GREETING:
            self._phase = _Phase.OPENING
            return self._greeting()
        return self.outbound.next() if self._phase is _Phase.LIVE else None

    def receive(self, message: str | bytes) -> Sequence[Event]:
        """What a message of the server means to the program.

        raises    ServerError for what is not of this protocol
        """
        kind, fields = read_message(message)
        if kind == "ERROR":
            return self._take_error(fields)
        if kind == "CLOSED":
            return self._take_closed(fields)
        events = self._complain()
        if kind == "READY":
            return [*events, *self._take_ready(fields)]
        if kind == "ACK":
            self.outbound.confirm(number(fields, "received_ms"))
        elif (seq := int(number(fields, "seq"))) > self._seq:
            self._seq = seq
            events += self._take_event(kind, fields)
        return events

    def closed(self, code: int, reason: str) -> tuple[Verdict, Sequence[Event]]:
        """The connection has ended."""
        phase, self._phase = self._phase, _Phase.AWAY
        if phase is _Phase.OVER:
            return Finished(), ()
        if self._verdict is not None:
            return self._verdict, ()
        problem = self._problem
        if problem is not None and problem.code == SESSION_NOT_FOUND and self.session is not None:
            return self._begin_anew(SESSION_NOT_FOUND)
        if code in RETRIED_CODES or (problem is not None and problem.code in RETRIED_ERRORS):
            why = reason or f"the connection ended with code {code}"
            return Again(why, self._retry_after_seconds), ()
        message = f"the server closed the connection with code {code}" + (f": {reason}" if reason else "")
        return Fatal(problem or ServerError(reason or "connection_closed", message)), ()

    def refused(self, refusal: Refusal) -> Verdict:
        """The handshake was answered with HTTP."""
        self._phase = _Phase.AWAY
        if refusal.status in RETRIED_STATUSES:
            return Again(refusal.message, refusal.retry_after_seconds)
        return Fatal(ServerError(refusal.code, refusal.message))

    def _greeting(self) -> str:
        if self.session is not None:
            return order("RESUME", session=self.session, seq=self._seq, ack=self._config.acknowledges)
        sound = self._config.sound
        about = {"encoding": sound.encoding, "sample_rate": sound.rate_hz, "channels": sound.channels}
        return hello({**about, **self._config.options})

    def _take_ready(self, fields: Fields) -> Sequence[Event]:
        is_resumed = self.session is not None
        lost = self.outbound.rewind(int(number(fields, "received_ms"))) if is_resumed else None
        if not is_resumed:
            self._seq = 0
        self._phase, self.session, self.has_been_ready = _Phase.LIVE, text(fields, "session"), True
        ready = Ready(
            self.session,
            is_resumed,
            self.outbound.confirmed_seconds,
            text(fields, "transcript"),
            names(fields, "ignored"),
        )
        restarted, self._restarted = self._restarted, None
        return [event for event in (restarted, ready, lost) if event is not None]

    def _take_event(self, kind: str, fields: Fields) -> Sequence[Event]:
        if kind == "END":
            self._phase = _Phase.OVER
            return [Ended(join_texts(self._texts), self._place.seconds(fields, "audio_ms"))]
        if kind == "COMMITTED":
            committed = self.outbound.committed(number(fields, "end_ms"))
            return [] if committed is None else [committed]
        event = read_event(kind, fields, self._place)
        if isinstance(event, Final | SegmentError):
            self.outbound.settle(number(fields, "end_ms"))
            self._segment = max(self._segment, event.segment)
        if isinstance(event, Final):
            self._texts.append(event.text)
        return [] if event is None else [event]

    def _take_error(self, fields: Fields) -> Sequence[Event]:
        events = self._complain()
        code, retryable = text(fields, "code"), fields.get("retryable") is True
        self._retry_after_seconds = number(fields, "retry_after_ms") / 1_000
        param = text(fields, "param") or None
        self._problem = ServerError(code or "error", text(fields, "message"), retryable=retryable, param=param)
        if self._phase is _Phase.OPENING and not retryable and code != SESSION_NOT_FOUND:
            # The server waits for a better INIT, which there is not.
            self._verdict = Fatal(self._problem)
        return events

    def _complain(self) -> list[Event]:
        """The connection outlived what the server complained of."""
        problem, self._problem = self._problem, None
        return [] if problem is None else [Refused(problem.code, problem.message, problem.param)]

    def _take_closed(self, fields: Fields) -> Sequence[Event]:
        """The session has ended otherwise than by END."""
        reason, message = text(fields, "reason"), text(fields, "message")
        if reason not in REPLACED:
            self._verdict = Fatal(ServerError(reason or "closed", message or f"the server ended the session: {reason}"))
            return ()
        if reason in FLUSHED:
            self.outbound.settle(number(fields, "audio_ms"))
        self._verdict, events = self._begin_anew(reason)
        return events

    def _begin_anew(self, reason: str) -> tuple[Verdict, Sequence[Event]]:
        """Let the session go; another one begins with what is not final."""
        try:
            offset_seconds, met = self.outbound.restart()
        except InvalidMessage as problem:
            return Fatal(ConnectionLost(problem.message)), ()
        self.session = None
        self._place = replace(self._place, offset_seconds=offset_seconds, segments=self._segment)
        self._restarted = SessionRestarted(reason, offset_seconds)
        return Again(reason, self._retry_after_seconds), met
