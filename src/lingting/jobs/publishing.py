"""Tells Kafka of finals and of jobs that ended, where a server is told to.

Promises: telling never waits and never fails the one who tells; what waits is bounded, and what finds no place or is
not taken in time is dropped and counted; messages of one session stay in order; at the end what waits is given
`flush_seconds`. The client's own thread sends; ours only hears how it went.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from lingting.domain import Clock, Event, Final
from lingting.domain.errors import SettingsInvalid
from lingting.jobs.messages import Message, final_message, job_message
from lingting.jobs.outcome import JobOutcome
from lingting.live.driver import LiveSession
from lingting.telemetry import log

__all__ = ["KafkaSettings", "PublishObserver", "Publisher"]

POLL_SECONDS = 0.2
"""How soon a report of the client is heard; it sends without being polled."""
MAX_WAITING_BYTES = 64 * 2**20
INSTALL = "pip install 'lingting[kafka]'"
OURS = frozenset({"bootstrap.servers", "enable.idempotence", "queue.buffering.max.messages", "logger", "error_cb"})
"""Not to be changed by `kafka.options`: what is promised above hangs on them."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Whether and how Kafka is told; off without `bootstrap_servers`."""

    bootstrap_servers: str | None = None
    """host:port, parted by commas."""
    topic_finals: str = "lingting.finals"
    """Empty tells of no finals."""
    topic_jobs: str = "lingting.jobs"
    """Empty tells of no jobs."""
    include_text: bool = False
    """What was said, too."""
    security_protocol: str = "PLAINTEXT"
    """Or SSL, SASL_PLAINTEXT, SASL_SSL."""
    sasl_mechanism: str | None = None
    """PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Certificates (PEM) to trust instead of the system's."""
    options: tuple[str, ...] = field(default=(), repr=False)
    """Of librdkafka, as NAME=VALUE, for all else."""
    max_waiting: int = 10_000
    """Messages that are not acknowledged; more are dropped."""
    message_seconds: float = 120.0
    """A message that no broker takes for so long is dropped."""
    flush_seconds: float = 10.0
    """For what waits when the server stops."""


class PublishObserver(Protocol):
    """Told what happened, for metrics; called in threads."""

    def published(self, topic: str, outcome: str) -> None: ...

    def kafka_waiting(self, count: int) -> None: ...


class Publisher:
    """The one producer of a server. Its `watch`, `final` and `job` return at once; has an `aclose`.

    raises    SettingsInvalid
    """

    def __init__(self, settings: KafkaSettings, *, clock: Clock, observer: PublishObserver) -> None:
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._producer = _producer(settings)
        self._stopping = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        self._polling = self._thread.submit(self._poll)

    @property
    def wants_text(self) -> bool:
        """Whether outcomes of jobs should come with their results."""
        return self._settings.include_text

    def watch(self, session: LiveSession) -> None:
        """Tell of every final that the session will say."""
        if self._settings.topic_finals:
            session.observe(partial(self._heard, session.id, session.owner))

    def final(self, session_id: str, owner: str, final: Final) -> None:
        message = final_message(
            session_id, owner, final, at=self._clock.now(), include_text=self._settings.include_text
        )
        self._send("finals", self._settings.topic_finals, message)

    def job(self, outcome: JobOutcome) -> None:
        """Call once the job's end is in the database; a kill before loses the message, never the job."""
        message = job_message(outcome, include_text=self._settings.include_text)
        self._send("jobs", self._settings.topic_jobs, message)

    async def aclose(self) -> None:
        """Give what waits its time, then stop."""
        left = await asyncio.get_running_loop().run_in_executor(None, self._finish)
        if left:
            log.warning("kafka.not_flushed", messages=left)

    def _heard(self, session_id: str, owner: str, event: Event) -> None:
        if isinstance(event, Final):
            self.final(session_id, owner, event)

    def _send(self, kind: str, topic: str, message: Message) -> None:
        if not topic:
            return
        try:
            self._producer.produce(
                topic, key=message.key, value=message.value, on_delivery=partial(self._reported, kind)
            )
        except Exception as problem:  # noqa: BLE001 - BufferError when full, or the client's own; the teller must go on
            self._observer.published(kind, "dropped")
            log.debug("kafka.dropped", topic=kind, error=type(problem).__name__)

    def _reported(self, kind: str, problem: object, _message: object) -> None:
        self._observer.published(kind, "failed" if problem is not None else "delivered")

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(POLL_SECONDS)
            self._observer.kafka_waiting(len(self._producer))

    def _finish(self) -> int:
        left = int(self._producer.flush(self._settings.flush_seconds))
        self._stopping.set()
        self._polling.result()
        if left:
            self._producer.purge()
            self._producer.flush(1.0)  # the reports of what was thrown away
        self._observer.kafka_waiting(0)
        self._thread.shutdown()
        return left


class _Complaints:
    """Logs what the client complains of: each kind once until another comes, as it repeats itself at every try."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, problem: Any) -> None:  # Any: the client's own error
        name = str(problem.name())
        if name != self._last:
            log.warning("kafka.unwell", error=name)
        self._last = name


def _producer(settings: KafkaSettings) -> Any:  # Any: an untyped library
    if importlib.util.find_spec("confluent_kafka") is None:
        raise SettingsInvalid(
            f"kafka.bootstrap_servers is set, which needs confluent-kafka: {INSTALL}", param="kafka.bootstrap_servers"
        )
    from confluent_kafka import KafkaException, Producer

    quiet = logging.getLogger("lingting.kafka")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False  # the client names hosts in what it logs; `_Complaints` says what matters
    try:
        return Producer({**_options(settings), "error_cb": _Complaints(), "logger": quiet})
    except (KafkaException, ValueError, TypeError) as problem:
        raise SettingsInvalid(
            f"kafka: the client does not take these settings ({_why(problem)})", param="kafka.options"
        ) from problem


def _why(problem: Exception) -> str:
    """The client names the setting at fault, and for some its value: only of what cannot be a password."""
    said = str(getattr(problem.args[0], "str", lambda: problem.args[0])()) if problem.args else ""
    return "sasl" if "sasl" in said.lower() else said[:200]


def _options(settings: KafkaSettings) -> Mapping[str, object]:
    """As librdkafka names them."""
    made: dict[str, object] = {
        "client.id": "lingting",
        "compression.type": "lz4",
        "linger.ms": 20,
        "partitioner": "murmur2_random",  # as Java's clients, so that both put a key into one partition
        **_given(settings.options),
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "enable.idempotence": True,
        "queue.buffering.max.messages": settings.max_waiting,
        "queue.buffering.max.kbytes": MAX_WAITING_BYTES // 1_024,
        "message.timeout.ms": int(settings.message_seconds * 1_000),
    }
    secrets: list[tuple[str, object]] = [
        ("sasl.mechanism", settings.sasl_mechanism),
        ("sasl.username", settings.sasl_username),
        ("sasl.password", settings.sasl_password),
        ("ssl.ca.location", settings.ca_file and str(settings.ca_file)),
    ]
    return made | {name: value for name, value in secrets if value is not None}


def _given(options: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in options:
        name, equals, value = text.partition("=")
        if not equals or name in OURS:
            raise SettingsInvalid(
                f"kafka.options: {name[:60]!r} is not taken; write NAME=VALUE, and none of {', '.join(sorted(OURS))}",
                param="kafka.options",
            )
        found[name.strip()] = value.strip()
    return found
