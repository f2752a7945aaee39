"""What turn-taking is told beside live speech, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "APOLOGIES",
    "Cancel",
    "Clause",
    "Command",
    "Cut",
    "Duck",
    "End",
    "EndReason",
    "Failed",
    "Fill",
    "Finished",
    "Fixed",
    "Likely",
    "Measured",
    "News",
    "Played",
    "Resume",
    "Say",
    "Spoken",
    "StartReply",
    "Stop",
    "Token",
    "TurnTimes",
    "Unduck",
]


class Fixed(StrEnum):
    """A sentence that no model is asked for."""

    STILL_THERE = "still_there"
    """Nobody has spoken for a while."""
    GOODBYE = "goodbye"
    TURNS_USED_UP = "turns_used_up"
    NOT_HEARD = "not_heard"
    """What was said could not be recognised."""
    MODEL_AWAY = "model_away"
    MODEL_SLOW = "model_slow"
    QUOTA_USED_UP = "quota_used_up"


APOLOGIES = {"quota_exceeded": Fixed.QUOTA_USED_UP, "model_slow": Fixed.MODEL_SLOW}
"""By the code of what went wrong; the rest is a model that is away."""


class Cut(StrEnum):
    """Who ended a reply that did not break."""

    INTERRUPTED = "interrupted"
    """The user, by words."""
    STOPPED = "stopped"
    """The client."""
    LEFT = "left"
    """The conversation was over."""


class EndReason(StrEnum):
    """Why a conversation is over."""

    HUNG_UP = "hung_up"
    LOST = "lost"
    """The connection, or the live session behind it."""
    NO_INPUT = "no_input"
    MAX_TURNS = "max_turns"


@dataclass(frozen=True, slots=True)
class Token:
    """The model's first word of a reply is there."""

    reply: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause's sound goes to the loudspeaker, after those before it."""

    reply: int
    text: str
    sound_seconds: float
    """May be a guess while its sound is still being made; `Measured` corrects it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All sound of the latest clause is there."""

    reply: int
    sound_seconds: float


@dataclass(frozen=True, slots=True)
class Played:
    """The client reports how much sound of the reply it has played."""

    reply: int
    played_seconds: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """Every clause of the reply was handed over."""

    reply: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The model or the voice broke; what was handed over still sounds."""

    reply: int
    code: str


@dataclass(frozen=True, slots=True)
class Likely:
    """A model that listens to the voice says how likely the turn is over with this segment."""

    segment: int
    probability: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The client wants to hear no more of the reply."""

    reply: int


News = Token | Clause | Measured | Played | Spoken | Failed | Likely | Stop


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """When things happened, by the clock that turn-taking is given; None where they did not."""

    speech_ended_seconds: float | None = None
    """When the user fell silent; the end of their turn is known by the pause that follows."""
    final_seconds: float | None = None
    asked_seconds: float | None = None
    first_token_seconds: float | None = None
    first_audio_seconds: float | None = None
    ended_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StartReply:
    """Ask the model; the user's turn is over."""

    reply: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a fixed sentence; a reply like any other."""

    reply: int
    what: Fixed
    language: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Speak what a false interruption cut off; a reply like any other."""

    reply: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Fill:
    """The model takes its time: let something be heard that is no words of a reply."""

    reply: int


@dataclass(frozen=True, slots=True)
class Duck:
    """Make the reply quieter; somebody may want to speak."""

    reply: int


@dataclass(frozen=True, slots=True)
class Unduck:
    reply: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop model, voice and loudspeaker at once; the last of this reply."""

    reply: int
    heard_text: str
    """What the user got to hear; nothing else goes to memory."""
    times: TurnTimes
    failure: str | None = None
    """The code of what broke it; None where somebody ended it."""
    why: Cut = Cut.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply has been heard to its end; the last of it."""

    reply: int
    heard_text: str
    times: TurnTimes


@dataclass(frozen=True, slots=True)
class End:
    """The conversation is over; nothing follows."""

    reason: EndReason


Command = StartReply | Say | Resume | Fill | Duck | Unduck | Cancel | Finished | End
