"""A spoken conversation with the bot, `/v1/chat/voice`: the native protocol with a bot in it; see docs/voice.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lingting.api.http.chat import MAX_MESSAGE_CHARACTERS
from lingting.api.http.fields import Fields, is_encodable
from lingting.api.ws.dialect import (
    Clear,
    Command,
    Commit,
    Configure,
    Finish,
    Handshake,
    Later,
    Message,
    Open,
    Opened,
    TalkAsk,
    TalkGoOn,
    TalkPlayed,
    TalkResult,
    TalkStop,
)
from lingting.api.ws.functions import MAX_OUTPUT_CHARACTERS
from lingting.api.ws.messages import read_object, write_object
from lingting.api.ws.native.native import NativeDialect, Values, kind_of
from lingting.api.ws.voice.voice_config import OWN_FIELDS, VoiceConfig, read_voice_config
from lingting.api.ws.voice.voice_events import REPLY_SOUND, talk_messages
from lingting.dialogue.talk.talk_events import TalkEnded, TalkEvent
from lingting.dialogue.turns.turn_news import EndReason
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.domain import Committed, Event, Partial
from lingting.domain.errors import InvalidMessage, InvalidOption, LingtingError

__all__ = ["VoiceDialect"]

MAX_REPLY = 2**31
MAX_RESULTS = 64
MAX_PLAYED_MS = 24 * 3_600 * 1_000
ENDED_BY_BOT = (EndReason.NO_INPUT, EndReason.MAX_TURNS)


class VoiceDialect:
    """INIT, then audio, messages in writing and what the user wants of the reply; everything heard and said comes."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        self._native = NativeDialect(replace(handshake, defaults=handshake.defaults.for_talk()), acks=False)
        self._intents = handshake.intents
        self._may_publish = handshake.may_publish
        self._scopes = handshake.scopes
        self._config = VoiceConfig()
        self._shows_partials = True
        self._has_hung_up = False
        """The bot has: what the client still sends is on its way, and counts for nothing."""
        self._orders: dict[str, Callable[[Values], Sequence[Command]]] = {
            "TEXT": self._text,
            "TURN_END": self._turn_end,
            "PRESS": self._press,
            "RELEASE": self._release,
            "STOP": self._stop,
            "PLAYED": self._played,
            "RESULTS": self._results,
        }
        self._kinds = tuple(kind for kind in (*self._native.kinds, *self._orders) if kind not in {"RESUME", "COMMIT"})

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        if self._has_hung_up:
            return ()
        if isinstance(message, bytes):
            return self._native.receive(message)
        values = read_object(message)
        kind = kind_of(values, self._kinds)
        if kind in self._orders:
            self._native.require_live(kind)
            return self._orders[kind](values)
        if kind == "INIT":
            return self._init(values)
        if kind == "CONFIG":
            return self._configure(values)
        return self._native.obey(kind, values)

    def opened(self, opened: Opened) -> Sequence[Message]:
        ready = self._native.ready(opened) | {"conversation": opened.conversation, "reply_audio": REPLY_SOUND}
        return (write_object(ready),)

    def render(self, event: Event) -> Sequence[Message | Later | Command]:
        if isinstance(event, Partial) and not self._shows_partials:
            return ()
        if isinstance(event, Committed):
            return (TalkAsk(),)
        return self._native.render(event)

    def render_talk(self, event: TalkEvent) -> Sequence[Message | Later | Command]:
        said = talk_messages(event)
        if isinstance(event, TalkEnded) and event.reason in ENDED_BY_BOT:
            self._has_hung_up = True
            return (*said, Finish())
        return said

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        return self._native.refuse(error, fatal=fatal)

    def is_fatal(self, error: LingtingError) -> bool:
        return self._native.is_fatal(error)

    def _init(self, values: Values) -> Sequence[Command]:
        given = _config_of(values)
        config = read_voice_config(given, self._intents, self._scopes, may_publish=self._may_publish)
        hearing = {name: value for name, value in given.items() if name not in OWN_FIELDS}
        opening = self._native.obey("INIT", {**values, "config": hearing})
        self._config = config
        return [self._with_bot(command) for command in opening]

    def _configure(self, values: Values) -> Sequence[Command]:
        for name in _config_of(values):
            if name in OWN_FIELDS:
                raise InvalidOption(name, "can only be given in INIT")
        return [self._with_bot(command) for command in self._native.obey("CONFIG", values)]

    def _with_bot(self, command: Command) -> Command:
        """Partials are made whether or not the client wants to see them: an interruption is known by them."""
        if isinstance(command, Open | Configure):
            self._shows_partials = command.options.partials
            return self._config.applied(command)
        return command

    def _text(self, values: Values) -> Sequence[Command]:
        text = (Fields(values).text("text") or "").strip()
        if not text:
            raise InvalidOption("text", "is missing; send what the user says")
        if len(text) > MAX_MESSAGE_CHARACTERS:
            raise InvalidOption("text", f"is longer than {MAX_MESSAGE_CHARACTERS} characters")
        return (TalkAsk(text),)

    def _turn_end(self, _values: Values) -> Sequence[Command]:
        """The bot is asked once the last words are recognised."""
        if self._config.wish.key is not None:
            raise InvalidMessage(
                "with push_to_talk a turn ends at RELEASE; TURN_END is for `turns` manual", param="type"
            )
        return (Commit(),)

    def _press(self, _values: Values) -> Sequence[Command]:
        """What was heard before is forgotten; a key that is held may say so again."""
        key = self._key("PRESS")
        if key.is_pressed:
            return ()
        key.pressed()
        return (Clear(),)

    def _release(self, _values: Values) -> Sequence[Command]:
        """The bot is asked with all that was said since the press."""
        return (Commit(),) if self._key("RELEASE").released() else ()

    def _key(self, kind: str) -> PushToTalk:
        if self._config.wish.key is None:
            raise InvalidMessage(f"{kind} is for conversations that INIT begins with push_to_talk: true", param="type")
        return self._config.wish.key

    def _results(self, values: Values) -> Sequence[Command]:
        """The reply goes on with what became of its calls."""
        given = _results_of(values)
        for call_id, output in given.items():
            if not isinstance(output, str) or len(output) > MAX_OUTPUT_CHARACTERS or not is_encodable(output):
                problem = f"has to be text of at most {MAX_OUTPUT_CHARACTERS} characters"
                raise InvalidOption(f"results.{call_id[:40]}", problem)
        return (*(TalkResult(call_id, str(output)) for call_id, output in given.items()), TalkGoOn())

    def _stop(self, _values: Values) -> Sequence[Command]:
        return (TalkStop(),)

    def _played(self, values: Values) -> Sequence[Command]:
        fields = Fields(values)
        reply, played_ms = fields.whole("reply"), fields.number("ms")
        if reply is None or not 1 <= reply <= MAX_REPLY:
            raise InvalidOption("reply", "is missing, or is no number of a reply; it is in REPLY_STARTED")
        if played_ms is None or not 0 <= played_ms <= MAX_PLAYED_MS:
            raise InvalidOption("ms", f"is missing, or is outside 0 to {MAX_PLAYED_MS}")
        return (TalkPlayed(reply, played_ms / 1_000),)


def _results_of(values: Values) -> dict[str, object]:
    """raises    InvalidOption"""
    given = values.get("results")
    if not isinstance(given, dict) or len(given) > MAX_RESULTS:
        raise InvalidOption(
            "results", f"has to be an object with the results of at most {MAX_RESULTS} calls, by their ids"
        )
    return given


def _config_of(values: Values) -> dict[str, object]:
    """raises    InvalidOption"""
    given = values.get("config", {})
    if not isinstance(given, dict):
        raise InvalidOption("config", "is not an object")
    return given
