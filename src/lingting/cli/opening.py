"""The one door from the command line to the rest of the house: settings in, a pipeline or a catalog out.

Commands get an `Opener` from Typer's context, so that tests hand in their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lingting.audio.decode import AudioSource
from lingting.cli.ears import Ears
from lingting.domain import Priority, Progress, RecognizeOptions, Segment, Transcript
from lingting.engines.catalog import Catalog

if TYPE_CHECKING:  # else --help would load the whole server
    from lingting.cli.doctor_checks import Finding
    from lingting.security.audit import Audit
    from lingting.security.keys import Keys
    from lingting.security.signatures import CallbackSigner
    from lingting.server.bot import Bot
    from lingting.services import Kept
    from lingting.speech.hub import SpeechHub
    from lingting.storage.jobs.delivery_store import DeliveryStore

__all__ = ["Act", "CallbackDesk", "KeyDesk", "Opener", "RunningPipeline", "Wishes"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of the settings; None leaves a setting as it is."""

    engine: str | None = None
    model: str | None = None
    host: str | None = None
    port: int | None = None
    grpc: bool | None = None
    """Whether gRPC is served beside HTTP."""
    grpc_port: int | None = None
    chat_url: str | None = None
    """Of the language model's server, with the path before `/chat/completions`."""
    chat_model: str | None = None
    chat_key_env: str | None = None
    """The variable that holds the key of that server."""


@dataclass(slots=True)
class Act:
    """An act of administration, for the audit log; what is learnt of it is put here before it is over."""

    kept: Kept
    subject: str = ""
    """The id of what it is done to."""
    detail: dict[str, str | int | float | bool] = field(default_factory=dict)
    """Numbers, flags and words of ours."""


@dataclass(frozen=True, slots=True)
class CallbackDesk:
    """Callbacks and their secrets, without a server."""

    store: DeliveryStore
    signer: CallbackSigner


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Keys, without a server."""

    keys: Keys
    act: Act


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

    def platform(self) -> Sequence[Finding]:
        """What the doctor sees of the database, the master keys and the servers that the settings name.

        raises    SettingsInvalid
        """
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

    def acting(self, action: str) -> AbstractAsyncContextManager[Act]:
        """What is kept, for an act of administration, which is written down when it is over.

        raises    SettingsInvalid, StorageUnavailable
        """

    def callback_desk(self, action: str) -> AbstractAsyncContextManager[CallbackDesk]:
        """Callbacks, for an act of administration, see `acting`.

        raises    SettingsInvalid, StorageUnavailable
        """
        ...

    def add_master_key(self) -> tuple[Path, str]:
        """Make one, and put it on top of the key file; the file and the id of the key.

        raises    SettingsInvalid
        """
        ...

    def work(self, wishes: Wishes, workers: int | None) -> None:
        """Work on jobs until told to stop."""
        ...

    def key_desk(self, action: str) -> AbstractAsyncContextManager[KeyDesk]:
        """Keys, for an act of administration, see `acting`.

        raises    SettingsInvalid, StorageUnavailable
        """
        ...

    def speech(self) -> AbstractAsyncContextManager[SpeechHub]:
        """The voices of this machine.

        raises    SettingsInvalid
        """
        ...

    def bot(self, wishes: Wishes, *, hears: bool) -> AbstractAsyncContextManager[Bot]:
        """One to talk with, in this process.

        raises    SettingsInvalid, StorageUnavailable; ModelMissing, ModelCorrupt, EngineUnavailable
        """
        ...

    def ears(self) -> Ears:
        """What `lingting listen` hears with."""
        ...
