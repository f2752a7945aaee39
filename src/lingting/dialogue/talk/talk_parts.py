"""What a spoken conversation is made of: what its client wants, and what all of a server share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from lingting.dialogue.chat.chat import Chat
from lingting.dialogue.chat.chat_models import Tool
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.dialogue.wake.wake import Wake
from lingting.domain import Clock, Samples
from lingting.domain.conversation import TurnStages
from lingting.domain.intents import IntentMatch
from lingting.speech.hub import SpeechHub

__all__ = ["TalkObserver", "TalkParts", "TalkWish", "Understand"]

Understand = Callable[[str, str], Awaitable[tuple[IntentMatch | None, bool]]]
"""Given what the user says, and the language: what it asks for, where it is a command, and whether that was told."""


@dataclass(frozen=True, slots=True)
class TalkWish:
    """What a client wants of its conversation."""

    conversation: str | None = None
    """One that goes on; None begins one."""
    voice: str | None = None
    """None lets the language choose."""
    speed: float = 1.0
    speaks: bool = True
    """False for replies in writing."""
    language: str = "zh"
    """Until the user has said something."""
    is_automatic: bool = True
    """Whether the end of the user's turn is found; else the client says when, by `ask`."""
    may_interrupt: bool = True
    """Whether words of the user end a reply; else they are answered after it."""
    asks_back: bool = True
    """Whether a user who is silent is asked for words, and at last hung up on."""
    instructions: str = ""
    """What the model is told to be; empty leaves that to the settings."""
    functions: tuple[Tool, ...] = ()
    """What the client can do itself, which the model may call."""
    wake: Wake | None = None
    """Where the bot is to be called, a new one; made in a thread, since it may load the pinyin."""
    key: PushToTalk | None = None
    """Where a key says when the user speaks, a new one; who has it clears and commits the live session as it says."""
    understand: Understand | None = None
    moment_of: Callable[[float], float | None] | None = None
    """When a place in the session's audio was said; None where speech ends when it is known to."""
    played: Callable[[Samples], None] | None = None
    """Told of each sound that the client is to play, at the rate of speech; must be quick."""
    silenced: Callable[[], None] | None = None
    """Told when what was to be played is not to be any more; must be quick."""


class TalkObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def talk_opened(self) -> None: ...

    def talk_closed(self) -> None: ...

    def talk_turn(self, outcome: str, stages: TurnStages) -> None: ...

    def talk_foreseen(self, outcome: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TalkParts:
    """What every conversation of a server is made of."""

    chat: Chat
    speech: SpeechHub
    clock: Clock
    settings: TalkSettings
    observer: TalkObserver
    judge: Callable[[Samples], float] | None = None
    """How likely a user has said all, by the sound; blocking. None goes by the words alone."""
