"""Tells an MQTT broker of commands. The only file that imports aiomqtt.

Promises: a command leaves the line when the broker has confirmed it (QoS 1 and 2) or the socket has taken it (QoS 0),
so that a lost connection makes it come twice, under the same id, rather than never; a broker that is away is tried
again, ever more slowly up to `MAX_PAUSE_SECONDS`; messages are never retained, as an order is no state.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import ssl
from random import random
from typing import Any

from lingting.domain.errors import SettingsInvalid
from lingting.jobs.command_line import CommandLine, CommandObserver
from lingting.jobs.command_messages import command_payload, topic_of
from lingting.jobs.command_settings import CommandSettings, MqttAddress, mqtt_password
from lingting.telemetry import log

__all__ = ["MqttTeller", "open_mqtt"]

ANSWER_SECONDS = 10.0
"""For the broker to confirm; then the connection counts as lost."""
KEEPALIVE_SECONDS = 15
"""How soon a broker whose machine is gone is noticed, about."""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
JITTER = 0.2
INSTALL = "pip install 'lingting[mqtt]'"


class MqttTeller:
    """One connection to one broker, kept up by `run`."""

    target = "mqtt"

    def __init__(
        self, settings: CommandSettings, client_options: dict[str, Any], observer: CommandObserver
    ) -> None:  # Any: keyword arguments
        self._settings = settings
        self._client_options = client_options
        self._observer = observer
        self._complained_of = ""
        self.is_connected = False

    async def run(self, line: CommandLine) -> None:
        """Until it is cancelled."""
        import aiomqtt

        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with aiomqtt.Client(**self._client_options) as client:
                    pause_seconds = FIRST_PAUSE_SECONDS
                    await self._connected(client, line)
            except* (aiomqtt.MqttError, OSError, ValueError) as problems:
                self._complain(problems.exceptions[0])
            finally:
                self._mark(connected=False)
            await asyncio.sleep(pause_seconds * (1.0 + JITTER * random()))  # noqa: S311 - spreads tries
            pause_seconds = min(2 * pause_seconds, MAX_PAUSE_SECONDS)

    async def probe(self) -> None:
        """raises    ConnectionError where no broker is connected"""
        if not self.is_connected:
            raise ConnectionError

    async def _connected(self, client: Any, line: CommandLine) -> None:  # Any: aiomqtt is imported above only
        self._mark(connected=True)
        log.info("commands.mqtt_connected")
        self._complained_of = ""
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(client), name="mqtt-listen")
            group.create_task(self._send(client, line), name="mqtt-send")

    async def _send(self, client: Any, line: CommandLine) -> None:
        settings = self._settings
        while True:
            command = await line.first()
            topic = topic_of(settings.mqtt_topic, command)
            payload = command_payload(command, include_text=settings.include_text)
            await client.publish(topic, payload, qos=settings.mqtt_qos, retain=False)
            line.told(command)

    def _mark(self, *, connected: bool) -> None:
        self.is_connected = connected
        self._observer.mqtt_connected(connected=connected)

    def _complain(self, problem: BaseException) -> None:
        """Once for each kind until a connection holds, as every try ends alike; without the address it may name."""
        name = type(problem).__name__
        if name != self._complained_of:
            log.warning("commands.mqtt_away", error=name)
        self._complained_of = name


async def _listen(client: Any) -> None:
    """Nothing is subscribed to; it ends with an error when the connection does, also while there is nothing to say."""
    async for _ in client.messages:
        pass


def open_mqtt(settings: CommandSettings, address: MqttAddress, observer: CommandObserver) -> MqttTeller:
    """Blocking: reads files.

    raises    SettingsInvalid
    """
    if importlib.util.find_spec("aiomqtt") is None:
        raise SettingsInvalid(f"commands.mqtt_url is set, which needs aiomqtt: {INSTALL}", param="commands.mqtt_url")
    quiet = logging.getLogger("lingting.mqtt")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False  # the client logs topics, which name owners; `_complain` says what matters
    options = {
        "hostname": address.host,
        "port": address.port,
        "username": settings.mqtt_username,
        "password": mqtt_password(settings),
        "tls_context": _tls_context(settings) if address.has_tls else None,
        "timeout": ANSWER_SECONDS,
        "keepalive": KEEPALIVE_SECONDS,
        "max_queued_incoming_messages": 1,
        "logger": quiet,
    }
    return MqttTeller(settings, options, observer)


def _tls_context(settings: CommandSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.mqtt_ca_file)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsInvalid(
            f"commands.mqtt_ca_file cannot be read: {type(problem).__name__}", param="commands.mqtt_ca_file"
        ) from problem
