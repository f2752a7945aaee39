"""The first message of FunASR's protocol: what is wanted, what the audio comes as, and what it is called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from lingting.api.http.fields import Fields, read_options
from lingting.api.ws.hints import hinted
from lingting.domain import StreamOptions
from lingting.domain.errors import InvalidOption

__all__ = ["KNOWN", "Mode", "Wish", "read_wish"]

Mode = Literal["offline", "online", "2pass"]
"""One answer at the end; pieces while somebody speaks; or pieces, and each sentence again when it is final."""
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
MAX_NAME_CHARACTERS = 200
KNOWN = frozenset({
    "mode", "wav_name", "wav_format", "audio_fs", "is_speaking", "is_end", "hotwords", "hotword", "itn", "chunk_size",
    "chunk_interval", "encoder_chunk_look_back", "decoder_chunk_look_back", "svs_lang", "svs_itn",
})  # fmt: skip
"""A message that has none of these is of another protocol."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the client has said so far."""

    options: StreamOptions
    mode: Mode = "2pass"
    name: str = "microphone"
    """Given back with every result."""
    rate_hz: int = 16_000
    is_headerless: bool = True


def read_wish(values: Mapping[str, object], before: Wish) -> Wish:
    """Change what is named. `chunk_size` and its kin say how FunASR's own models work, and mean nothing here.

    raises    InvalidOption, UnsupportedLanguage
    """
    fields = Fields({name: value for name, value in values.items() if not isinstance(value, dict | list)})
    mode = fields.text("mode") or before.mode
    if mode not in get_args(Mode):
        raise InvalidOption("mode", f"{mode[:40]!r} is unknown; use one of {', '.join(get_args(Mode))}")
    rate_hz = fields.whole("audio_fs") or before.rate_hz
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InvalidOption("audio_fs", f"{rate_hz} is outside {MIN_RATE_HZ} to {MAX_RATE_HZ}")
    name = fields.text("wav_name") or before.name
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidOption("wav_name", f"is longer than {MAX_NAME_CHARACTERS} characters")
    kind = fields.text("wav_format")
    return Wish(
        options=_options(fields, values, before.options, partials=mode != "offline"),
        mode=mode,  # type: ignore[arg-type]  # it is one of them
        name=name,
        rate_hz=rate_hz,
        is_headerless=before.is_headerless if kind is None else kind.lower() == "pcm",
    )


def _options(fields: Fields, values: Mapping[str, object], before: StreamOptions, *, partials: bool) -> StreamOptions:
    recognize = before.recognize
    itn = fields.flag("itn", default=fields.flag("svs_itn", default=recognize.itn))
    recognize = read_options(Fields({"language": fields.text("svs_lang"), "itn": itn}), recognize)
    if words := _hotwords(values):
        recognize = replace(recognize, hotwords=hinted(recognize.hotwords, words, param="hotwords"))
    recognize = replace(recognize, word_times=True)
    return replace(before, recognize=recognize, partials=partials)


def _hotwords(values: Mapping[str, object]) -> list[str]:
    """From JSON in a text, of words and weights, the heaviest first; or from words with commas or spaces between."""
    given = values.get("hotwords") or values.get("hotword") or ""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise InvalidOption("hotwords", 'is not JSON; write {"word": 20} as a text') from error
    if isinstance(given, dict):
        return sorted((str(word) for word in given), key=lambda word: -_weight(given[word]))
    if not isinstance(given, str):
        raise InvalidOption("hotwords", "is no text")
    return given.replace(",", " ").split()


def _weight(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidOption("hotwords", "holds a weight that is no number")
    return float(value)
