"""The one door from the command line to the rest of the house: settings in, a pipeline or a catalog out.

Commands get an `Opener` from Typer's context, so that tests hand in their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lingting.audio.decode import AudioSource
from lingting.cli.ears import Ears
from lingting.domain import Priority, Progress, RecognizeOptions, Segment, Transcript
from lingting.engines.catalog import Catalog

if TYPE_CHECKING:  # else --help would load the whole server
    from lingting.security.audit import Audit
    from lingting.security.signatures import CallbackSigner
    from lingting.services import Kept
    from lingting.storage.delivery_store import DeliveryStore

__all__ = ["CallbackDesk", "Opener", "RunningPipeline", "Wishes"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of the settings; None leaves a setting as it is."""

    engine: str | None = None
    model: str | None = None
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class CallbackDesk:
    """Callbacks and their secrets, without a server."""

    store: DeliveryStore
    signer: CallbackSigner


class RunningPipeline(Protocol):
    """The part of the pipeline that the command line uses."""

    async def transcribe(
        self,
        source: AudioSource,
        options: RecognizeOptions,
        *,
        priority: Priority = Priority.REQUEST,
        on_segments: Callable[[Sequence[Segment]], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Transcript: ...


class Opener(Protocol):
    """Opens the parts a command needs."""

    def pipeline(self, wishes: Wishes) -> AbstractAsyncContextManager[RunningPipeline]:
        """raises    SettingsInvalid, ModelMissing, ModelCorrupt, EngineUnavailable"""
        ...

    def catalog(self, wishes: Wishes) -> Catalog:
        """raises    SettingsInvalid"""
        ...

    def default_model(self) -> str:
        """The model that is used when none is named."""
        ...

    def describe_settings(self) -> str:
        """Where the settings came from, in words."""
        ...

    def serve(self, wishes: Wishes) -> None:
        """Run the server until it is told to stop."""
        ...

    def kept(self) -> AbstractAsyncContextManager[Kept]:
        """What is kept on this machine, or on the database server that the settings name.

        raises    SettingsInvalid, StorageUnavailable
        """

    def audit(self) -> AbstractAsyncContextManager[Audit]:
        """The audit log of what is kept.

        raises    SettingsInvalid, StorageUnavailable
        """

    def callback_desk(self) -> AbstractAsyncContextManager[CallbackDesk]:
        """raises    SettingsInvalid, StorageUnavailable"""
        ...

    def add_master_key(self) -> tuple[Path, str]:
        """Make one, and put it on top of the key file; the file and the id of the key.

        raises    SettingsInvalid
        """
        ...

    def ears(self) -> Ears:
        """What `lingting listen` hears with."""
        ...
