"""Callbacks to real receivers: quick, slow, failing, redirecting, private; through kills, rotations and replays."""

import asyncio
import base64
import dataclasses
import json
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from standardwebhooks import Webhook, WebhookVerificationError

from courier_process import GRACE_SECONDS, running_courier
from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import SystemClock
from lingting.jobs.callbacks import callback_row
from lingting.jobs.courier import CallbackSettings
from lingting.jobs.outcome import JobOutcome
from lingting.security.signatures import CallbackSigner
from lingting.storage.db import Database, StorageSettings
from lingting.storage.jobs.delivery_store import Delivery, DeliveryState, DeliveryStore
from lingting.storage.tables import deliveries
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock
from raw_server import RawServer, Received, answer, raw_server

pytestmark = pytest.mark.integration

OK = answer("204 No Content")
QUICK = CallbackSettings(pauses_seconds=(0.01, 0.01), poll_seconds=0.05)
ONCE = CallbackSettings(pauses_seconds=(), poll_seconds=0.05)
SLOW_BUS_SECONDS = 20.0
"""More than anything here takes on a busy machine."""
OWNER = "k1"
COURIER_PROCESS = Path(__file__).parents[1] / "courier_process.py"


class Watcher:
    """Counts like the server's metrics, and tells the test that something happened."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self.happened = asyncio.Event()

    def callback_tried(self, outcome: str, *, seconds: float) -> None:
        self.telemetry.outbound.callback_tried(outcome, seconds=seconds)
        self.happened.set()

    def callbacks_open(self, *, waiting: int, dead: int) -> None:
        self.telemetry.outbound.callbacks_open(waiting=waiting, dead=dead)


class Mailroom:
    """A database with callbacks, and ways to look at it."""

    def __init__(self, url: str, database: Database, key: str) -> None:
        self.url, self.key, self.database = url, key, database
        self.watcher = Watcher()
        self.vault = Vault(Keyring.parse([key]))
        self.store = DeliveryStore(database, self.vault, SystemClock())
        self.signer = CallbackSigner(database, self.vault, SystemClock(), grace_seconds=GRACE_SECONDS)

    async def add(self, port: int, number: int = 0, *, host: str = "127.0.0.1") -> str:
        outcome = JobOutcome(f"job{number}", OWNER, "succeeded", SystemClock().now())
        row = callback_row(self.vault, outcome, f"http://{host}:{port}/hook", now_ms=self.store.now_ms())
        await self.database.write(lambda connection: connection.execute(insert(deliveries).values(row)))
        return str(row["id"])

    async def until(self, name: str, state: DeliveryState) -> Delivery:
        async with asyncio.timeout(SLOW_BUS_SECONDS):
            while True:
                self.watcher.happened.clear()
                found = next(each for each in await self.store.listed(owner=None) if each.id == name)
                if found.state is state:
                    return found
                await self.watcher.happened.wait()

    def courier(self, settings: CallbackSettings, *ports: int, **more: object):
        return running_courier(self.database, self.vault, settings, *ports, observer=self.watcher, **more)


@pytest.fixture
async def mailroom(tmp_path):
    url = f"sqlite:///{tmp_path / 'mail.db'}"
    async with Database.opened(StorageSettings(url), tmp_path) as database:
        yield Mailroom(url, database, new_master_key())


def saying(*answers: bytes):
    """A receiver that says these one after another, and the last one for ever."""
    left = list(answers)

    async def handle(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return raw_server(handle)


async def arrived(server: RawServer) -> Received:
    async with asyncio.timeout(SLOW_BUS_SECONDS):
        return await server.arrived.get()


async def hang(_request: Received, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_callback_arrives_signed_as_the_public_library_expects(mailroom) -> None:
    async with raw_server(OK) as server, mailroom.courier(QUICK, server.port) as courier:
        name = await mailroom.add(server.port)
        courier.wake()
        received = await arrived(server)
        await mailroom.until(name, DeliveryState.DELIVERED)
    secret = await mailroom.signer.secret(OWNER)
    message = Webhook(secret.current).verify(received.body, received.headers)
    assert message["type"] == "job.succeeded"
    assert message["data"]["job_id"] == "job0"
    assert received.headers["webhook-id"] == name
    assert received.headers["content-type"] == "application/json"


async def test_a_changed_callback_does_not_verify(mailroom) -> None:
    async with raw_server(OK) as server, mailroom.courier(QUICK, server.port):
        await mailroom.add(server.port)
        received = await arrived(server)
    secret = await mailroom.signer.secret(OWNER)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret.current).verify(received.body.replace(b"succeeded", b"cancelled"), received.headers)


async def test_a_callback_replayed_much_later_does_not_verify(mailroom) -> None:
    an_hour_ago = VirtualClock(start=SystemClock().now() - timedelta(hours=1))
    signer = CallbackSigner(mailroom.database, mailroom.vault, an_hour_ago, grace_seconds=GRACE_SECONDS)
    headers = await signer.headers(OWNER, "msg_1", b"{}")
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook((await signer.secret(OWNER)).current).verify(b"{}", headers)


async def test_another_owners_secret_does_not_verify(mailroom) -> None:
    headers = await mailroom.signer.headers(OWNER, "msg_1", b"{}")
    other = await mailroom.signer.secret("k2")
    with pytest.raises(WebhookVerificationError):
        Webhook(other.current).verify(b"{}", headers)


async def test_a_failing_receiver_gets_the_same_callback_again(mailroom) -> None:
    async with saying(answer("500 Oh"), answer("503 No"), OK) as server, mailroom.courier(QUICK, server.port):
        name = await mailroom.add(server.port)
        delivered = await mailroom.until(name, DeliveryState.DELIVERED)
    assert delivered.attempts == 3
    assert {request.headers["webhook-id"] for request in server.requests} == {name}
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (answer("500 Oh"), "answered_500"),
        (answer("404 Not Found"), "answered_404"),
        (answer("302 Found", "Location: /elsewhere"), "answered_302"),
        (b"nonsense\r\n\r\n", "fetch_failed"),
        (b"", "fetch_failed"),
    ],
    ids=["failing", "missing", "redirecting", "nonsense", "hanging up"],
)
async def test_a_receiver_that_never_takes_it_is_given_up(said, error, mailroom) -> None:
    async with raw_server(said) as server, mailroom.courier(QUICK, server.port):
        dead = await mailroom.until(await mailroom.add(server.port), DeliveryState.DEAD)
    assert (dead.last_error, dead.attempts) == (error, 3)
    assert [request.path for request in server.requests] == ["/hook"] * 3


async def test_a_receiver_that_is_gone_is_asked_once(mailroom) -> None:
    async with raw_server(answer("410 Gone")) as server, mailroom.courier(QUICK, server.port):
        dead = await mailroom.until(await mailroom.add(server.port), DeliveryState.DEAD)
    assert (dead.last_status, dead.attempts) == (410, 1)


async def test_a_receiver_that_is_too_slow_has_failed(mailroom) -> None:
    settings = dataclasses.replace(ONCE, seconds=0.1)
    async with raw_server(hang) as server, mailroom.courier(settings, server.port):
        dead = await mailroom.until(await mailroom.add(server.port), DeliveryState.DEAD)
    assert (dead.last_status, dead.last_error) == (None, "fetch_failed")


async def test_a_receiver_at_a_private_address_is_never_called(mailroom) -> None:
    async with raw_server(OK) as server, mailroom.courier(ONCE, server.port, allowed_networks=()):
        dead = await mailroom.until(await mailroom.add(server.port), DeliveryState.DEAD)
    assert dead.last_error == "url_not_allowed"
    assert server.requests == []


async def test_a_dead_callback_is_delivered_when_it_is_asked_for_again(mailroom) -> None:
    async with saying(answer("500 Oh"), OK) as server, mailroom.courier(ONCE, server.port) as courier:
        name = await mailroom.add(server.port)
        await mailroom.until(name, DeliveryState.DEAD)
        await mailroom.store.redeliver(OWNER, name)
        courier.wake()
        await mailroom.until(name, DeliveryState.DELIVERED)
    assert [request.headers["webhook-id"] for request in server.requests] == [name, name]


async def test_a_receiver_that_hangs_does_not_keep_others_waiting(mailroom) -> None:
    settings = dataclasses.replace(QUICK, at_once=4, per_host=2)
    async with (
        raw_server(hang) as dead,
        raw_server(OK) as alive,
        mailroom.courier(settings, dead.port, alive.port),
    ):
        for number in range(10):
            await mailroom.add(dead.port, number)
        await arrived(dead)
        name = await mailroom.add(alive.port, 99)
        await mailroom.until(name, DeliveryState.DELIVERED)
        assert len(dead.requests) == settings.per_host


async def test_two_couriers_share_what_is_due(mailroom) -> None:
    async with raw_server(OK) as server:
        names = [await mailroom.add(server.port, number) for number in range(30)]
        settings = dataclasses.replace(QUICK, per_host=4)
        async with mailroom.courier(settings, server.port), mailroom.courier(settings, server.port):
            for name in names:
                await mailroom.until(name, DeliveryState.DELIVERED)
    assert Counter(request.headers["webhook-id"] for request in server.requests) == Counter(names)


async def test_a_courier_that_stops_leaves_what_it_had_to_the_next(mailroom) -> None:
    async with raw_server(hang) as server:
        name = await mailroom.add(server.port)
        async with mailroom.courier(QUICK, server.port):
            await arrived(server)
        async with mailroom.courier(QUICK, server.port):
            again = await arrived(server)
    assert again.headers["webhook-id"] == name


class Later(SystemClock):
    """Past the end of a dead server's lease."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=60)


async def test_a_kill_between_sending_and_marking_sends_it_again_under_the_same_id(mailroom) -> None:
    async with raw_server(hang) as server:
        name = await mailroom.add(server.port)
        process = await asyncio.create_subprocess_exec(
            sys.executable, COURIER_PROCESS, mailroom.url, mailroom.key, str(server.port)
        )
        first = await arrived(server)
        process.kill()
        await process.wait()
    async with (
        raw_server(OK, port=server.port) as revived,
        mailroom.courier(QUICK, server.port, clock=Later()),
    ):
        delivered = await mailroom.until(name, DeliveryState.DELIVERED)
    (second,) = revived.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == name
    assert first.body == second.body
    assert delivered.attempts == 1


async def test_a_rotated_secret_and_the_one_before_both_verify(mailroom) -> None:
    before = await mailroom.signer.secret(OWNER)
    after = await mailroom.signer.rotate(OWNER)
    headers = await mailroom.signer.headers(OWNER, "msg_1", b"{}")
    assert after.current != before.current == after.previous
    for secret in (before.current, after.current):
        Webhook(secret).verify(b"{}", headers)


async def test_the_secret_before_the_last_two_no_longer_verifies(mailroom) -> None:
    oldest = await mailroom.signer.secret(OWNER)
    for _ in range(2):
        await mailroom.signer.rotate(OWNER)
    with pytest.raises(WebhookVerificationError):
        Webhook(oldest.current).verify(b"{}", await mailroom.signer.headers(OWNER, "msg_1", b"{}"))


async def test_after_the_time_of_grace_only_the_fresh_secret_verifies(mailroom) -> None:
    start = SystemClock().now() - timedelta(seconds=GRACE_SECONDS + 1)
    clock = VirtualClock(start=start)
    signer = CallbackSigner(mailroom.database, mailroom.vault, clock, grace_seconds=GRACE_SECONDS)
    before = await signer.secret(OWNER)
    after = await signer.rotate(OWNER)
    clock.advance(GRACE_SECONDS + 1)
    headers = await signer.headers(OWNER, "msg_1", b"{}")
    Webhook(after.current).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(before.current).verify(b"{}", headers)


async def test_rotations_at_once_follow_each_other(mailroom) -> None:
    await mailroom.signer.secret(OWNER)
    made = await asyncio.gather(*(mailroom.signer.rotate(OWNER) for _ in range(5)))
    last = await mailroom.signer.secret(OWNER)
    assert len({secret.current for secret in made}) == 5
    assert last.current in {secret.current for secret in made}


async def test_a_secret_is_as_the_standard_wants_it_and_not_shown_by_accident(mailroom) -> None:
    secret = await mailroom.signer.secret(OWNER)
    assert secret.current.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.current.removeprefix("whsec_"), validate=True)) <= 64
    assert secret.current not in repr(secret)


async def test_what_happened_is_counted(mailroom) -> None:
    async with saying(answer("500 Oh"), OK) as server, mailroom.courier(QUICK, server.port):
        await mailroom.until(await mailroom.add(server.port), DeliveryState.DELIVERED)
    counted = mailroom.watcher.telemetry.exposition().decode()
    assert 'asr_callback_attempts_total{outcome="retried"} 1.0' in counted
    assert 'asr_callbacks_open{state="dead"} 0.0' in counted


async def test_the_payload_is_json_without_the_transcript(mailroom) -> None:
    async with raw_server(OK) as server, mailroom.courier(QUICK, server.port):
        await mailroom.add(server.port)
        received = await arrived(server)
    assert set(json.loads(received.body)["data"]) == {"job_id", "batch_id", "state", "audio_seconds", "error"}
