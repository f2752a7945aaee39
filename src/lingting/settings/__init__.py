"""Environment and file to frozen settings, read once, in the composition root.

LINGTING_SECTION__NAME in the environment wins over lingting.toml (or the file in LINGTING_CONFIG), which wins over the
defaults beside the code. A wrong or unknown one stops the start, with its name, its value and what is accepted.
"""

from __future__ import annotations

from lingting.settings.files import ENV_PREFIX, settings_file
from lingting.settings.loading import load_settings, setting_names
from lingting.settings.model import Settings
from lingting.settings.sections import LogSettings, RecognitionDefaults, ServerSettings
from lingting.settings.serving import ServeEntry

__all__ = [
    "ENV_PREFIX",
    "LogSettings",
    "RecognitionDefaults",
    "ServeEntry",
    "ServerSettings",
    "Settings",
    "load_settings",
    "setting_names",
    "settings_file",
]
