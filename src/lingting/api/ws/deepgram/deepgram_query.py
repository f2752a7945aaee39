"""The query of Deepgram's live address: what is recognised, what the audio comes as, and how events are worded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lingting.api.deepgram.query import PCM, Query, fields_of, keeps_marks, read_pcm_query, read_query, require_known
from lingting.api.http.fields import FALSE, Fields
from lingting.api.ws.deepgram.deepgram_events import Wording
from lingting.api.ws.dialect import Handshake
from lingting.audio.live_formats import CONTAINERS, Container, LiveFormat
from lingting.domain import StreamOptions
from lingting.domain.errors import InvalidOption

__all__ = ["Asked", "read_live_query"]

COMPRESSED: dict[str, Container] = {"opus": "ogg", "ogg-opus": "ogg", **{name: name for name in CONTAINERS}}
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
MIN_SILENCE_MS, MAX_SILENCE_MS = 200, 2_000
"""What a session can wait for; Deepgram's own default of 10 ms becomes the least."""
UTTERANCE_END_MS = (1_000, 60_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """A live query, checked."""

    options: StreamOptions
    format: LiveFormat | None
    """None is found out from the first bytes."""
    wording: Wording


def read_live_query(handshake: Handshake) -> Asked:
    """raises    InvalidOption, UnsupportedFormat, UnsupportedLanguage, ModelNotFound"""
    query, defaults = handshake.values, handshake.defaults
    fields = fields_of(query)
    if fields.flag("multichannel"):
        raise InvalidOption("multichannel", "channels are mixed in live audio; send one connection for each")
    wants_interim = fields.flag("interim_results")
    recognize = read_query(query, defaults.recognize, models=handshake.models)
    silence_seconds = _silence(fields)
    options = replace(
        defaults,
        recognize=recognize,
        partials=wants_interim,
        silence_seconds=defaults.silence_seconds if silence_seconds is None else silence_seconds,
        adaptive_silence=defaults.adaptive_silence and silence_seconds is None,
    )
    fmt = _format(query, fields)
    wording = Wording(
        request_id=handshake.request_id,
        model=recognize.model or handshake.models[0],
        began_at=handshake.began_at,
        channels=fmt.pcm.channels if fmt is not None and fmt.pcm is not None else 1,
        interim_results=wants_interim,
        vad_events=fields.flag("vad_events"),
        with_endpoints=(fields.text("endpointing") or "true").lower() not in FALSE,
        with_marks=keeps_marks(query),
        is_multi=(fields.text("language") or "").lower() == "multi",
        utterance_end_seconds=_utterance_end(fields),
    )
    return Asked(options, fmt, wording)


def _silence(fields: Fields) -> float | None:
    """How long a pause ends an utterance; a number outside becomes the nearest inside."""
    given = (fields.text("endpointing") or "true").lower()
    if given == "true" or given in FALSE:
        return None
    milliseconds = fields.number("endpointing") or 0.0
    return min(max(milliseconds, MIN_SILENCE_MS), MAX_SILENCE_MS) / 1_000


def _utterance_end(fields: Fields) -> float | None:
    milliseconds = fields.number("utterance_end_ms")
    if milliseconds is None:
        return None
    low, high = UTTERANCE_END_MS
    if not low <= milliseconds <= high:
        raise InvalidOption("utterance_end_ms", f"{milliseconds:g} is outside {low} to {high}")
    return milliseconds / 1_000


def _format(query: Query, fields: Fields) -> LiveFormat | None:
    encoding = (fields.text("encoding") or "").lower()
    require_known(encoding, (*PCM, *COMPRESSED))
    if encoding in COMPRESSED:
        return LiveFormat(pcm=None, container=COMPRESSED[encoding])
    pcm = read_pcm_query(query, min_hz=MIN_RATE_HZ, max_hz=MAX_RATE_HZ, max_channels=2)
    return LiveFormat(pcm) if pcm is not None else None
