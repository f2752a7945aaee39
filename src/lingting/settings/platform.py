"""The sections of the platform: what is kept and sealed, who may call, how much, and what outlives a request."""

from __future__ import annotations

from typing import Any

from lingting.security.vault import VaultSettings
from lingting.settings.base import section
from lingting.settings.ranges import STORAGE_RANGES
from lingting.storage.db import StorageSettings

__all__ = ["StorageSection", "VaultSection"]

StorageSection: Any = section(StorageSettings, STORAGE_RANGES)
VaultSection: Any = section(VaultSettings, {})
