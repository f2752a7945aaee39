"""Samples and bytes of a client's audio."""

import numpy as np
import pytest

from lingting.client.sound import StreamFormat
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


def test_samples_are_clipped_and_rounded() -> None:
    samples = np.array([0.0, 1.0, -1.0, 2.0, 0.5], np.float32)
    heard = np.frombuffer(StreamFormat().encode(samples), "<i2")
    assert heard.tolist() == [0, 32_767, -32_767, 32_767, 16_384]


def test_float_samples_are_kept_as_they_are() -> None:
    samples = np.array([[0.25, -0.5], [1.5, 0.0]], np.float32)
    sound = StreamFormat("FLOAT32", 48_000, 2)
    assert sound.encode(samples) == samples.tobytes()


@pytest.mark.parametrize(
    ("sound", "samples"),
    [
        (StreamFormat(), np.zeros(4)),
        (StreamFormat(), np.zeros((4, 2), np.float32)),
        (StreamFormat(channels=2), np.zeros(4, np.float32)),
        (StreamFormat("MULAW", 8_000), np.zeros(4, np.float32)),
        (StreamFormat("WEBM_OPUS"), np.zeros(4, np.float32)),
    ],
)
def test_samples_that_do_not_fit_are_refused(sound: StreamFormat, samples) -> None:
    with pytest.raises(InvalidOption):
        sound.encode(samples)


def test_bytes_of_any_kind_pass() -> None:
    for data in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
        assert StreamFormat().encode(data) == b"ab"


def test_times_fall_on_whole_frames() -> None:
    sound = StreamFormat("FLOAT32", 44_100, 2)
    assert sound.position_bytes(1) == 44 * 8
    assert sound.seconds(sound.position_bytes(1_000)) == 1.0


def test_a_container_has_no_positions() -> None:
    assert StreamFormat("OGG").position_bytes(1_000) == 0
    assert StreamFormat("OGG").seconds(1_000) == 0.0


def test_silence_is_silent_in_every_encoding() -> None:
    assert StreamFormat("ALAW").silence(2) == b"\xd5\xd5"
    assert StreamFormat("mulaw").silence(2) == b"\xff\xff"
    assert StreamFormat().silence(2) == b"\0\0"
