"""Files that a server must survive: each is damaged, is no audio, or is made to do harm.

Every one is built here from nothing, is at most a few hundred kilobytes, and must cost exactly one coded error.
"""

from __future__ import annotations

import io
import json
import struct
import tempfile
import wave
import zipfile
import zlib
from pathlib import Path

import av
import numpy as np

__all__ = ["encoded_tone", "hostile_files", "long_flac", "tone", "wav_bytes"]

_RATE_HZ = 16_000


def tone(seconds: float, *, rate_hz: int = _RATE_HZ, hz: float = 440.0) -> np.ndarray:
    """A sine at half of full scale, int16."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    return (16_000 * np.sin(2 * np.pi * hz * times)).astype(np.int16)


def wav_bytes(samples: np.ndarray, *, rate_hz: int = _RATE_HZ, channels: int = 1) -> bytes:
    """A correct 16-bit WAV file; `samples` are interleaved."""
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def encoded_tone(
    container: str,
    codec: str,
    *,
    rate_hz: int = 48_000,
    seconds: float = 2.0,
    layout: str = "mono",
    options: dict | None = None,
) -> bytes:
    """A tone in any container and codec that this FFmpeg can write."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone"  # a path, not a buffer: moving the index of an MP4 to its front needs one
        _encode_tone(path, container, codec, rate_hz=rate_hz, seconds=seconds, layout=layout, options=options)
        return path.read_bytes()


def _encode_tone(
    path: Path, container: str, codec: str, *, rate_hz: int, seconds: float, layout: str, options: dict | None
) -> None:
    with av.open(str(path), "w", format=container, options=options or {}) as writer:
        stream = writer.add_stream(codec, rate=rate_hz, layout=layout)
        if codec.startswith("wma"):
            stream.bit_rate = 64_000
        channels = len(av.AudioLayout(layout).channels)
        samples = np.repeat(tone(seconds, rate_hz=rate_hz), channels).reshape(1, -1)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate_hz)
        step = rate_hz // 10 * channels
        for start in range(0, samples.shape[1], step):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + step]), format="s16", layout=layout
            )
            frame.sample_rate = rate_hz
            frame.pts = start // channels
            for piece in resampler.resample(frame):
                writer.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))


def long_flac(hours: float) -> bytes:
    """Silence that is a few kilobytes on disk and hours in memory, from a header that does not say how long it is."""
    block_samples, rate_hz = 65_535, 8_000
    info = struct.pack(">HH", block_samples, block_samples) + bytes(6)
    info += ((rate_hz << 44) | (15 << 36)).to_bytes(8, "big") + bytes(16)
    frames = []
    for number in range(int(hours * 3600 * rate_hz / block_samples)):
        # Fixed block size, 16 bits of it below; 8 kHz; mono, 16 bit. Source: RFC 9639, section 9.
        head = b"\xff\xf8\x74\x08" + chr(number).encode("utf-8", "surrogatepass") + struct.pack(">H", block_samples - 1)
        frame = head + bytes([_crc(head, 8, 0x07)]) + bytes(3)
        frames.append(frame + struct.pack(">H", _crc(frame, 16, 0x8005)))
    return b"fLaC\x80\0\0\x22" + info + b"".join(frames)


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ (polynomial if value & top else 0)) & ((1 << bits) - 1)
    return value


def hostile_files() -> list[tuple[str, bytes]]:
    """Name and bytes of each hostile file; at least fifty."""
    return [*_empty_and_foreign(), *_playlists(), *_bad_wav_headers(), *_cut_files(), *_huge_claims(), *_bombs()]


def _empty_and_foreign() -> list[tuple[str, bytes]]:
    noise = np.random.default_rng(7).integers(0, 256, 65_536, dtype=np.uint8).tobytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("a.wav", wav_bytes(tone(0.1)))
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0) + bytes(64)
    return [
        ("empty", b""),
        ("one_byte", b"R"),
        ("zeros", bytes(100_000)),
        ("ones", b"\xff" * 100_000),
        ("noise", noise),
        ("png", png),
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise[:5_000]),
        ("gif", b"GIF89a" + bytes(500)),
        ("pdf", b"%PDF-1.7\n" + noise[:2_000]),
        ("zip", archive.getvalue()),
        ("gzip", b"\x1f\x8b\x08\x00" + zlib.compress(bytes(1_000_000))),
        ("elf", b"\x7fELF\x02\x01\x01" + noise[:4_000]),
        ("exe", b"MZ\x90\x00" + noise[:4_000]),
        ("html", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
        ("xml", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("json", json.dumps({"audio": "bm90IGF1ZGlv"}).encode()),
        ("text", ("这不是音频。 This is no audio.\n" * 200).encode()),
        ("srt_subtitles", b"1\n00:00:00,000 --> 00:00:01,000\nhello\n"),
        ("shell_script", b"#!/bin/sh\nrm -rf /tmp/nothing\n"),
        ("base64_of_wav", __import__("base64").b64encode(wav_bytes(tone(0.2)))),
        ("sqlite", b"SQLite format 3\x00" + bytes(2_000)),
        ("webp", b"RIFF\x24\x00\x00\x00WEBPVP8 " + noise[:500]),
    ]


def _playlists() -> list[tuple[str, bytes]]:
    return [
        ("ffconcat", b"ffconcat version 1.0\nfile '/etc/hostname'\nfile '/proc/self/environ'\n"),
        ("m3u8_local", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
        ("m3u8_remote", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
        ("sdp", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n"),
        ("dash", b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period/></MPD>"),
        ("pls", b"[playlist]\nFile1=http://127.0.0.1:9/a.mp3\nNumberOfEntries=1\n"),
    ]


def _bad_wav_headers() -> list[tuple[str, bytes]]:
    good = wav_bytes(tone(1.0))
    return [
        ("wav_header_only", good[:44]),
        ("wav_half_header", good[:30]),
        ("wav_riff_only", good[:12]),
        ("wav_0_hz", _patched(good, 24, "<I", 0)),
        ("wav_1_hz", _patched(good, 24, "<I", 1)),
        ("wav_4_ghz", _patched(good, 24, "<I", 0xFFFF_FFFF)),
        ("wav_0_channels", _patched(good, 22, "<H", 0)),
        ("wav_100_channels", wav_bytes(np.zeros(100 * 1_600, np.int16), channels=100)),
        ("wav_65535_channels", _patched(good, 22, "<H", 0xFFFF)),
        ("wav_0_bits", _patched(good, 34, "<H", 0)),
        ("wav_unknown_codec", _patched(good, 20, "<H", 0x7777)),
        ("wav_huge_fmt_chunk", _patched(good, 16, "<I", 0x7FFF_FFF0)),
        ("wav_negative_fmt_chunk", _patched(good, 16, "<I", 0xFFFF_FFFF)),
        ("wav_without_data", good[:36] + b"LIST" + struct.pack("<I", 4) + b"INFO"),
        ("wav_endless_chunks", good[:12] + b"junk\0\0\0\0" * 20_000),
        ("wav_huge_list", good[:36] + b"LIST" + struct.pack("<I", 0xFFFF_FFF0) + b"INFO" + bytes(500)),
    ]


def _cut_files() -> list[tuple[str, bytes]]:
    good = wav_bytes(tone(2.0))
    cut = [("wav_cut_in_half", good[: len(good) // 2]), ("wav_cut_after_100_samples", good[:244])]
    made = (
        ("mp3", "mp3", "libmp3lame"),
        ("flac", "flac", "flac"),
        ("opus", "ogg", "libopus"),
        ("webm", "webm", "libopus"),
        ("m4a", "mp4", "aac"),
        ("aiff", "aiff", "pcm_s16be"),
        ("caf", "caf", "pcm_s16be"),
        ("wma", "asf", "wmav2"),
    )
    for name, container, codec in made:
        whole = encoded_tone(container, codec)
        cut += [(f"{name}_cut_in_half", whole[: len(whole) // 2 - 3]), (f"{name}_first_40_bytes", whole[:40])]
    fast = encoded_tone("mp4", "aac", options={"movflags": "faststart"})
    cut.append(("m4a_faststart_cut", fast[: len(fast) * 2 // 3]))
    cut.append(("ogg_pages_of_noise", _noisy(encoded_tone("ogg", "libopus"), 200)))
    cut.append(("flac_frames_of_noise", _noisy(encoded_tone("flac", "flac"), 200)))
    cut.append(("m4a_moov_of_noise", _noisy(fast, 40)))
    return cut


def _huge_claims() -> list[tuple[str, bytes]]:
    tag = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"
    return [
        ("mp4_huge_atom", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + b"\x7f\xff\xff\xffmoov" + bytes(600)),
        ("mp4_nested_atoms", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + b"".join(_nested(2_000))),
        ("id3_huge_tag", tag + bytes(4_000)),
        ("flac_huge_picture", b"fLaC\x06\xff\xff\xff" + bytes(4_000)),
        ("caf_huge_packet_table", b"caff\0\1\0\0pakt\x7f\xff\xff\xff\xff\xff\xff\xff" + bytes(500)),
        ("mkv_huge_element", b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(500)),
        ("au_huge_header", b".snd" + struct.pack(">IIIII", 0x7FFF_FFFF, 8_000, 1, 8_000, 1) + bytes(500)),
        (
            "aiff_0_hz",
            b"FORM" + struct.pack(">I", 46) + b"AIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10" + bytes(10) + b"SSND" + bytes(20),
        ),
        ("asf_header_only", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + b"\xff" * 60),
        ("amr_header_only", b"#!AMR\n"),
        ("silk_header_only", b"\x02#!SILK_V3"),
        ("silk_cut_frame", b"\x02#!SILK_V3" + b"\x40\x00" + bytes(10)),
        ("silk_huge_frame", b"#!SILK_V3" + b"\xf0\x7f" + bytes(4_000)),
    ]


def _bombs() -> list[tuple[str, bytes]]:
    return [("flac_bomb_of_5_hours", long_flac(5.0))]


def _patched(data: bytes, offset: int, layout: str, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, offset, value)
    return bytes(changed)


def _noisy(data: bytes, start: int) -> bytes:
    noise = np.random.default_rng(11).integers(0, 256, len(data) - start, dtype=np.uint8).tobytes()
    return data[:start] + noise


def _nested(depth: int) -> list[bytes]:
    return [struct.pack(">I4s", 8 * (depth - i), b"moov") for i in range(depth)]
