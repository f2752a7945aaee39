"""The microphone, through sounddevice and PortAudio: the only file that imports them, and only when they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.errors import InvalidOption, LingtingError

__all__ = ["Device", "Microphone", "MicrophoneUnavailable", "PortAudio", "find_devices", "portaudio"]

BLOCK_SECONDS = 0.1
MAX_WAITING_BLOCKS = 100
"""Ten seconds; when the connection is away for longer than its buffer, the oldest sound is dropped."""
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
"""What a server takes."""

PortAudio = Any
"""The sounddevice module, which has no types."""


class MicrophoneUnavailable(LingtingError):
    """There is none, or what reads it is not installed."""

    code = "microphone_unavailable"


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can be listened to."""

    index: int
    name: str
    channels: int
    rate_hz: int
    is_default: bool


def find_devices(library: PortAudio | None = None) -> list[Device]:
    """raises    MicrophoneUnavailable"""
    library = library or portaudio()
    default = library.default.device[0]
    return [
        Device(
            index,
            str(about["name"]),
            int(about["max_input_channels"]),
            int(about["default_samplerate"]),
            index == default,
        )
        for index, about in enumerate(library.query_devices())
        if about["max_input_channels"] > 0
    ]


class Microphone:
    """One open microphone; blocks that nobody takes are dropped, the oldest first."""

    def __init__(self, label: str, rate_hz: int) -> None:
        self.label = label
        self.rate_hz = rate_hz
        self.lost_seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Queue[Samples | None] = asyncio.Queue(MAX_WAITING_BLOCKS)

    @staticmethod
    @contextmanager
    def opened(wanted: str | None, library: PortAudio | None = None) -> Iterator[Microphone]:
        """Listen to a device, by its number or a part of its name; None takes the usual one.

        raises    MicrophoneUnavailable, InvalidOption
        """
        library = library or portaudio()
        device = _choose(wanted, find_devices(library))
        microphone = Microphone(device.name, _rate_for(device, library))
        try:
            stream = library.InputStream(
                device=device.index,
                channels=1,
                dtype="float32",
                samplerate=microphone.rate_hz,
                blocksize=int(BLOCK_SECONDS * microphone.rate_hz),
                callback=microphone.hear,
                finished_callback=microphone.stop,
            )
        except library.PortAudioError as problem:
            raise MicrophoneUnavailable(f"{device.name} cannot be opened: {problem}") from problem
        with stream:
            yield microphone

    async def blocks(self) -> AsyncIterator[Samples]:
        """raises    MicrophoneUnavailable when it is unplugged"""
        self._loop = asyncio.get_running_loop()
        while (block := await self._waiting.get()) is not None:
            yield block
        raise MicrophoneUnavailable(f"{self.label} stopped; is it still plugged in?")

    def hear(self, sound: NDArray[np.float32], _frames: int, _times: object, _status: object) -> None:
        """Called by PortAudio, in its own thread, with shape (n, 1)."""
        self._tell(sound[:, 0].copy())

    def stop(self) -> None:
        """Called by PortAudio when the device ends."""
        self._tell(None)

    def _tell(self, block: Samples | None) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._put, block)

    def _put(self, block: Samples | None) -> None:
        if self._waiting.full():
            dropped = self._waiting.get_nowait()
            self.lost_seconds += 0.0 if dropped is None else len(dropped) / self.rate_hz
        self._waiting.put_nowait(block)


def portaudio() -> PortAudio:
    """The library.

    raises    MicrophoneUnavailable
    """
    if find_spec("sounddevice") is None:
        raise MicrophoneUnavailable("the microphone needs: pip install 'lingting[microphone]'")
    try:
        return import_module("sounddevice")
    except OSError as problem:
        raise MicrophoneUnavailable(
            "the microphone needs the PortAudio library; on Debian and Ubuntu: sudo apt install libportaudio2"
        ) from problem


def _choose(wanted: str | None, devices: list[Device]) -> Device:
    if not devices:
        raise MicrophoneUnavailable("no microphone was found; plug one in, or name a recording to play")
    if wanted is None:
        return next((device for device in devices if device.is_default), devices[0])
    if wanted.isdecimal():
        found = [device for device in devices if device.index == int(wanted)]
    else:
        found = [device for device in devices if wanted.lower() in device.name.lower()]
    if not found:
        raise InvalidOption("--device", f"{wanted!r} is not here; lingting listen --list-devices shows what is")
    return found[0]


def _rate_for(device: Device, library: PortAudio) -> int:
    """The house's own rate where the device has it, else the device's; the server takes any of them."""
    for rate_hz in (SAMPLE_RATE_HZ, device.rate_hz, MAX_RATE_HZ):
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            continue
        try:
            library.check_input_settings(device=device.index, channels=1, dtype="float32", samplerate=rate_hz)
        except (library.PortAudioError, ValueError):
            continue
        return rate_hz
    raise MicrophoneUnavailable(f"{device.name} has no rate from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz; choose another")
