"""Brokers inside this process, as librdkafka brings them for tests, and a consumer that reads what they were told."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, Producer, TopicPartition

BUSY_SECONDS = 30.0
"""More than anything here takes on a busy machine."""
QUIET = logging.getLogger("kafka-of-tests")
QUIET.propagate = False
QUIET.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Told:
    """One message as a consumer sees it."""

    key: str
    partition: int
    value: dict[str, object]


@dataclass(frozen=True)
class Cluster:
    """Where the brokers are."""

    bootstrap_servers: str

    def read(self, topic: str, count: int) -> list[Told]:
        """The first so many messages, those of a key in their order."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": "test",
                "enable.auto.commit": False,
                "allow.auto.create.topics": True,
                "auto.offset.reset": "earliest",
                "logger": QUIET,
            }
        )
        try:
            consumer.assign(self._partitions(consumer, topic))
            return self._take(consumer, count)
        finally:
            consumer.close()

    def _partitions(self, consumer: Consumer, topic: str) -> list[TopicPartition]:
        """A topic that is asked for is made, which takes a moment."""
        deadline = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < deadline:
            partitions = consumer.list_topics(topic, timeout=BUSY_SECONDS).topics[topic].partitions
            if partitions:
                return [TopicPartition(topic, number, 0) for number in partitions]
        raise AssertionError(f"{topic} was not made")

    def _take(self, consumer: Consumer, count: int) -> list[Told]:
        found: list[Told] = []
        deadline = time.monotonic() + BUSY_SECONDS
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} messages came, not {count}"
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                found.append(Told(message.key().decode(), message.partition(), json.loads(message.value())))
        return found


@contextmanager
def kafka_cluster() -> Iterator[Cluster]:
    """Three brokers, gone again on leaving."""
    holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 3, "logger": QUIET})
    brokers = holder.list_topics(timeout=BUSY_SECONDS).brokers.values()
    yield Cluster(",".join(f"{broker.host}:{broker.port}" for broker in brokers))
    del holder
