"""Tells a web address of commands: each becomes a row that the courier of callbacks delivers, signed, again and again.

Promises: a command leaves the line once its row is in the database, from where on no kill loses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lingting.domain.errors import LingtingError
from lingting.jobs.command_line import CommandLine
from lingting.jobs.command_messages import command_payload
from lingting.storage.jobs.delivery_store import DeliveryStore, NewDelivery
from lingting.telemetry import log

__all__ = ["WEBHOOK_OWNER", "WebhookTeller"]

WEBHOOK_OWNER = "commands"
"""Whose secret signs: the server's own, as no caller named the address."""
PAUSE_SECONDS = 2.0
"""Before a database that is away is asked again."""


class WebhookTeller:
    """One address.

    url     as the guard spelled it
    wake    the courier
    """

    target = "webhook"

    def __init__(self, url: str, store: DeliveryStore, wake: Callable[[], None], *, include_text: bool) -> None:
        self._url = url
        self._store = store
        self._wake = wake
        self._include_text = include_text

    async def run(self, line: CommandLine) -> None:
        """Until it is cancelled."""
        while True:
            command = await line.first()
            payload = command_payload(command, include_text=self._include_text)
            try:
                await self._store.add(NewDelivery(WEBHOOK_OWNER, command.id, self._url, payload))
            except LingtingError as problem:
                log.warning("commands.not_written", code=problem.code)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            line.told(command)
            self._wake()
