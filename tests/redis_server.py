"""The Redis that the tests use: the one on this machine, and one that a test may stop and start again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from absent import absent

LOCAL_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
START_SECONDS = 10.0


def require_redis() -> str:
    """The address of a Redis on this machine; skips the test where there is none, fails it in CI."""
    host, _, port = LOCAL_URL.removeprefix("redis://").partition("/")[0].partition(":")
    try:
        with socket.create_connection((host, int(port or 6379)), timeout=1.0):
            return LOCAL_URL
    except OSError:
        absent(f"no Redis answers at {LOCAL_URL}; start redis-server to run this")


class OwnRedis:
    """A redis-server of the test's own, which keeps its data while it is away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", "redis.log"]
        self._process = subprocess.Popen(command)
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1.0) as asking:
                    asking.sendall(b"PING\r\n")
                    if asking.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise TimeoutError("redis-server did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    if shutil.which("redis-server") is None:
        absent("redis-server is not installed; apt-get install redis-server to run this")
    server = OwnRedis(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
