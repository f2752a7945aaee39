"""A connection's bot: joined to its live session, told what the client wants, and worded to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Protocol

from lingting.api.understanding import CommandWish, Understanding
from lingting.api.ws.dialect import (
    Command,
    Later,
    Message,
    Open,
    TalkAsk,
    TalkCommand,
    TalkGoOn,
    TalkNote,
    TalkPlayed,
    TalkResult,
)
from lingting.api.ws.voice.wake_config import as_asked
from lingting.audio.wake_words import WordSpotter
from lingting.dialogue.talk.talk import Talk
from lingting.dialogue.talk.talk_events import TalkEvent
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.dialogue.talk.talk_parts import TalkWish, Understand
from lingting.dialogue.wake.wake import Wake
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain import Call
from lingting.domain.errors import InvalidMessage, InvalidOption, WrongState
from lingting.jobs.command_messages import CommandSource
from lingting.jobs.commands import CommandDesk
from lingting.jobs.messages import session_name
from lingting.live.driver import LiveSession

__all__ = ["TalkLink"]

LAST_WORDS_SECONDS = 5.0
"""For what the bot has said to reach the client, once it is over."""
NO_MODEL = "no language model is set up here; see `chat` in the server's settings"


class _Wording(Protocol):
    def render_talk(self, event: TalkEvent) -> Sequence[Message | Later | Command]: ...


class TalkLink:
    """Empty until `begin`."""

    def __init__(self, talks: TalkHub | None, desk: CommandDesk | None, call: Call) -> None:
        self._talks, self._desk, self._call = talks, desk, call
        self._talk: Talk | None = None
        self._held = AsyncExitStack()
        self._told = asyncio.Event()
        """Everything was worded."""

    @property
    def is_on(self) -> bool:
        return self._talk is not None

    @property
    def conversation(self) -> str | None:
        return None if self._talk is None else self._talk.conversation

    async def begin(self, opening: Open, session: LiveSession) -> None:
        """Answer what is said in the session from here on.

        raises    WrongState without a language model; what `TalkHub.talking` raises; InvalidOption for what cannot
                  wake the bot; EngineUnavailable for wake words whose package is not installed
        """
        if opening.talk is None:
            return
        understand = self._understand(opening.commands, session)
        wish = replace(opening.talk, understand=understand, moment_of=session.moment_of)
        if (far_end := session.far_end) is not None:
            wish = replace(wish, played=far_end.play, silenced=far_end.stop)
        if self._talks is None:
            raise WrongState(NO_MODEL)
        wake, spotter = await _waking(self._talks, opening.wake)
        wish = replace(wish, wake=wake)
        talk = self._talk = await self._held.enter_async_context(self._talks.talking(wish, self._call))
        self._told.clear()
        talk.attend(session)
        if spotter is not None:
            session.spot(spotter, lambda spotted: talk.spotted(spotted.word, spotted.at_seconds))

    async def configure(self, wish: TalkWish, session: LiveSession) -> bool:
        """Answer so from the next reply on; says whether the conversation has begun with it.

        raises    as `begin`
        """
        if self._talk is not None:
            await self._talk.configure(wish)
            return False
        await self.begin(Open(session.options, session.format, talk=wish), session)
        return True

    def _understand(self, wish: CommandWish | None, session: LiveSession) -> Understand | None:
        if wish is None:
            return None
        source = CommandSource("stream", session_name(session.id), session.owner)
        return Understanding(wish, source, session.options.recognize.redaction, self._desk).of

    def obey(self, command: TalkCommand) -> None:
        """raises    InvalidMessage where nobody answers"""
        talk = self._talk
        if talk is None:
            raise InvalidMessage("there is no conversation on this connection")
        if isinstance(command, TalkAsk):
            talk.ask(command.text)
        elif isinstance(command, TalkNote):
            talk.note(command.text, command.language)
        elif isinstance(command, TalkPlayed):
            talk.played(command.reply, command.seconds)
        elif isinstance(command, TalkResult):
            talk.calls.answer(command.call_id, command.output)
        elif isinstance(command, TalkGoOn):
            talk.calls.go_on()
        else:
            talk.stop()

    async def tell(
        self, dialect: object, do: Callable[[Sequence[Message | Later | Command]], Awaitable[object]]
    ) -> None:
        """Word what the bot says until it says no more."""
        assert self._talk is not None, "a conversation has begun"
        wording: _Wording = dialect  # type: ignore[assignment]  # only such dialects open conversations
        try:
            async for event in self._talk.events:
                await do(wording.render_talk(event))
        finally:
            self._told.set()

    async def aclose(self) -> None:
        """Let the bot's last words out, which follow from the end of the session, and leave nothing."""
        if self._talk is None:
            return
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._told.wait()
        except TimeoutError:
            pass
        self._talk = None
        await self._held.aclose()


async def _waking(talks: TalkHub, wish: WakeWish | None) -> tuple[Wake | None, WordSpotter | None]:
    """What wakes the bot, and what hears its fixed words; both may load for a while, in a thread."""
    if wish is None:
        return None, None
    try:
        wake = await talks.waking(wish)
        words = () if wake is None else wake.words
        return wake, await asyncio.to_thread(WordSpotter, words) if words else None
    except InvalidOption as problem:
        raise as_asked(problem) from problem
