"""The built parts, as the API and the command line receive them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lingting.crypto import Vault
from lingting.dialogue.chat.chat import Chat
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.domain import Call, Clock
from lingting.jobs.commands import CommandDesk
from lingting.jobs.courier import Courier
from lingting.jobs.desk import JobDesk
from lingting.jobs.publishing import Publisher
from lingting.live.driver import LiveSession
from lingting.live.hub import LiveHub
from lingting.recognition.engine_doors import EngineDoor
from lingting.recognition.residency import Residency
from lingting.recognition.served import ServedNames
from lingting.recognition.transcriber import Transcriber
from lingting.rooms.hub import RoomHub
from lingting.security.audit import Audit
from lingting.security.keys import Keys
from lingting.security.outbound import Outbound
from lingting.security.rate_limit import Limiter
from lingting.security.signatures import CallbackSigner
from lingting.speech.hub import SpeechHub
from lingting.storage.blobs import Blobs
from lingting.storage.caching.cached_results import CachedResults
from lingting.storage.conversations.conversation_store import ConversationStore
from lingting.storage.db import Database
from lingting.storage.erasing import Eraser
from lingting.storage.jobs.delivery_store import DeliveryStore
from lingting.storage.transcripts.history import History
from lingting.storage.usage_store import UsageStore
from lingting.telemetry import Telemetry
from lingting.telemetry.health import Health
from lingting.text.commands.intents import Intents
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = ["Callbacks", "Kept", "Services"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept beyond a process: rows, and what seals them."""

    database: Database
    vault: Vault
    history: History
    conversations: ConversationStore
    blobs: Blobs
    eraser: Eraser
    results: CachedResults | None
    """What was recognised of late; None where nothing is cached."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What tells others that a job has ended."""

    store: DeliveryStore
    signer: CallbackSigner
    courier: Courier


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the doors, open and warm."""

    transcriber: Transcriber
    """Recordings to text, for all who ask."""
    live: LiveHub
    follow: Callable[[LiveSession, Call], None]
    """Sees every live session that begins, to keep what it says."""
    rooms: RoomHub
    telemetry: Telemetry
    kept: Kept
    outbound: Outbound
    """Calls to addresses that callers named."""
    publisher: Publisher | None
    """Tells Kafka; None where there is none."""
    audit: Audit
    callbacks: Callbacks
    jobs: JobDesk
    limiter: Limiter
    usage: UsageStore
    health: Health
    keys: Keys
    intents: Intents
    """Packs of commands."""
    commands: CommandDesk
    """Tells others of commands that were found."""
    chat: Chat | None
    """The language model; None where there is none."""
    hotwords: HotwordShelf
    """Packs of hotwords."""
    speech: SpeechHub
    """Text to speech."""
    talks: TalkHub | None
    """Spoken conversations; None where there is no language model."""
    clock: Clock
    engine: str
    model: str
    """The name of the default model."""
    names: ServedNames
    """All that callers may send as `model`."""
    models: Residency[EngineDoor]
    estimated_wait_seconds: Callable[[], float]
    """When the work in hand should be done; for Retry-After."""
