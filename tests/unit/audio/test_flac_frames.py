"""FLAC cut into frames as it arrives: every frame whole, once, however the bytes come; and what is damaged."""

from __future__ import annotations

import random

import pytest

from hostile import encoded_tone, long_flac
from lingting.audio.flac_frames import FlacFrames

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def stream() -> bytes:
    """Two seconds in stereo, so that frames differ in their coding."""
    return encoded_tone("flac", "flac", layout="stereo")


def _cut(pieces: list[bytes]) -> list[bytes]:
    splitter = FlacFrames()
    frames = [frame.data for piece in pieces for frame in splitter.push(piece)]
    return frames + [frame.data for frame in splitter.finish()]


def _after_metadata(data: bytes) -> bytes:
    at, is_last = 4, False
    while not is_last:
        is_last = bool(data[at] & 0x80)
        at += 4 + int.from_bytes(data[at + 1 : at + 4])
    return data[at:]


@pytest.mark.parametrize("seed", range(5))
def test_frames_joined_are_the_stream(stream, seed):
    rng, pieces, start = random.Random(seed), [], 0
    while start < len(stream):
        end = start + rng.choice([1, 2, 15, 16, 17, 300, 5_000])
        pieces.append(stream[start:end])
        start = end
    frames = _cut(pieces)
    assert b"".join(frames) == _after_metadata(stream)
    assert frames == _cut([stream])
    assert len(frames) > 5


def test_single_bytes_are_enough(stream):
    assert _cut([stream[i : i + 1] for i in range(len(stream))]) == _cut([stream])


def test_a_frame_is_out_when_the_next_one_has_begun(stream):
    first, second = _cut([stream])[:2]
    splitter = FlacFrames()
    head = stream[: len(stream) - len(_after_metadata(stream))]
    assert not list(splitter.push(head + first))
    assert [frame.data for frame in splitter.push(second[:16])] == [first]


def test_frames_shorter_than_a_header_may_be_are_told_apart():
    data = long_flac(0.1)
    frames = _cut([data])
    assert b"".join(frames) == _after_metadata(data)
    assert {len(frame) for frame in frames} <= {13, 14, 15}
    assert _cut([data[:-20], data[-20:]]) == frames


def test_a_second_stream_may_follow(stream):
    other = long_flac(0.1)
    splitter = FlacFrames()
    frames = [*splitter.push(stream + other), *splitter.finish()]
    assert [frame.data for frame in frames] == _cut([stream]) + _cut([other])
    assert len({frame.stream_info for frame in frames}) == 2


def test_a_frame_that_is_cut_off_is_dropped(stream):
    assert _cut([stream[:-5]]) == _cut([stream])[:-1]


def test_a_stream_without_a_frame_has_none(stream):
    assert _cut([b""]) == []
    assert _cut([stream[:60]]) == []


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF",
        b"fLaC\x04\0\0\x22" + bytes(34),  # a comment comes first
        b"fLaC\0\0\0\x10" + bytes(34),  # too short a description
        b"fLaC\x80\0\0\x22" + bytes(34) + b"no frame begins so",
    ],
)
def test_what_is_no_flac_is_an_error(data):
    with pytest.raises(ValueError, match="FLAC"):
        _cut([data])


def test_a_changed_byte_is_an_error(stream):
    damaged = bytearray(stream)
    damaged[-len(_after_metadata(stream)) + 100] ^= 0x40
    with pytest.raises(ValueError, match="does not end"):
        _cut([bytes(damaged), _after_metadata(stream) * 40])
