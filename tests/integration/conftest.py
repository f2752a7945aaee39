"""Real servers on sockets, in a thread of the test: scripted engine, real decoder, real speech."""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from lingting.api.ws.limits import SocketLimits, Sockets
from lingting.engines.base import BatchEngine
from lingting.engines.fake import FakeEngine
from lingting.serving import create_app
from lingting.serving_handshake import http_protocol
from lingting.settings import Settings, load_settings

READY_SECONDS = 30.0
"""Far more than starting a decoder process takes, even on a busy machine."""


SAMPLES = Path(__file__).parents[2] / "samples"


def settings_with(**server: object) -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"server": settings.server.model_copy(update=server)})


@dataclass
class Live:
    """A server on a socket of this machine."""

    url: str
    port: int
    engine: BatchEngine


def with_own_data(settings: Settings) -> Settings:
    """The settings with a fresh folder for what is kept, unless the test has chosen one."""
    if settings.data_dir != load_settings().data_dir:
        return settings
    return settings.model_copy(update={"data_dir": Path(tempfile.mkdtemp(dir=settings.data_dir))})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # signals belong to the main thread
        yield


@contextlib.contextmanager
def live_server(
    engine: BatchEngine,
    settings: Settings | None = None,
    *,
    sockets: SocketLimits | None = None,
    engines: Mapping[str, object] | None = None,
    http: type[asyncio.Protocol] | None = None,
) -> Iterator[Live]:
    """A real server in a thread, on a free port, ready.

    http    instead of what `serve` takes
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = create_app(with_own_data(settings or load_settings()), engine=engine, engines=engines)
    if sockets is not None:
        app.state.doors.sockets = Sockets(sockets)
    config = uvicorn.Config(
        app, http=http or http_protocol(), log_config=None, timeout_graceful_shutdown=5, proxy_headers=False
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="live-server")
    thread.start()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url)
        yield Live(url, port, engine)
    finally:
        server.should_exit = True
        thread.join(READY_SECONDS)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def _wait_until_ready(url: str) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=20), base_url=url, timeout=READY_SECONDS) as client:
        for _ in range(3_000):
            if client.get("/readyz").json()["status"] in {"ready", "failing"}:  # open, whatever its checks say
                return
            threading.Event().wait(0.01)
    raise TimeoutError("the server did not become ready")


@pytest.fixture(scope="session")
def speech() -> bytes:
    """Real speech, 8 s, which the voice detector knows as such."""
    return (SAMPLES / "en-short.flac").read_bytes()


@pytest.fixture(scope="session")
def open_live() -> Callable[..., contextlib.AbstractContextManager[Live]]:
    return live_server


@pytest.fixture(scope="session")
def change_server() -> Callable[..., Settings]:
    return settings_with


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """One server for a module; its engine says how much it heard."""
    with live_server(FakeEngine()) as running:
        yield running
