"""Who we are to Aliyun: read from the environment or a file, never shown."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lingting.domain.errors import SettingsInvalid
from lingting.engines.aliyun.settings import AliyunSettings

__all__ = ["Credentials", "read_credentials"]

NAMES = ("appkey", "access_key_id", "access_key_secret", "token")
MAX_FILE_BYTES = 64 * 1024
MAX_VALUE_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class Credentials:
    """An appkey, and either an access key that makes tokens or a token."""

    appkey: str = field(repr=False)
    access_key_id: str = field(default="", repr=False)
    access_key_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Empty where there is an access key."""


def read_credentials(settings: AliyunSettings, environment: Mapping[str, str] | None = None) -> Credentials:
    """Read them anew; blocking. The file goes before the environment, an access key before a token.

    raises    SettingsInvalid, which says what is missing and never what is there
    """
    variables = os.environ if environment is None else environment
    found = _from_file(Path(settings.credentials_file)) if settings.credentials_file else {}
    for name in NAMES:
        found[name] = (found.get(name) or variables.get(getattr(settings, f"{name}_env"), "")).strip()
        if len(found[name]) > MAX_VALUE_CHARACTERS or not found[name].isascii() or not _is_one_line(found[name]):
            raise SettingsInvalid(f"aliyun: the {name} is not one line of plain characters", param="aliyun")
    if not found["appkey"]:
        raise _missing(settings, "the appkey of a project", settings.appkey_env)
    if found["access_key_id"] and found["access_key_secret"]:
        return Credentials(found["appkey"], found["access_key_id"], found["access_key_secret"])
    if found["token"]:
        return Credentials(found["appkey"], token=found["token"])
    names = f"{settings.access_key_id_env} and {settings.access_key_secret_env}, or {settings.token_env}"
    raise _missing(settings, "an access key or a token", names)


def _from_file(path: Path) -> dict[str, str]:
    """Of JSON, or of lines `name = value` with or without a [section]."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise _unreadable(f"cannot be read: {type(problem).__name__}") from problem
    if len(data) > MAX_FILE_BYTES:
        raise _unreadable(f"is larger than {MAX_FILE_BYTES} bytes")
    return _from_json(text) if text.lstrip().startswith("{") else _from_ini(text)


def _from_json(text: str) -> dict[str, str]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _unreadable("is not a JSON object")
    return {name: value for name in NAMES if isinstance(value := said.get(name), str)}


def _from_ini(text: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text if text.lstrip().startswith("[") else f"[aliyun]\n{text}")
    except configparser.Error:
        parser.clear()
    section = next((parser[name] for name in parser.sections()), None)
    if section is None:
        # Its own error quotes the line at fault, which may be the secret.
        raise _unreadable("is neither JSON nor lines of name = value")
    return {name: section[name] for name in NAMES if name in section}


def _is_one_line(value: str) -> bool:
    return all(character.isprintable() for character in value) and " " not in value


def _missing(settings: AliyunSettings, what: str, variables: str) -> SettingsInvalid:
    where = f"{settings.credentials_file} or " if settings.credentials_file else ""
    return SettingsInvalid(f"aliyun needs {what}: put it in {where}the environment ({variables})", param="aliyun")


def _unreadable(problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"aliyun.credentials_file {problem}", param="aliyun.credentials_file")
