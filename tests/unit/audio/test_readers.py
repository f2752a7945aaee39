"""The readers inside the decoder process, called directly: what they see in a file, and when they call it cut."""

from __future__ import annotations

import io
import struct

import pytest

from hostile import encoded_tone, tone, wav_bytes
from lingting.audio import silk
from lingting.audio.encode import AudioFormat, encode
from lingting.audio.media import MediaReader
from lingting.audio.sniff import describe
from lingting.audio.truncation import missing_bytes, ogg_is_cut, xing_samples
from lingting.domain import Audio
from lingting.domain.errors import AudioTooLong, AudioUndecodable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("head", "seen"),
    [
        (b"", "an empty file"),
        (b"RIFF\0\0\0\0WAVE", "a WAV file"),
        (b"RIFF\0\0\0\0XXXX", "a RIFF file of an unknown kind"),
        (b"\0\0\0\x18ftypM4A ", "an MP4 or M4A file"),
        (b"%PDF-1.4", "a PDF document"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "an HTML page"),
        (b"<svg/>", "XML text"),
        (b' {"a": 1}', "JSON text"),
        ("你好".encode(), "plain text"),
        ("你好".encode()[:-1], "plain text"),
        (b"\xe4\xb8" * 20, "bytes of no known audio format"),
        (b"\x01\x02\x03", "bytes of no known audio format"),
        (bytes(10), "zero bytes only"),
    ],
)
def test_the_first_bytes_are_named(head, seen):
    assert describe(head) == seen


def test_a_wav_is_cut_when_its_sound_is_missing():
    whole = wav_bytes(tone(1.0))
    for kept, missing in ((len(whole), 0), (len(whole) - 60, 0), (len(whole) // 2, len(whole) - len(whole) // 2)):
        assert missing_bytes(io.BytesIO(whole[:kept]), kept) == missing


def test_chunks_before_the_sound_are_skipped():
    whole = wav_bytes(tone(1.0))
    noted = whole[:36] + b"LIST" + struct.pack("<I", 5) + b"INFO!\0" + whole[36:]
    assert missing_bytes(io.BytesIO(noted), len(noted)) == 0
    assert missing_bytes(io.BytesIO(noted[:-20_000]), len(noted) - 20_000) == 20_000


def test_an_ogg_is_cut_inside_its_last_page():
    whole = encoded_tone("ogg", "libopus", seconds=0.5)
    assert not ogg_is_cut(io.BytesIO(whole), len(whole))
    assert ogg_is_cut(io.BytesIO(whole[:-1]), len(whole) - 1)


def test_the_xing_header_counts_the_samples_of_an_mp3():
    with_header = encoded_tone("mp3", "libmp3lame", seconds=1.0)
    without = encoded_tone("mp3", "libmp3lame", seconds=1.0, options={"write_xing": "0"})
    assert xing_samples(io.BytesIO(with_header)) == pytest.approx(48_000, abs=3 * 1_152)
    assert xing_samples(io.BytesIO(without)) is None
    assert xing_samples(io.BytesIO(b"no mp3 at all")) is None


def test_an_honest_header_over_the_limit_is_refused_before_decoding():
    data = encoded_tone("flac", "flac", seconds=3.0)
    with pytest.raises(AudioTooLong):
        MediaReader(io.BytesIO(data), len(data), max_channels=2, max_seconds=2.0)


def test_silk_without_its_package_names_the_command(monkeypatch):
    monkeypatch.setattr(silk, "find_spec", lambda _name: None)
    with pytest.raises(AudioUndecodable, match=r"pip install lingting\[silk\]"):
        silk.SilkReader(io.BytesIO(b"#!SILK_V3"), max_seconds=1.0)


@pytest.mark.parametrize("form", list(AudioFormat))
def test_what_is_encoded_can_be_decoded(form):
    audio = Audio((tone(1.0) / 32_768).astype("float32"))
    data = encode(audio, form)
    reader = MediaReader(io.BytesIO(data), len(data), max_channels=1, max_seconds=10.0)
    blocks = list(reader.blocks())
    assert sum(block.samples.shape[1] / block.rate_hz for block in blocks) == pytest.approx(
        1.0, abs=0.13
    )  # AAC pads most
    assert max(abs(block.samples).max() for block in blocks) == pytest.approx(
        0.49, abs=0.1
    )  # AAC overshoots at the start
