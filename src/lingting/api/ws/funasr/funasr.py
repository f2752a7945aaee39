"""The WebSocket protocol of FunASR's runtime, in all of its modes; see docs/funasr.md.

Clients put the pieces of `online` results one behind the other, and throw them away for an `offline` result. So pieces
are words that will not change any more, of one sentence at a time, each with the space that belongs before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lingting.api.ws.dialect import Append, Command, Finish, Handshake, Message, Open, Opened, Say, Stay
from lingting.api.ws.funasr.funasr_config import KNOWN, Wish, read_wish
from lingting.api.ws.funasr.funasr_times import stamp_sentences, timestamp, tokens_of
from lingting.api.ws.messages import read_object, write_object
from lingting.api.ws.query import recognize_options
from lingting.audio.live_formats import HEAD_BYTES, LiveFormat, container_of
from lingting.domain import Closed, CloseReason, Event, Final, Partial, PcmFormat, SegmentFailed, Word
from lingting.domain.errors import AudioUndecodable, InvalidMessage, InvalidOption, LingtingError, SessionIdle
from lingting.domain.transcript import join_texts
from lingting.live.continuation import continue_after

__all__ = ["FunasrDialect"]

UNKNOWN_AUDIO = "the audio is not WAV, Ogg, WebM, FLAC, MP3 or AAC; send wav_format pcm with headerless samples"


class FunasrDialect:
    """JSON says how, binary frames are audio, `is_speaking` of false ends it."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        """raises    InvalidOption, UnsupportedLanguage, ModelNotFound"""
        recognize = replace(recognize_options(handshake), itn=True)
        self._wish = Wish(replace(handshake.defaults, recognize=recognize))
        self._begin_anew()

    def _begin_anew(self) -> None:
        """As before the first audio of a recording; what was wished stays."""
        self._head = b""
        """The first bytes of what is not headerless, while they are too few."""
        self._is_begun = self._has_ended = self._wants_ack = False
        self._finals: list[Final] = []
        """Of the mode that answers once, all; of the others, once the client has ended, the latest."""
        self._last_sign = ""
        """Of all that was given as final, to know what space belongs before what follows."""
        self._piece = ""
        """What the pieces of the open sentence say."""
        self._sentence = 1
        """The segment whose pieces are given; those of the next one wait for its final."""
        self._ahead: Partial | None = None

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        if self._has_ended:
            raise InvalidMessage("wait for the end of the results before another recording, or connect again")
        if isinstance(message, bytes):
            return self._audio(message)
        values = read_object(message)
        if KNOWN.isdisjoint(values):
            raise InvalidMessage(f"the message has no field that is known here; some are {', '.join(sorted(KNOWN))}")
        wish = read_wish(values, self._wish)
        if self._is_begun and (wish.mode, wish.rate_hz) != (self._wish.mode, self._wish.rate_hz):
            raise InvalidOption("mode", "mode and audio_fs cannot change once audio was sent; connect again")
        self._wish = wish
        if values.get("is_speaking") is False:
            self._wants_ack = values.get("is_end") is True
            return self._end()
        return ()

    def opened(self, opened: Opened) -> Sequence[Message]:
        return ()

    def render(self, event: Event) -> Sequence[Message | Command]:
        match event:
            case Partial():
                self._ahead = event
                return self._pieces()
            case Final():
                return [*self._final(event), *self._next(event.segment)]
            case SegmentFailed():
                return self._next(event.segment)
            case Closed():
                return self._closed(event)
            case _:
                return ()

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        """A client that sends no further recording is let go without a word."""
        is_between = isinstance(error, SessionIdle) and not self._is_begun
        return () if is_between else (self._acknowledgement(error=error.message),)

    def is_fatal(self, error: LingtingError) -> bool:
        return True

    def _audio(self, data: bytes) -> Sequence[Command]:
        if self._is_begun:
            return (Append(data),)
        if self._wish.is_headerless:
            return (*self._begin(LiveFormat(PcmFormat("s16le", self._wish.rate_hz, 1))), Append(data))
        self._head += data
        if len(self._head) < HEAD_BYTES:
            return ()
        container = container_of(self._head)
        if container is None:
            raise AudioUndecodable(UNKNOWN_AUDIO)
        head, self._head = self._head, b""
        return (*self._begin(LiveFormat(pcm=None, container=container)), Append(head))

    def _begin(self, fmt: LiveFormat) -> Sequence[Command]:
        self._is_begun = True
        return (Open(self._wish.options, fmt),)

    def _end(self) -> Sequence[Command]:
        self._has_ended = True
        if self._is_begun:
            return (Finish(),)
        said = self._last_words()
        self._begin_anew()
        return tuple(map(Say, said))

    def _pieces(self) -> list[str]:
        """What the stable text of the open sentence says more than was given of it."""
        ahead = self._ahead
        if ahead is None or ahead.segment != self._sentence or self._wish.mode == "offline":
            return []
        return self._online(ahead.stable)

    def _online(self, text: str) -> list[str]:
        text = text.rstrip()
        if len(text) <= len(self._piece) or not text.startswith(self._piece):
            return []
        piece, self._piece = self._spaced(text)[len(self._spaced(self._piece)) :], text
        return [self._result("online", piece)]

    def _spaced(self, text: str) -> str:
        """With the space that belongs between it and what was final before."""
        return join_texts((self._last_sign, text))[len(self._last_sign) :] if text else ""

    def _final(self, event: Final) -> list[str]:
        if self._wish.mode == "offline":
            self._finals.append(event)
            return []
        if self._wish.mode == "online":
            whole = continue_after(self._piece, event.text.strip())
            said = self._online(whole)
            self._last_sign = whole[-1:] or self._last_sign
            return said
        if not event.text and not self._piece:
            return []
        said = self._let_go()
        if self._has_ended:
            self._finals = [event]
            return said
        return [*said, self._offline([event])]

    def _next(self, segment: int) -> list[str]:
        """The sentence is over; pieces of the next one may have waited for that."""
        self._sentence, self._piece = segment + 1, ""
        return self._pieces()

    def _let_go(self) -> list[str]:
        held, self._finals = self._finals, []
        return [self._offline(held)] if held else []

    def _closed(self, event: Closed) -> list[str | Command]:
        """Another recording may come on the same connection."""
        if event.reason is not CloseReason.FINISHED:
            said = self._let_go()
            return [*said, self._acknowledgement(error=event.message or f"the session ended: {event.reason}")]
        words = self._last_words()
        self._begin_anew()
        return [*words, Stay()]

    def _last_words(self) -> list[str]:
        """The last result says that it is, and where the client asked for it, an acknowledgement does."""
        finals, self._finals = self._finals, []
        if self._wish.mode != "online" and (finals or not self._wants_ack):
            last = [self._offline(finals, is_final=True)]
        else:
            last = [] if self._wants_ack else [self._result("online", "", is_final=True)]
        return [*last, self._acknowledgement()] if self._wants_ack else last

    def _offline(self, finals: Sequence[Final], *, is_final: bool = False) -> str:
        text = join_texts(final.text for final in finals)
        words = [word for final in finals for word in final.words]
        told = self._result("offline", self._spaced(text), words, is_final=is_final)
        self._last_sign = text[-1:] or self._last_sign
        return told

    def _result(self, kind: str, text: str, words: Sequence[Word] = (), *, is_final: bool = False) -> str:
        mode = f"2pass-{kind}" if self._wish.mode == "2pass" else self._wish.mode
        fields: dict[str, object] = {"mode": mode, "wav_name": self._wish.name, "text": text, "is_final": is_final}
        if tokens := tokens_of(words):
            fields |= {"timestamp": timestamp(tokens), "stamp_sents": stamp_sentences(tokens)}
        return write_object(fields)

    def _acknowledgement(self, *, error: str | None = None) -> str:
        """The end of all results; with an error, that there will be none."""
        fields: dict[str, object] = {
            "mode": self._wish.mode,
            "wav_name": self._wish.name,
            "text": "",
            "is_final": error is None,
            "is_end": True,
        }
        return write_object(fields if error is None else fields | {"error": error})
