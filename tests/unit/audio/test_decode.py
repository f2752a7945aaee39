"""Decoding real files through a real process: formats, channels, limits."""

from __future__ import annotations

import importlib.util
import io
import os
from pathlib import Path

import numpy as np
import pytest

from absent import absent, require_recordings
from hostile import encoded_tone, long_flac, tone, wav_bytes
from lingting.audio.decode import AudioSource, DecodedAudio, Decoder, DecodeSettings
from lingting.audio.pcm import to_pcm
from lingting.domain import ChannelMode, PcmFormat
from lingting.domain.errors import (
    AudioTooLarge,
    AudioTooLong,
    AudioUndecodable,
    InvalidOption,
)

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def decoder():
    with Decoder(DecodeSettings(max_seconds=60.0, max_bytes=10_000_000)) as shared:
        yield shared


def _all(audio: DecodedAudio) -> np.ndarray:
    with audio:
        blocks = list(audio)
    assert all(block.dtype == np.float32 and block.shape[0] == audio.channels for block in blocks)
    assert all(block.shape[1] == 16_000 for block in blocks[:-1])
    return np.concatenate(blocks, axis=1)


def _pitch_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 16_000 / len(samples))


FORMATS = [
    ("mp3", "libmp3lame", 44_100, "stereo"),
    ("flac", "flac", 48_000, "mono"),
    ("ogg", "libopus", 48_000, "mono"),
    ("webm", "libopus", 48_000, "stereo"),
    ("matroska", "libopus", 48_000, "mono"),
    ("mp4", "aac", 44_100, "stereo"),
    ("adts", "aac", 16_000, "mono"),
    ("asf", "wmav2", 44_100, "mono"),
    ("amr", "libopencore_amrnb", 8_000, "mono"),
    ("wav", "g722", 16_000, "mono"),
    ("wav", "pcm_alaw", 8_000, "mono"),
    ("wav", "pcm_mulaw", 8_000, "mono"),
    ("wav", "pcm_u8", 11_025, "mono"),
    ("wav", "pcm_s24le", 44_100, "stereo"),
    ("wav", "pcm_f32le", 96_000, "stereo"),
    ("wav", "pcm_f64le", 48_000, "mono"),
    ("wav", "adpcm_ima_wav", 22_050, "mono"),
    ("aiff", "pcm_s16be", 22_050, "mono"),
    ("caf", "alac", 44_100, "mono"),
    ("au", "pcm_mulaw", 8_000, "mono"),
    ("mpegts", "mp2", 48_000, "mono"),
]


@pytest.mark.parametrize(("container", "codec", "rate_hz", "layout"), FORMATS, ids=str)
def test_a_tone_survives_every_format(decoder, container, codec, rate_hz, layout):
    data = encoded_tone(container, codec, rate_hz=rate_hz, layout=layout, seconds=1.5)
    audio = decoder.open(AudioSource(data=data))
    samples = _all(audio)[0]
    assert audio.info.rate_hz in {rate_hz, 48_000}
    assert len(samples) / 16_000 == pytest.approx(1.5, abs=0.15)  # AAC at 16 kHz keeps 0.13 s of its own padding
    assert _pitch_hz(samples[4_000:20_000]) == pytest.approx(440, abs=2)
    assert np.abs(samples[4_000:20_000]).max() == pytest.approx(0.49, abs=0.08)


SHARED = Path(__file__).parents[4] / "shared" / "speech" / "derived" / "formats"


def test_the_same_speech_in_every_shared_format_is_the_same_speech(decoder):
    require_recordings(SHARED)
    for stem in sorted({path.name.split(".")[0] for path in SHARED.iterdir()}):
        whole = _all(decoder.open(AudioSource(path=SHARED / f"{stem}.flac")))[0]
        for path in sorted(SHARED.glob(f"{stem}.*")):
            other = _all(decoder.open(AudioSource(path=path)))[0]
            assert len(other) == pytest.approx(len(whole), abs=2_000), path.suffixes
            # Loudness over time, in 50 ms steps: what a codec keeps, whatever its padding.
            steps = min(len(whole), len(other)) // 800
            loud, same = (np.abs(x[: steps * 800]).reshape(-1, 800).mean(axis=1) for x in (whole, other))
            assert max(np.corrcoef(loud, np.roll(same, -lag))[0, 1] for lag in range(4)) > 0.9, path.suffixes


def test_a_path_and_its_bytes_give_the_same_samples(decoder, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(tone(2.3)))
    from_path = _all(decoder.open(AudioSource(path=path)))
    assert np.array_equal(from_path, _all(decoder.open(AudioSource(data=path.read_bytes()))))
    assert np.array_equal(from_path[0], tone(2.3).astype(np.float32) / 32_768)


@pytest.mark.parametrize("size_bytes", [0, 0xFFFF_FFFF, 0x7FFF_F000])
def test_a_streamed_wav_without_a_length_is_whole(decoder, size_bytes):
    data = bytearray(wav_bytes(tone(1.0)))
    data[40:44] = size_bytes.to_bytes(4, "little")
    assert _all(decoder.open(AudioSource(data=bytes(data)))).shape == (1, 16_000)


@pytest.mark.parametrize("encoding", ["s16le", "f32le", "mulaw", "alaw"])
def test_headerless_audio_is_what_the_caller_says(decoder, encoding):
    stereo = np.stack([tone(1.0, rate_hz=8_000), tone(1.0, rate_hz=8_000, hz=880)], axis=1).astype(np.float32) / 32_768
    source = AudioSource(data=to_pcm(stereo.reshape(-1), encoding), pcm=PcmFormat(encoding, 8_000, 2))
    audio = decoder.open(source, mode=ChannelMode.SPLIT)
    left, right = _all(audio)
    assert audio.info.duration_seconds == 1.0
    assert (_pitch_hz(left), _pitch_hz(right)) == (440, 880)


def test_channels_are_mixed_picked_or_split(decoder):
    left, right = tone(1.2), tone(1.2, hz=1_000)
    source = AudioSource(data=wav_bytes(np.stack([left, right], axis=1).reshape(-1), channels=2))
    split = _all(decoder.open(source, mode=ChannelMode.SPLIT))
    assert np.array_equal(split, np.stack([left, right]).astype(np.float32) / 32_768)
    assert np.array_equal(_all(decoder.open(source, mode=ChannelMode.PICK, channel=1)), split[1:])
    assert np.allclose(_all(decoder.open(source))[0], split.mean(axis=0), atol=1e-6)


def test_a_channel_that_is_not_there_is_named(decoder):
    with pytest.raises(InvalidOption, match=r"channel: 2 is not there; the audio has 1") as caught:
        decoder.open(AudioSource(data=wav_bytes(tone(0.5))), mode=ChannelMode.PICK, channel=2)
    assert caught.value.param == "channel"


def test_denoising_keeps_the_length(decoder):
    assert _all(decoder.open(AudioSource(data=wav_bytes(tone(1.37))), denoise=True)).shape == (1, 21_920)


def test_wechat_silk_is_read(decoder):
    if importlib.util.find_spec("pysilk") is None:
        absent("pysilk is not here; pip install 'lingting[silk]' to run this")
    import pysilk

    out = io.BytesIO()
    pysilk.encode(io.BytesIO(tone(1.0, rate_hz=24_000).astype("<i2").tobytes()), out, 24_000, 24_000)
    for data in (out.getvalue(), out.getvalue().removeprefix(b"\x02") + b"\xff\xff"):
        audio = decoder.open(AudioSource(data=data))
        samples = _all(audio)[0]
        assert audio.info.codec == "silk"
        assert len(samples) == 16_000
        assert _pitch_hz(samples[2_000:]) == pytest.approx(440, abs=2)


def test_limits_name_themselves(decoder, tmp_path):
    big = tmp_path / "big.wav"
    big.write_bytes(bytes(10_000_001))
    with pytest.raises(AudioTooLarge, match="10000000 bytes"):
        decoder.open(AudioSource(path=big))
    with pytest.raises(AudioTooLarge):
        decoder.open(AudioSource(data=bytes(10_000_001)))
    with pytest.raises(AudioTooLong, match="60 seconds"):
        _all(decoder.open(AudioSource(data=wav_bytes(np.zeros(61 * 8_000, np.int16), rate_hz=8_000))))
    with pytest.raises(AudioTooLong, match="60 seconds"):
        _all(decoder.open(AudioSource(data=long_flac(0.5))))
    with pytest.raises(AudioTooLong, match="60 seconds"):
        decoder.open(AudioSource(data=bytes(61 * 8_000), pcm=PcmFormat("mulaw", 8_000, 1)))


def test_audio_of_exactly_the_longest_length_is_taken(decoder):
    samples = np.zeros(60 * 44_100, np.int16)
    assert _all(decoder.open(AudioSource(data=wav_bytes(samples, rate_hz=44_100)))).shape[1] == 60 * 16_000


@pytest.mark.parametrize(
    ("pcm", "param"),
    [
        (PcmFormat("s16le", 0, 1), "rate_hz"),
        (PcmFormat("s16le", 10**9, 1), "rate_hz"),
        (PcmFormat("s16le", 16_000, 0), "channels"),
        (PcmFormat("s16le", 16_000, 99), "channels"),
        (PcmFormat("mp9", 16_000, 1), "encoding"),
    ],
)
def test_a_wrong_pcm_declaration_names_the_field(decoder, pcm, param):
    with pytest.raises(InvalidOption) as caught:
        decoder.open(AudioSource(data=bytes(100), pcm=pcm))
    assert caught.value.param == param


def test_half_a_frame_of_pcm_is_refused(decoder):
    with pytest.raises(AudioUndecodable, match="no whole number"):
        decoder.open(AudioSource(data=bytes(101), pcm=PcmFormat()))


def test_what_is_no_file_is_refused(decoder, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(AudioUndecodable, match="not a file"):
            decoder.open(AudioSource(path=path))
    with pytest.raises(AudioUndecodable, match="No such file"):
        decoder.open(AudioSource(path=tmp_path / "absent.wav"))


def test_a_source_is_a_path_or_bytes():
    with pytest.raises(ValueError, match="not both"):
        AudioSource()
    with pytest.raises(ValueError, match="not both"):
        AudioSource(path=Path("a"), data=b"b")
