"""A server in a process of its own, and what it costs: processor time, memory, descriptors, threads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import httpx
import psutil

from throughput import free_port

READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a process and its children, at one moment."""

    wall_seconds: float
    cpu_seconds: float
    unshared_mib: float
    descriptors: int
    threads: int
    processes: int


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    process: psutil.Process | None
    """None for a server elsewhere."""

    def cost(self) -> Cost:
        cpu_seconds = unshared = descriptors = threads = processes = 0
        for process in [] if self.process is None else [self.process, *self.process.children(recursive=True)]:
            try:
                times = process.cpu_times()
                cpu_seconds += times.user + times.system
                unshared += process.memory_full_info().uss
                descriptors += process.num_fds()
                threads += process.num_threads()
                processes += 1
            except psutil.NoSuchProcess:  # a decoder that has ended meanwhile
                continue
        return Cost(perf_counter(), cpu_seconds, unshared / 2**20, descriptors, threads, processes)

    def gauge(self, name: str) -> float:
        """The sum of a metric over its labels."""
        text = httpx.get(f"{self.url}/metrics", timeout=30).text
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([\d.eE+-]+)$", text, re.MULTILINE))


@contextmanager
def serving(
    url: str | None = None, *, scripted: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server of our own on a free port, or the one at `url`.

    scripted   with an engine that answers at once
    settings   as environment variables without their prefix
    """
    if url is not None:
        yield Server(url.rstrip("/"), None)
        return
    port = free_port()
    command = [sys.executable, "-m", "lingting", "serve", "--port", str(port)]
    if scripted:
        command = [sys.executable, str(Path(__file__).with_name("scripted_server.py")), str(port)]
    given = {f"LINGTING_{name}": value for name, value in (settings or {}).items()}
    process = subprocess.Popen(command, env=os.environ | {"LINGTING_LOG__LEVEL": "warning"} | given)
    try:
        here = f"http://127.0.0.1:{port}"
        _wait_until_ready(here, process)
        yield Server(here, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = perf_counter() + READY_SECONDS
    while perf_counter() < until:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        sleep(0.1)
    raise SystemExit("the server did not get ready")
