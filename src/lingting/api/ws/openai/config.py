"""What a client of OpenAI's Realtime API may set of what is heard, and of the bot that answers: read and merged. Pure.

Two shapes are read, the nested one (`audio.input.turn_detection`) and the older flat one (`turn_detection`): fields
that are present merge, null clears, unknown ones are let pass. Numbers that mean something but are outside of what is
offered here become the nearest that is; `session.updated` shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from lingting.api.http.fields import Fields as WireFields
from lingting.api.http.fields import read_redaction
from lingting.api.http.hotword_fields import read_hotword_fields
from lingting.api.ws.openai.bot_config import BotConfig, merged_bot
from lingting.api.ws.openai.fields import Section, kind_of, sections_of
from lingting.api.ws.openai.formats import RATES_HZ, read_format
from lingting.domain import Hotwords, PcmFormat, RecognizeOptions, Redaction, StreamOptions
from lingting.domain.errors import InvalidOption, ModelNotFound
from lingting.domain.languages import normalize_language

__all__ = ["MANUAL_MODELS", "RealtimeConfig", "merged", "options_of"]

MANUAL_MODELS = ("gpt-live-transcribe", "gpt-realtime-whisper")
"""Names of models that detect no turns at OpenAI: who asks for one and says nothing of turns commits by himself."""
SILENCES_SECONDS = {"low": 1.2, "medium": 0.8, "auto": 0.8, "high": 0.5}
"""Silence that ends a turn, by how eager semantic_vad is: nothing here knows whether a sentence sounds finished."""
SILENCE_MS = (200, 2_000)
PADDING_MS = (0, 2_000)
THRESHOLD = (0.05, 0.95)
"""What a session takes; see `VadOptions` and `StreamOptions`."""
MAX_MS = 60_000
"""More is no pause in a sentence but a mistake."""
MAX_WORDS = 256


@dataclass(frozen=True, slots=True)
class Transcription:
    """How speech becomes text."""

    model: str | None = None
    """None for the one that is served."""
    language: str | None = None
    languages: tuple[str, ...] = ()
    """Several let the model detect for each stretch of speech."""
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    """Hotwords, as they are to be written."""
    redact: str | None = None
    """Of ours; None takes the server's default."""
    redact_kinds: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """When a turn is over."""

    kind: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    is_exact: bool = False
    """The client named the silence: it is neither stretched nor shortened."""
    eagerness: str = "auto"
    """Of semantic_vad, in place of the three above."""
    create_response: bool = True
    """Whether the bot answers at the end of a turn; else only when it is asked to."""
    interrupt_response: bool = True
    """Whether words of the user end a reply."""

    @property
    def silence_seconds(self) -> float:
        if self.kind == "semantic_vad":
            return SILENCES_SECONDS[self.eagerness]
        return self.silence_duration_ms / 1_000


@dataclass(frozen=True, slots=True)
class NoiseReduction:
    """Kept and shown, not applied: it would raise the error rate."""

    kind: str
    strength: float | None = None


@dataclass(frozen=True, slots=True)
class RealtimeConfig:
    """One session's settings."""

    pcm: PcmFormat = field(default_factory=lambda: PcmFormat("s16le", RATES_HZ[0]))
    transcription: Transcription = field(default_factory=Transcription)
    turns: TurnDetection | None = field(default_factory=TurnDetection)
    """As the client said it; None when it commits by itself."""
    turns_given: bool = False
    noise_reduction: NoiseReduction | None = None
    include: tuple[str, ...] | None = None
    bot: BotConfig | None = None
    """What answers; None for a session that only transcribes."""

    @property
    def turn_detection(self) -> TurnDetection | None:
        """What holds; None when only the client's commits end a turn."""
        if not self.turns_given and self.transcription.model in MANUAL_MODELS:
            return None
        return self.turns

    @property
    def is_manual(self) -> bool:
        return self.turn_detection is None


def merged(config: RealtimeConfig, session: object, *, models: Sequence[str]) -> RealtimeConfig:
    """Return the config with what the client's session object says.

    raises    InvalidOption, ModelNotFound, each with the path of the field
    """
    kind = kind_of(session)
    if kind == "transcription" and config.bot is not None:
        raise InvalidOption("session.type", "is 'realtime' on this connection; open another one to transcribe")
    if kind == "realtime" or config.bot is not None:
        config = replace(config, bot=merged_bot(config.bot or BotConfig(), session))
    for section in sections_of(session):
        config = _MERGERS[section.name](config, section)
        if section.name == "transcription":
            _check(config.transcription, section.path, models)
    return config


def options_of(config: RealtimeConfig, defaults: StreamOptions) -> StreamOptions:
    """What the session is asked for."""
    wanted, turns = config.transcription, config.turn_detection
    languages = (wanted.language,) if wanted.language else wanted.languages
    recognize = replace(
        defaults.recognize,
        language=languages[0] if len(languages) == 1 else None if languages else defaults.recognize.language,
        languages=languages if len(languages) > 1 else () if languages else defaults.recognize.languages,
        prompt=wanted.prompt or defaults.recognize.prompt,
        hotwords=_hotwords(wanted, defaults.recognize.hotwords),
        model=wanted.model or defaults.recognize.model,
        redaction=_redaction(wanted, defaults.recognize.redaction),
        word_times=False,
    )
    if turns is None:
        return replace(defaults, recognize=recognize)
    vad = recognize.vad
    if turns.kind == "server_vad":
        vad = replace(vad, threshold=turns.threshold, pad_seconds=turns.prefix_padding_ms / 1_000)
    return replace(
        defaults,
        recognize=replace(recognize, vad=vad),
        silence_seconds=turns.silence_seconds,
        adaptive_silence=not turns.is_exact,
    )


def _hotwords(wanted: Transcription, before: Hotwords) -> Hotwords:
    return read_hotword_fields(before, None, hotwords=None, packs=None, keywords=wanted.keywords)


def _redaction(wanted: Transcription, default: Redaction) -> Redaction:
    kinds = None if wanted.redact_kinds is None else ",".join(wanted.redact_kinds)
    return read_redaction(WireFields({"redact": wanted.redact, "redact_kinds": kinds}), default)


def _check(wanted: Transcription, path: str, models: Sequence[str]) -> None:
    """raises    ModelNotFound, UnsupportedLanguage, InvalidOption"""
    with _naming(f"{path}.model"):
        if wanted.model is not None and wanted.model not in models:
            raise ModelNotFound(wanted.model, models)
    with _naming(f"{path}.language"):
        RecognizeOptions(language=wanted.language)
    with _naming(f"{path}.languages"):
        for code in wanted.languages:
            normalize_language(code)
    with _naming(f"{path}.prompt"):
        RecognizeOptions(prompt=wanted.prompt)
    with _naming(f"{path}.keywords"):
        _hotwords(wanted, Hotwords())


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Let a refusal name the field as the client wrote it."""
    try:
        yield
    except InvalidOption as error:
        error.param = path
        raise


def _format(config: RealtimeConfig, section: Section) -> RealtimeConfig:
    return replace(config, pcm=read_format(section, config.pcm))


def _transcription(config: RealtimeConfig, section: Section) -> RealtimeConfig:
    if section.value is None:
        return replace(config, transcription=Transcription())
    fields, now = section.fields(), config.transcription
    language = fields.text("language", default=now.language)
    transcription = Transcription(
        model=fields.text("model", default=now.model) or None,
        language=None if (language or "auto").lower() == "auto" else language,
        languages=fields.texts("languages", default=now.languages, most=MAX_WORDS),
        prompt=fields.text("prompt", default=now.prompt) or "",
        keywords=fields.texts("keywords", default=now.keywords, most=MAX_WORDS),
        redact=fields.text("redact", default=now.redact),
        redact_kinds=fields.texts("redact_kinds", default=now.redact_kinds or (), most=MAX_WORDS) or None,
    )
    return replace(config, transcription=transcription)


def _turn_detection(config: RealtimeConfig, section: Section) -> RealtimeConfig:
    if section.value is None:
        return replace(config, turns=None, turns_given=True)
    fields = section.fields()
    now = config.turns or TurnDetection()
    kind = fields.choice("type", ("server_vad", "semantic_vad"), default=now.kind)
    if config.bot is not None and fields.values.get("idle_timeout_ms") is not None:
        raise InvalidOption(fields.path("idle_timeout_ms"), "is not offered; leave it out")
    create = fields.flag("create_response", default=now.create_response)
    interrupt = fields.flag("interrupt_response", default=now.interrupt_response)
    if kind == "semantic_vad":
        now = now if now.kind == kind else TurnDetection("semantic_vad")
        eagerness = fields.choice("eagerness", SILENCES_SECONDS, default=now.eagerness)
        turns = TurnDetection("semantic_vad", eagerness=eagerness, create_response=create, interrupt_response=interrupt)
        return replace(config, turns=turns, turns_given=True)
    now = now if now.kind == kind else TurnDetection()
    threshold = fields.number("threshold", 0.0, 1.0, default=now.threshold)
    padding_ms = fields.whole("prefix_padding_ms", 0, MAX_MS, default=now.prefix_padding_ms)
    silence_ms = fields.whole("silence_duration_ms", 0, MAX_MS, default=now.silence_duration_ms)
    turns = TurnDetection(
        threshold=min(max(threshold, THRESHOLD[0]), THRESHOLD[1]),
        prefix_padding_ms=min(max(padding_ms, PADDING_MS[0]), PADDING_MS[1]),
        silence_duration_ms=min(max(silence_ms, SILENCE_MS[0]), SILENCE_MS[1]),
        is_exact=now.is_exact or "silence_duration_ms" in fields.values,
        create_response=create,
        interrupt_response=interrupt,
    )
    return replace(config, turns=turns, turns_given=True)


def _noise_reduction(config: RealtimeConfig, section: Section) -> RealtimeConfig:
    if section.value is None:
        return replace(config, noise_reduction=None)
    fields, now = section.fields(), config.noise_reduction
    kind = fields.choice("type", ("near_field", "far_field"), default=now.kind if now else "near_field")
    strength = fields.number("strength", 0.0, 1.0, default=(now and now.strength) or 1.0)
    return replace(config, noise_reduction=NoiseReduction(kind, strength))


def _include(config: RealtimeConfig, section: Section) -> RealtimeConfig:
    return replace(config, include=section.texts(most=MAX_WORDS) if section.value is not None else None)


_MERGERS: Mapping[str, Callable[[RealtimeConfig, Section], RealtimeConfig]] = {
    "format": _format,
    "transcription": _transcription,
    "turn_detection": _turn_detection,
    "noise_reduction": _noise_reduction,
    "include": _include,
}
