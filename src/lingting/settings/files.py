"""Where settings come from: the prefix of the environment's variables, and the file."""

from __future__ import annotations

import os
from pathlib import Path

from lingting.domain.errors import SettingsInvalid

__all__ = ["API_KEY_VARIABLE", "CONFIG_VARIABLE", "ENV_PREFIX", "settings_file"]

ENV_PREFIX = "LINGTING_"
CONFIG_VARIABLE = "LINGTING_CONFIG"
CLIENT_VARIABLES = frozenset({"LINGTING_API_KEY"})
"""Read by commands that talk to a server; no settings, but not unknown either."""
API_KEY_VARIABLE = "LINGTING_API_KEY"
"""Of our own clients; the server does not read it."""
DEFAULT_FILE = "lingting.toml"


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
