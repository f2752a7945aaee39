"""Strict little parsers, so that a test sees what a player sees."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

__all__ = ["Shown", "parse_srt", "parse_vtt"]

_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d)%s(\d{3})"


@dataclass(frozen=True)
class Shown:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    voice: str | None = None

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def _times(line: str, mark: str) -> tuple[int, int]:
    match = re.fullmatch(f"{_TIME} --> {_TIME}" % (mark, mark), line)
    assert match, f"bad times: {line!r}"
    numbers = [int(group) for group in match.groups()]
    start_ms, end_ms = (
        ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
        for hours, minutes, seconds, milliseconds in (numbers[:4], numbers[4:])
    )
    assert start_ms < end_ms
    return start_ms, end_ms


def parse_srt(document: str) -> list[Shown]:
    if not document:
        return []
    assert document.endswith("\n")
    assert "\r" not in document
    cues = []
    for number, block in enumerate(document[:-1].split("\n\n"), start=1):
        index, times, *lines = block.split("\n")
        assert index == str(number)
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
        cues.append(Shown(*_times(times, ","), tuple(lines)))
    return cues


def parse_vtt(document: str) -> list[Shown]:
    assert document.endswith("\n")
    header, *blocks = document[:-1].split("\n\n")
    assert header == "WEBVTT"
    cues = []
    for block in blocks:
        times, *lines = block.split("\n")
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
        start_ms, end_ms = _times(times, r"\.")
        payload = "\n".join(lines)
        voice = re.match(r"<v ([^<>]+)>", payload)
        for stamp in re.findall(r"<(\d[^>]*)>", payload):
            hours, minutes, seconds = stamp.split(":")
            stamp_ms = round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)
            assert start_ms < stamp_ms < end_ms
        plain = re.sub(r"<v [^<>]+>|</?c>|<\d[\d:.]*>", "", payload)
        assert "<" not in plain
        assert ">" not in plain
        name = html.unescape(voice[1]) if voice else None
        cues.append(Shown(start_ms, end_ms, tuple(html.unescape(plain).split("\n")), name))
    return cues
