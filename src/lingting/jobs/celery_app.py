"""Celery, over Redis or RabbitMQ: carries ids of jobs to workers on other machines. The only module that imports it.

Promises: a message is acknowledged when its job was worked on, or was not to be had; one whose worker died comes again.
That is only for speed: which worker gets a job, and that it ends once, is decided by the database.
"""

from __future__ import annotations

import importlib.util
import socket
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lingting.domain.errors import SettingsInvalid
from lingting.jobs.sending import BrokerAway

if TYPE_CHECKING:
    from celery import Celery

__all__ = ["CeleryBroker", "CeleryListener", "open_celery"]

TASK = "lingting.run_job"
SCHEMES = {"redis": "redis", "rediss": "redis", "amqp": "amqp", "amqps": "amqp"}
"""Of an address, and the library that speaks it."""
CONNECT_SECONDS = 4.0
VISIBILITY_SECONDS = 3_600
"""After which Redis gives a message to another worker that was not acknowledged; see docs/jobs.md."""
STOP_SECONDS = 20.0
LOOK_SECONDS = 0.5


def open_celery(url: str, queue: str) -> Celery:
    """An application for one installation.

    queue     a name of its own, for several may share a broker
    raises    SettingsInvalid
    """
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        accepted = ", ".join(f"{name}://" for name in SCHEMES)
        raise SettingsInvalid(f"jobs.broker_url: use one of {accepted}", param="jobs.broker_url")
    for module in ("celery", SCHEMES[scheme]):
        if importlib.util.find_spec(module) is None:
            raise SettingsInvalid(
                f"jobs.broker_url needs {module}: pip install 'lingting[celery]'", param="jobs.broker_url"
            )
    from celery import Celery

    app = Celery("lingting", broker=url, set_as_current=False, fixups=[])
    options: dict[str, Any] = {"confirm_publish": True} if SCHEMES[scheme] == "amqp" else {}  # Any: as kombu takes them
    if not options:
        options = {
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
        }
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue=queue,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=options,
    )
    return app


class CeleryBroker:
    """The sending half."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, job_ids: Sequence[str]) -> None:
        """Blocking.

        raises    BrokerAway
        """
        from kombu.exceptions import KombuError

        with self._app.connection_for_write() as connection:
            own = (*connection.connection_errors, *connection.channel_errors)
            errors: tuple[type[Exception], ...] = (KombuError, OSError, *own)
            try:
                connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=CONNECT_SECONDS)
                with self._app.amqp.Producer(connection) as producer:
                    for name in job_ids:
                        self._app.send_task(TASK, args=[name], producer=producer, retry=False)
            except errors as problem:
                raise BrokerAway from problem


class CeleryListener:
    """The listening half: a Celery worker in a thread of this process.

    work     called in a thread for each id, up to `at_once` at the same time
    ended    called in a thread when listening has ended, by `stop` or by itself
    """

    def __init__(self, app: Celery, work: Callable[[str], None], ended: Callable[[], None], *, at_once: int) -> None:
        # Of each lost connection Celery 5 warns that tasks go on, as ours shall: leases end them, not connections.
        warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1", category=PendingDeprecationWarning)
        app.task(name=TASK, shared=False)(work)
        app.set_default()  # threads of the pool look the task up in the default application, and find none else
        app.finalize()
        self._ended = ended
        self._controller = app.WorkController(
            app=app,
            pool_cls="threads",
            concurrency=at_once,
            hostname=f"lingting@{socket.gethostname()}",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        # Celery looks whether it is to stop after each event, of which RabbitMQ gives one in many seconds.
        self._controller.hub.timer.call_repeatedly(LOOK_SECONDS, int)
        self._thread = threading.Thread(target=self._run, name="celery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more; blocks until what is in hand has returned."""
        from celery.worker import state

        state.should_stop = 0  # Celery's own way to stop a worker from another thread
        self._thread.join(STOP_SECONDS)
        state.should_stop = None

    def _run(self) -> None:
        try:
            self._controller.start()
        finally:
            self._ended()
