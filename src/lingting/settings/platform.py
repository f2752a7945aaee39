"""The sections of the platform: what is kept and sealed, who may call, how much, and what outlives a request."""

from __future__ import annotations

from typing import Any

from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.talk.talk_settings import TALK_RANGES, TalkSettings
from lingting.jobs.command_settings import CommandSettings
from lingting.jobs.courier import CallbackSettings
from lingting.jobs.parts import JobSettings
from lingting.jobs.publishing import KafkaSettings
from lingting.security.audit import AuditSettings
from lingting.security.keys import AccessSettings
from lingting.security.rate_limit import LimitSettings
from lingting.security.urls import OutboundSettings
from lingting.security.vault import VaultSettings
from lingting.settings.base import section
from lingting.settings.ranges import (
    ACCESS_RANGES,
    AUDIT_RANGES,
    CACHE_RANGES,
    CALLBACK_RANGES,
    CHAT_RANGES,
    COMMAND_RANGES,
    HEALTH_RANGES,
    HISTORY_RANGES,
    JOB_RANGES,
    KAFKA_RANGES,
    LIMIT_RANGES,
    OUTBOUND_RANGES,
    STORAGE_RANGES,
    TRACE_RANGES,
)
from lingting.speech.settings import SPEECH_RANGES, SpeechSettings
from lingting.storage.blobs import BlobSettings
from lingting.storage.caching.cache import CacheSettings
from lingting.storage.db import StorageSettings
from lingting.storage.transcripts.history_records import HistorySettings
from lingting.telemetry.health import HealthSettings
from lingting.telemetry.traces import TraceSettings
from lingting.text.commands.intents import IntentSettings
from lingting.text.hotwords.shelf import HotwordSettings

__all__ = [
    "AccessSection",
    "AuditSection",
    "BlobSection",
    "CacheSection",
    "CallbackSection",
    "ChatSection",
    "CommandSection",
    "HealthSection",
    "HistorySection",
    "HotwordSection",
    "IntentSection",
    "JobSection",
    "KafkaSection",
    "LimitSection",
    "OutboundSection",
    "SpeechSection",
    "StorageSection",
    "TalkSection",
    "TraceSection",
    "VaultSection",
]

StorageSection: Any = section(StorageSettings, STORAGE_RANGES)
VaultSection: Any = section(VaultSettings, {})
HistorySection: Any = section(HistorySettings, HISTORY_RANGES)
BlobSection: Any = section(BlobSettings, {})

OutboundSection: Any = section(OutboundSettings, OUTBOUND_RANGES)
CallbackSection: Any = section(CallbackSettings, CALLBACK_RANGES)
KafkaSection: Any = section(KafkaSettings, KAFKA_RANGES)
LimitSection: Any = section(LimitSettings, LIMIT_RANGES)
HealthSection: Any = section(HealthSettings, HEALTH_RANGES)
AuditSection: Any = section(AuditSettings, AUDIT_RANGES)
AccessSection: Any = section(AccessSettings, ACCESS_RANGES)
TraceSection: Any = section(TraceSettings, TRACE_RANGES)
CacheSection: Any = section(CacheSettings, CACHE_RANGES)
JobSection: Any = section(JobSettings, JOB_RANGES)
IntentSection: Any = section(IntentSettings, {})
SpeechSection: Any = section(SpeechSettings, SPEECH_RANGES)
CommandSection: Any = section(CommandSettings, COMMAND_RANGES)
HotwordSection: Any = section(HotwordSettings, {})
ChatSection: Any = section(ChatSettings, CHAT_RANGES)
TalkSection: Any = section(TalkSettings, TALK_RANGES)
