"""Opens what calls out: the guarded client, the courier that delivers callbacks, and what tells Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from lingting.domain import Clock
from lingting.jobs.commands import CommandDesk
from lingting.jobs.courier import CallbackSettings, Courier, CourierParts
from lingting.jobs.ending import Told
from lingting.jobs.publishing import KafkaSettings, Publisher
from lingting.security.outbound import Outbound
from lingting.security.signatures import CallbackSigner
from lingting.security.urls import OutboundSettings
from lingting.services import Callbacks, Kept
from lingting.settings import Settings
from lingting.storage.jobs.delivery_store import DeliveryStore
from lingting.telemetry import Telemetry

__all__ = ["callback_desk", "open_outgoing", "open_publisher", "told_of_ends", "wants_text"]


@asynccontextmanager
async def open_outgoing(
    settings: Settings, kept: Kept, *, clock: Clock, telemetry: Telemetry
) -> AsyncIterator[tuple[Outbound, Callbacks]]:
    """A courier at work, and the client it calls with.

    raises    SettingsInvalid
    """
    outbound = Outbound(settings.built("outbound", OutboundSettings), observer=telemetry.outbound)
    store, signer = callback_desk(settings, kept, clock)
    parts = CourierParts(store=store, signer=signer, post=outbound.post, clock=clock, observer=telemetry.outbound)
    courier = Courier(parts, settings.built("callbacks", CallbackSettings))
    courier.start()
    try:
        yield outbound, Callbacks(store, signer, courier)
    finally:
        await courier.aclose()
        await outbound.aclose()


@asynccontextmanager
async def open_publisher(settings: Settings, *, clock: Clock, telemetry: Telemetry) -> AsyncIterator[Publisher | None]:
    """What tells Kafka; None where no brokers are named.

    raises    SettingsInvalid
    """
    wanted = settings.built("kafka", KafkaSettings)
    if wanted.bootstrap_servers is None:
        yield None
        return
    publisher = Publisher(wanted, clock=clock, observer=telemetry.outbound)
    try:
        yield publisher
    finally:
        await publisher.aclose()


def told_of_ends(callbacks: Callbacks, publisher: Publisher | None, commands: CommandDesk) -> Sequence[Told]:
    """Who hears how jobs end: the courier, which finds the callback in its table, Kafka, and what obeys commands."""
    return [lambda _: callbacks.courier.wake(), *([publisher.job] if publisher else []), commands.job]


def wants_text(publisher: Publisher | None) -> bool:
    """Whether one of them wants the results, too."""
    return publisher is not None and publisher.wants_text


def callback_desk(settings: Settings, kept: Kept, clock: Clock) -> tuple[DeliveryStore, CallbackSigner]:
    """The callbacks and their secrets, for looking after, without a courier."""
    grace_seconds = settings.built("callbacks", CallbackSettings).secret_grace_seconds
    signer = CallbackSigner(kept.database, kept.vault, clock, grace_seconds=grace_seconds)
    return DeliveryStore(kept.database, kept.vault, clock), signer
