"""What a WebSocket protocol is here: a pure translator between its messages and the live session's words.

A dialect sees one connection's messages in order, and the session's events in order. It holds what its protocol must
remember (item ids, what was said last) and nothing else: no socket, no clock, no session. So a recorded dialog replays
in milliseconds, and authentication, limits, pings, deadlines and close codes are written once, in `connection.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from lingting.api.understanding import CommandWish
from lingting.audio.live_formats import LiveFormat
from lingting.dialogue.talk.talk_events import TalkEvent
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain import Event, Scope, StreamOptions
from lingting.domain.errors import LingtingError
from lingting.text.commands.intents import Intents
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = [
    "Acknowledge",
    "Append",
    "Clear",
    "Close",
    "Command",
    "Commit",
    "Configure",
    "Dialect",
    "Finish",
    "Handshake",
    "Later",
    "Message",
    "Open",
    "Opened",
    "Remark",
    "Resume",
    "RoomClaim",
    "Say",
    "Stay",
    "TalkAsk",
    "TalkCommand",
    "TalkConfigure",
    "TalkGoOn",
    "TalkNote",
    "TalkPlayed",
    "TalkResult",
    "TalkStop",
    "TalkingDialect",
]

Message = str | bytes
"""A text frame or a binary one."""
Later = Callable[[], Message]
"""One that takes more than a moment to make: made in a thread, and sent in its place among the others."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a dialect may know of its connection when it is made."""

    defaults: StreamOptions = field(default_factory=StreamOptions)
    """What holds where the client says nothing."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Of the URL; the last value of each name."""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The same with all values of each name, for protocols that repeat them."""
    subprotocols: tuple[str, ...] = ()
    """As the client offered them."""
    max_audio_bytes: int = 4 * 2**20
    """What one message may decode to."""
    models: tuple[str, ...] = ("whisper-1",)
    """Names that are served, that of the model first."""
    token: str = "token"  # noqa: S105 - no secret
    """Makes the ids of this connection unlike those of any other."""
    request_id: str = "request-1"
    """By which the log knows the connection."""
    began_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """When it came."""
    intents: Intents | None = None
    """Packs of commands that finals may be held against."""
    may_publish: bool = False
    """Whether there is somebody to tell of commands, and the caller may have that."""
    hotwords: HotwordShelf | None = None
    """Packs of hotwords that a client may name."""
    scopes: Collection[Scope] = frozenset(Scope)
    """What the caller's key is good for."""
    preset: object = None
    """What the caller's client secret was made with; means something to one dialect only."""


@dataclass(frozen=True, slots=True)
class RoomClaim:
    """A subtitle room and the token that allows to publish in it."""

    room: str
    token: str


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a session; audio follows."""

    options: StreamOptions
    format: LiveFormat
    room: RoomClaim | None = None
    """Where viewers follow what is said."""
    talk: TalkWish | None = None
    """The bot that answers what is said; needs a `TalkingDialect`."""
    wake: WakeWish | None = None
    """What wakes the bot; None keeps it awake."""
    commands: CommandWish | None = None
    """What the user's turns are held against; None against nothing."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a session whose connection was lost."""

    session: str
    last_seq: int
    """The last event the client has seen; finals after it are said again."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Other options, from the next segment on."""

    options: StreamOptions
    format: LiveFormat | None = None
    """None keeps the format of the audio."""


@dataclass(frozen=True, slots=True)
class Append:
    """Audio, in the format that was declared."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """End the open segment here; `Committed` follows its final."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget the audio since the last commit."""


@dataclass(frozen=True, slots=True)
class Finish:
    """No more audio: the rest is recognised, then the session closes."""


@dataclass(frozen=True, slots=True)
class Say:
    """Answer the client, before any later event."""

    message: Message


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Answer with what the session has heard so far, before any later event."""

    word: Callable[[str, float], Message]
    """Given the text of the open segment and the seconds of audio received."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Say what follows from how far the session has heard, before any later event."""

    word: Callable[[float], Sequence[Message]]
    """Given the seconds of audio heard; nothing where nothing follows."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection after what has been said so far."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """In answer to `Closed`: keep the connection, on which the client may begin another session."""


@dataclass(frozen=True, slots=True)
class TalkAsk:
    """The user's turn in the conversation is over."""

    text: str = ""
    """What they say in writing, after what was heard."""


@dataclass(frozen=True, slots=True)
class TalkStop:
    """The user wants to hear no more of the reply in hand."""


@dataclass(frozen=True, slots=True)
class TalkPlayed:
    """The client has played so much of a reply."""

    reply: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TalkNote:
    """Something in writing that goes with what is asked next."""

    text: str
    language: str | None = None
    """None keeps that of what was said last."""


@dataclass(frozen=True, slots=True)
class TalkResult:
    """What became of a function that the bot wanted the client to call."""

    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class TalkGoOn:
    """The reply that waits for such results is to go on."""


@dataclass(frozen=True, slots=True)
class TalkConfigure:
    """How the bot answers from the next reply on; where there is none, one answers from here on."""

    wish: TalkWish


TalkCommand = TalkAsk | TalkNote | TalkStop | TalkPlayed | TalkResult | TalkGoOn
Command = (
    Open
    | Resume
    | Configure
    | Append
    | Commit
    | Clear
    | Finish
    | Say
    | Acknowledge
    | Remark
    | Close
    | Stay
    | TalkCommand
    | TalkConfigure
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a dialect is told once its `Open` or `Resume` has been carried out."""

    session: str
    resumed: bool
    received_seconds: float
    """How much audio the session has; a client that resumes sends what came after."""
    last_seq: int
    """Of the latest event there is."""
    text: str = ""
    """What the open segment seems to say."""
    options: StreamOptions | None = None
    """What holds in the session; None when they are those of the `Open`."""
    format: LiveFormat | None = None
    """The same of its audio."""
    conversation: str | None = None
    """By which the conversation with a bot can be resumed; None where there is none."""


class Dialect(Protocol):
    """One connection's protocol. Pure: the same calls give the same answers."""

    @property
    def resumes(self) -> bool:
        """Whether a client whose connection was lost can come back to its session."""
        ...

    def greet(self) -> Sequence[Command]:
        """What happens before the client's first message: nothing, a greeting, or already an `Open`."""
        ...

    def receive(self, message: Message) -> Sequence[Command]:
        """Translate one message.

        raises    LingtingError for a message that cannot be served; `refuse` then words it
        """
        ...

    def opened(self, opened: Opened) -> Sequence[Message]:
        """Tell the client that its session began, or goes on."""
        ...

    def render(self, event: Event) -> Sequence[Message | Later | Command]:
        """Put an event into the protocol's words; nothing when it has none for it.

        Where the protocol ends or keeps something by itself then, a command says so.
        """
        ...

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        """Word an error; after a fatal one the connection closes with `api.errors.close_code`."""
        ...

    def is_fatal(self, error: LingtingError) -> bool:
        """Whether going on makes no sense after this error of `receive`, `Open`, `Resume` or `Configure`."""
        ...


class TalkingDialect(Dialect, Protocol):
    """One in which a bot answers."""

    def render_talk(self, event: TalkEvent) -> Sequence[Message | Later | Command]:
        """Put what the bot says and does into the protocol's words."""
        ...
