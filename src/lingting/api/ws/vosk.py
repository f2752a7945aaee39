"""vosk-server's protocol: one JSON reply for each binary frame, and one for the end; see docs/vosk.md.

Its clients send a frame and wait for the reply, so none may be missing and none too many: finals wait for a frame to be
told with, and the end tells those that are left as one.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lingting.api.http.fields import Fields
from lingting.api.ws.dialect import (
    Acknowledge,
    Append,
    Close,
    Command,
    Commit,
    Finish,
    Handshake,
    Message,
    Open,
    Opened,
    Say,
)
from lingting.api.ws.hints import hinted
from lingting.api.ws.messages import read_object
from lingting.api.ws.query import recognize_options
from lingting.audio.live_formats import LiveFormat
from lingting.domain import Closed, CloseReason, Committed, Event, Final, Hotwords, PcmFormat, Word
from lingting.domain.errors import InvalidMessage, InvalidOption, LingtingError
from lingting.domain.transcript import join_texts

__all__ = ["VoskDialect"]

DEFAULT_RATE_HZ = 8_000
"""vosk-server's own; nearly every client names another."""
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
MAX_ALTERNATIVES = 100
MAX_AWAITED_RESETS = 256
UNKNOWN_WORD = "[unk]"
"""In a list of phrases: whatever else may be said."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class VoskConfig:
    """What `config` messages have said so far."""

    rate_hz: int = DEFAULT_RATE_HZ
    words: bool = True
    max_alternatives: int = 0
    phrases: tuple[str, ...] = ()


class VoskDialect:
    """The session begins with the first frame of audio."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        """raises    InvalidOption, UnsupportedLanguage, ModelNotFound"""
        self._options = replace(handshake.defaults, partials=True, recognize=recognize_options(handshake))
        self._config = VoskConfig()
        self._is_begun = self._has_ended = False
        self._finals: deque[Final] = deque()
        """Not told yet."""
        self._resets: deque[int] = deque()
        """For each reset that is not answered yet, how many frames came after it, whose replies have to wait."""

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        if self._has_ended:
            raise InvalidMessage("nothing can be sent after eof; connect again")
        if isinstance(message, bytes):
            return self._audio(message)
        values = read_object(message)
        if "config" in values:
            self._configure(values["config"])
            return ()
        if values.get("eof"):
            return self._eof()
        if values.get("reset"):
            return self._reset()
        raise InvalidMessage('send audio in binary frames, {"config": …}, {"reset": 1} or {"eof": 1}')

    def opened(self, opened: Opened) -> Sequence[Message]:
        return ()

    def render(self, event: Event) -> Sequence[Message]:
        match event:
            case Final() if event.text:
                self._finals.append(event)
            case Committed() if self._resets:
                return self._after_reset()
            case Closed(reason=CloseReason.FINISHED):
                return (self._told_all(),)
            case Closed() if self._finals:
                return (self._told_all(),)
            case _:
                pass
        return ()

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        """The protocol has no word for errors; whoever reads on sees why the connection ends."""
        return (_written({"error": error.message, "code": error.code}),)

    def is_fatal(self, error: LingtingError) -> bool:
        return True

    def _audio(self, data: bytes) -> Sequence[Command]:
        begin = () if self._is_begun else self._begin()
        if self._resets:
            self._resets[-1] += 1
            return (*begin, Append(data))
        return (*begin, Append(data), Acknowledge(self._reply))

    def _begin(self) -> Sequence[Command]:
        self._is_begun = True
        config = self._config
        recognize = self._options.recognize
        if config.phrases:
            recognize = replace(recognize, hotwords=hinted(recognize.hotwords, config.phrases, param="phrase_list"))
        options = replace(self._options, recognize=recognize)
        return (Open(options, LiveFormat(PcmFormat("s16le", config.rate_hz, 1))),)

    def _reply(self, text: str, _received_seconds: float) -> Message:
        return self._told([self._finals.popleft()]) if self._finals else _written({"partial": text})

    def _eof(self) -> Sequence[Command]:
        self._has_ended = True
        return (Finish(),) if self._is_begun else (Say(self._told_all()), Close())

    def _reset(self) -> Sequence[Command]:
        """End what is being said; the reply tells it."""
        if not self._is_begun:
            return (Say(self._told_all()),)
        if len(self._resets) >= MAX_AWAITED_RESETS:
            raise InvalidMessage(f"{MAX_AWAITED_RESETS} resets wait for their replies; wait for one of them")
        self._resets.append(0)
        return (Commit(),)

    def _after_reset(self) -> Sequence[Message]:
        waiting = self._resets.popleft()
        return (self._told_all(), *[_written({"partial": ""})] * waiting)

    def _told_all(self) -> Message:
        finals = list(self._finals)
        self._finals.clear()
        return self._told(finals)

    def _told(self, finals: Sequence[Final]) -> Message:
        text = join_texts(final.text for final in finals)
        words = [word for final in finals for word in final.words] if self._config.words else []
        if self._config.max_alternatives:
            only: dict[str, object] = {"confidence": _confidence(finals), "text": text}
            if words:
                only["result"] = [_word(word) for word in words]
            return _written({"alternatives": [only]})
        if not words:
            return _written({"text": text})
        told = [{"conf": round(word.probability, DIGITS), **_word(word)} for word in words]
        return _written({"result": told, "text": text})

    def _configure(self, given: object) -> None:
        if not isinstance(given, dict):
            raise InvalidOption("config", "is no object")
        if "model" in given:
            raise InvalidOption("model", "is chosen by the server, for everybody; leave it out")
        config = _read_config(given, self._config)
        if self._is_begun and config.rate_hz != self._config.rate_hz:
            raise InvalidOption("sample_rate", "cannot change once audio was sent; connect again")
        self._config = config


def _read_config(given: Mapping[str, object], before: VoskConfig) -> VoskConfig:
    """Change what is named; what means nothing here is let pass."""
    fields = Fields({name: value for name, value in given.items() if not isinstance(value, dict | list)})
    rate_hz, alternatives = fields.whole("sample_rate"), fields.whole("max_alternatives")
    if rate_hz is not None and not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InvalidOption("sample_rate", f"{rate_hz} is outside {MIN_RATE_HZ} to {MAX_RATE_HZ}")
    if alternatives is not None and not 0 <= alternatives <= MAX_ALTERNATIVES:
        raise InvalidOption("max_alternatives", f"{alternatives} is outside 0 to {MAX_ALTERNATIVES}")
    phrases = given.get("phrase_list")
    if phrases is not None and not isinstance(phrases, list):
        raise InvalidOption("phrase_list", "is no list of texts")
    wanted = [phrase for phrase in phrases or () if phrase != UNKNOWN_WORD]
    hinted(Hotwords(), wanted, param="phrase_list")
    return VoskConfig(
        rate_hz=before.rate_hz if rate_hz is None else rate_hz,
        words=fields.flag("words", before.words),
        max_alternatives=before.max_alternatives if alternatives is None else alternatives,
        phrases=before.phrases if phrases is None else tuple(wanted),
    )


def _word(word: Word) -> dict[str, object]:
    return {
        "end": round(word.end_seconds, DIGITS),
        "start": round(word.start_seconds, DIGITS),
        "word": word.text.strip(),
    }


def _confidence(finals: Sequence[Final]) -> float:
    words = [word.probability for final in finals for word in final.words]
    if words:
        return round(sum(words) / len(words), DIGITS)
    return round(math.exp(min((final.avg_logprob for final in finals), default=0.0)), DIGITS) if finals else 0.0


def _written(fields: Mapping[str, object]) -> str:
    """As the library itself writes, space for space: some clients look for `"text" : "`."""
    return json.dumps(fields, ensure_ascii=False, indent=2, separators=(",", " : "))
