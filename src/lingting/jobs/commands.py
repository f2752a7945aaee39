"""Tells others of matched commands: of live finals, of requests and of jobs, to each of its receivers.

Promises: whoever hands a command in never waits and never fails; each receiver has a line of its own, bounded in number
and in age, so that one which is away holds up no other; what is dropped is counted. Commands of one session stay in
order. At the end what waits is given `flush_seconds`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Protocol

from lingting.domain import Clock, Event, Final
from lingting.domain.intents import IntentMatch
from lingting.jobs.command_line import CommandLine, CommandObserver
from lingting.jobs.command_messages import Command, CommandSource, command_id
from lingting.jobs.command_settings import CommandSettings
from lingting.jobs.messages import session_name
from lingting.jobs.outcome import JobOutcome
from lingting.jobs.runner import kept_running
from lingting.live.driver import LiveSession
from lingting.text.commands.intents import Intents

__all__ = ["CommandDesk", "CommandTeller"]


class CommandTeller(Protocol):
    """One receiver."""

    @property
    def target(self) -> str:
        """For metrics."""
        ...

    async def run(self, line: CommandLine, /) -> None:
        """Tell it of what comes into the line, until cancelled."""
        ...


class CommandDesk:
    """Where commands are handed in. Belongs to one event loop; enter `running`."""

    def __init__(
        self,
        tellers: Sequence[CommandTeller],
        settings: CommandSettings,
        *,
        intents: Intents,
        clock: Clock,
        observer: CommandObserver,
    ) -> None:
        self._settings = settings
        self._intents = intents
        self._clock = clock
        self._observer = observer
        self._finals: asyncio.Queue[tuple[str, CommandSource, Final]] = asyncio.Queue(settings.max_waiting)
        self._lines = {
            teller: CommandLine(
                teller.target,
                max_waiting=settings.max_waiting,
                max_age_seconds=settings.max_age_seconds,
                clock=clock,
                observer=observer,
            )
            for teller in tellers
        }

    @property
    def has_receivers(self) -> bool:
        return bool(self._lines)

    def watch(self, session: LiveSession) -> None:
        """Tell of the commands of a live session, where its options ask for that."""
        if self._lines:
            session.observe(partial(self._heard, session))

    def job(self, outcome: JobOutcome) -> None:
        """Tell of a job's commands; call once its end is in the database."""
        for command in outcome.commands:
            self._put(command)

    def say(self, match: IntentMatch, source: CommandSource, *, language: str, text: str) -> bool:
        """Tell of one match; False, and nothing is told, where it is none or nobody listens."""
        if match.intent is None or not self._lines:
            return False
        self._put(Command(command_id(), match, source, self._clock.now(), language, text))
        return True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until this is left."""
        async with AsyncExitStack() as opened:
            if self._lines:
                await opened.enter_async_context(kept_running(self._match_finals, name="commands-match"))
            for teller, line in self._lines.items():
                await opened.enter_async_context(
                    kept_running(partial(teller.run, line), name=f"commands-{teller.target}")
                )
            try:
                yield
            finally:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.flush_seconds):
                        await self._finals.join()
                        for line in self._lines.values():
                            await line.emptied()

    def _heard(self, session: LiveSession, event: Event) -> None:
        options = session.options
        if not isinstance(event, Final) or not event.text or not options.intents or not options.publishes:
            return
        times = event.start_seconds, event.end_seconds
        source = CommandSource("stream", session_name(session.id), session.owner, event.segment, *times)
        try:
            self._finals.put_nowait((options.intents, source, event))
        except asyncio.QueueFull:
            self._observer.command_told("matching", "dropped")

    async def _match_finals(self) -> None:
        """In a thread, since embeddings take tens of milliseconds; one after the other, which keeps their order."""
        while True:
            pack, source, final = await self._finals.get()
            try:
                matcher = self._intents.matcher(pack)
                match = await asyncio.to_thread(matcher.match, final.text, final.language)
                self.say(match, source, language=final.language, text=final.text)
            finally:
                self._finals.task_done()

    def _put(self, command: Command) -> None:
        for line in self._lines.values():
            line.put(command)
