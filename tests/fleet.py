"""Processes of `killable.py` on one folder: started, killed and started again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

END_SECONDS = 90.0


class Fleet:
    """Processes that are killed and started again."""

    def __init__(self, folder: Path, commands: list[str], **settings: str) -> None:
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environment = {**os.environ, **single, "LINGTING_DATA_DIR": str(folder)}
        environment |= {f"LINGTING_{name}": value for name, value in settings.items()}
        command = [sys.executable, str(Path(__file__).with_name("killable.py"))]
        self._log = folder / "stderr.txt"
        with self._log.open("wb") as log:
            pipe = subprocess.PIPE
            self._nursery = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=log, text=True)
        self._folder = folder
        self._commands = commands
        self._running = [self._start(command) for command in commands]

    def _start(self, command: str) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{command}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def told(self) -> str:
        """What the processes have written last."""
        return self._log.read_text()[-4_000:]

    def is_warm(self, number: int) -> bool:
        return (self._folder / f"warm-{self._running[number]}").exists()

    def kill(self, number: int) -> None:
        os.kill(self._running[number], signal.SIGKILL)
        self._running[number] = self._start(self._commands[number])

    def stop(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._nursery.terminate()
        self._nursery.communicate()


def free_port() -> int:
    """One that no outgoing connection takes while its server is down between a kill and the next start."""
    for port in random.sample(range(20_000, 32_000), 100):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")


def wait_until(is_so, what) -> None:
    give_up = time.monotonic() + END_SECONDS
    while not is_so():
        assert time.monotonic() < give_up, what()
        time.sleep(0.05)
