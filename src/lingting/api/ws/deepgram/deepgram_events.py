"""The session's events in the words of Deepgram's live protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lingting.api.deepgram.answers import CHANNEL, alternative, metadata_fields, model_info, model_uuid, seconds
from lingting.api.ws.messages import write_object
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Event,
    Final,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from lingting.domain.errors import InvalidMessage, LingtingError

__all__ = ["DeepgramEvents", "Wording"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What of the query and the connection decides how events are worded."""

    request_id: str
    model: str
    began_at: datetime
    channels: int = 1
    interim_results: bool = False
    vad_events: bool = False
    with_endpoints: bool = True
    """False where `endpointing=false`: no result ends an utterance."""
    with_marks: bool = True
    is_multi: bool = False
    utterance_end_seconds: float | None = None


@dataclass(slots=True)
class DeepgramEvents:
    """Words events. While a Finalize is awaited the latest final is held back, for the last one has to say so."""

    wording: Wording
    awaited_commits: int = 0
    _held: Final | None = None
    _newest: SpeechStarted | None = None
    """The latest beginning of speech."""
    _last_word_end: float | None = None
    """Of the utterance that may end in silence; None when that was said, or somebody speaks."""
    _ends: dict[int, float] = field(default_factory=dict)
    """When segments ended whose finals have not come."""

    def render(self, event: Event) -> Sequence[str]:  # noqa: PLR0911 - one for each event
        match event:
            case SpeechStarted():
                return self._started(event)
            case SpeechEnded():
                self._ends[event.segment] = event.end_seconds
                return ()
            case Partial():
                return [*self._let_go(), self._interim(event)] if self.wording.interim_results else ()
            case Final():
                return self._final(event)
            case SegmentFailed():
                self._ends.pop(event.segment, None)
                return [*self._let_go(), self._error(event.code, event.message)]
            case Committed():
                return self._committed(event)
            case Closed():
                return [*self._let_go(), *self.heard(event.audio_seconds), *self._closed(event)]
            case _:
                return ()

    def heard(self, heard_seconds: float) -> Sequence[str]:
        """The utterance has ended when nobody spoke for long enough."""
        gap_seconds, last = self.wording.utterance_end_seconds, self._last_word_end
        if gap_seconds is None or last is None or heard_seconds - last < gap_seconds:
            return ()
        self._last_word_end = None
        return (write_object({"type": "UtteranceEnd", "channel": CHANNEL, "last_word_end": seconds(last)}),)

    def finalized(self, at_seconds: float = 0.0) -> str:
        """The answer to a Finalize that nothing was left for."""
        return self._results("", (), at_seconds, at_seconds, is_final=True, speech_final=True, from_finalize=True)

    def metadata(self, *, sha256: str, duration_seconds: float) -> str:
        wording = self.wording
        fields = metadata_fields(
            request_id=wording.request_id,
            sha256=sha256,
            began_at=wording.began_at,
            duration_seconds=duration_seconds,
            channels=wording.channels,
            model=wording.model,
        )
        return write_object({"type": "Metadata", **fields})

    def refusal(self, error: LingtingError) -> str:
        """What was wrong with a message, or with what was asked for."""
        return self._error(error.code, error.message, is_schema=isinstance(error, InvalidMessage))

    def _started(self, event: SpeechStarted) -> list[str]:
        said = [*self._let_go(), *self.heard(event.start_seconds)]
        self._newest, self._last_word_end = event, None
        if self.wording.vad_events:
            timestamp = seconds(event.start_seconds)
            said.append(write_object({"type": "SpeechStarted", "channel": CHANNEL, "timestamp": timestamp}))
        return said

    def _final(self, event: Final) -> list[str]:
        said = self._let_go()
        if self.awaited_commits:
            self._held = event
            return said
        return [*said, *self._settled(event)]

    def _let_go(self) -> list[str]:
        held, self._held = self._held, None
        return self._settled(held) if held is not None else []

    def _committed(self, event: Committed) -> list[str]:
        self.awaited_commits = max(0, self.awaited_commits - 1)
        held, self._held = self._held, None
        if held is None:
            return [self.finalized(event.end_seconds)]
        return self._settled(held, from_finalize=True)

    def _settled(self, event: Final, *, from_finalize: bool = False) -> list[str]:
        """The result of a segment; long speech is cut, and a cut ends no utterance."""
        end_seconds = self._ends.pop(event.segment, event.end_seconds)
        newest = self._newest
        has_next = newest is not None and newest.segment > event.segment
        is_cut = newest is not None and has_next and newest.start_seconds <= end_seconds
        result = self._results(
            event.text,
            event.words,
            event.start_seconds,
            event.end_seconds,
            is_final=True,
            speech_final=from_finalize or (self.wording.with_endpoints and not is_cut),
            from_finalize=from_finalize,
            avg_logprob=event.avg_logprob,
            language=event.language,
        )
        if not event.text:
            return [result]
        self._last_word_end = event.words[-1].end_seconds if event.words else event.end_seconds
        if newest is None or not has_next:
            return [result]
        said = [result, *self.heard(newest.start_seconds)]
        self._last_word_end = None
        return said

    def _interim(self, event: Partial) -> str:
        times = (event.start_seconds, event.end_seconds)
        return self._results(event.text, (), *times, is_final=False, speech_final=False, language=event.language)

    def _results(  # noqa: PLR0913 - the fields of the protocol
        self,
        text: str,
        words: Sequence[Word],
        start_seconds: float,
        end_seconds: float,
        *,
        is_final: bool,
        speech_final: bool,
        from_finalize: bool = False,
        avg_logprob: float = 0.0,
        language: str = "",
    ) -> str:
        wording = self.wording
        told = alternative(text, words, avg_logprob=avg_logprob, with_marks=wording.with_marks)
        if wording.is_multi:
            told["languages"] = [language] if language else []
        fields: dict[str, object] = {
            "type": "Results",
            "channel_index": CHANNEL,
            "duration": seconds(end_seconds - start_seconds),
            "start": seconds(start_seconds),
            "is_final": is_final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [told]},
            "metadata": {
                "request_id": wording.request_id,
                "model_info": model_info(wording.model),
                "model_uuid": model_uuid(wording.model),
            },
        }
        return write_object(fields)

    def _closed(self, event: Closed) -> list[str]:
        """`Metadata` follows a proper end, which the dialect says: it knows the digest of the audio."""
        if event.reason is CloseReason.FINISHED:
            return []
        return [self._error(event.reason, event.message or f"the session ended: {event.reason}")]

    def _error(self, code: str, message: str, *, is_schema: bool = False) -> str:
        variant = "SchemaError" if is_schema else code
        fields = {"type": "Error", "variant": variant, "description": message, "code": code}
        return write_object(fields | {"request_id": self.wording.request_id})
