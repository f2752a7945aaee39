"""`lingting serve` in a process of its own, with the model that this machine has."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from absent import absent
from lingting.audio.turn_ends import TURN_MODEL
from lingting.engines.catalog import ModelState
from lingting.server import load_catalog
from lingting.settings import load_settings
from lingting.speech.registry import VOICE_ENGINES

READY_SECONDS = 120.0
"""For loading the weights on a busy machine."""


@contextlib.contextmanager
def serving(folder: Path, **environment: str) -> Iterator[str]:
    """The address of a server that keeps what it keeps in the folder; ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {"LINGTING_SERVER__PORT": str(port), "LINGTING_DATA_DIR": str(folder), **environment}
    command = [sys.executable, "-m", "lingting", "serve"]
    server = subprocess.Popen(command, env=os.environ | own, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(30)


@contextlib.contextmanager
def talking(folder: Path, model_url: str, voice: str, **chat: str) -> Iterator[str]:
    """A server that talks by this model, with the voices of this engine."""
    if VOICE_ENGINES[voice].missing:
        absent(f"{voice} is not here; {VOICE_ENGINES[voice].install} to run this")
    wanted = {"base_url": model_url, "model": "small", **chat}
    own = {f"LINGTING_CHAT__{name.upper()}": value for name, value in wanted.items()}
    talk = {"LINGTING_TALK__NO_INPUT_SECONDS": "0", "LINGTING_TALK__MODEL_SECONDS": "60"}
    if load_catalog(load_settings()).state(TURN_MODEL) is not ModelState.MISSING:
        talk["LINGTING_TALK__TURN_MODEL"] = TURN_MODEL
    with serving(folder, **own, **talk, LINGTING_SPEECH__ENGINES=f'["{voice}"]') as url:
        yield url


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < until and server.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if client.get(f"{url}/readyz").status_code == 200:
                    return
            time.sleep(0.1)
    raise TimeoutError("the server did not become ready")
