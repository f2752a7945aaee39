"""The real opener: settings from the environment and lingting.toml, changed by what the command line says.

The server's modules are imported when they are needed, so that looking up a model does not load the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lingting.cli.doctor_checks import Finding
from lingting.cli.ears import Ears, RealEars
from lingting.cli.opening import Act, CallbackDesk, KeyDesk, RunningPipeline, Wishes
from lingting.domain import SystemClock
from lingting.domain.errors import LingtingError
from lingting.engines.catalog import Catalog
from lingting.settings import Settings, load_settings, settings_file
from lingting.telemetry import configure_logs

if TYPE_CHECKING:
    from lingting.security.audit import Audit
    from lingting.server.bot import Bot
    from lingting.services import Kept
    from lingting.speech.hub import SpeechHub

__all__ = ["House"]


class House:
    """Opens the parts that commands need."""

    @asynccontextmanager
    async def pipeline(self, wishes: Wishes) -> AsyncIterator[RunningPipeline]:
        """raises    SettingsInvalid, ModelMissing, ModelCorrupt, EngineUnavailable"""
        from lingting.server import open_recognition

        settings = _settings(wishes)
        # At a terminal the results are the news; what a server logs about itself is for those who ask.
        level = "debug" if settings.log.level == "debug" else "warning"
        configure_logs(level, "console", file=settings.log.file)
        async with open_recognition(settings) as services:
            yield services.pipeline

    def catalog(self, wishes: Wishes) -> Catalog:
        """raises    SettingsInvalid"""
        settings = _settings(wishes)
        return Catalog.load(models_dir=settings.models_dir, extra_file=settings.catalog_file, offline=settings.offline)

    def default_model(self) -> str:
        """raises    SettingsInvalid"""
        return _settings(Wishes()).model

    def describe_settings(self) -> str:
        """raises    SettingsInvalid"""
        file = settings_file()
        _settings(Wishes())
        return (
            f"valid, from {file} and the environment" if file else "valid, from the environment; no lingting.toml here"
        )

    def platform(self) -> Sequence[Finding]:
        """raises    SettingsInvalid"""
        from lingting.cli.doctor_platform import examine_platform

        return examine_platform(_settings(Wishes()))

    def serve(self, wishes: Wishes) -> None:
        """raises    SettingsInvalid, ModelMissing, ModelCorrupt, EngineUnavailable"""
        from lingting.serving import serve

        serve(_settings(wishes))

    @asynccontextmanager
    async def speech(self) -> AsyncIterator[SpeechHub]:
        """raises    SettingsInvalid"""
        from lingting.server.speech import Unmetered, open_speech
        from lingting.telemetry import Telemetry

        settings = _settings(Wishes())
        level = "debug" if settings.log.level == "debug" else "warning"
        configure_logs(level, "console", file=settings.log.file)
        observer = Telemetry().speech
        async with open_speech(settings, clock=SystemClock(), meter=Unmetered(), observer=observer) as hub:
            yield hub

    @asynccontextmanager
    async def bot(self, wishes: Wishes, *, hears: bool) -> AsyncIterator[Bot]:
        """raises    SettingsInvalid, StorageUnavailable; ModelMissing, ModelCorrupt, EngineUnavailable"""
        from lingting.server.bot import open_bot

        settings = _settings(wishes)
        given = {"base_url": wishes.chat_url, "model": wishes.chat_model, "key_env": wishes.chat_key_env}
        chat = settings.chat.model_copy(
            update={"tools": (), **{name: value for name, value in given.items() if value is not None}}
        )
        level = "debug" if settings.log.level == "debug" else "error"
        configure_logs(level, "console", file=settings.log.file)
        async with open_bot(settings.model_copy(update={"chat": chat}), hears=hears) as bot:
            yield bot

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Kept]:
        """raises    SettingsInvalid, StorageUnavailable"""
        from lingting.server import open_kept

        settings = _settings(Wishes())
        level = "debug" if settings.log.level == "debug" else "warning"
        configure_logs(level, "console", file=settings.log.file)
        async with open_kept(settings, SystemClock()) as kept:
            yield kept

    def add_master_key(self) -> tuple[Path, str]:
        """raises    SettingsInvalid"""
        from lingting.security.vault import VaultSettings, add_key

        settings = _settings(Wishes())
        return add_key(settings.built("vault", VaultSettings), settings.data_dir)

    @asynccontextmanager
    async def audit(self) -> AsyncIterator[Audit]:
        """raises    SettingsInvalid, StorageUnavailable"""
        async with self.kept() as kept, self._audit_of(kept) as audit:
            yield audit

    @asynccontextmanager
    async def acting(self, action: str) -> AsyncIterator[Act]:
        """raises    SettingsInvalid, StorageUnavailable"""
        from lingting.security.audit import SYSTEM, AuditEntry

        async with self.kept() as kept, self._audit_of(kept) as audit:
            act, outcome = Act(kept), "failed"
            try:
                yield act
                outcome = "ok"
            except LingtingError as problem:
                outcome = f"failed {problem.code}"
                raise
            finally:
                await audit.record(AuditEntry(SYSTEM, "", action, outcome, subject=act.subject, detail=act.detail))

    def _audit_of(self, kept: Kept) -> AbstractAsyncContextManager[Audit]:
        from lingting.server import open_audit
        from lingting.telemetry import Telemetry

        return open_audit(_settings(Wishes()), kept, SystemClock(), Telemetry().audit)

    @asynccontextmanager
    async def callback_desk(self, action: str) -> AsyncIterator[CallbackDesk]:
        """raises    SettingsInvalid, StorageUnavailable"""
        from lingting.server.outgoing import callback_desk

        async with self.acting(action) as act:
            yield CallbackDesk(*callback_desk(_settings(Wishes()), act.kept, SystemClock()))

    def work(self, wishes: Wishes, workers: int | None) -> None:
        """raises    SettingsInvalid, ModelMissing, ModelCorrupt, EngineUnavailable"""
        from lingting.heap import keep_heap_flat
        from lingting.server import run_worker

        settings = _settings(wishes)
        if workers is not None:
            settings = settings.model_copy(update={"jobs": settings.jobs.model_copy(update={"workers": workers})})
        keep_heap_flat()
        configure_logs(settings.log.level, settings.log.style, file=settings.log.file)
        asyncio.run(run_worker(settings))

    @asynccontextmanager
    async def key_desk(self, action: str) -> AsyncIterator[KeyDesk]:
        """raises    SettingsInvalid, StorageUnavailable"""
        from lingting.server.keys import open_keys

        async with (
            self.acting(action) as act,
            open_keys(_settings(Wishes()), act.kept.database, SystemClock()) as keys,
        ):
            yield KeyDesk(keys, act)

    def ears(self) -> Ears:
        return RealEars()


def _settings(wishes: Wishes) -> Settings:
    grpc = {"enabled": wishes.grpc, "port": wishes.grpc_port}
    return load_settings(model=wishes.model, engine=wishes.engine, host=wishes.host, port=wishes.port, grpc=grpc)
