"""What a message asks for: held against a pack of commands, and told to what obeys them where that is wished."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lingting.domain import Redaction
from lingting.domain.intents import IntentMatch
from lingting.jobs.command_messages import CommandSource
from lingting.jobs.commands import CommandDesk
from lingting.text.commands.intent_match import MAX_COMMAND_CHARACTERS, Matcher
from lingting.text.privacy.redaction import hidden_by

__all__ = ["CommandWish", "Understanding"]

COMMAND_LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class CommandWish:
    """Which commands a client wants to be found."""

    matcher: Matcher
    publishes: bool = False
    """Whether they are told to others."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How one client's messages are understood."""

    wish: CommandWish
    source: CommandSource
    redaction: Redaction
    """What of a message is hidden from whoever is told of its command."""
    desk: CommandDesk | None
    """None where nobody can be told."""

    async def of(self, text: str, language: str) -> tuple[IntentMatch | None, bool]:
        """What it asks for, None where it is no command; and whether that was told."""
        if len(text) > MAX_COMMAND_CHARACTERS:
            return None, False
        desk = self.desk if self.wish.publishes else None
        shown = text if desk is None else await asyncio.to_thread(hidden_by, self.redaction, text)
        known = language if language in COMMAND_LANGUAGES else None
        found = await asyncio.to_thread(self.wish.matcher.match, shown, known)
        if found.intent is None:
            return None, False
        return found, desk is not None and desk.say(found, self.source, language=known or "", text=shown)
