"""Wyoming as a dialect: a session for each utterance, any number of them on one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lingting.api.ws.dialect import Append, Command, Finish, Handshake, Later, Message, Open, Opened, Say, Stay
from lingting.api.ws.hints import hinted
from lingting.api.wyoming.codec import (
    Error,
    Event,
    Pong,
    Transcript,
    TranscriptChunk,
    TranscriptStart,
    TranscriptStop,
    pack,
    unpack,
)
from lingting.audio.live_formats import LiveFormat
from lingting.domain import Closed, CloseReason, Final, PcmFormat, StreamOptions
from lingting.domain import Event as LiveEvent
from lingting.domain.errors import (
    InvalidInput,
    InvalidMessage,
    InvalidOption,
    LimitExceeded,
    LingtingError,
    SessionIdle,
    UnsupportedFormat,
)
from lingting.domain.transcript import join_texts
from lingting.recognition.served import ServedNames

__all__ = ["WyomingDialect"]

WIDTH_BYTES = 2
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
FATAL = (LimitExceeded, SessionIdle)
OF_UTTERANCES = ("transcribe", "audio-start", "audio-chunk")
MAX_PING_CHARACTERS = 1_000


class WyomingDialect:
    """describe, transcribe, audio-start, audio-chunk, audio-stop; each sentence as a chunk, then the whole text."""

    resumes = False

    def __init__(self, handshake: Handshake, names: ServedNames, info: Message) -> None:
        """
        info    the answer to `describe`
        """
        self._defaults = handshake.defaults
        self._options = handshake.defaults
        """Of the utterance in hand or the next one, as `transcribe` said."""
        self._names = names
        self._info = info
        self._format: PcmFormat | None = None
        """Of the utterance in hand; None between utterances."""
        self._is_live = False
        """Whether there is a session for it."""
        self._has_stopped = False
        """Its audio is complete, its transcript is not."""
        self._refused = ""
        """The event that the utterance was refused for; what else comes of it is not listened to."""
        self._in_hand = ""
        """The event that is being read."""
        self._texts: list[str] = []
        self._language: str | None = None
        self._handlers = {
            "describe": self._describe,
            "ping": self._ping,
            "transcribe": self._transcribe,
            "audio-start": self._start,
            "audio-chunk": self._chunk,
            "audio-stop": self._stop,
        }

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        """Events of other types are dropped, as the protocol wants it."""
        assert isinstance(message, bytes)
        event = unpack(message)
        handler, self._in_hand = self._handlers.get(event.type), event.type
        return handler(event) if handler is not None else ()

    def opened(self, opened: Opened) -> Sequence[Message]:
        self._is_live = True
        return ()

    def render(self, event: LiveEvent) -> Sequence[Message | Later | Command]:
        if isinstance(event, Final) and event.text:
            return self._said(event)
        if isinstance(event, Closed):
            return self._closed(event)
        return ()

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        if self._in_hand in OF_UTTERANCES and (self._has_stopped or not self._is_live):
            self._refused = self._in_hand
            self._format = self._format if self._has_stopped else None
        return (pack(Error(text=error.message, code=error.code).event()),)

    def is_fatal(self, error: LingtingError) -> bool:
        return not isinstance(error, InvalidInput) or isinstance(error, FATAL)

    def _describe(self, _event: Event) -> Sequence[Command]:
        return (Say(self._info),)

    def _ping(self, event: Event) -> Sequence[Command]:
        text = event.data.get("text")
        if text is not None and (not isinstance(text, str) or len(text) > MAX_PING_CHARACTERS):
            raise InvalidMessage(f"text: is no text of up to {MAX_PING_CHARACTERS} characters", param="text")
        return (Say(pack(Pong(text=text).event())),)

    def _transcribe(self, event: Event) -> Sequence[Command]:
        self._require_between("transcribe")
        self._refused = ""
        self._options = _wished(event.data, self._defaults, self._names)
        return ()

    def _start(self, event: Event) -> Sequence[Command]:
        self._require_between("audio-start")
        if self._refused == "transcribe":
            return ()
        self._refused = ""
        return self._begin(event)

    def _chunk(self, event: Event) -> Sequence[Command]:
        """Clients that send no `audio-start` mean their first chunk by it."""
        if self._refused:
            return ()
        if self._has_stopped:
            self._require_between("audio-chunk")
        opening = self._begin(event) if self._format is None else ()
        if _format_of(event.data) != self._format:
            raise InvalidMessage("the format of the audio changed within an utterance; send audio-stop before")
        return (*opening, Append(event.payload)) if event.payload else opening

    def _stop(self, _event: Event) -> Sequence[Command]:
        if self._refused:
            self._refused, self._options = "", self._options if self._has_stopped else self._defaults
            return ()
        if self._format is None:
            raise InvalidMessage("audio-stop came without audio; send audio-start first")
        self._has_stopped = True
        return (Finish(),)

    def _begin(self, event: Event) -> Sequence[Command]:
        self._texts, self._language = [], None
        self._format = _format_of(event.data)
        return (Open(self._options, LiveFormat(self._format)),)

    def _require_between(self, what: str) -> None:
        if self._format is not None:
            raise InvalidMessage(f"{what} came within an utterance; send audio-stop and wait for the transcript")

    def _said(self, event: Final) -> Sequence[Message]:
        """What the sentence adds to the text, with the space before it."""
        before = join_texts(self._texts)
        self._texts.append(event.text)
        chunk = pack(TranscriptChunk(text=join_texts(self._texts)[len(before) :]).event())
        if before:
            return (chunk,)
        self._language = event.language
        return (pack(TranscriptStart(language=self._language).event()), chunk)

    def _closed(self, event: Closed) -> Sequence[Message | Command]:
        text = Transcript(text=join_texts(self._texts), language=self._language).event()
        has_begun, self._is_live, self._has_stopped = bool(self._texts), False, False
        self._format, self._options = None, self._defaults
        if event.reason is not CloseReason.FINISHED:
            return (pack(Error(text=event.message or f"the session ended: {event.reason}", code=event.reason).event()),)
        last = (pack(text), pack(TranscriptStop().event()), Stay())
        return last if has_begun else (pack(TranscriptStart().event()), *last)


def _wished(data: Mapping[str, Any], defaults: StreamOptions, names: ServedNames) -> StreamOptions:
    """raises    InvalidOption, UnsupportedLanguage, ModelNotFound"""
    wishes: dict[str, Any] = {}  # Any: keyword arguments of RecognizeOptions
    if language := _text(data, "language"):
        wishes |= {"language": None if language.lower() == "auto" else language, "languages": ()}
    if name := _text(data, "name"):
        wishes["model"] = names.chosen(name)
    words = [word for field in ("transcript_names", "transcript_terms") for word in _texts(data, field)]
    if words:
        wishes["hotwords"] = hinted(defaults.recognize.hotwords, words, param="transcript_terms")
    return replace(defaults, recognize=replace(defaults.recognize, **wishes))


def _text(data: Mapping[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidOption(name, "is not text")
    return value


def _texts(data: Mapping[str, object], name: str) -> list[str]:
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidOption(name, "is not a list of texts")
    return value


def _format_of(data: Mapping[str, object]) -> PcmFormat:
    """raises    InvalidOption, UnsupportedFormat"""
    rate_hz, width, channels = (_whole(data, name) for name in ("rate", "width", "channels"))
    if width != WIDTH_BYTES:
        raise UnsupportedFormat("width", f"{width} bytes a sample; send {WIDTH_BYTES}")
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InvalidOption("rate", f"{rate_hz} is outside {MIN_RATE_HZ} to {MAX_RATE_HZ}")
    if channels not in (1, 2):
        raise InvalidOption("channels", f"{channels} is outside 1 to 2")
    return PcmFormat("s16le", rate_hz, channels)


def _whole(data: Mapping[str, object], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidOption(name, "is missing, or no whole number")
    return value
