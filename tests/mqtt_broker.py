"""An MQTT broker of the test's own, which it may kill and start again, and somebody who listens to it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from typing import Any

import aiomqtt

from absent import absent

START_SECONDS = 10.0
BUSY_SECONDS = 60.0
"""For a message to come, on a machine that does much else."""


class OwnBroker:
    """A mosquitto on a free port, which forgets everything when it is killed."""

    def __init__(self, folder: Path, lines: tuple[str, ...] = ("allow_anonymous true",)) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._file = folder / f"mosquitto-{self.port}.conf"
        said = (f"user {getuser()}", f"listener {self.port} 127.0.0.1", *lines)
        self._file.write_text("\n".join(said) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [_program() or "", "-c", str(self._file)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError("mosquitto did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def own_broker(folder: Path, *lines: str) -> Iterator[OwnBroker]:
    if _program() is None:
        absent("mosquitto is not installed; apt-get install mosquitto to run this")
    broker = OwnBroker(folder, lines) if lines else OwnBroker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@dataclass
class Heard:
    """What came on the topics that were subscribed to."""

    arrived: asyncio.Queue[tuple[str, dict[str, Any], bool]] = field(default_factory=asyncio.Queue)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """Topic and message; none of them retained."""
        async with asyncio.timeout(BUSY_SECONDS):
            topic, message, retained = await self.arrived.get()
        assert not retained
        return topic, message


@asynccontextmanager
async def listening(broker: OwnBroker, topics: str = "#", **options: Any) -> AsyncIterator[Heard]:
    heard = Heard()
    async with aiomqtt.Client("127.0.0.1", broker.port, **options) as client:
        await client.subscribe(topics, qos=1)

        async def listen() -> None:
            async for message in client.messages:
                heard.arrived.put_nowait((str(message.topic), json.loads(message.payload), message.retain))

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
