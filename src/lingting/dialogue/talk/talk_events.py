"""What a spoken conversation says to its client, in the order in which it says it.

A reply goes: ReplyStarted, then any number of ReplyText, ReplySound, ReplyAsks, ReplyDucked and TalkProblem, with a
ReplyMade after the last text and sound of one that is whole, then exactly one ReplyEnded. There is one reply at a time;
TalkEnded is the last event. What the user says comes from the live session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lingting.dialogue.chat.chat_models import Tokens, ToolCall
from lingting.dialogue.turns.floor import Floor
from lingting.dialogue.turns.turn_news import EndReason
from lingting.dialogue.wake.wake import SleepReason
from lingting.domain import Samples
from lingting.domain.conversation import TurnStages
from lingting.domain.intents import IntentMatch

__all__ = [
    "BotCalled",
    "BotSlept",
    "FloorTaken",
    "ReplyAsks",
    "ReplyDucked",
    "ReplyEnded",
    "ReplyKind",
    "ReplyMade",
    "ReplySound",
    "ReplyStarted",
    "ReplyText",
    "TalkEnded",
    "TalkEvent",
    "TalkProblem",
]


class ReplyKind(StrEnum):
    """Where its words come from."""

    ANSWER = "answer"
    """Of the language model."""
    FIXED = "fixed"
    """A sentence of ours, such as "are you still there?"."""
    RESUMED = "resumed"
    """What a false interruption had cut off."""


@dataclass(frozen=True, slots=True)
class FloorTaken:
    """Who holds the floor from here on."""

    floor: Floor


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The bot has something to say, and has begun to make it."""

    reply: int
    kind: ReplyKind
    asked_text: str
    """What the user said; empty where nobody asked."""
    language: str
    command: IntentMatch | None = None
    """What the user's words ask for, where they are a command."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next clause of the reply; its sound follows. All of them in a row are the text."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class ReplySound:
    """A piece of the reply's sound, to be played after those before it."""

    reply: int
    samples: Samples
    """Mono, at `speech.hub.SPEECH_RATE_HZ`."""
    is_filler: bool = False
    """Whether it only fills a pause, and has no text."""


@dataclass(frozen=True, slots=True)
class ReplyAsks:
    """The model wants functions of the client called; the reply goes on when the client says so."""

    reply: int
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class ReplyMade:
    """All of the reply was handed over; it may still sound for a while."""

    reply: int
    tokens: Tokens | None = None
    """None where no model was asked, or the reply was kept."""
    is_cut: bool = False
    """Whether the model ended it for its length."""


@dataclass(frozen=True, slots=True)
class ReplyDucked:
    """Play the reply quieter, or as loud as before."""

    reply: int
    is_ducked: bool


@dataclass(frozen=True, slots=True)
class TalkProblem:
    """Something that the client should know; the conversation goes on."""

    reply: int
    """0 where it is about none."""
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The last of a reply: it was heard to its end, or was cut, and what of it still waits is not to be played."""

    reply: int
    heard_text: str
    """What the user got to hear."""
    was_cut: bool
    stages: TurnStages
    conversation: str | None
    """By which it can be resumed; None while no answer has begun."""
    failure: str | None = None
    """The code of what broke it."""


@dataclass(frozen=True, slots=True)
class BotCalled:
    """The user called the bot by its phrase, and it listens."""

    phrase: str


@dataclass(frozen=True, slots=True)
class BotSlept:
    """It listens for nothing but its phrase."""

    reason: SleepReason


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The conversation is over."""

    reason: EndReason


TalkEvent = (
    FloorTaken
    | ReplyStarted
    | ReplyText
    | ReplySound
    | ReplyAsks
    | ReplyMade
    | ReplyDucked
    | TalkProblem
    | ReplyEnded
    | BotCalled
    | BotSlept
    | TalkEnded
)
