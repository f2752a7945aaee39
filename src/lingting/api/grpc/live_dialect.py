"""`StreamRecognize` as a dialect: serialised messages in, commands out; events in, serialised messages out.

Every error ends the call, as is usual in gRPC: it is not worded here but kept in `failure`, for the status.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lingting.api.grpc._generated import speech_pb2
from lingting.api.grpc.answers import intent_message
from lingting.api.grpc.events import event_message, ready_message
from lingting.api.grpc.requests import parsed, set_fields
from lingting.api.ws.dialect import (
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
from lingting.api.ws.native.native_config import Config, read_config
from lingting.domain import Closed, CloseReason, Event, Final
from lingting.domain.errors import InvalidMessage, InvalidOption, LingtingError
from lingting.domain.transcript import join_texts
from lingting.text.commands.intent_match import Matcher

__all__ = ["END", "GrpcDialect"]

END: bytes = speech_pb2.StreamRequest(end=speech_pb2.End()).SerializeToString()
"""What a client says, or means by closing its side."""


class GrpcDialect:
    """`config` first, then audio."""

    def __init__(self, handshake: Handshake) -> None:
        self.failure: LingtingError | None = None
        """What the call is to end with."""
        self.closed: CloseReason | None = None
        """Why the session ended, once it has."""
        self._config = Config(options=handshake.defaults)
        self._intents, self._shelf = handshake.intents, handshake.hotwords
        self._may_publish = handshake.may_publish
        self._is_resumable = False
        self._is_live = False
        self._has_ended = False
        self._seen_seq = 0
        """A client that resumed knows the events up to here."""
        self._texts: list[str] = []
        self._handlers: dict[str, Callable[[Any], Sequence[Command]]] = {
            "config": self._configured,
            "audio": self._audio,
            "commit": lambda _: self._order(Commit()),
            "clear": lambda _: self._order(Clear()),
            "end": lambda _: self._end(),
        }

    @property
    def resumes(self) -> bool:
        return self._is_resumable

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        assert isinstance(message, bytes)
        request = parsed(speech_pb2.StreamRequest, message)
        kind = request.WhichOneof("message")
        if kind is None:
            raise InvalidMessage(f"the message is empty; send one of {', '.join(self._handlers)}", param="message")
        return self._handlers[kind](getattr(request, kind))

    def opened(self, opened: Opened) -> Sequence[Message]:
        self._is_live = True
        if opened.resumed:
            options, fmt = opened.options or self._config.options, opened.format or self._config.format
            self._config = replace(self._config, options=options, format=fmt)
        return (ready_message(opened).SerializeToString(),)

    def render(self, event: Event) -> Sequence[Message | Later]:
        if isinstance(event, Final):
            self._texts.append(event.text)
        if isinstance(event, Closed):
            self.closed = event.reason
        if event.seq <= self._seen_seq:
            return ()
        whole_text = join_texts(self._texts) if isinstance(event, Closed) else ""
        message = event_message(event, whole_text=whole_text).SerializeToString()
        matcher = matcher_of(self._config, self._intents)
        if isinstance(event, Final) and event.text and matcher is not None:
            return (message, partial(_matched, matcher, event))
        return (message,)

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        self.failure = error
        return ()

    def is_fatal(self, error: LingtingError) -> bool:
        return True

    def _configured(self, message: speech_pb2.StreamConfig) -> Sequence[Command]:
        fields = set_fields(message)
        is_resumable = bool(fields.pop("resumable", False))
        if self._is_live:
            return self._changed(fields, is_resumable=is_resumable)
        config = read_config(fields, self._config, is_first=True, shelf=self._shelf)
        config = settled(config, self._intents, may_publish=self._may_publish)
        self._config, self._is_resumable = config, is_resumable or config.session is not None
        if config.session is None:
            return (Open(config.options, config.format, config.room),)
        self._seen_seq = config.seq
        return (Resume(config.session, last_seq=0),)

    def _changed(self, fields: dict[str, object], *, is_resumable: bool) -> Sequence[Command]:
        self._require_live("config")
        if is_resumable:
            raise InvalidOption("resumable", "can only be given in the first config")
        config = read_config(fields, self._config, is_first=False, shelf=self._shelf)
        self._config = settled(config, self._intents, may_publish=self._may_publish)
        answer = speech_pb2.StreamResponse(configured=speech_pb2.Configured())
        return (Configure(self._config.options), Say(answer.SerializeToString()))

    def _audio(self, data: bytes) -> Sequence[Command]:
        self._require_live("audio")
        return (Append(data),)

    def _order(self, command: Command) -> Sequence[Command]:
        self._require_live("the order")
        return (command,)

    def _end(self) -> Sequence[Command]:
        if self._has_ended:
            return ()
        self._require_live("end")
        self._has_ended = True
        return (Finish(),)

    def _require_live(self, what: str) -> None:
        if not self._is_live:
            raise InvalidMessage(f"{what} came before config; send config first", param="message")
        if self._has_ended:
            raise InvalidMessage(f"{what} came after end; begin another call", param="message")


def _matched(matcher: Matcher, final: Final) -> Message:
    match = matcher.match(final.text, final.language)
    data: bytes = speech_pb2.StreamResponse(intent=intent_message(match, final.segment)).SerializeToString()
    return data
