"""Reads the settings once, and says of each wrong or unknown one its name, its value and what is accepted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from lingting.domain.errors import LingtingError, SettingsInvalid
from lingting.settings.files import (
    API_KEY_VARIABLE,
    CONFIG_VARIABLE,
    ENV_PREFIX,
    SECRETS_VARIABLE,
    secret_names,
)
from lingting.settings.model import Settings

__all__ = ["load_settings", "setting_names"]


def load_settings(
    *,
    model: str | None = None,
    engine: str | None = None,
    host: str | None = None,
    port: int | None = None,
    grpc: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings; what is given here, as on a command line, wins over all else.

    grpc      of its section, what is given; None leaves a setting as it is
    raises    SettingsInvalid, a line for each problem
    """
    _refuse_unknown_variables()
    given: dict[str, Any] = _said({"model": model, "engine": engine})  # Any: keyword arguments
    sections = {"server": {"host": host, "port": port}, "grpc": grpc or {}}
    given |= {name: said for name, section in sections.items() if (said := _said(section))}
    try:
        settings = Settings(**given)
        settings.request_defaults()
    except ValidationError as problem:
        raise SettingsInvalid("\n".join(_line(error) for error in problem.errors())) from problem
    except SettingsInvalid:
        raise
    except LingtingError as problem:
        raise SettingsInvalid(f"recognition: {problem.message}") from problem
    except (ValueError, OSError) as problem:
        raise SettingsInvalid(f"the settings cannot be read: {problem}") from problem
    return settings


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def setting_names() -> list[str]:
    """Every setting, as section.name."""
    names: list[str] = []
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names += [f"{name}.{part}" for part in inner] if inner else [name]
    return names


def _refuse_unknown_variables() -> None:
    known = {f"{ENV_PREFIX}{name.replace('.', '__')}".upper() for name in setting_names()} | {
        CONFIG_VARIABLE,
        API_KEY_VARIABLE,
        SECRETS_VARIABLE,
    }
    sections = {f"{ENV_PREFIX}{name.split('.')[0]}".upper() for name in setting_names()}
    unknown = sorted(
        name
        for name in (*os.environ, *secret_names())
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known | sections
    )
    if unknown:
        raise SettingsInvalid(f"{unknown[0]} is not a setting; docs/settings.md lists them", param=unknown[0])


def _line(error: Any) -> str:  # Any: pydantic's ErrorDetails
    name = ".".join(str(part) for part in error["loc"])
    variable = f"{ENV_PREFIX}{name.replace('.', '__').upper()}"
    given = repr(error.get("input"))[:80]
    return f"{name} = {given}: {error['msg']} (in the environment: {variable})"
