"""What a caller sent instead of audio, in words: read from the first bytes, for error messages only."""

from __future__ import annotations

__all__ = ["describe"]

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"\xca\xfe\xba\xbe", "a Java class or a Mach-O program"),
    (b"SQLite format", "an SQLite database"),
    (b"#EXTM3U", "an M3U playlist"),
    (b"ffconcat", "an ffconcat playlist"),
    (b"[playlist]", "a PLS playlist"),
    (b"#!SILK_V3", "WeChat SILK audio"),
    (b"\x02#!SILK_V3", "WeChat SILK audio"),
    (b"#!AMR", "AMR audio"),
    (b"#!", "a script"),
    (b"FORM", "an AIFF file"),
    (b"fLaC", "FLAC audio"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "MP3 audio"),
    (b"\xff\xfb", "MP3 audio"),
    (b"\xff\xfa", "MP3 audio"),
    (b"\xff\xf3", "MP3 audio"),
    (b"\xff\xf2", "MP3 audio"),
    (b"\xff\xf1", "AAC audio"),
    (b"\xff\xf9", "AAC audio"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (b"\x30\x26\xb2\x75", "a Windows Media (ASF) file"),
    (b"caff", "a CAF file"),
    (b".snd", "an AU file"),
)
_RIFF_KINDS = {b"WAVE": "a WAV file", b"AVI ": "an AVI video", b"WEBP": "a WebP image"}


def describe(head: bytes) -> str:
    """Name what the first bytes (64 or more, if there are so many) look like.

    The bytes themselves are never part of the answer.
    """
    if not head:
        return "an empty file"
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF_KINDS.get(head[8:12], "a RIFF file of an unknown kind")
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head[4:8] == b"ftyp":
        return "an MP4 or M4A file"
    return _describe_text(head) if any(head) else "zero bytes only"


def _describe_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if any(byte < 9 or 14 <= byte < 32 for byte in head):
        return "bytes of no known audio format"
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if start.startswith(b"<"):
        return "XML text"
    if start.startswith((b"{", b"[")):
        return "JSON text"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character cut at the end of the head is still text
            return "bytes of no known audio format"
    return "plain text"
