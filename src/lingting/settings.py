"""Environment and file to frozen settings, read once, in the composition root.

LINGTING_SECTION__NAME in the environment wins over lingting.toml (or the file in LINGTING_CONFIG), which wins over the
defaults beside the code. A wrong or unknown one stops the start, with its name, its value and what is accepted.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lingting.api.ws.limits import SocketLimits
from lingting.audio.decode import DecodeSettings
from lingting.audio.live_formats import LiveSettings as LiveDecodeSettings
from lingting.domain import RecognizeOptions, Script
from lingting.domain.errors import LingtingError, SettingsInvalid
from lingting.engines.whisper import WhisperSettings
from lingting.live.parts import LiveSettings
from lingting.recognition.batching import SETTING_RANGES, SchedulerSettings
from lingting.recognition.pipeline import PipelineSettings
from lingting.rooms.parts import RoomSettings

__all__ = ["ENV_PREFIX", "LogSettings", "RecognitionDefaults", "ServerSettings", "Settings", "load_settings"]

ENV_PREFIX = "LINGTING_"
CONFIG_VARIABLE = "LINGTING_CONFIG"
DEFAULT_FILE = "lingting.toml"
SettingsT = TypeVar("SettingsT")

DECODE_RANGES = {
    "max_bytes": (1_024, 2**40),
    "max_seconds": (1.0, 7 * 86_400.0),
    "max_channels": (1, 255),
    "stall_seconds": (1.0, 600.0),
    "memory_bytes": (128 * 2**20, 64 * 2**30),
    "max_processes": (1, 256),
    "wait_seconds": (0.0, 600.0),
    "files_per_process": (1, 1_000_000),
}
WHISPER_RANGES = {"device_index": (0, 63), "threads": (0, 1_024), "replicas": (0, 64), "max_batch": (1, 256)}
LIVE_RANGES = {
    "max_sessions": (1, 100_000),
    "idle_seconds": (1.0, 86_400.0),
    "stall_seconds": (0.5, 600.0),
    "resume_seconds": (0.0, 3_600.0),
    "max_seconds": (1.0, 7 * 86_400.0),
    "max_ahead_seconds": (1.0, 3_600.0),
    "max_finals_in_hand": (1, 64),
    "replayed_events": (1, 100_000),
    "waiting_events": (16, 1_000_000),
    "drain_seconds": (0.0, 600.0),
    "hearing_threads": (1, 64),
}
LIVE_DECODE_RANGES = {
    "max_processes": (1, 256),
    "spare_processes": (0, 16),
    "memory_bytes": (64 * 2**20, 64 * 2**30),
    "prompt_seconds": (0.0, 1.0),
    "stall_seconds": (1.0, 600.0),
}
SOCKET_RANGES = {
    "max_message_bytes": (4_096, 64 * 2**20),
    "send_seconds": (0.1, 600.0),
    "hello_seconds": (0.1, 600.0),
    "max_outbox_messages": (1, 10_000),
    "max_bad_messages": (1, 10_000),
    "max_sockets": (1, 100_000),
}
ROOM_RANGES = {
    "max_rooms": (1, 1_000_000),
    "max_viewers": (1, 100_000),
    "max_all_viewers": (1, 1_000_000),
    "history_limit": (1, 1_000_000),
    "ttl_seconds": (1.0, 366 * 86_400.0),
    "waiting_updates": (4, 10_000),
    "send_seconds": (0.1, 600.0),
    "keep_alive_seconds": (1.0, 600.0),
    "lease_seconds": (1.0, 600.0),
}
PIPELINE_RANGES = {
    "max_pieces_in_flight": (1, 1_024),
    "urgent_pieces": (1, 1_024),
    "max_pause_seconds": (0.001, 60.0),
    "reader_threads": (1, 1_024),
    "confident_language": (0.0, 1.0),
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8_000
    allow_open: bool = False
    """Listen on an address that other machines reach, though nothing asks for a key."""
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


class LogSettings(_Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    style: Literal["json", "console"] = "console"


class RecognitionDefaults(_Section):
    """What a request gets when it does not say."""

    language: str | None = None
    """None detects it."""
    beam_size: Annotated[int, Field(ge=1, le=10)] = 5
    script: Script = Script.SIMPLIFIED

    def options(self) -> RecognizeOptions:
        return RecognizeOptions(language=self.language, beam_size=self.beam_size, script=self.script)


def _section(settings: type[Any], ranges: Mapping[str, tuple[float, float]], *leave_out: str) -> type[_Section]:
    """A checked section with the fields and defaults of a frozen settings class."""
    fields: dict[str, Any] = {}  # Any: what create_model takes
    for field in dataclasses.fields(settings):
        if field.name in leave_out:
            continue
        low_high = ranges.get(field.name)
        limits = Field(ge=low_high[0], le=low_high[1]) if low_high else Field()
        hint = _hints(settings)[field.name]
        fields[field.name] = (Annotated[hint, limits], field.default)
    return create_model(f"{settings.__name__}Section", __base__=_Section, **fields)


def _hints(settings: type[Any]) -> dict[str, Any]:  # Any: types
    from typing import get_type_hints

    return get_type_hints(settings)


DecodeSection: Any = _section(DecodeSettings, DECODE_RANGES)
SchedulerSection: Any = _section(SchedulerSettings, SETTING_RANGES)
WhisperSection: Any = _section(WhisperSettings, WHISPER_RANGES, "window")
PipelineSection: Any = _section(PipelineSettings, PIPELINE_RANGES)

LiveSection: Any = _section(LiveSettings, LIVE_RANGES)
LiveDecodeSection: Any = _section(LiveDecodeSettings, LIVE_DECODE_RANGES)
SocketSection: Any = _section(SocketLimits, SOCKET_RANGES)
RoomSection: Any = _section(RoomSettings, ROOM_RANGES)


class Settings(BaseSettings):
    """Everything that can be set. Frozen."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, protected_namespaces=()
    )

    model: str = "whisper-base"
    """A name of `lingting models list`."""
    engine: str | None = None
    """None takes the engine that the catalog names for the model."""
    models_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("lingting")) / "models")
    catalog_file: Path | None = None
    """A TOML file with further models."""
    offline: bool = False
    """Never ask a model hub."""
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()
    recognition: RecognitionDefaults = RecognitionDefaults()
    decode: DecodeSection = DecodeSection()
    scheduler: SchedulerSection = SchedulerSection()
    whisper: WhisperSection = WhisperSection()
    pipeline: PipelineSection = PipelineSection()
    live: LiveSection = LiveSection()
    live_decode: LiveDecodeSection = LiveDecodeSection()
    sockets: SocketSection = SocketSection()
    rooms: RoomSection = RoomSection()

    def built(self, section: str, settings: type[SettingsT]) -> SettingsT:
        """A section as the frozen class that the code beside it takes."""
        return settings(**getattr(self, section).model_dump())

    def require_safe_address(self) -> None:
        """raises    SettingsInvalid for an open address without the explicit override"""
        if self.server.allow_open or _is_loopback(self.server.host):
            return
        raise SettingsInvalid(
            f"server.host = {self.server.host!r} is reachable from other machines, and no key is asked for; "
            f"use 127.0.0.1, or say {ENV_PREFIX}SERVER__ALLOW_OPEN=true if something in front of it checks who calls",
            param="server.host",
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = settings_file()
        files = (TomlConfigSettingsSource(settings_cls, path),) if path else ()
        return (init_settings, env_settings, *files)


def settings_file() -> Path | None:
    """Where the file is, if there is one.

    raises    SettingsInvalid when LINGTING_CONFIG names a file that is not there
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SettingsInvalid(f"{CONFIG_VARIABLE} = {named!r}: there is no such file", param=CONFIG_VARIABLE)
        return Path(named)
    return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None


def load_settings(
    *, model: str | None = None, engine: str | None = None, host: str | None = None, port: int | None = None
) -> Settings:
    """Read the settings; what is given here, as on a command line, wins over all else.

    raises    SettingsInvalid, a line for each problem
    """
    _refuse_unknown_variables()
    server = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    given: dict[str, Any] = {name: value for name, value in (("model", model), ("engine", engine)) if value is not None}
    if server:
        given["server"] = server
    try:
        settings = Settings(**given)
        settings.recognition.options()
    except ValidationError as problem:
        raise SettingsInvalid("\n".join(_line(error) for error in problem.errors())) from problem
    except SettingsInvalid:
        raise
    except LingtingError as problem:
        raise SettingsInvalid(f"recognition: {problem.message}") from problem
    except (ValueError, OSError) as problem:
        raise SettingsInvalid(f"the settings cannot be read: {problem}") from problem
    return settings


def setting_names() -> list[str]:
    """Every setting, as section.name."""
    names: list[str] = []
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names += [f"{name}.{part}" for part in inner] if inner else [name]
    return names


def _refuse_unknown_variables() -> None:
    known = {f"{ENV_PREFIX}{name.replace('.', '__')}".upper() for name in setting_names()} | {CONFIG_VARIABLE}
    sections = {f"{ENV_PREFIX}{name.split('.')[0]}".upper() for name in setting_names()}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(ENV_PREFIX) and name.upper() not in known | sections
    )
    if unknown:
        raise SettingsInvalid(f"{unknown[0]} is not a setting; docs/settings.md lists them", param=unknown[0])


def _line(error: Any) -> str:  # Any: pydantic's ErrorDetails
    name = ".".join(str(part) for part in error["loc"])
    variable = f"{ENV_PREFIX}{name.replace('.', '__').upper()}"
    given = repr(error.get("input"))[:80]
    return f"{name} = {given}: {error['msg']} (in the environment: {variable})"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
