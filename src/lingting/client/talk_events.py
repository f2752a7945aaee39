"""What a server says of a spoken conversation, as its client hears it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lingting.client.wire import Fields, number, text

__all__ = [
    "BotCalled",
    "BotSlept",
    "FloorTaken",
    "FunctionCall",
    "ReplyCalls",
    "ReplyDucked",
    "ReplyEnded",
    "ReplySound",
    "ReplyStarted",
    "ReplyText",
    "TalkEnded",
    "TalkEvent",
    "TalkProblem",
    "read_talk_event",
    "sound_of",
]

FULL_SCALE = 32_768
"""Of 16-bit samples."""


@dataclass(frozen=True, slots=True)
class FloorTaken:
    """Who may speak: listening, hearing (the user), thinking, speaking, ducked (the bot), ended."""

    floor: str


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The bot answers what was asked, or says something by itself."""

    reply: int
    kind: str
    asked: str
    language: str


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next clause."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function of the client that the model wants called."""

    id: str
    name: str
    arguments: str
    """As the model wrote them: a JSON object if all is well."""


@dataclass(frozen=True, slots=True)
class ReplyCalls:
    """The reply waits for what becomes of these; say it by `Talk.results`."""

    reply: int
    calls: tuple[FunctionCall, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReplySound:
    """To be played after what came before."""

    reply: int
    samples: NDArray[np.float32]
    """Mono, 24 kHz, -1..1."""
    is_filler: bool = False
    """It only fills a pause, and does not count in `played`."""


@dataclass(frozen=True, slots=True)
class ReplyDucked:
    """Play quieter, or as loud as before."""

    reply: int
    is_ducked: bool


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The last of a reply; what of it has not been played is to be thrown away where it was cut."""

    reply: int
    heard: str
    is_cut: bool
    conversation: str
    failure: str = ""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds from the end of the user's speech: final, asked, first_token, first_audio, ended."""


@dataclass(frozen=True, slots=True)
class TalkProblem:
    """The voice or the model failed; the conversation goes on."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class BotCalled:
    """It was asleep, and heard this phrase or word."""

    phrase: str


@dataclass(frozen=True, slots=True)
class BotSlept:
    """It sleeps until it is called: said, quiet, doubted."""

    reason: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The conversation is over: hung_up, lost, no_input, max_turns."""

    reason: str


TalkEvent = (
    FloorTaken
    | ReplyStarted
    | ReplyText
    | ReplySound
    | ReplyCalls
    | ReplyDucked
    | ReplyEnded
    | TalkProblem
    | BotCalled
    | BotSlept
    | TalkEnded
)


def read_talk_event(kind: str, fields: Fields) -> TalkEvent | None:
    """None for other messages."""
    read = _READERS.get(kind)
    return None if read is None else read(fields)


def sound_of(about: Fields, data: bytes) -> ReplySound:
    """The binary frame that follows REPLY_AUDIO."""
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(FULL_SCALE)
    return ReplySound(_reply(about), samples, about.get("filler") is True)


def _reply(fields: Fields) -> int:
    return int(number(fields, "reply"))


def _ended(fields: Fields) -> TalkEvent:
    given = fields.get("timings")
    times = given if isinstance(given, dict) else {}
    return ReplyEnded(
        _reply(fields),
        text(fields, "heard"),
        fields.get("cut") is True,
        text(fields, "conversation"),
        text(fields, "failure"),
        {name.removesuffix("_ms"): number(times, name) / 1_000 for name in times},
    )


def _calls(fields: Fields) -> TalkEvent:
    given = fields.get("calls")
    calls = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    read = (FunctionCall(text(each, "id"), text(each, "name"), text(each, "arguments")) for each in calls)
    return ReplyCalls(_reply(fields), tuple(read))


_READERS: dict[str, Callable[[Fields], TalkEvent]] = {
    "FLOOR": lambda fields: FloorTaken(text(fields, "floor")),
    "REPLY_STARTED": lambda fields: ReplyStarted(
        _reply(fields), text(fields, "kind"), text(fields, "asked"), text(fields, "language")
    ),
    "REPLY_TEXT": lambda fields: ReplyText(_reply(fields), text(fields, "text")),
    "REPLY_DUCKED": lambda fields: ReplyDucked(_reply(fields), fields.get("ducked") is True),
    "REPLY_CALLS": _calls,
    "REPLY_ENDED": _ended,
    "PROBLEM": lambda fields: TalkProblem(text(fields, "code"), text(fields, "message")),
    "CALLED": lambda fields: BotCalled(text(fields, "phrase")),
    "SLEPT": lambda fields: BotSlept(text(fields, "reason")),
    "TALK_ENDED": lambda fields: TalkEnded(text(fields, "reason")),
}
