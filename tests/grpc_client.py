"""Servers with the gRPC door open, and clients of it."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx

from lingting.engines.fake import FakeEngine
from lingting.grpc import RecognizeRequest, SpeechStub, StreamConfig, StreamRequest, StreamResponse
from lingting.settings import Settings

PATIENCE_SECONDS = 60.0
"""Of a client in these tests; far more than any answer takes, even on a busy machine."""
PIECE_BYTES = 3_200

Metadata = tuple[tuple[str, str], ...]
Opener = Callable[..., AbstractContextManager[Any]]


@dataclass(frozen=True)
class Running:
    """A server with both doors, and one connection to the one for gRPC."""

    url: str
    address: str
    channel: grpc.Channel
    stub: SpeechStub
    http: httpx.Client

    def metric(self, name: str) -> float:
        """The sum over all that begin so."""
        text = self.http.get("/metrics").text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def with_grpc(settings: Settings, **changes: object) -> Settings:
    grpc_section = settings.grpc.model_copy(update={"enabled": True, "port": free_port(), **changes})
    return settings.model_copy(update={"grpc": grpc_section})


@contextmanager
def running(open_live: Opener, settings: Settings, engine: FakeEngine | None = None) -> Iterator[Running]:
    settings = settings if settings.grpc.enabled else with_grpc(settings)
    with open_live(engine or FakeEngine(), settings) as live:
        address = f"127.0.0.1:{settings.grpc.port}"
        with (
            grpc.insecure_channel(address) as channel,
            httpx.Client(base_url=live.url, timeout=PATIENCE_SECONDS) as http,
        ):
            yield Running(live.url, address, channel, SpeechStub(channel), http)


def bearer(key: str) -> Metadata:
    return (("authorization", f"Bearer {key}"),)


class Talk:
    """One live call: a test says something, and reads what comes."""

    def __init__(self, stub: SpeechStub, *, metadata: Metadata = (), timeout: float = PATIENCE_SECONDS) -> None:
        self._said: queue.SimpleQueue[StreamRequest | None] = queue.SimpleQueue()
        self.call = stub.StreamRecognize(iter(self._said.get, None), metadata=metadata, timeout=timeout)

    def begin(self, **config: object) -> StreamResponse:
        self.say(config=StreamConfig(**config))
        return self.next("ready")

    def say(self, **message: object) -> None:
        self._said.put(StreamRequest(**message))

    def speak(self, data: bytes) -> None:
        for first in range(0, len(data), PIECE_BYTES):
            self.say(audio=data[first : first + PIECE_BYTES])

    def close_side(self) -> None:
        self._said.put(None)

    def next(self, kind: str) -> Any:
        """The next event of a kind, past all others."""
        for response in self.call:
            if response.WhichOneof("event") == kind:
                return getattr(response, kind)
        raise AssertionError(f"the call ended before {kind}")

    def rest(self) -> list[tuple[str, Any]]:
        """All that comes to the end."""
        return [(kind, getattr(each, kind)) for each in self.call if (kind := each.WhichOneof("event"))]


def refused(ask: Callable[[], object]) -> tuple[str, dict[str, str]]:
    """The status of a call that was not served, and what is told beside it."""
    try:
        ask()
    except grpc.RpcError as error:
        return error.code().name, dict(error.trailing_metadata() or ())
    raise AssertionError("the call was served")


def recognize(running: Running, audio: bytes, metadata: Metadata = (), **rest: Any) -> Any:
    request = rest.pop("request", None) or RecognizeRequest(audio=audio)
    return running.stub.Recognize(request, metadata=metadata, timeout=rest.pop("timeout", PATIENCE_SECONDS), **rest)


def eventually(is_so: Callable[[], bool]) -> None:
    """What a server does after its client has gone."""
    for _ in range(2_000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to that")
