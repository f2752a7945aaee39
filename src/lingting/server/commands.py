"""Opens what tells others of matched commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.domain import Clock
from lingting.domain.errors import SettingsInvalid, UrlNotAllowed
from lingting.jobs.command_hooks import WebhookTeller
from lingting.jobs.command_mqtt import open_mqtt
from lingting.jobs.command_settings import CommandSettings, mqtt_address
from lingting.jobs.commands import CommandDesk, CommandTeller
from lingting.security.outbound import Outbound
from lingting.services import Callbacks
from lingting.settings import Settings
from lingting.telemetry import Telemetry
from lingting.telemetry.health import Check
from lingting.text.commands.intents import Intents

__all__ = ["open_commands"]


@asynccontextmanager
async def open_commands(
    settings: Settings, intents: Intents, outgoing: tuple[Outbound, Callbacks], *, clock: Clock, telemetry: Telemetry
) -> AsyncIterator[tuple[CommandDesk, list[Check]]]:
    """The desk, at work, and how its broker is asked for; it does nothing where no receiver is named.

    raises    SettingsInvalid
    """
    chosen = settings.built("commands", CommandSettings)
    observer = telemetry.commands
    tellers: list[CommandTeller] = []
    checks = []
    address = mqtt_address(chosen)
    if address is not None:
        mqtt = await asyncio.to_thread(open_mqtt, chosen, address, observer)
        tellers.append(mqtt)
        checks.append(Check("mqtt", mqtt.probe, is_required=False))
    if chosen.webhook_url is not None:
        outbound, callbacks = outgoing
        url = _checked(outbound, chosen.webhook_url)
        hook = WebhookTeller(url, callbacks.store, callbacks.courier.wake, include_text=chosen.include_text)
        tellers.append(hook)
    desk = CommandDesk(tellers, chosen, intents=intents, clock=clock, observer=observer)
    async with desk.running():
        yield desk, checks


def _checked(outbound: Outbound, url: str) -> str:
    try:
        return outbound.guard.check(url, param="commands.webhook_url", is_callback=True).url
    except UrlNotAllowed as problem:
        raise SettingsInvalid(f"commands.webhook_url: {problem.message}", param="commands.webhook_url") from problem
