"""The query of a Deepgram request, put into our options; what would be promised and not kept is refused by name.

A name that Deepgram does not know either is let pass, as is what only it can mean (`tag`, `version`, `mip_opt_out`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lingting.api.http.fields import FALSE, Fields, is_encodable, read_options
from lingting.domain import PcmFormat, PiiKind, RecognizeOptions, RedactMode
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import InvalidOption, ModelNotFound, UnsupportedFormat
from lingting.domain.options import MAX_PROMPT_CHARACTERS

__all__ = ["PCM", "Query", "fields_of", "keeps_marks", "read_pcm_query", "read_query", "require_known", "terms_of"]

Query = Mapping[str, Sequence[str]]
"""All values of each name."""

PCM: dict[str, PcmEncoding] = {"linear16": "s16le", "linear32": "f32le", "mulaw": "mulaw", "alaw": "alaw"}
SPEAKERS = "speakers are not told apart here; leave it out"
NOT_OFFERED = {
    "diarize": SPEAKERS,
    "diarize_model": SPEAKERS,
    "callback": "answers come on this connection only; POST /v1/jobs takes callbacks",
    "search": "is not offered; search the transcript",
    "replace": "is not offered; replace in the transcript",
    "profanity_filter": "is not offered",
    "dictation": "is not offered; punctuate gives marks",
    "detect_entities": "is not offered; redact finds personal data",
    "summarize": "is not offered",
    "topics": "is not offered",
    "custom_topic": "is not offered",
    "intents": "is not offered; POST /v1/asr takes packs of commands",
    "custom_intent": "is not offered",
    "sentiment": "is not offered; POST /v1/asr takes mood",
}
MODELS = re.compile(r"(nova|enhanced|base|whisper)(-[a-z0-9]+)*|general|meeting|phonecall|finance|voicemail|video")
"""Deepgram's names; each means the default model, unless a model takes it for an alias."""
NUMBERS = (PiiKind.PHONE, PiiKind.ID_CARD, PiiKind.BANK_CARD, PiiKind.SSN, PiiKind.PASSPORT, PiiKind.IP)
REDACT: dict[str, tuple[PiiKind, ...]] = {
    "true": NUMBERS,
    "numbers": NUMBERS,
    "aggressive_numbers": NUMBERS,
    "pci": (PiiKind.BANK_CARD,),
    "pii": tuple(PiiKind),
    "ssn": (PiiKind.SSN,),
    "credit_card": (PiiKind.BANK_CARD,),
    "phone_number": (PiiKind.PHONE,),
    "email_address": (PiiKind.EMAIL,),
    "ip_address": (PiiKind.IP,),
    "passport_number": (PiiKind.PASSPORT,),
    "vehicle_id": (PiiKind.PLATE,),
    "name": (PiiKind.NAME,),
    "location_address": (PiiKind.ADDRESS,),
}


def fields_of(query: Query) -> Fields:
    """The last value of each name."""
    return Fields({name: values[-1] for name, values in query.items() if values})


def read_query(query: Query, defaults: RecognizeOptions, *, models: Sequence[str]) -> RecognizeOptions:
    """The options that both doors share.

    models    names that are served, besides Deepgram's own
    raises    InvalidOption, ModelNotFound, UnsupportedLanguage
    """
    for name, reason in NOT_OFFERED.items():
        if any(value.lower() not in FALSE for value in query.get(name, ())):
            raise InvalidOption(name, reason)
    fields = fields_of(query)
    model = _model(fields.text("model"), models)
    language = fields.text("language") or ""
    is_multi = language.lower() == "multi"
    wanted: dict[str, object] = {
        "language": "auto" if is_multi or fields.flag("detect_language") else language,
        "per_segment_language": is_multi,
        "itn": fields.flag("numerals", fields.flag("smart_format", defaults.itn)),
        "punctuation": "" if keeps_marks(query) else "off",
    } | _redaction(query, defaults)
    options = read_options(Fields(wanted), defaults, keywords=terms_of(query))
    return replace(options, word_times=True, model=model)


def keeps_marks(query: Query) -> bool:
    """Whether the text keeps its marks and capitals: unless `punctuate=false` is said, and no `smart_format`."""
    fields = fields_of(query)
    return fields.flag("punctuate", default=True) or fields.flag("smart_format")


def read_pcm_query(query: Query, *, min_hz: int, max_hz: int, max_channels: int) -> PcmFormat | None:
    """The declaration of headerless audio; None where the query names no encoding that has none.

    raises    InvalidOption
    """
    fields = fields_of(query)
    encoding = PCM.get((fields.text("encoding") or "").lower())
    if encoding is None:
        return None
    rate_hz = fields.whole("sample_rate")
    if rate_hz is None:
        raise InvalidOption("sample_rate", "is missing; headerless audio does not say its rate itself")
    channels = fields.whole("channels") or 1
    for name, value, low, high in (("sample_rate", rate_hz, min_hz, max_hz), ("channels", channels, 1, max_channels)):
        if not low <= value <= high:
            raise InvalidOption(name, f"{value} is outside {low} to {high}")
    return PcmFormat(encoding, rate_hz, channels)


def terms_of(query: Query) -> list[str]:
    """Words that the audio may hold; the boost behind a keyword's colon says nothing here.

    raises    InvalidOption
    """
    keywords = [value.rpartition(":")[0] or value for value in query.get("keywords", ())]
    terms = [term.strip() for term in (*query.get("keyterm", ()), *keywords) if term.strip()]
    if not all(map(is_encodable, terms)):
        raise InvalidOption("keyterm", "holds half a surrogate pair, which is no character")
    if sum(len(term) + 2 for term in terms) > MAX_PROMPT_CHARACTERS:
        raise InvalidOption("keyterm", f"give at most {MAX_PROMPT_CHARACTERS} characters of terms in all")
    return terms


def _model(given: str | None, models: Sequence[str]) -> str | None:
    """One that is served here; None for Deepgram's own names, which mean the default."""
    if given is None or given in models:
        return given
    if not MODELS.fullmatch(given.lower()):
        raise ModelNotFound(given, (*models, "nova-3"))
    return None


def _redaction(query: Query, defaults: RecognizeOptions) -> dict[str, object]:
    """As our own fields; what the server insists on stays."""
    names = [part.strip().lower() for value in query.get("redact", ()) for part in value.split(",")]
    kinds = list(defaults.redaction.kinds) if defaults.redaction.is_floor else []
    wanted = [name for name in names if name not in FALSE]
    for name in wanted:
        if name not in REDACT:
            raise InvalidOption("redact", f"{name[:40]!r} is not offered; use some of {', '.join(REDACT)}")
        kinds += REDACT[name]
    if not wanted:
        return {}
    return {"redact": RedactMode.TAG.value, "redact_kinds": ",".join(dict.fromkeys(kinds))}


def require_known(encoding: str, known: Sequence[str]) -> None:
    """raises    UnsupportedFormat"""
    if encoding and encoding not in known:
        raise UnsupportedFormat("encoding", f"{encoding[:40]!r} is not decoded here; use one of {', '.join(known)}")
