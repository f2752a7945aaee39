"""The `config` of the native INIT and CONFIG messages: read by name and alias, checked, made into options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lingting.api.http.fields import Fields, read_redaction, read_speakers
from lingting.api.http.hotword_fields import read_hotword_fields
from lingting.api.ws.dialect import RoomClaim
from lingting.audio.live_formats import Container, LiveFormat
from lingting.domain import PcmFormat, Punctuation, Script, Spacing, StreamOptions
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import InvalidOption, UnsupportedFormat
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = ["Config", "read_config", "read_seq"]

# fmt: off
PCM: dict[str, PcmEncoding] = {
    "linear16": "s16le", "pcm": "s16le", "s16le": "s16le", "pcm_s16le": "s16le",
    "float32": "f32le", "f32le": "f32le", "pcm_f32le": "f32le",
    "mulaw": "mulaw", "pcmu": "mulaw", "alaw": "alaw", "pcma": "alaw",
}
CONTAINERS: dict[str, Container] = {
    "opus": "webm", "webm_opus": "webm", "webm": "webm", "ogg_opus": "ogg", "ogg": "ogg",
    "mp3": "mp3", "aac": "aac", "flac": "flac", "wav": "wav",
}
ALIASES = {
    "sampleRate": "sample_rate", "sampleRateHertz": "sample_rate", "sample_rate_hertz": "sample_rate",
    "rate": "sample_rate",
    "languageCode": "language", "language_code": "language",
    "interim_results": "partials", "enable_partial": "partials",
    "max_sentence_silence": "silence_ms", "silence_duration_ms": "silence_ms",
}
# fmt: on
FORMAT_FIELDS = ("encoding", "sample_rate", "channels")
INIT_FIELDS = ("room", "room_token", "session", "seq")
"""What only the first message may say."""
OPTION_FIELDS = (
    *(
        "language",
        "per_segment_language",
        "prompt",
        "hotwords",
        "hotword_packs",
        "hotword_prompt",
        "script",
        "itn",
        "spacing",
        "punctuation",
        "redact",
        "redact_kinds",
        "mood",
        "intents",
        "publish",
        "model",
        "local_only",
        "words",
        "partials",
        "partial_interval_ms",
    ),
    *("silence_ms", "max_segment_ms", "vad_threshold", "vad_pad_ms", "beam_size", "guard", "ack"),
    *("speakers", "diarize"),
)
KNOWN = frozenset((*FORMAT_FIELDS, *INIT_FIELDS, *OPTION_FIELDS))
MAX_IGNORED = 32
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
MILLISECONDS = {
    "silence_ms": (200, 2_000),
    "max_segment_ms": (5_000, 28_000),
    "partial_interval_ms": (100, 10_000),
    "vad_pad_ms": (0, 2_000),
}


@dataclass(frozen=True, slots=True)
class Config:
    """What a client wishes, checked."""

    options: StreamOptions = StreamOptions()  # noqa: RUF009 - frozen
    format: LiveFormat = LiveFormat()  # noqa: RUF009 - frozen
    ack: bool = True
    """Whether each piece of audio is answered."""
    room: RoomClaim | None = None
    session: str | None = None
    """To go on with, instead of a fresh one."""
    seq: int = 0
    publish: bool | None = None
    """Whether commands shall be told to others; None where they can be."""
    ignored: tuple[str, ...] = ()
    """Fields that mean nothing here."""


def read_config(
    values: Mapping[str, object], before: Config, *, is_first: bool, shelf: HotwordShelf | None = None
) -> Config:
    """Change what the fields name and keep the rest of `before`.

    is_first    False for a session that runs: its format and its room stay
    raises      InvalidOption, UnsupportedFormat, UnsupportedLanguage
    """
    named, ignored = _by_name(values)
    fields = Fields(named)
    made = Config(
        options=_options(fields, before.options, shelf),
        format=_format(fields, before.format),
        ack=fields.flag("ack", before.ack),
        publish=fields.flag("publish") if "publish" in named else before.publish,
        room=_room(fields) if is_first else None,
        session=fields.text("session") if is_first else None,
        seq=read_seq(fields) if is_first else 0,
        ignored=ignored,
    )
    if is_first:
        return made
    for name in INIT_FIELDS:
        if name in named:
            raise InvalidOption(name, "can only be given in INIT")
    if made.format != before.format:
        name = next(name for name in FORMAT_FIELDS if name in named)
        raise InvalidOption(name, "cannot change within a session; END it and begin another")
    return made


def _pack(fields: Fields, before: str) -> str:
    """The name `none` ends what was asked for before."""
    given = fields.text("intents")
    return before if given is None else "" if given.lower() == "none" else given


def read_seq(fields: Fields) -> int:
    seq = fields.whole("seq") or 0
    if seq < 0:
        raise InvalidOption("seq", f"{seq} is negative; give the seq of the last event that was seen, or 0")
    return seq


def _by_name(values: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    named: dict[str, object] = {}
    ignored: list[str] = []
    for given, value in values.items():
        name = ALIASES.get(given, given)
        if name not in KNOWN:
            ignored.append(given[:40].encode("utf-8", "replace").decode())
        elif name in named:
            raise InvalidOption(name, f"is given twice, once as {given!r}")
        else:
            named[name] = value
    return named, tuple(ignored[:MAX_IGNORED])


def _options(fields: Fields, before: StreamOptions, shelf: HotwordShelf | None) -> StreamOptions:
    wishes: dict[str, Any] = {}  # Any: keyword arguments of StreamOptions
    for name, target in (
        ("silence_ms", "silence_seconds"),
        ("max_segment_ms", "max_segment_seconds"),
        ("partial_interval_ms", "partial_interval_seconds"),
    ):
        if (seconds := _seconds(fields, name)) is not None:
            wishes[target] = seconds
    if "silence_seconds" in wishes:
        wishes["adaptive_silence"] = False
    return replace(
        before,
        recognize=replace(before.recognize, **_recognize(fields, before, shelf)),
        partials=fields.flag("partials", before.partials),
        intents=_pack(fields, before.intents),
        **wishes,
    )


def _recognize(
    fields: Fields, before: StreamOptions, shelf: HotwordShelf | None
) -> dict[str, Any]:  # Any: keyword arguments of RecognizeOptions
    old = before.recognize
    wishes: dict[str, Any] = {
        "per_segment_language": fields.flag("per_segment_language", old.per_segment_language),
        "word_times": fields.flag("words", old.word_times),
        "guard": fields.flag("guard", old.guard),
        "itn": fields.flag("itn", old.itn),
        "redaction": read_redaction(fields, old.redaction),
        "mood": fields.flag("mood", old.mood),
        "model": fields.text("model") or old.model,
        "local_only": fields.flag("local_only", old.local_only),
        "hotword_prompt": fields.flag("hotword_prompt", old.hotword_prompt),
        "hotwords": read_hotword_fields(
            old.hotwords, shelf, hotwords=fields.value("hotwords"), packs=fields.value("hotword_packs")
        ),
    }
    if (speakers := read_speakers(fields)) is not None:
        wishes["speakers"] = speakers  # refused by the options, as of every live stream
    if (language := fields.text("language")) is not None:
        wishes["language"] = None if language.lower() == "auto" else language
        wishes["languages"] = ()
    if (prompt := fields.text("prompt")) is not None:
        wishes["prompt"] = prompt
    if (script := fields.choice("script", Script)) is not None:
        wishes["script"] = script
    for name, kind in (("spacing", Spacing), ("punctuation", Punctuation)):
        if (choice := fields.choice(name, kind)) is not None:
            wishes[name] = choice
    if (beam_size := fields.whole("beam_size")) is not None:
        wishes["beam_size"] = beam_size
    threshold, pad_seconds = fields.number("vad_threshold"), _seconds(fields, "vad_pad_ms")
    wishes["vad"] = replace(
        old.vad,
        threshold=old.vad.threshold if threshold is None else threshold,
        pad_seconds=old.vad.pad_seconds if pad_seconds is None else pad_seconds,
    )
    return wishes


def _seconds(fields: Fields, name: str) -> float | None:
    milliseconds = fields.number(name)
    if milliseconds is None:
        return None
    low, high = MILLISECONDS[name]
    if not low <= milliseconds <= high:
        raise InvalidOption(name, f"{milliseconds:g} is outside {low} to {high}")
    return milliseconds / 1_000


def _format(fields: Fields, before: LiveFormat) -> LiveFormat:
    encoding = (fields.text("encoding") or "").lower()
    if encoding in CONTAINERS:
        return LiveFormat(pcm=None, container=CONTAINERS[encoding])
    if encoding and encoding not in PCM:
        accepted = ", ".join(name.upper() for name in (*PCM, *CONTAINERS))
        raise UnsupportedFormat("encoding", f"{encoding[:40]!r} is unknown; use one of {accepted}")
    if before.pcm is None and not encoding:
        return before
    usual = before.pcm or PcmFormat()
    return LiveFormat(
        PcmFormat(
            PCM.get(encoding, usual.encoding),
            _whole_within(fields, "sample_rate", MIN_RATE_HZ, MAX_RATE_HZ, usual.rate_hz),
            _whole_within(fields, "channels", 1, 2, usual.channels),
        )
    )


def _whole_within(fields: Fields, name: str, low: int, high: int, usual: int) -> int:
    value = fields.whole(name)
    if value is None:
        return usual
    if not low <= value <= high:
        raise InvalidOption(name, f"{value} is outside {low} to {high}")
    return value


def _room(fields: Fields) -> RoomClaim | None:
    room = fields.text("room")
    return None if room is None else RoomClaim(room, fields.text("room_token") or "")
