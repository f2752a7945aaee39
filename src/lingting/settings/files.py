"""Where settings come from: the prefix of the environment's variables, the folder of secrets, and the file."""

from __future__ import annotations

import os
from pathlib import Path

from lingting.domain.errors import SettingsInvalid

__all__ = [
    "API_KEY_VARIABLE",
    "CONFIG_VARIABLE",
    "ENV_PREFIX",
    "SECRETS_VARIABLE",
    "secret_names",
    "secrets_folder",
    "settings_file",
]

ENV_PREFIX = "LINGTING_"
CONFIG_VARIABLE = "LINGTING_CONFIG"
SECRETS_VARIABLE = "LINGTING_SECRETS_DIR"
"""Of a folder whose files are named as variables are: what Docker, Kubernetes and systemd hand secrets over in."""
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


def secrets_folder() -> Path | None:
    """Where files with single settings are, if the environment names a folder.

    raises    SettingsInvalid when LINGTING_SECRETS_DIR names a folder that is not there
    """
    named = os.environ.get(SECRETS_VARIABLE)
    if not named:
        return None
    if not Path(named).is_dir():
        raise SettingsInvalid(f"{SECRETS_VARIABLE} = {named!r}: there is no such folder", param=SECRETS_VARIABLE)
    return Path(named)


def secret_names() -> list[str]:
    """What the files in that folder are called.

    raises    SettingsInvalid when the folder is not there or may not be read
    """
    folder = secrets_folder()
    try:
        return [path.name for path in folder.iterdir()] if folder else []
    except OSError as problem:
        raise SettingsInvalid(
            f"{SECRETS_VARIABLE} = {str(folder)!r}: {problem.strerror}; let the user of the server read it",
            param=SECRETS_VARIABLE,
        ) from problem
