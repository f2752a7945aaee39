"""The sections of hearing and serving: server, logs, recognition, decoding, engines, live speech and rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from lingting.api.grpc.limits import GrpcSettings
from lingting.api.ws.limits import SocketLimits
from lingting.api.wyoming.limits import WyomingSettings
from lingting.audio.decode import DecodeSettings
from lingting.audio.live_formats import LiveSettings as LiveDecodeSettings
from lingting.domain import PiiKind, Punctuation, RecognizeOptions, Redaction, RedactMode, Script, Spacing
from lingting.domain.errors import InvalidOption
from lingting.domain.redaction import ALL_KINDS
from lingting.engines.whisper import WhisperSettings
from lingting.live.parts import LiveSettings
from lingting.recognition.batching import SETTING_RANGES, SchedulerSettings
from lingting.recognition.diarization import VoiceSettings
from lingting.recognition.marking import PunctuationSettings
from lingting.recognition.pipeline import PipelineSettings
from lingting.rooms.parts import RoomSettings
from lingting.settings.base import Section, section
from lingting.settings.ranges import (
    DECODE_RANGES,
    GRPC_RANGES,
    LIVE_DECODE_RANGES,
    LIVE_RANGES,
    PIPELINE_RANGES,
    PUNCTUATION_RANGES,
    ROOM_RANGES,
    SOCKET_RANGES,
    VOICE_RANGES,
    WHISPER_RANGES,
    WYOMING_RANGES,
)
from lingting.text.mood.sentiment import require_mood

__all__ = [
    "DecodeSection",
    "DoorSettings",
    "GrpcSection",
    "LiveDecodeSection",
    "LiveSection",
    "LogSettings",
    "PipelineSection",
    "PunctuationSection",
    "RecognitionDefaults",
    "RedactionDefaults",
    "RoomSection",
    "SchedulerSection",
    "ServerSettings",
    "SocketSection",
    "VoiceSection",
    "WhisperSection",
    "WyomingSection",
]


class ServerSettings(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8_000
    allow_open: bool = False
    """Listen on an address that other machines reach, though nothing asks for a key."""
    tls_certificate: Path | None = None
    """A file in PEM form, with its chain; None listens without TLS."""
    tls_key: Path | None = None
    """The certificate's private key, in PEM form, without a password."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    drain_seconds: Annotated[float, Field(ge=0, le=3_600)] = 25.0
    """How long requests in hand may go on after SIGTERM."""
    max_requests: Annotated[int, Field(ge=1, le=100_000)] = 256
    """Requests in hand at once; more are refused with 429."""
    max_open_requests: Annotated[int, Field(ge=1, le=100_000)] = 1_024
    """Those whose bodies are still arriving count here too."""
    max_upload_bytes: Annotated[int, Field(ge=1_024, le=2**40)] = 512 * 2**20
    max_json_bytes: Annotated[int, Field(ge=1_024, le=2**31)] = 64 * 2**20
    """For audio in base64; it is held in memory."""
    upload_idle_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """An upload that sends nothing for this long is ended."""
    upload_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """An upload takes at most this long in all."""
    console: bool = True
    """Serve the web console at /."""


class DoorSettings(Section):
    """Other vendors' protocols; each is spoken once it is switched on, behind the same keys and limits."""

    aliyun: bool = False
    """Aliyun NLS: /ws/v1, /stream/v1/asr and CreateToken."""
    deepgram: bool = False
    """Deepgram: /v1/listen, live and for recordings."""
    vosk: bool = False
    """vosk-server: /vosk and /."""
    funasr: bool = False
    """FunASR's runtime: /funasr, and / for its subprotocol."""

    @property
    def open(self) -> frozenset[str]:
        """The names of those that are on."""
        return frozenset(name for name, is_on in self if is_on)


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    style: Literal["json", "console"] = "console"
    file: Path | None = None
    """Lines are added here too, as JSON; None writes none."""


class RecognitionDefaults(Section):
    """What a request gets when it does not say."""

    language: str | None = None
    """None detects it."""
    beam_size: Annotated[int, Field(ge=1, le=10)] = 5
    script: Script = Script.SIMPLIFIED
    itn: bool = False
    spacing: Spacing = Spacing.AS_IS
    punctuation: Punctuation = Punctuation.AUTO
    mood: bool = False

    @field_validator("mood")
    @classmethod
    def _mood_is_installed(cls, wanted: bool) -> bool:
        if wanted:
            try:
                require_mood()
            except InvalidOption as missing:
                raise ValueError(missing.message) from missing
        return wanted

    def options(self) -> RecognizeOptions:
        return RecognizeOptions(**self.model_dump())


class RedactionDefaults(Section):
    """What of persons is hidden in answers and in what is kept of them."""

    mode: RedactMode = RedactMode.OFF
    """For requests that do not say."""
    kinds: tuple[PiiKind, ...] = ALL_KINDS
    required: bool = False
    """Callers may ask for more, never for less."""

    def floor(self) -> Redaction:
        """raises    InvalidOption for no kinds at all, or for insisting on nothing"""
        if self.required and self.mode is RedactMode.OFF:
            raise InvalidOption(
                "redaction.mode", "is off, but redaction.required insists on it; use mask, tag or token"
            )
        return Redaction(self.mode, self.kinds, is_floor=self.required)


GrpcSection: Any = section(GrpcSettings, GRPC_RANGES)
WyomingSection: Any = section(WyomingSettings, WYOMING_RANGES)
DecodeSection: Any = section(DecodeSettings, DECODE_RANGES)
SchedulerSection: Any = section(SchedulerSettings, SETTING_RANGES)
WhisperSection: Any = section(WhisperSettings, WHISPER_RANGES, "window")
PipelineSection: Any = section(PipelineSettings, PIPELINE_RANGES)

PunctuationSection: Any = section(PunctuationSettings, PUNCTUATION_RANGES)
VoiceSection: Any = section(VoiceSettings, VOICE_RANGES)
LiveSection: Any = section(LiveSettings, LIVE_RANGES)
LiveDecodeSection: Any = section(LiveDecodeSettings, LIVE_DECODE_RANGES)
SocketSection: Any = section(SocketLimits, SOCKET_RANGES)
RoomSection: Any = section(RoomSettings, ROOM_RANGES)
