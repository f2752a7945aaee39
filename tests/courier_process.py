"""A courier in a process of its own, which a test may kill: DATABASE-URL KEY-LINE PORT."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lingting.crypto import Keyring, Vault
from lingting.domain import Clock, SystemClock
from lingting.jobs.courier import CallbackObserver, CallbackSettings, Courier, CourierParts
from lingting.security.outbound import Outbound
from lingting.security.signatures import CallbackSigner
from lingting.security.urls import OutboundSettings
from lingting.storage.db import Database, StorageSettings
from lingting.storage.jobs.delivery_store import DeliveryStore
from lingting.telemetry import Telemetry

GRACE_SECONDS = 3_600.0


@asynccontextmanager
async def running_courier(
    database: Database,
    vault: Vault,
    settings: CallbackSettings,
    *ports: int,
    clock: Clock | None = None,
    observer: CallbackObserver | None = None,
    **outbound_settings: object,
) -> AsyncIterator[Courier]:
    """A courier that may call this machine on these ports."""
    clock = clock or SystemClock()
    opened = {"allow_http": True, "allowed_networks": ("127.0.0.0/8",), **outbound_settings}
    outbound = Outbound(OutboundSettings(ports=ports, **opened))
    parts = CourierParts(
        store=DeliveryStore(database, vault, clock),
        signer=CallbackSigner(database, vault, clock, grace_seconds=GRACE_SECONDS),
        post=outbound.post,
        clock=clock,
        observer=observer or Telemetry().outbound,
    )
    courier = Courier(parts, settings)
    courier.start()
    try:
        yield courier
    finally:
        await courier.aclose()
        await outbound.aclose()


async def _main(url: str, key: str, port: int) -> None:
    vault = Vault(Keyring.parse([key]))
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Database.opened(StorageSettings(url), Path(folder)) as database,
            running_courier(database, vault, CallbackSettings(), port),
        ):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
