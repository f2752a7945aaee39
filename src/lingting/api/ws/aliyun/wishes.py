"""The payload of the directives that begin or change a task, made into options. Pure.

Fields that mean nothing here (customization_id, disfluency, …) are passed over, as the cloud does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lingting.api.http.fields import Fields
from lingting.audio.live_formats import Container, LiveFormat
from lingting.domain import PcmFormat, Punctuation, RecognizeOptions, SessionBounds, StreamOptions
from lingting.domain.errors import InvalidOption, UnsupportedFormat
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = [
    "Wishes",
    "read_pcm_rate",
    "read_recognition",
    "read_transcription",
    "text_options",
]

CONTAINERS: dict[str, Container | None] = {
    "pcm": None,
    "wav": "wav",
    "opus": "ogg",
    "opu": "ogg",
    "speex": "ogg",
    "mp3": "mp3",
    "aac": "aac",
    "amr": "amr",
}
"""What a task's audio may come as; Opus and Speex are wrapped in Ogg."""
RATES_HZ = (16_000, 8_000)
IDLE_SECONDS = 10.0
MAX_SENTENCE_SECONDS = 60.0
"""Of audio that SpeechRecognizer takes."""
MAX_SEGMENT_SECONDS = 28.0
"""A sentence is cut as late as may be: only silence ends it."""
USUAL_SILENCE_MS = 800
SILENCE_MS = (200, 6_000)
LEAD_MS = (1, 60_000)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client wants of a task."""

    options: StreamOptions
    format: LiveFormat
    has_marks: bool = False
    """Keep the punctuation."""
    has_words: bool = False
    """Tell the time of each word."""
    ends_itself: bool = False
    """The task is over once somebody has spoken and fallen silent."""


def read_recognition(
    payload: Mapping[str, object], defaults: StreamOptions, shelf: HotwordShelf | None = None
) -> Wishes:
    """Of StartRecognition: one sentence.

    raises    InvalidOption, UnsupportedFormat
    """
    fields = Fields(payload)
    ends_itself = fields.flag("enable_voice_detection")
    lead_ms, end_ms = _milliseconds(fields, "max_start_silence", LEAD_MS), _silence_ms(fields, "max_end_silence")
    lead_seconds = lead_ms / 1_000 if ends_itself and lead_ms is not None else None
    bounds = SessionBounds(max_seconds=MAX_SENTENCE_SECONDS, idle_seconds=IDLE_SECONDS, lead_seconds=lead_seconds)
    options = replace(defaults, max_segment_seconds=MAX_SEGMENT_SECONDS, bounds=bounds)
    if ends_itself:
        options = _with_silence(options, end_ms or USUAL_SILENCE_MS)
    return replace(_common(fields, options, shelf), ends_itself=ends_itself)


def read_transcription(
    payload: Mapping[str, object], defaults: StreamOptions, shelf: HotwordShelf | None = None
) -> Wishes:
    """Of StartTranscription: any number of sentences.

    raises    InvalidOption, UnsupportedFormat
    """
    fields = Fields(payload)
    silence_ms = _silence_ms(fields, "max_sentence_silence") or USUAL_SILENCE_MS
    options = replace(defaults, bounds=SessionBounds(idle_seconds=IDLE_SECONDS))
    return _common(fields, _with_silence(options, silence_ms), shelf)


def text_options(fields: Fields, defaults: RecognizeOptions, shelf: HotwordShelf | None) -> RecognizeOptions:
    """What REST and sockets can ask of the text.

    `vocabulary_id` may be the name of a pack of hotwords here; an id of the cloud's own is passed over.

    raises    InvalidOption
    """
    has_marks = fields.flag("enable_punctuation_prediction")
    vocabulary = fields.text("vocabulary_id")
    hotwords = defaults.hotwords
    if shelf is not None and vocabulary in {pack.name for pack in shelf.packs}:
        hotwords = shelf.chosen(hotwords, packs=[vocabulary])
    return replace(
        defaults,
        hotwords=hotwords,
        itn=fields.flag("enable_inverse_text_normalization"),
        punctuation=defaults.punctuation if has_marks else Punctuation.OFF,
    )


def read_pcm_rate(fields: Fields) -> int:
    """raises    UnsupportedFormat"""
    rate_hz = fields.whole("sample_rate") or RATES_HZ[0]
    if rate_hz not in RATES_HZ:
        raise UnsupportedFormat("sample_rate", f"{rate_hz} is not taken; send 16000 or 8000")
    return rate_hz


def _common(fields: Fields, options: StreamOptions, shelf: HotwordShelf | None) -> Wishes:
    return Wishes(
        options=replace(
            options,
            recognize=text_options(fields, options.recognize, shelf),
            partials=fields.flag("enable_intermediate_result"),
        ),
        format=_format(fields),
        has_marks=fields.flag("enable_punctuation_prediction"),
        has_words=fields.flag("enable_words"),
    )


def _format(fields: Fields) -> LiveFormat:
    name = (fields.text("format") or "pcm").lower()
    if name not in CONTAINERS:
        accepted = ", ".join(CONTAINERS)
        raise UnsupportedFormat("format", f"{name[:40]!r} is not taken live; send one of {accepted}")
    rate_hz, container = read_pcm_rate(fields), CONTAINERS[name]
    return LiveFormat(PcmFormat(rate_hz=rate_hz)) if container is None else LiveFormat(pcm=None, container=container)


def _with_silence(options: StreamOptions, silence_ms: float) -> StreamOptions:
    return replace(options, silence_seconds=silence_ms / 1_000, adaptive_silence=False)


def _silence_ms(fields: Fields, name: str) -> float | None:
    return _milliseconds(fields, name, SILENCE_MS)


def _milliseconds(fields: Fields, name: str, bounds: tuple[int, int]) -> float | None:
    value, (low, high) = fields.number(name), bounds
    if value is not None and not low <= value <= high:
        raise InvalidOption(name, f"{value:g} is outside {low} to {high} milliseconds")
    return value
