"""All live sessions of a server: who may begin, who may come back, and how well they are served."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from lingting.audio.live_formats import LiveDecoder, LiveFormat
from lingting.domain import Clock, CloseReason, Redaction, StreamOptions
from lingting.domain.errors import Overloaded, SessionNotFound, ShuttingDown
from lingting.live.asks import AskKind, Pace
from lingting.live.driver import LiveSession
from lingting.live.ear import Ear
from lingting.live.load import NOTICES, Level, LoadMeter, capacity
from lingting.live.metering import Meter
from lingting.live.parts import LiveObserver, LiveSettings, Opening, Seals, SessionParts, no_seals
from lingting.recognition.pieces import ScorerSource
from lingting.recognition.recognizer import Recognizer
from lingting.recognition.redacting import require_redaction, with_floor
from lingting.text.sentiment import load_moods

__all__ = ["Engine", "LiveHub", "LiveParts"]

RETRY_SECONDS = 5.0
"""Somebody may have finished by then."""
MAX_ENDED = 1_000
"""Kept for clients that come back; each holds its text."""


class Engine(Protocol):
    """What the hub needs of the scheduler."""

    @property
    def pace_ratio(self) -> float:
        """Measured seconds of work per padded second of audio."""
        ...

    @property
    def replicas(self) -> int: ...

    def set_live_streams(self, count: int) -> None:
        """So many sessions are open: their finals shall find a place."""
        ...


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What a hub is made of."""

    recognizer: Recognizer
    engine: Engine
    vad: ScorerSource
    open_decoder: Callable[[LiveFormat], LiveDecoder]
    """Blocking."""
    clock: Clock
    observer: LiveObserver
    watchers: Sequence[Callable[[LiveSession], None]] = ()
    """Shown each session before it says anything, to `observe` it; must be quick and not raise."""
    seals: Seals = no_seals
    floor: Redaction = Redaction()  # noqa: RUF009 - frozen
    """What is hidden at least, whoever asks."""


class LiveHub:
    """Opens sessions, finds them again, and ends them all. Belongs to one event loop."""

    def __init__(self, parts: LiveParts, settings: LiveSettings) -> None:
        self._made_of = parts
        self._settings = settings
        self._meter = LoadMeter()
        self._executor = ThreadPoolExecutor(settings.hearing_threads, thread_name_prefix="lingting-hear")
        self._parts = SessionParts(
            *(parts.recognizer, self._executor, parts.open_decoder, settings, parts.clock, parts.observer, self),
            seals=parts.seals,
            floor=parts.floor,
        )
        self._sessions: dict[str, LiveSession] = {}
        self._ended: dict[str, LiveSession] = {}
        """Closed while their clients were away."""
        self._opening = 0
        self._watching: set[asyncio.Task[None]] = set()
        self._is_open = True

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def capacity(self) -> int:
        """How many sessions may be open at once, by what recent recognitions took."""
        measured = capacity(pace_ratio=self._made_of.engine.pace_ratio, replicas=self._made_of.engine.replicas)
        return min(self._settings.max_sessions, measured)

    @property
    def pace(self) -> Pace:
        return self._meter.pace

    async def open(
        self, options: StreamOptions, fmt: LiveFormat, *, owner: str = "", meter: Meter | None = None
    ) -> LiveSession:
        """Begin a session; read its events by `attach`.

        meter     counts its audio, and is closed with it; where none could begin it is the caller's to close
        raises    Overloaded, ShuttingDown; InvalidOption, UnsupportedLanguage
        """
        self._made_of.recognizer.check(options.recognize)
        options = with_floor(options, self._made_of.floor)
        self._require_room()
        self._opening += 1
        try:
            await require_redaction(options.recognize, has_sealer=self._made_of.seals(owner) is not None)
            if options.recognize.mood:
                await asyncio.to_thread(load_moods)
            ear = await self._open_ear(fmt)
        finally:
            self._opening -= 1
        opening = Opening(secrets.token_urlsafe(18), owner, options, fmt, meter)
        session = LiveSession(opening, ear=ear, parts=self._parts)
        self._sessions[session.id] = session
        self._made_of.engine.set_live_streams(len(self._sessions))
        self._made_of.observer.live_opened()
        for watch in self._made_of.watchers:
            watch(session)
        session.start()
        watching = asyncio.create_task(self._forget_when_closed(session))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return session

    def resume(self, session_id: str, *, owner: str = "") -> LiveSession:
        """Find a session again; `attach` takes it over.

        raises    SessionNotFound, also when it is somebody else's
        """
        session = self._sessions.get(session_id) or self._ended.get(session_id)
        if session is None or session.owner != owner:
            raise SessionNotFound(
                f"there is no such session, or it was left for more than {self._settings.resume_seconds:g} seconds; "
                "begin a new one"
            )
        return session

    def answered(self, kind: AskKind, seconds: float) -> None:
        """A session tells how long an answer took; all are told when that changes how they are served."""
        changed = self._meter.final_took(seconds) if kind is AskKind.FINAL else self._meter.draft_took(seconds)
        if changed:
            self._tell()

    async def aclose(self) -> None:
        """Give every session its last finals, within `drain_seconds`, and close it."""
        self._is_open = False
        sessions = list(self._sessions.values())
        for session in sessions:
            session.end(CloseReason.SHUTTING_DOWN)
        if self._watching:
            await asyncio.wait(self._watching, timeout=self._settings.drain_seconds)
        await asyncio.gather(*(session.aclose() for session in self._sessions.values()))
        if self._watching:
            await asyncio.wait(self._watching)
        await asyncio.to_thread(self._executor.shutdown)

    def _require_room(self) -> None:
        if not self._is_open:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_SECONDS)
        count, most = len(self._sessions) + self._opening, self.capacity
        if count >= most:
            raise Overloaded(
                f"{count} live sessions are open, and this machine keeps up with {most}; "
                f"try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )
        if self._meter.level is Level.STOPPED:
            raise Overloaded(
                f"live text comes {self._meter.final_seconds:.1f} seconds late just now; "
                f"try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )

    async def _open_ear(self, fmt: LiveFormat) -> Ear:
        """Open a decoder in the thread; if the caller leaves meanwhile, it is closed again."""

        def make() -> Ear:
            return Ear(self._parts.open_decoder(fmt), self._made_of.vad.scorer())

        future = asyncio.get_running_loop().run_in_executor(self._executor, make)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_close_unwanted)
            raise

    async def _forget_when_closed(self, session: LiveSession) -> None:
        await session.closed.wait()
        del self._sessions[session.id]
        if session.may_be_resumed and self._is_open:
            self._keep_what_was_said(session)
        self._made_of.engine.set_live_streams(len(self._sessions))
        if not self._sessions and self._meter.rest():
            self._tell()

    def _keep_what_was_said(self, session: LiveSession) -> None:
        """Its client may come back for the last finals, which came while it was away."""
        self._ended[session.id] = session
        while len(self._ended) > MAX_ENDED:
            self._ended.pop(next(iter(self._ended)))
        asyncio.get_running_loop().call_later(self._settings.resume_seconds, self._ended.pop, session.id, None)

    def _tell(self) -> None:
        kind, message = NOTICES[self._meter.level]
        for session in self._sessions.values():
            session.notice(kind, lag_seconds=self._meter.final_seconds, message=message)


def _close_unwanted(made: asyncio.Future[Ear]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()
