"""Fields of a request, whether from a form, a query or JSON, into options; every refusal names its field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from lingting.api.http.hotword_fields import read_hotword_fields
from lingting.domain import (
    ChannelMode,
    PcmFormat,
    PiiKind,
    Punctuation,
    RecognizeOptions,
    Redaction,
    RedactMode,
    Script,
    Spacing,
    Task,
)
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import InvalidOption
from lingting.domain.options import DEFAULT_TEMPERATURES, MAX_SPEAKERS
from lingting.text.hotwords.shelf import HotwordShelf
from lingting.text.mood.sentiment import require_mood

__all__ = [
    "FALSE",
    "MAX_PCM_RATE_HZ",
    "MIN_PCM_RATE_HZ",
    "REDACT_SCHEMA",
    "Fields",
    "is_encodable",
    "read_options",
    "read_pcm",
    "read_redaction",
    "read_speakers",
]

E = TypeVar("E", bound=StrEnum)
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")
PCM_ENCODINGS: dict[str, PcmEncoding] = {
    "pcm": "s16le",
    "raw": "s16le",
    "s16le": "s16le",
    "linear16": "s16le",
    "f32le": "f32le",
    "float32": "f32le",
    "mulaw": "mulaw",
    "ulaw": "mulaw",
    "pcmu": "mulaw",
    "alaw": "alaw",
    "pcma": "alaw",
}
MIN_PCM_RATE_HZ, MAX_PCM_RATE_HZ = 4_000, 192_000


REDACT_SCHEMA: dict[str, Any] = {  # Any: OpenAPI
    "redact": {"type": "string", "enum": list(RedactMode), "description": "hide personal data: off, mask, tag, token"},
    "redact_kinds": {"type": "string", "description": f"which, with commas; all unless named: {', '.join(PiiKind)}"},
}


class Fields:
    """A request's scalar fields, read by kind; an empty one counts as not given."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None and value != ""}

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidOption(name, "is not text")
        if not is_encodable(value):
            raise InvalidOption(name, "holds half a surrogate pair, which is no character")
        return value

    def value(self, name: str) -> object:
        """As it was sent; None where it was not."""
        return self._values.get(name)

    def holds(self, name: str, word: str) -> bool:
        """Whether it is this word, in whatever case."""
        value = self._values.get(name)
        return isinstance(value, str) and value.lower() == word

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._values.get(name, default)
        if isinstance(value, bool):
            return value
        text = str(value).lower()
        if text not in TRUE + FALSE:
            raise InvalidOption(name, f"{text[:40]!r} is neither true nor false")
        return text in TRUE

    def number(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        try:
            number = float(value) if isinstance(value, str | int | float) else None
        except (ValueError, OverflowError):
            number = None
        if number is None or math.isnan(number) or isinstance(value, bool):
            raise InvalidOption(name, f"{str(value)[:40]!r} is not a number")
        return number

    def whole(self, name: str) -> int | None:
        number = self.number(name)
        if number is not None and not number.is_integer():
            raise InvalidOption(name, f"{number} is not a whole number")
        return None if number is None else int(number)

    def choice(self, name: str, kind: type[E]) -> E | None:
        text = self.text(name)
        if text is None:
            return None
        if text not in list(kind):
            raise InvalidOption(name, f"{text[:40]!r} is unknown; use one of {', '.join(kind)}")
        return kind(text)


def is_encodable(text: str) -> bool:
    """JSON can write halves of surrogate pairs, which no tokenizer takes and no frame carries."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_options(
    fields: Fields,
    defaults: RecognizeOptions,
    *,
    keywords: Sequence[str] = (),
    shelf: HotwordShelf | None = None,
) -> RecognizeOptions:
    """The options that all doors share, by the names they have in common.

    keywords  hotwords by another vendor's name
    shelf     the packs that `hotword_packs` may name; None where a door knows none
    raises    InvalidOption, UnsupportedLanguage
    """
    wishes: dict[str, Any] = {}  # Any: keyword arguments of RecognizeOptions
    language = fields.text("language")
    if language is not None:
        wishes["language"] = None if language.lower() == "auto" else language
        wishes["languages"] = ()
    if (prompt := fields.text("prompt")) is not None:
        wishes["prompt"] = prompt
    words, packs = fields.value("hotwords"), fields.value("hotword_packs")
    wishes["hotwords"] = read_hotword_fields(defaults.hotwords, shelf, hotwords=words, packs=packs, keywords=keywords)
    wishes["hotword_prompt"] = fields.flag("hotword_prompt", defaults.hotword_prompt)
    temperature = fields.number("temperature")
    if temperature:
        wishes["temperatures"] = (temperature, *(step for step in DEFAULT_TEMPERATURES if step > temperature))[
            : len(DEFAULT_TEMPERATURES)
        ]
    beam_size = fields.whole("beam_size")
    if beam_size is not None:
        wishes["beam_size"] = beam_size
    script = fields.choice("script", Script)
    if script is not None:
        wishes["script"] = script
    for name, kind in (("spacing", Spacing), ("punctuation", Punctuation)):
        if (choice := fields.choice(name, kind)) is not None:
            wishes[name] = choice
    task = fields.choice("task", Task)
    if task is not None:
        wishes["task"] = task
    wishes["redaction"] = read_redaction(fields, defaults.redaction)
    wishes["itn"] = fields.flag("itn", defaults.itn)
    wishes["mood"] = fields.flag("mood", defaults.mood)
    if (names := fields.text("channel_names")) is not None:
        wishes["channel_names"] = tuple(name.strip() for name in names.split(","))
    if (speakers := read_speakers(fields)) is not None:
        wishes["speakers"] = speakers
    wishes["denoise"] = fields.flag("denoise")
    wishes["per_segment_language"] = fields.flag("per_segment_language")
    if wishes["mood"]:
        require_mood()
    return replace(defaults, **wishes, **_channel(fields.text("channel")))


def read_speakers(fields: Fields) -> int | None:
    """The fields `speakers`, a number or auto, and `diarize`, which means auto; None tells nobody apart.

    raises    InvalidOption
    """
    if fields.holds("speakers", "auto"):
        return 0
    count = fields.whole("speakers")
    if count is None:
        return 0 if fields.flag("diarize") else None
    if count < 1:
        raise InvalidOption("speakers", f"{count} is no number of persons; give 1 to {MAX_SPEAKERS}, or auto")
    return count


def read_redaction(fields: Fields, default: Redaction) -> Redaction:
    """The fields `redact` and `redact_kinds`, names with commas between them.

    raises    InvalidOption, also for less than the server insists on
    """
    named = fields.text("redact_kinds")
    kinds = None if named is None else [name.strip().lower() for name in named.split(",") if name.strip()]
    for name in kinds or ():
        if name not in list(PiiKind):
            raise InvalidOption("redact_kinds", f"{name[:40]!r} is unknown; use some of {', '.join(PiiKind)}")
    return default.asked(fields.choice("redact", RedactMode), None if kinds is None else map(PiiKind, kinds))


def _channel(given: str | None) -> dict[str, Any]:  # Any: keyword arguments of RecognizeOptions
    if given is None or given == ChannelMode.MIX:
        return {}
    if given == ChannelMode.SPLIT:
        return {"channel_mode": ChannelMode.SPLIT}
    if not given.isascii() or not given.isdigit():
        raise InvalidOption("channel", f"{given[:40]!r} is unknown; use mix, split, or a channel counted from 0")
    return {"channel_mode": ChannelMode.PICK, "channel": int(given[:6])}


def read_pcm(fields: Fields) -> PcmFormat | None:
    """The declaration of headerless audio, when `format` (or `encoding`) names one; None finds out from the bytes.

    raises    InvalidOption
    """
    name = (fields.text("format") or fields.text("encoding") or "").lower()
    if name not in PCM_ENCODINGS:
        return None
    rate_hz = fields.whole("sample_rate") or 16_000
    if not MIN_PCM_RATE_HZ <= rate_hz <= MAX_PCM_RATE_HZ:
        raise InvalidOption("sample_rate", f"{rate_hz} is outside {MIN_PCM_RATE_HZ} to {MAX_PCM_RATE_HZ}")
    channels = fields.whole("channels") or 1
    if not 1 <= channels <= 16:
        raise InvalidOption("channels", f"{channels} is outside 1 to 16")
    return PcmFormat(PCM_ENCODINGS[name], rate_hz, channels)
