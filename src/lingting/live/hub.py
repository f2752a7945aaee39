"""All live sessions of a server: who may begin, who may come back, and how well they are served."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lingting.audio.live_formats import LiveDecoder, LiveFormat
from lingting.domain import Clock, CloseReason, Priority, Redaction, StreamOptions
from lingting.domain.errors import Overloaded, SessionNotFound, ShuttingDown
from lingting.domain.principal import ANYBODY, Principal
from lingting.live.cleaning import cleaning_for
from lingting.live.driver import LiveSession
from lingting.live.ear import Ear
from lingting.live.engine_load import RETRY_SECONDS, Engine, EngineLoad
from lingting.live.metering import Meter
from lingting.live.parts import LiveObserver, LiveSettings, Opening, Seals, SessionParts, no_seals
from lingting.recognition.engine_doors import Route, Routes
from lingting.recognition.pieces import ScorerSource
from lingting.recognition.redacting import require_redaction, with_floor
from lingting.speech.hub import SPEECH_RATE_HZ
from lingting.text.hotwords.correction import load_hotwords
from lingting.text.mood.sentiment import load_moods

__all__ = ["LiveHub", "LiveParts"]

MAX_ENDED = 1_000
"""Kept for clients that come back; each holds its text."""


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What a hub is made of."""

    recognizer: Routes
    engine: Engine
    """Of the default model."""
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
        self._executor = ThreadPoolExecutor(settings.hearing_threads, thread_name_prefix="lingting-hear")
        self._loads: dict[int, EngineLoad] = {}
        """Of the engines that have sessions, by identity, and of the default's."""
        self._default = self._load_of(parts.engine)
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
        """How many sessions of the default model may be open at once, by what recent recognitions took."""
        return min(self._settings.max_sessions, self._default.capacity)

    async def open(
        self,
        options: StreamOptions,
        fmt: LiveFormat,
        *,
        owner: str = "",
        meter: Meter | None = None,
        caller: Principal = ANYBODY,
    ) -> LiveSession:
        """Begin a session; read its events by `attach`.

        meter     counts its audio, and is closed with it; where none could begin it is the caller's to close
        caller    for the choice of the engine
        raises    Overloaded, ShuttingDown; InvalidOption, UnsupportedLanguage; EngineError, ModelError
        """
        route = self._made_of.recognizer.route(options.recognize, caller=caller, priority=Priority.STREAM_FINAL)
        route.check(options.recognize)
        options = with_floor(options, self._made_of.floor)
        self._require_open()
        async with AsyncExitStack() as held:
            engine = await held.enter_async_context(route.held())
            route.check(options.recognize)
            self._require_room(engine)
            load = self._load_of(engine)
            load.opening += 1
            self._opening += 1
            try:
                await require_redaction(options.recognize, has_sealer=self._made_of.seals(owner) is not None)
                if options.recognize.mood:
                    await asyncio.to_thread(load_moods)
                matchers = await asyncio.to_thread(load_hotwords, options.recognize.hotwords)
                ear = await self._open_ear(fmt, options)
                opening = Opening(secrets.token_urlsafe(18), owner, options, fmt, meter, matchers)
                session = LiveSession(opening, ear=ear, parts=self._session_parts(route, load))
                self._begin(session, load, held.pop_all())
            finally:
                load.opening -= 1
                self._opening -= 1
                self._drop_if_unused(load)
        return session

    def _begin(self, session: LiveSession, load: EngineLoad, held: AsyncExitStack) -> None:
        self._sessions[session.id] = session
        load.add(session.id, session)
        self._made_of.observer.live_opened()
        for watch in self._made_of.watchers:
            watch(session)
        session.start()
        watching = asyncio.create_task(self._forget_when_closed(session, load, held))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)

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

    def _drop_if_unused(self, load: EngineLoad) -> None:
        if not len(load) and not load.opening and load is not self._default:
            del self._loads[id(load.engine)]

    def _load_of(self, engine: Engine) -> EngineLoad:
        return self._loads.setdefault(id(engine), EngineLoad(engine))

    def _session_parts(self, route: Route, load: EngineLoad) -> SessionParts:
        made_of = self._made_of
        return SessionParts(
            *(route, self._executor, made_of.open_decoder, self._settings, made_of.clock, made_of.observer, load),
            seals=made_of.seals,
            floor=made_of.floor,
        )

    def _require_open(self) -> None:
        if not self._is_open:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_SECONDS)

    def _require_room(self, engine: Engine) -> None:
        self._require_open()
        if len(self._sessions) + self._opening >= self._settings.max_sessions:
            raise Overloaded(
                f"{len(self._sessions)} live sessions are open, all that may be; "
                f"try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )
        load = self._loads.get(id(engine))  # which is falsy without sessions
        (EngineLoad(engine) if load is None else load).require_room()

    async def _open_ear(self, fmt: LiveFormat, options: StreamOptions) -> Ear:
        """Open a decoder in the thread; if the caller leaves meanwhile, it is closed again."""

        def make() -> Ear:
            cleaning = cleaning_for(options, played_rate_hz=SPEECH_RATE_HZ)
            return Ear(self._made_of.open_decoder(fmt), self._made_of.vad.scorer(), cleaning)

        future = asyncio.get_running_loop().run_in_executor(self._executor, make)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_close_unwanted)
            raise

    async def _forget_when_closed(self, session: LiveSession, load: EngineLoad, held: AsyncExitStack) -> None:
        await session.closed.wait()
        del self._sessions[session.id]
        if session.may_be_resumed and self._is_open:
            self._keep_what_was_said(session)
        load.remove(session.id)
        self._drop_if_unused(load)
        await held.aclose()

    def _keep_what_was_said(self, session: LiveSession) -> None:
        """Its client may come back for the last finals, which came while it was away."""
        self._ended[session.id] = session
        while len(self._ended) > MAX_ENDED:
            self._ended.pop(next(iter(self._ended)))
        asyncio.get_running_loop().call_later(self._settings.resume_seconds, self._ended.pop, session.id, None)


def _close_unwanted(made: asyncio.Future[Ear]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()
