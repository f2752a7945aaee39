"""WAV that arrives in pieces: the same sound however it is cut, streams without a length, and what is no WAV."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from hostile import hostile_files, tone, wav_bytes
from lingting.audio.live_wav import WavDecoder
from lingting.audio.pcm import to_pcm
from lingting.domain.errors import AudioUndecodable, ShuttingDown

pytestmark = pytest.mark.unit


def _decoded(data: bytes, *, step: int | None = None) -> np.ndarray:
    decoder = WavDecoder()
    pieces = [data[i : i + step] for i in range(0, len(data), step)] if step else [data]
    return np.concatenate([*(decoder.push(piece) for piece in pieces), decoder.finish()])


def _wav(kind: int, bits: int, sound: bytes, *, channels: int = 1, rate_hz: int = 16_000, length: int | None = None):
    frame_bytes = bits // 8 * channels
    fields = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, bits)
    declared = len(sound) if length is None else length
    body = b"WAVEfmt " + struct.pack("<I", len(fields)) + fields + b"data" + struct.pack("<I", declared) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _expected(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / 32_768


@pytest.mark.parametrize("step", [1, 3, 45, 1_000])
def test_the_sound_does_not_depend_on_the_cuts(step):
    data = wav_bytes(tone(0.2))
    np.testing.assert_array_equal(_decoded(data, step=step), _expected(tone(0.2)))


def test_random_cuts_at_another_rate_give_the_same_sound():
    data, whole = wav_bytes(tone(0.5, rate_hz=44_100), rate_hz=44_100), []
    rng = random.Random(3)
    decoder, start = WavDecoder(), 0
    while start < len(data):
        end = start + rng.choice([1, 7, 500, 4_000])
        whole.append(decoder.push(data[start:end]))
        start = end
    np.testing.assert_array_equal(np.concatenate([*whole, decoder.finish()]), _decoded(data))


def test_sound_comes_with_its_bytes():
    data = wav_bytes(tone(1.0))
    assert len(WavDecoder().push(data[: 44 + 640])) == 320


@pytest.mark.parametrize("length", [0, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_stream_does_not_know_its_length(length):
    samples = tone(0.1)
    np.testing.assert_array_equal(_decoded(_wav(1, 16, samples.tobytes(), length=length)), _expected(samples))


def test_a_length_that_was_a_guess_does_not_end_the_sound():
    samples = tone(0.1)
    data = _wav(1, 16, samples.tobytes(), length=1_000)
    for step in (1, 700, len(data)):
        np.testing.assert_array_equal(_decoded(data, step=step), _expected(samples))


def test_chunks_round_the_sound_are_passed_over():
    samples = tone(0.1)
    plain = wav_bytes(samples)
    title = b"LIST" + struct.pack("<I", 5) + b"INFO!\0"
    data = plain[:36] + title + plain[36:] + title + title
    for step in (1, len(data)):
        np.testing.assert_array_equal(_decoded(data, step=step), _expected(samples))


def test_a_second_file_is_read_on():
    first, second = tone(0.1), tone(0.1, hz=880)
    data = wav_bytes(first) + wav_bytes(second)
    for step in (1, 1_000, len(data)):
        np.testing.assert_array_equal(_decoded(data, step=step), _expected(np.concatenate([first, second])))


def test_an_odd_length_has_padding_behind_it():
    sound = to_pcm(tone(0.1).astype(np.float32)[:1_501] / 32_768, "mulaw")
    data = _wav(7, 8, sound) + b"\0" + wav_bytes(tone(0.1))
    assert len(_decoded(data)) == 1_501 + 1_600


@pytest.mark.parametrize(
    ("kind", "bits", "as_bytes", "tolerance"),
    [
        (1, 8, lambda x: np.rint(x * 127 + 128).astype(np.uint8).tobytes(), 0.01),
        (1, 16, lambda x: to_pcm(x, "s16le"), 1e-4),
        (1, 24, lambda x: b"".join(int(value * 8_388_607).to_bytes(3, "little", signed=True) for value in x), 1e-6),
        (1, 32, lambda x: (x.astype(np.float64) * 2_147_483_647).astype("<i4").tobytes(), 1e-6),
        (3, 32, lambda x: x.astype("<f4").tobytes(), 0),
        (3, 64, lambda x: x.astype("<f8").tobytes(), 0),
        (6, 8, lambda x: to_pcm(x, "alaw"), 0.02),
        (7, 8, lambda x: to_pcm(x, "mulaw"), 0.02),
    ],
)
def test_every_plain_kind_of_sample_is_read(kind, bits, as_bytes, tolerance):
    samples = tone(0.05).astype(np.float32) / 32_768
    np.testing.assert_allclose(_decoded(_wav(kind, bits, as_bytes(samples))), samples, atol=tolerance)


def test_the_extensible_header_names_the_kind_inside():
    samples = tone(0.05)
    fields = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16_000, 32_000, 2, 16, 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    head = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(fields)) + fields
    data = head + b"data" + struct.pack("<I", 2 * len(samples)) + samples.tobytes()
    np.testing.assert_array_equal(_decoded(data), _expected(samples))


@pytest.mark.parametrize(
    ("name", "data"),
    [pytest.param(name, data, id=name) for name, data in hostile_files() if data and name[:3] != "wav"],
)
def test_what_is_no_wav_is_refused(name, data):
    with pytest.raises(AudioUndecodable, match="declared as wav"):
        _decoded(data)


def test_no_bytes_are_no_sound():
    assert len(_decoded(b"")) == 0


@pytest.mark.parametrize("kind", [2, 17, 0x55])
def test_compressed_kinds_are_refused(kind):
    with pytest.raises(AudioUndecodable, match="plain"):
        _decoded(_wav(kind, 8, bytes(100)))


def test_a_header_without_end_is_refused():
    with pytest.raises(AudioUndecodable, match="without sound in its first"):
        _decoded(b"RIFF\0\0\0\0WAVE" + b"JUNK\xf0\xff\0\0" * 20_000, step=1_000)


def test_a_closed_decoder_refuses():
    decoder = WavDecoder()
    decoder.close()
    with pytest.raises(ShuttingDown):
        decoder.push(b"RIFF")
