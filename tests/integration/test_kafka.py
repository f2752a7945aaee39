"""Kafka is told of finals and jobs, in order, and never slows those who tell; on brokers of librdkafka's own."""

import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from test_ws_native import SILENCE, samples_of

from kafka_cluster import BUSY_SECONDS, Cluster, kafka_cluster
from lingting.client import Final as SaidFinal
from lingting.client import connect
from lingting.domain import Final, SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.engines.fake import FakeEngine
from lingting.jobs.messages import session_name
from lingting.jobs.outcome import JobOutcome
from lingting.jobs.publishing import KafkaSettings, Publisher
from lingting.settings import load_settings
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.integration

OUTCOME = JobOutcome("job1", "k1", "succeeded", datetime(2026, 1, 2, tzinfo=UTC), result={"text": "secret words"})


@pytest.fixture(scope="module")
def cluster():
    with kafka_cluster() as running:
        yield running


def final(seq: int, text: str = "secret words") -> Final:
    return Final(seq=seq, segment=seq, start_seconds=0.0, end_seconds=1.0, text=text, language="en")


def settings_for(cluster: Cluster, topic: str, **changes: object) -> KafkaSettings:
    """Topics of a test's own; mock brokers make them when they are first asked for."""
    topics = {"topic_finals": f"{topic}.finals", "topic_jobs": f"{topic}.jobs"}
    made = KafkaSettings(cluster.bootstrap_servers, flush_seconds=BUSY_SECONDS, **topics)
    return dataclasses.replace(made, **changes)


@pytest.fixture
def nobody() -> KafkaSettings:
    """An address where no broker is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return KafkaSettings(f"127.0.0.1:{port}", flush_seconds=BUSY_SECONDS, message_seconds=1.0)


@asynccontextmanager
async def publishing(settings: KafkaSettings, telemetry: Telemetry | None = None) -> AsyncIterator[Publisher]:
    publisher = Publisher(settings, clock=SystemClock(), observer=(telemetry or Telemetry()).outbound)
    try:
        yield publisher
    finally:
        await publisher.aclose()


def counted(telemetry: Telemetry, topic: str, outcome: str) -> float:
    labels = f'asr_kafka_messages_total{{outcome="{outcome}",topic="{topic}"}} '
    lines = telemetry.exposition().decode().splitlines()
    return next((float(line.removeprefix(labels)) for line in lines if line.startswith(labels)), 0.0)


async def test_the_finals_of_each_session_come_in_order(cluster) -> None:
    async with publishing(settings_for(cluster, "order")) as publisher:
        for seq in range(200):
            for session in ("a", "b", "c"):
                publisher.final(session, "k1", final(seq))
    told = cluster.read("order.finals", 600)
    for session in ("a", "b", "c"):
        mine = [each for each in told if each.key == f"k1/{session_name(session)}"]
        assert [each.value["seq"] for each in mine] == list(range(200))
        assert len({each.partition for each in mine}) == 1


async def test_a_job_is_told_of_without_what_was_said(cluster) -> None:
    async with publishing(settings_for(cluster, "plain")) as publisher:
        publisher.job(OUTCOME)
    (told,) = cluster.read("plain.jobs", 1)
    assert (told.key, told.value["type"]) == ("k1/job1", "job.succeeded")
    assert "secret" not in str(told.value)


async def test_what_was_said_is_told_where_it_is_asked_for(cluster) -> None:
    async with publishing(settings_for(cluster, "full", include_text=True)) as publisher:
        assert publisher.wants_text
        publisher.job(OUTCOME)
        publisher.final("a", "k1", final(1))
    assert cluster.read("full.jobs", 1)[0].value["result"] == {"text": "secret words"}
    assert cluster.read("full.finals", 1)[0].value["text"] == "secret words"


async def test_a_topic_without_a_name_is_told_nothing(cluster) -> None:
    telemetry = Telemetry()
    async with publishing(settings_for(cluster, "half", topic_finals=""), telemetry) as publisher:
        publisher.final("a", "k1", final(1))
        publisher.job(OUTCOME)
    assert counted(telemetry, "finals", "delivered") == 0
    assert counted(telemetry, "jobs", "delivered") == 1


async def test_what_brokers_took_is_counted(cluster) -> None:
    telemetry = Telemetry()
    async with publishing(settings_for(cluster, "count"), telemetry) as publisher:
        for seq in range(10):
            publisher.final("a", "k1", final(seq))
    assert counted(telemetry, "finals", "delivered") == 10
    assert "asr_kafka_waiting 0.0" in telemetry.exposition().decode()


async def test_when_no_broker_is_there_messages_are_dropped_and_counted(nobody) -> None:
    telemetry = Telemetry()
    async with publishing(nobody, telemetry) as publisher:
        for seq in range(10):
            publisher.final("a", "k1", final(seq))
    assert counted(telemetry, "finals", "failed") == 10


async def test_brokers_that_go_away_cost_messages_and_nothing_else() -> None:
    telemetry = Telemetry()
    with kafka_cluster() as cluster:
        cluster.read("gone.jobs", 0)  # makes the topic, which takes longer than a message may wait
        settings = settings_for(cluster, "gone", message_seconds=5.0)
        publisher = Publisher(settings, clock=SystemClock(), observer=telemetry.outbound)
        publisher.job(OUTCOME)
        cluster.read("gone.jobs", 1)
    publisher.job(OUTCOME)
    await publisher.aclose()
    assert (counted(telemetry, "jobs", "delivered"), counted(telemetry, "jobs", "failed")) == (1, 1)


async def test_a_full_queue_drops_what_comes_and_never_waits(nobody) -> None:
    telemetry = Telemetry()
    async with publishing(dataclasses.replace(nobody, max_waiting=5), telemetry) as publisher:
        for seq in range(20):
            publisher.final("a", "k1", final(seq))
        assert counted(telemetry, "finals", "dropped") == 15
    assert counted(telemetry, "finals", "failed") == 5


async def test_a_stop_waits_no_longer_than_it_may(nobody) -> None:
    telemetry = Telemetry()
    settings = dataclasses.replace(nobody, message_seconds=3_600.0, flush_seconds=0.1)
    async with publishing(settings, telemetry) as publisher:
        publisher.job(OUTCOME)
    assert counted(telemetry, "jobs", "failed") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"security_protocol": "CARRIER_PIGEON"},
        {"options": ("no.such.option=1",)},
        {"options": ("linger.ms=soon",)},
        {"options": ("enable.idempotence=false",)},
        {"options": ("linger.ms",)},
    ],
)
def test_settings_that_the_client_does_not_take_stop_the_start(nobody, changes) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Publisher(dataclasses.replace(nobody, **changes), clock=SystemClock(), observer=Telemetry().outbound)
    assert refused.value.param == "kafka.options"


def test_the_password_is_not_shown_by_accident() -> None:
    assert "hunter2" not in repr(KafkaSettings("x:9092", sasl_password="hunter2", options=("sasl.password=hunter2",)))


async def test_a_server_tells_of_what_was_said_live(cluster, open_live, speech) -> None:
    topic = "served"
    settings = load_settings()
    wanted = settings.kafka.model_copy(
        update={"bootstrap_servers": cluster.bootstrap_servers, "topic_finals": topic, "include_text": True}
    )
    sound = samples_of(speech, rate_hz=16_000, layout="mono", kind="s16") + SILENCE
    with open_live(FakeEngine(), settings.model_copy(update={"kafka": wanted})) as live:
        async with connect(f"ws://127.0.0.1:{live.port}") as stream:
            await stream.send(sound)
            await stream.finish()
            said = [event.text async for event in stream if isinstance(event, SaidFinal)]
    told = cluster.read(topic, len(said))
    assert said
    assert [each.value["text"] for each in told] == said
