"""Servers and workers are killed while jobs run: every job that was accepted ends once, with its result.

Fifty kills in all, at random moments, of processes that share one database: servers that work on jobs themselves, and
servers and workers over Redis and over RabbitMQ.
"""

import asyncio
import contextlib
import json
import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from fleet import END_SECONDS, Fleet, free_port, wait_until
from jobs_house import require_rabbitmq
from lingting.domain import SystemClock
from lingting.server import open_kept
from lingting.server.jobs import queue_of
from lingting.settings import load_settings
from lingting.telemetry import Telemetry
from redis_server import own_redis

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
OPEN_JOBS = 6
"""Kept in hand while processes are killed."""
BATCH = 3
SETTINGS = {
    "JOBS__LEASE_SECONDS": "2",
    "JOBS__WATCH_SECONDS": "0.1",
    "JOBS__POLL_SECONDS": "0.1",
    "JOBS__RETRY_SECONDS": "0.1",
    "JOBS__RESEND_SECONDS": "3",
    "JOBS__MAX_ATTEMPTS": "100",
    "CACHE__ENABLED": "false",
    "CALLBACKS__POLL_SECONDS": "0.2",
    "OUTBOUND__ALLOW_HTTP": "true",
    "OUTBOUND__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    "LOG__LEVEL": "info",
}


class Receiver:
    """Takes callbacks, and keeps under which ids it was told of each job."""

    def __init__(self) -> None:
        told = self.told = defaultdict(set)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                told[body["data"]["job_id"]].add((self.headers["webhook-id"], body["data"]["state"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]


class Submitter:
    """Hands in recordings one after the other, each until it is acknowledged."""

    def __init__(self, ports: list[int], recording: bytes, receiver: Receiver) -> None:
        self._ports = ports
        self._recording = recording
        self._fields = {"callback_url": f"http://127.0.0.1:{receiver.port}/"}
        self.acknowledged: list[str] = []
        self.ended: set[str] = set()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="submitter")
        self._thread.start()

    def finish(self) -> None:
        self._is_over.set()
        self._thread.join()

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        """Of whichever server answers."""
        give_up = time.monotonic() + END_SECONDS
        while time.monotonic() < give_up:
            for port in self._ports:
                with contextlib.suppress(httpx.TransportError):
                    answer = httpx.request(method, f"http://127.0.0.1:{port}{path}", timeout=10, **more)
                    if answer.status_code < 500:
                        return answer
            threading.Event().wait(0.02)
        raise TimeoutError("no server answers")

    def _run(self) -> None:
        while not self._is_over.is_set():
            if len(self.acknowledged) - len(self._look()) >= OPEN_JOBS:
                self._is_over.wait(0.05)
                continue
            files = [("file", (f"{i}.flac", self._recording)) for i in range(BATCH)]
            headers = {"Idempotency-Key": f"kill-{len(self.acknowledged)}"}
            answer = self.ask("POST", "/v1/jobs", files=files, data=self._fields, headers=headers)
            assert answer.status_code in (200, 202), answer.text
            self.acknowledged += [job["id"] for job in answer.json()["jobs"]]

    def _look(self) -> set[str]:
        for name in self.acknowledged[-2 * OPEN_JOBS :]:
            if name not in self.ended:
                state = self.ask("GET", f"/v1/jobs/{name}").json()["job"]["state"]
                if state in ("succeeded", "failed", "cancelled"):
                    self.ended.add(name)
        return self.ended


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def kill_at_random(fleet: Fleet, processes: int, kills: int) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(kills):
        victim = chance.randrange(processes)
        wait_until(partial(fleet.is_warm, victim), lambda: f"a process did not start: {fleet.told()}")
        time.sleep(chance.uniform(0.0, 1.0))  # the moments are the test
        fleet.kill(victim)


def rows_of(folder: Path, query: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(folder / "lingting.db")) as database:
        return database.execute(query).fetchall()


def run(folder: Path, receiver: Receiver, speech: bytes, *, commands: list[str], kills: int, **settings: str) -> None:
    ports = [int(command.split()[1]) for command in commands if command.startswith("server")]
    callback_ports = {"OUTBOUND__PORTS": f"[{receiver.port}]"}
    fleet = Fleet(folder, commands, **(SETTINGS | callback_ports | settings))
    try:
        submitter = Submitter(ports, speech, receiver)
        try:
            wait_until(lambda: submitter.acknowledged, lambda: f"no job was accepted: {fleet.told()}")
            kill_at_random(fleet, len(commands), kills)
        finally:
            submitter.finish()
        jobs = submitter.acknowledged
        wait_until(lambda: not open_jobs(folder), lambda: f"not ended: {open_jobs(folder)}")
        check(folder, submitter, jobs)
        wait_until(lambda: set(receiver.told) == set(jobs), lambda: "a callback is missing")
        assert all(len(ids) == 1 for ids in receiver.told.values()), "a job was told of as two"
    finally:
        fleet.stop()
    print(f"{len(jobs)} jobs, {kills} kills")


def open_jobs(folder: Path) -> list[tuple]:
    return rows_of(folder, "select id, state, attempts from jobs where state in ('queued', 'running', 'cancelling')")


def check(folder: Path, submitter: Submitter, jobs: list[str]) -> None:
    rows = rows_of(folder, "select id, state, error_code, sealed_result is not null from jobs")
    assert sorted(rows) == sorted((name, "succeeded", None, 1) for name in jobs)
    assert len(rows_of(folder, "select id from transcripts where kind = 'job'")) == len(jobs)
    for name in jobs:
        answer = submitter.ask("GET", f"/v1/jobs/{name}/result", params={"format": "text"})
        assert "of speech" in answer.text


def test_servers_that_work_on_jobs_are_killed(tmp_path, receiver, speech) -> None:
    commands = [f"server {free_port()}", f"server {free_port()}"]
    run(tmp_path, receiver, speech, commands=commands, kills=20)


def test_servers_and_workers_over_redis_are_killed(tmp_path, receiver, speech) -> None:
    with own_redis(tmp_path) as broker:
        commands = [f"server {free_port()}", "worker", "worker"]
        run(tmp_path, receiver, speech, commands=commands, kills=15, JOBS__BROKER_URL=broker.url)


def test_servers_and_workers_over_rabbitmq_are_killed(tmp_path, receiver, speech) -> None:
    url = require_rabbitmq()
    try:
        commands = [f"server {free_port()}", "worker", "worker"]
        run(tmp_path, receiver, speech, commands=commands, kills=15, JOBS__BROKER_URL=url)
    finally:
        delete_queue(tmp_path, url)


def delete_queue(folder: Path, url: str) -> None:
    from kombu import Connection

    async def name() -> str:
        settings = load_settings().model_copy(update={"data_dir": folder})
        async with open_kept(settings, SystemClock(), Telemetry()) as kept:
            return queue_of(kept.vault)

    queue = asyncio.run(name())
    with Connection(url) as connection:
        connection.default_channel.queue_delete(queue)
        connection.default_channel.exchange_delete(queue)
