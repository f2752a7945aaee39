"""What `lingting listen` hears with: recordings played at their own pace, microphones, and a stream to the server.

Commands get an `Ears` from the opener, so that tests hand in their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import numpy as np

from lingting.audio.decode import AudioSource, DecodedAudio, Decoder
from lingting.cli.microphone import Device, Microphone, find_devices
from lingting.client import LiveStream, connect
from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.errors import InvalidOption

__all__ = ["Call", "Ears", "RealEars", "Source", "played"]

BLOCK_SECONDS = 0.1


class Source(Protocol):
    """Sound as it is made: blocks of a tenth of a second, mono."""

    @property
    def rate_hz(self) -> int: ...

    @property
    def label(self) -> str: ...

    @property
    def lost_seconds(self) -> float:
        """Of sound that nobody took in time."""
        ...

    def blocks(self) -> AsyncIterator[Samples]:
        """raises    LingtingError when it breaks off"""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of a server."""

    url: str
    rate_hz: int
    key: str | None
    options: Mapping[str, Any]  # Any: keyword arguments of connect()


class Ears(Protocol):
    """Opens what a command listens with."""

    def file(self, path: Path) -> AbstractContextManager[Source]:
        """raises    AudioUndecodable"""
        ...

    def microphone(self, device: str | None) -> AbstractContextManager[Source]:
        """raises    MicrophoneUnavailable, InvalidOption"""
        ...

    def devices(self) -> Sequence[Device]:
        """raises    MicrophoneUnavailable"""
        ...

    def stream(self, call: Call) -> AbstractAsyncContextManager[LiveStream]:
        """raises    InvalidOption"""
        ...


class RealEars:
    """Files through the decoder, microphones through PortAudio, and a WebSocket."""

    @contextmanager
    def file(self, path: Path) -> Iterator[Source]:
        if not path.is_file():
            raise InvalidOption("file", f"{path} is not there; check the name")
        source = AudioSource(path=path, name=path.name)
        with Decoder() as decoder, decoder.open(source) as decoded:
            yield _File(path.name, decoded)

    def microphone(self, device: str | None) -> AbstractContextManager[Source]:
        return Microphone.opened(device)

    def devices(self) -> Sequence[Device]:
        return find_devices()

    def stream(self, call: Call) -> AbstractAsyncContextManager[LiveStream]:
        return connect(call.url, sample_rate=call.rate_hz, api_key=call.key, **call.options)


class _File:
    rate_hz = SAMPLE_RATE_HZ
    lost_seconds = 0.0

    def __init__(self, label: str, decoded: DecodedAudio) -> None:
        self.label = label
        self._decoded = decoded

    def blocks(self) -> AsyncIterator[Samples]:
        return played(iter(self._decoded))


async def played(
    pieces: Iterator[Samples],
    *,
    now: Callable[[], float] = monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[Samples]:
    """Cut sound into blocks and give each one when a person would have heard it.

    pieces    of shape (1, n), 16 kHz; read in a thread
    """
    block_samples = int(BLOCK_SECONDS * SAMPLE_RATE_HZ)
    rest: Samples = np.zeros(0, np.float32)
    began, given = now(), 0
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        sound = np.concatenate([rest, piece[0]])
        whole = len(sound) - len(sound) % block_samples
        rest = sound[whole:]
        for first in range(0, whole, block_samples):
            given += block_samples
            await sleep(max(0.0, began + given / SAMPLE_RATE_HZ - now()))
            yield sound[first : first + block_samples]
    if len(rest):
        yield rest
