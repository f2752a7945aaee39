"""The sections of the platform: what is kept and sealed, who may call, how much, and what outlives a request."""

from __future__ import annotations

from typing import Any

from lingting.security.urls import OutboundSettings
from lingting.security.vault import VaultSettings
from lingting.settings.base import section
from lingting.settings.ranges import OUTBOUND_RANGES, STORAGE_RANGES
from lingting.storage.db import StorageSettings

__all__ = ["OutboundSection", "StorageSection", "VaultSection"]

StorageSection: Any = section(StorageSettings, STORAGE_RANGES)
VaultSection: Any = section(VaultSettings, {})
OutboundSection: Any = section(OutboundSettings, OUTBOUND_RANGES)
