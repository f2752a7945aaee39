"""Everything that can be set, in one frozen record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import platformdirs
from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lingting.domain import RecognizeOptions
from lingting.engines.remote_address import is_loopback
from lingting.settings.files import ENV_PREFIX, secrets_folder, settings_file
from lingting.settings.platform import (
    AccessSection,
    AuditSection,
    BlobSection,
    CacheSection,
    CallbackSection,
    ChatSection,
    CommandSection,
    HealthSection,
    HistorySection,
    HotwordSection,
    IntentSection,
    JobSection,
    KafkaSection,
    LimitSection,
    OutboundSection,
    SpeechSection,
    StorageSection,
    TalkSection,
    TraceSection,
    VaultSection,
)
from lingting.settings.sections import (
    DecodeSection,
    DoorSettings,
    GrpcSection,
    LiveDecodeSection,
    LiveSection,
    LogSettings,
    PipelineSection,
    PunctuationSection,
    RecognitionDefaults,
    RedactionDefaults,
    RoomSection,
    SchedulerSection,
    ServerSettings,
    SocketSection,
    VoiceSection,
    WhisperSection,
    WyomingSection,
)
from lingting.settings.serving import BudgetSection, ResidencySection, RouteEntry, RoutingSection, ServeEntry

__all__ = ["Settings"]

SettingsT = TypeVar("SettingsT")


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
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("lingting")))
    """Of what is kept: the database, unless `storage.url` names a server, the master key, unless it is given, blobs."""
    offline: bool = False
    """Never ask a model hub."""
    serve: tuple[ServeEntry, ...] = ()
    """Further models."""
    routes: tuple[RouteEntry, ...] = ()
    """Who goes to which of them; the first that fits."""
    residency: ResidencySection = ResidencySection()
    routing: RoutingSection = RoutingSection()
    budgets: BudgetSection = BudgetSection()
    server: ServerSettings = ServerSettings()
    doors: DoorSettings = DoorSettings()
    grpc: GrpcSection = GrpcSection()
    wyoming: WyomingSection = WyomingSection()
    log: LogSettings = LogSettings()
    health: HealthSection = HealthSection()
    tracing: TraceSection = TraceSection()
    recognition: RecognitionDefaults = RecognitionDefaults()
    redaction: RedactionDefaults = RedactionDefaults()
    decode: DecodeSection = DecodeSection()
    scheduler: SchedulerSection = SchedulerSection()
    whisper: WhisperSection = WhisperSection()
    pipeline: PipelineSection = PipelineSection()
    voices: VoiceSection = VoiceSection()
    punctuation: PunctuationSection = PunctuationSection()
    live: LiveSection = LiveSection()
    live_decode: LiveDecodeSection = LiveDecodeSection()
    sockets: SocketSection = SocketSection()
    rooms: RoomSection = RoomSection()
    storage: StorageSection = StorageSection()
    vault: VaultSection = VaultSection()
    history: HistorySection = HistorySection()
    blobs: BlobSection = BlobSection()
    outbound: OutboundSection = OutboundSection()
    callbacks: CallbackSection = CallbackSection()
    kafka: KafkaSection = KafkaSection()
    limits: LimitSection = LimitSection()
    audit: AuditSection = AuditSection()
    access: AccessSection = AccessSection()
    cache: CacheSection = CacheSection()
    jobs: JobSection = JobSection()
    intents: IntentSection = IntentSection()
    commands: CommandSection = CommandSection()
    hotwords: HotwordSection = HotwordSection()
    chat: ChatSection = ChatSection()
    talk: TalkSection = TalkSection()
    speech: SpeechSection = SpeechSection()

    def built(self, section: str, settings: type[SettingsT]) -> SettingsT:
        """A section as the frozen class that the code beside it takes."""
        return settings(**getattr(self, section).model_dump())

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine reaches the HTTP server."""
        return is_loopback(self.server.host)

    @property
    def grpc_host(self) -> str:
        """Where gRPC listens, if it does."""
        return str(self.grpc.host or self.server.host)

    @property
    def wyoming_host(self) -> str:
        """Where Wyoming is spoken, if it is."""
        return str(self.wyoming.host or self.server.host)

    @property
    def open_addresses(self) -> dict[str, str]:
        """Those that other machines reach, by the settings that name them."""
        hosts = {"server.host": self.server.host}
        if self.grpc.enabled:
            hosts["grpc.host"] = self.grpc_host
        if self.wyoming.enabled:
            hosts["wyoming.host"] = self.wyoming_host
        return {setting: host for setting, host in hosts.items() if not is_loopback(host)}

    def request_defaults(self) -> RecognizeOptions:
        """What a request gets when it does not say.

        raises    InvalidOption, UnsupportedLanguage
        """
        return replace(self.recognition.options(), redaction=self.redaction.floor())

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
        folder = secrets_folder()
        secrets = (NestedSecretsSettingsSource(file_secret_settings, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *secrets, *files)
