"""The microphone, with a PortAudio that the test plays."""

import asyncio
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from lingting.cli.microphone import MAX_WAITING_BLOCKS, Microphone, MicrophoneUnavailable, find_devices
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


class PortAudioError(Exception):
    pass


def device(name: str, channels: int = 1, rate_hz: float = 48_000.0) -> dict:
    return {"name": name, "max_input_channels": channels, "default_samplerate": rate_hz}


class PortAudio:
    """Some devices, of which some rates can be had."""

    PortAudioError = PortAudioError

    def __init__(self, *devices: dict, rates_hz=(16_000, 44_100, 48_000), default: int = 1) -> None:
        self._devices = list(devices)
        self._rates_hz = rates_hz
        self.default = SimpleNamespace(device=(default, 0))
        self.asked: dict = {}
        self.refuses: Exception | None = None

    def query_devices(self) -> list[dict]:
        return self._devices

    def check_input_settings(self, *, samplerate: int, **_: object) -> None:
        if samplerate not in self._rates_hz:
            raise PortAudioError("Invalid sample rate")

    @contextmanager
    def InputStream(self, **asked: object):  # noqa: N802 - as the library names it
        self.asked = asked
        yield

    def hear(self, level: float, blocks: int = 1) -> None:
        """As PortAudio does, from a thread of its own."""
        thread = threading.Thread(target=self._call, args=(level, blocks))
        thread.start()
        thread.join()

    def _call(self, level: float, blocks: int) -> None:
        for _ in range(blocks):
            self.asked["callback"](np.full((1_600, 1), level, np.float32), 1_600, None, None)


USUAL = (device("Speakers", channels=0), device("Built-in"), device("USB Mic"))


def test_only_what_can_be_listened_to_is_a_device() -> None:
    found = find_devices(PortAudio(*USUAL))
    assert [(one.index, one.name, one.is_default) for one in found] == [(1, "Built-in", True), (2, "USB Mic", False)]


@pytest.mark.parametrize(("wanted", "index"), [(None, 1), ("2", 2), ("usb", 2)])
def test_a_device_is_found_by_number_or_a_part_of_its_name(wanted, index) -> None:
    library = PortAudio(*USUAL)
    with Microphone.opened(wanted, library):
        assert library.asked["device"] == index


@pytest.mark.parametrize("wanted", ["0", "9", "nothing"])
def test_a_device_that_is_not_there_is_refused(wanted) -> None:
    with pytest.raises(InvalidOption, match="--list-devices"), Microphone.opened(wanted, PortAudio(*USUAL)):
        pass


def test_a_machine_without_one_is_told() -> None:
    with pytest.raises(MicrophoneUnavailable, match="no microphone"), Microphone.opened(None, PortAudio(USUAL[0])):
        pass


@pytest.mark.parametrize(
    ("rates_hz", "rate_hz"), [((16_000, 48_000), 16_000), ((44_100,), 44_100), ((48_000, 96_000), 48_000)]
)
def test_the_rate_is_one_that_the_device_has(rates_hz, rate_hz) -> None:
    library = PortAudio(USUAL[0], device("Mic", rate_hz=44_100.0), rates_hz=rates_hz)
    with Microphone.opened(None, library) as microphone:
        assert microphone.rate_hz == library.asked["samplerate"] == rate_hz


def test_a_device_without_a_rate_that_servers_take_is_refused() -> None:
    library = PortAudio(device("Studio", rate_hz=192_000.0), rates_hz=(192_000,))
    with pytest.raises(MicrophoneUnavailable, match="Studio has no rate"), Microphone.opened(None, library):
        pass


async def test_sound_comes_in_blocks_until_the_device_ends() -> None:
    library = PortAudio(*USUAL)
    with Microphone.opened(None, library) as microphone:
        blocks = microphone.blocks()
        first = asyncio.create_task(anext(blocks))
        await asyncio.sleep(0)
        library.hear(0.5)
        block = await first
        assert (block.shape, block.dtype, float(block[0])) == ((1_600,), np.float32, 0.5)
        library.asked["finished_callback"]()
        with pytest.raises(MicrophoneUnavailable, match="plugged in"):
            await anext(blocks)


async def test_sound_that_nobody_takes_is_dropped_and_counted() -> None:
    library = PortAudio(*USUAL)
    with Microphone.opened(None, library) as microphone:
        blocks = microphone.blocks()
        first = asyncio.create_task(anext(blocks))
        await asyncio.sleep(0)
        library.hear(0.1)
        await first
        library.hear(0.2, blocks=5)
        library.hear(0.3, blocks=MAX_WAITING_BLOCKS)
        await asyncio.sleep(0)
        assert microphone.lost_seconds == pytest.approx(0.5)
        assert float((await anext(blocks))[0]) == pytest.approx(0.3)


def test_without_the_library_the_line_that_installs_it_is_told(monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(MicrophoneUnavailable, match=r"pip install 'lingting\[microphone\]'"):
        find_devices()
