"""Whether and where matched commands are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lingting.domain.errors import SettingsInvalid
from lingting.jobs.command_messages import require_topic

__all__ = ["CommandSettings", "MqttAddress", "mqtt_address", "mqtt_password"]

PORTS = {"mqtt": 1883, "mqtts": 8883}
MAX_PASSWORD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """Off without `mqtt_url` and `webhook_url`."""

    mqtt_url: str | None = None
    """mqtt://host:1883, or mqtts:// for TLS."""
    mqtt_topic: str = "lingting/commands/{pack}/{intent}"
    """With {pack}, {intent}, {owner} and {source}."""
    mqtt_qos: int = 1
    mqtt_username: str | None = None
    mqtt_password: str | None = field(default=None, repr=False)
    """For the environment; else `mqtt_password_file`."""
    mqtt_password_file: Path | None = None
    mqtt_ca_file: Path | None = None
    """Certificates (PEM) to trust instead of the system's."""
    webhook_url: str | None = field(default=None, repr=False)
    """Told of every command, signed as callbacks are."""
    include_text: bool = False
    """The sentence, too."""
    max_waiting: int = 1_000
    """Commands that wait for a receiver; of more the oldest are dropped."""
    max_age_seconds: float = 300.0
    """A command that no receiver took for so long is dropped."""
    flush_seconds: float = 5.0
    """For what waits when the server stops."""


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where a broker is."""

    host: str
    port: int
    has_tls: bool


def mqtt_address(settings: CommandSettings) -> MqttAddress | None:
    """The broker's address, the rest of what is said about it checked too; None where there is none.

    raises    SettingsInvalid
    """
    if settings.mqtt_url is None:
        return None
    require_topic(settings.mqtt_topic)
    try:
        parts = urlsplit(settings.mqtt_url)
        port = parts.port
    except ValueError as problem:
        raise SettingsInvalid(_WANTED, param="commands.mqtt_url") from problem
    has_more = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in PORTS or not parts.hostname or has_more:
        raise SettingsInvalid(_WANTED, param="commands.mqtt_url")
    return MqttAddress(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts")


_WANTED = (
    "commands.mqtt_url: write mqtt://host:port, or mqtts:// for TLS, and nothing behind it; "
    "the name and password go into commands.mqtt_username and commands.mqtt_password or commands.mqtt_password_file"
)


def mqtt_password(settings: CommandSettings) -> str | None:
    """Blocking.

    raises    SettingsInvalid
    """
    path = settings.mqtt_password_file
    if settings.mqtt_password is not None or path is None:
        return settings.mqtt_password
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_PASSWORD_BYTES).strip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsInvalid(
            f"commands.mqtt_password_file cannot be read: {type(problem).__name__}", param="commands.mqtt_password_file"
        ) from problem
