"""Deepgram's live protocol, `/v1/listen`, as its official clients speak it; see docs/deepgram.md."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lingting.api.deepgram.query import terms_of
from lingting.api.ws.deepgram.deepgram_events import DeepgramEvents
from lingting.api.ws.deepgram.deepgram_query import read_live_query
from lingting.api.ws.dialect import (
    Append,
    Close,
    Command,
    Commit,
    Configure,
    Finish,
    Handshake,
    Message,
    Open,
    Opened,
    Remark,
    Say,
)
from lingting.api.ws.hints import hinted
from lingting.api.ws.messages import read_object, write_object
from lingting.audio.live_formats import HEAD_BYTES, LiveFormat, container_of
from lingting.domain import Closed, CloseReason, Event, RecognizeOptions
from lingting.domain.errors import AudioUndecodable, InvalidMessage, InvalidOption, LingtingError, SessionIdle

__all__ = ["DEEPGRAM_CLOSINGS", "DeepgramDialect"]

NO_AUDIO = Close(1011, "NET-0001: no audio and no KeepAlive came for too long")
NOT_AUDIO = Close(1008, "DATA-0000: what came cannot be decoded as audio")
DEEPGRAM_CLOSINGS: Mapping[str, Close] = {
    CloseReason.IDLE: NO_AUDIO,
    SessionIdle.code: NO_AUDIO,
    CloseReason.UNDECODABLE: NOT_AUDIO,
    AudioUndecodable.code: NOT_AUDIO,
}
"""Clients look for these names. Source: Deepgram's troubleshooting page of its live API."""
MAX_AWAITED_COMMITS = 256
UNKNOWN_AUDIO = (
    "the audio does not begin as WAV, Ogg, WebM, FLAC, MP3 or AAC; for headerless audio name encoding and sample_rate"
)

Values = dict[str, object]


class DeepgramDialect:
    """Binary frames are audio; Finalize, KeepAlive, Configure and CloseStream are JSON."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        """raises    InvalidOption, which is the handshake's answer"""
        asked = read_live_query(handshake)
        self._options = asked.options
        self._format = asked.format
        self._events = DeepgramEvents(asked.wording)
        self._remarks = asked.wording.utterance_end_seconds is not None
        self._head = b""
        """The first bytes, while they are too few to know a container by."""
        self._digest = hashlib.sha256()
        self._is_begun = self._is_open = self._has_ended = False
        self._handlers: Mapping[str, Callable[[Values], Sequence[Command]]] = {
            "KeepAlive": self._keep_alive,
            "Finalize": self._finalize,
            "Configure": self._configure,
            "CloseStream": self._close_stream,
        }

    def greet(self) -> Sequence[Command]:
        return self._begin(self._format) if self._format is not None else ()

    def receive(self, message: Message) -> Sequence[Command]:
        if isinstance(message, bytes):
            return () if self._has_ended else self._audio(message)
        values = read_object(message)
        kind = values.get("type")
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        if handler is None:
            raise InvalidMessage(f"type: {str(kind)[:60]!r} is unknown; use one of {', '.join(self._handlers)}")
        return () if self._has_ended else handler(values)

    def opened(self, opened: Opened) -> Sequence[Message]:
        self._is_open = True
        return ()

    def render(self, event: Event) -> Sequence[Message]:
        said = self._events.render(event)
        if isinstance(event, Closed) and event.reason is CloseReason.FINISHED:
            return [*said, self._metadata(event.audio_seconds)]
        return said

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        return (self._events.refusal(error),)

    def is_fatal(self, error: LingtingError) -> bool:
        if isinstance(error, InvalidOption):
            return not self._is_open
        return not isinstance(error, InvalidMessage)

    def _begin(self, fmt: LiveFormat) -> Sequence[Command]:
        self._is_begun = True
        return (Open(self._options, fmt),)

    def _audio(self, data: bytes) -> Sequence[Command]:
        """An empty frame is how older clients end a stream."""
        if not data:
            return self._close_stream({})
        self._digest.update(data)
        if self._is_begun:
            return self._append(data)
        self._head += data
        if len(self._head) < HEAD_BYTES:
            return ()
        container = container_of(self._head)
        if container is None:
            raise AudioUndecodable(UNKNOWN_AUDIO)
        head, self._head = self._head, b""
        return (*self._begin(LiveFormat(pcm=None, container=container)), *self._append(head))

    def _append(self, data: bytes) -> Sequence[Command]:
        return (Append(data), Remark(self._events.heard)) if self._remarks else (Append(data),)

    def _keep_alive(self, _values: Values) -> Sequence[Command]:
        return (Append(b""),) if self._is_begun else ()

    def _finalize(self, _values: Values) -> Sequence[Command]:
        if not self._is_begun:
            return (Say(self._events.finalized()),)
        if self._events.awaited_commits >= MAX_AWAITED_COMMITS:
            raise InvalidMessage(f"{MAX_AWAITED_COMMITS} Finalize wait for their results; wait for one of them")
        self._events.awaited_commits += 1
        return (Commit(),)

    def _configure(self, values: Values) -> Sequence[Command]:
        """Other terms, or numbers written otherwise, from the next segment on."""
        recognize = self._options.recognize
        answer: Values = {"type": "ConfigureSuccess", "request_id": self._events.wording.request_id}
        keyterms = values.get("keyterms")
        if keyterms is not None:
            if not isinstance(keyterms, list) or not all(isinstance(term, str) for term in keyterms):
                raise InvalidOption("keyterms", "is no list of texts")
            answer["keyterms"] = terms = terms_of({"keyterm": keyterms})
            recognize = replace(recognize, hotwords=hinted(recognize.hotwords, terms, param="keyterms"))
        self._options = replace(self._options, recognize=_with_features(recognize, values))
        said = Say(write_object(answer))
        return (Configure(self._options), said) if self._is_begun else (said,)

    def _close_stream(self, _values: Values) -> Sequence[Command]:
        self._has_ended = True
        if self._is_begun:
            return (Finish(),)
        return (Say(self._metadata(0.0)), Close())

    def _metadata(self, duration_seconds: float) -> str:
        return self._events.metadata(sha256=self._digest.hexdigest(), duration_seconds=duration_seconds)


def _with_features(recognize: RecognizeOptions, values: Values) -> RecognizeOptions:
    features = values.get("features") or {}
    if not isinstance(features, dict):
        raise InvalidOption("features", "is no object")
    numerals = features.get("numerals", features.get("smart_format", recognize.itn))
    if not isinstance(numerals, bool):
        raise InvalidOption("features.numerals", "is neither true nor false")
    return replace(recognize, itn=numerals)
