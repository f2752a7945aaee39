"""The formats of audio that OpenAI's Realtime API has, in either of its two shapes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lingting.api.ws.openai.fields import Section
from lingting.domain import PcmFormat
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import InvalidOption

__all__ = ["FLAT_FORMATS", "FORMAT_NAMES", "RATES_HZ", "format_object", "read_format"]

RATES_HZ = (24_000, 16_000, 8_000)
"""The first is OpenAI's; the others are an extension."""
FORMATS: dict[str, PcmEncoding] = {"audio/pcm": "s16le", "audio/pcmu": "mulaw", "audio/pcma": "alaw"}
FORMAT_NAMES = {encoding: name for name, encoding in FORMATS.items()}
FLAT_FORMATS = {
    "pcm16": PcmFormat("s16le", 24_000),
    "g711_ulaw": PcmFormat("mulaw", 8_000),
    "g711_alaw": PcmFormat("alaw", 8_000),
}
TELEPHONE_RATE_HZ = 8_000
"""Of G.711, always."""


def read_format(section: Section, now: PcmFormat, *, rates_hz: Sequence[int] = RATES_HZ) -> PcmFormat:
    """What the client wants; null is the default.

    raises    InvalidOption
    """
    if section.value is None:
        return PcmFormat("s16le", RATES_HZ[0])
    if isinstance(section.value, str):
        return FLAT_FORMATS[section.choice(FLAT_FORMATS)]
    fields = section.fields()
    kind = fields.choice("type", FORMATS, default=FORMAT_NAMES[now.encoding])
    if kind != "audio/pcm":
        fields.whole("rate", TELEPHONE_RATE_HZ, TELEPHONE_RATE_HZ, default=TELEPHONE_RATE_HZ)
        return PcmFormat(FORMATS[kind], TELEPHONE_RATE_HZ)
    earlier = now.rate_hz if now.encoding == "s16le" else RATES_HZ[0]
    rate_hz = fields.whole("rate", min(RATES_HZ), max(RATES_HZ), default=earlier)
    if rate_hz not in rates_hz:
        raise InvalidOption(fields.path("rate"), f"{rate_hz} is not offered; use {', '.join(map(str, rates_hz))}")
    return PcmFormat("s16le", rate_hz)


def format_object(pcm: PcmFormat) -> dict[str, object]:
    """As it is shown in the nested shape."""
    kind: dict[str, object] = {"type": FORMAT_NAMES[pcm.encoding]}
    return kind | ({"rate": pcm.rate_hz} if pcm.encoding == "s16le" else {})
