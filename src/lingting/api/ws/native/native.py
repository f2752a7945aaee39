"""Lingting's own WebSocket protocol, `/v1/asr/stream`; docs/streaming.md is its description."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from lingting.api.http.fields import Fields
from lingting.api.ws.dialect import (
    Acknowledge,
    Append,
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
    Resume,
    Say,
)
from lingting.api.ws.live_commands import matcher_of, settled
from lingting.api.ws.messages import decode_audio, read_object, write_object
from lingting.api.ws.native.native_config import Config, read_config, read_seq
from lingting.api.ws.native.native_events import NativeEvents, acknowledgement, error_message, intent_message, ms
from lingting.domain import Event, Final
from lingting.domain.errors import (
    AudioUndecodable,
    ClientTooSlow,
    InvalidInput,
    InvalidMessage,
    InvalidOption,
    LimitExceeded,
    LingtingError,
    SessionIdle,
    SessionNotFound,
)
from lingting.text.commands.intent_match import Matcher

__all__ = ["NativeDialect", "Values", "kind_of"]

MAX_ID_CHARACTERS = 200
FATAL = (AudioUndecodable, ClientTooSlow, LimitExceeded, SessionIdle, SessionNotFound)
"""Of what a caller can do wrong; what goes wrong here is always fatal."""


Values = dict[str, object]


class NativeDialect:
    """INIT or RESUME, then audio; every event as one JSON object with `type` and `transcript`."""

    resumes = True

    def __init__(self, handshake: Handshake, *, acks: bool = True) -> None:
        """acks    whether each piece of audio is answered where the client does not say"""
        self._max_audio_bytes = handshake.max_audio_bytes
        self._usual = Config(options=handshake.defaults, ack=acks)
        self._config = self._usual
        self._config_before = self._usual
        """What holds if the message in hand is refused."""
        self._is_live = False
        self._has_ended = False
        self._events = NativeEvents()
        self._intents = handshake.intents
        self._may_publish = handshake.may_publish
        self._shelf = handshake.hotwords
        self._handlers: dict[str, Callable[[Values], Sequence[Command]]] = {
            "INIT": self._init,
            "RESUME": self._resume,
            "AUDIO": self._audio,
            "COMMIT": partial(self._order, Commit()),
            "CLEAR": partial(self._order, Clear()),
            "CONFIG": self._configure,
            "PING": _pong,
            "END": self._end,
        }

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        if isinstance(message, bytes):
            self._config_before = self._config
            self.require_live("audio")
            return self._append(message)
        values = read_object(message)
        return self.obey(kind_of(values, self._handlers), values)

    def obey(self, kind: str, values: Values) -> Sequence[Command]:
        """One message that was read; its kind is one of ours.

        raises    LingtingError
        """
        self._config_before = self._config
        return self._handlers[kind](values)

    @property
    def kinds(self) -> Collection[str]:
        """Of the messages that a client may send."""
        return self._handlers.keys()

    def opened(self, opened: Opened) -> Sequence[Message]:
        return (write_object(self.ready(opened)),)

    def ready(self, opened: Opened) -> Values:
        """The fields of READY."""
        self._is_live = True
        ready: dict[str, object] = {"type": "READY", "session": opened.session}
        if opened.resumed:
            ready["resumed"] = True
            options, fmt = opened.options or self._config.options, opened.format or self._config.format
            self._config = replace(self._config, options=options, format=fmt)
        ready |= {
            "transcript": opened.text,
            "received_ms": ms(opened.received_seconds),
            "seq": opened.last_seq,
        }
        if self._config.ignored:
            ready["ignored"] = self._config.ignored
        return ready

    def render(self, event: Event) -> Sequence[Message | Later]:
        messages = self._events.render(event)
        if (
            messages
            and isinstance(event, Final)
            and event.text
            and (matcher := matcher_of(self._config, self._intents))
        ):
            return (*messages, partial(_matched, matcher, event))
        return messages

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        self._config = self._config_before
        return (error_message(error),)

    def is_fatal(self, error: LingtingError) -> bool:
        return not isinstance(error, InvalidInput) or isinstance(error, FATAL)

    def _init(self, values: Values) -> Sequence[Command]:
        self._require_fresh("INIT")
        given = values.get("config", {})
        if not isinstance(given, dict):
            raise InvalidOption("config", "is not an object")
        config = read_config(given, self._usual, is_first=True, shelf=self._shelf)
        self._config = config = settled(config, self._intents, may_publish=self._may_publish)
        if config.session is not None:
            return self._resumption(config.session, config.seq)
        return (Open(config.options, config.format, config.room),)

    def _resume(self, values: Values) -> Sequence[Command]:
        self._require_fresh("RESUME")
        fields = Fields(values)
        session = fields.text("session")
        if session is None:
            raise InvalidOption("session", "is missing; it is in the answer to INIT")
        seq, ack = read_seq(fields), fields.flag("ack", default=True)
        self._config = Config(options=self._usual.options, ack=ack)
        return self._resumption(session, seq)

    def _resumption(self, session: str, seq: int) -> Sequence[Command]:
        """All results are asked for again, for END tells the whole text; those up to `seq` are not said again."""
        self._events = NativeEvents(seen_seq=seq)
        return (Resume(session, last_seq=0),)

    def _audio(self, values: Values) -> Sequence[Command]:
        self.require_live("AUDIO")
        text = values.get("audio", values.get("data"))
        if not isinstance(text, str):
            raise InvalidMessage("audio: is missing; send the audio in base64 in this field", param="audio")
        return self._append(decode_audio(text, max_bytes=self._max_audio_bytes))

    def _append(self, data: bytes) -> Sequence[Command]:
        return (Append(data), Acknowledge(acknowledgement)) if self._config.ack else (Append(data),)

    def _order(self, command: Command, values: Values) -> Sequence[Command]:
        self.require_live(str(values["type"])[:40].upper())
        return (command,)

    def _configure(self, values: Values) -> Sequence[Command]:
        self.require_live("CONFIG")
        given = values.get("config", {})
        if not isinstance(given, dict):
            raise InvalidOption("config", "is not an object")
        config = read_config(given, self._config, is_first=False, shelf=self._shelf)
        self._config = settled(config, self._intents, may_publish=self._may_publish)
        answer: dict[str, object] = {"type": "CONFIGURED", "transcript": ""}
        if self._config.ignored:
            answer["ignored"] = self._config.ignored
        return (Configure(self._config.options), Say(write_object(answer)))

    def _end(self, values: Values) -> Sequence[Command]:
        self.require_live("END")
        self._has_ended = True
        return (Finish(),)

    def require_live(self, what: str) -> None:
        """raises    InvalidMessage before INIT and after END"""
        if not self._is_live:
            raise InvalidMessage(f"{what} came before INIT; send INIT first and wait for READY", param="type")
        if self._has_ended:
            raise InvalidMessage(f"{what} came after END; begin another session on another connection", param="type")

    def _require_fresh(self, what: str) -> None:
        if self._is_live:
            raise InvalidMessage(f"{what} came twice; CONFIG changes the options of a session", param="type")


def kind_of(values: Values, known: Collection[str]) -> str:
    """The type of a message, in capitals.

    raises    InvalidMessage
    """
    kind = values.get("type")
    if not isinstance(kind, str):
        raise InvalidMessage("type: is missing; every message names its type", param="type")
    if (named := kind[:40].upper()) not in known:
        raise InvalidMessage(f"type: {kind[:40]!r} is unknown; use one of {', '.join(known)}", param="type")
    return named


def _matched(matcher: Matcher, final: Final) -> Message:
    return intent_message(matcher.match(final.text, final.language), final)


def _pong(values: Values) -> Sequence[Command]:
    answer: dict[str, object] = {"type": "PONG", "transcript": ""}
    if "id" in values:
        identity = values["id"]
        if not _is_plain(identity):
            raise InvalidMessage(f"id: is no number and no text of up to {MAX_ID_CHARACTERS} characters", param="id")
        answer["id"] = identity
    return (Say(write_object(answer)),)


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS and value.encode("utf-8", "ignore").decode() == value
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
