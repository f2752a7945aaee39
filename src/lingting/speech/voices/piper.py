"""Many languages by Piper's voices, files that the operator has; in a process of its own, as Piper is under the GPL-3.

A caller who leaves in the middle of a text costs no model: what the process still says of it is passed over.
"""

from __future__ import annotations

import json
import os
import re
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

import numpy as np

from lingting.audio.resample import StreamResampler
from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE
from lingting.domain.errors import EngineFailed, EngineUnavailable, SettingsInvalid
from lingting.speech.base import Style, VoiceInfo
from lingting.telemetry import log

__all__ = ["PiperVoices"]

CHILD = Path(__file__).with_name("piper_child.py")
FRAME = struct.Struct("<iI")
MAX_FRAME_BYTES = 64 * 2**20
MAX_CONFIG_BYTES = 2**20
MAX_VOICES = 200
INSTALL = "install with: pip install 'lingting[piper]'"
SILENT_SECONDS = 60.0
"""A child that gives nothing for so long, a model's loading included, is ended."""
PINYIN, PINYIN_FOLDER = "pinyin", "g2pW"
"""Chinese voices read by a second model, which Piper would fetch from the network where it is not beside them."""
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_OURS = {"cmn": "zh"}


@dataclass(frozen=True, slots=True)
class _Voice:
    path: Path
    info: VoiceInfo


class PiperVoices:
    """Each pair of `NAME.onnx` and `NAME.onnx.json` in a folder is the voice `piper-NAME`."""

    rate_hz = 22_050
    """Of most; others are brought to it."""
    is_quick = False
    threads = 1
    may_pause = False

    def __init__(self, folder: Path | None) -> None:
        """raises    SettingsInvalid"""
        if folder is None or not folder.is_dir():
            raise SettingsInvalid(
                "speech.piper_folder: is no folder; name the one with the voices (NAME.onnx and NAME.onnx.json)",
                param="speech.piper_folder",
            )
        paths = sorted(folder.glob("*.onnx"))[:MAX_VOICES]
        found = [voice for path in paths if (voice := _voice(path)) is not None]
        self._voices = {voice.info.name: voice for voice in found}
        self.voices = tuple(voice.info for voice in found)
        sizes = " ".join(str(voice.path.stat().st_size) for voice in found)
        self.version = f"{version('piper-tts')} {sizes}"
        self._child: subprocess.Popen[bytes] | None = None
        self._owes = False
        """Whether the child still says a text that nobody waits for."""
        self._closing = threading.Lock()

    def warm_up(self) -> None:
        if self.voices:
            for _ in self.speak("1.", self.voices[0].name, Style(self.voices[0].languages[0])):
                pass

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        child = self._ready()
        asked = {"model": str(self._voices[voice].path), "text": text, "speed": style.speed}
        is_over = is_left = False
        try:
            _write(child, json.dumps(asked).encode() + b"\n")
            for rate_hz, data in _frames(child):
                if rate_hz < 0:
                    is_over = True
                    raise EngineFailed(f"the voice {voice!r} failed ({data.decode()[:80]}); try another voice")
                yield _samples(data, rate_hz, self.rate_hz)
            is_over = True
        except GeneratorExit:
            is_left = True
            raise
        finally:
            self._owes = is_left
            if not (is_over or is_left):
                self._end()

    def close(self) -> None:
        self._end()

    def _ready(self) -> subprocess.Popen[bytes]:
        """A child that waits for a text."""
        child = self._running()
        if self._owes:
            self._owes = False
            try:
                for _ in _frames(child):
                    pass
            except (EngineFailed, EngineUnavailable):
                self._end()
                return self._running()
        return child

    def _running(self) -> subprocess.Popen[bytes]:
        with self._closing:
            if self._child is not None and self._child.poll() is not None:
                _buried(self._child)
                self._child = None
            if self._child is None:
                try:
                    self._child = subprocess.Popen(  # noqa: S603 - our own file, no shell
                        [sys.executable, "-I", str(CHILD)],
                        bufsize=0,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                except OSError as problem:
                    raise EngineUnavailable(
                        f"Piper cannot be started ({type(problem).__name__}); {INSTALL}"
                    ) from problem
            return self._child

    def _end(self) -> None:
        with self._closing:
            child, self._child = self._child, None
        if child is not None:
            _buried(child)


def _buried(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def _voice(path: Path) -> _Voice | None:
    """None, and a line in the log, for what is not whole."""
    config = path.with_name(f"{path.name}.json")
    try:
        said = json.loads(config.read_bytes()[:MAX_CONFIG_BYTES])
        spoken = str((said.get("language") or {}).get("code") or said["espeak"]["voice"]).lower()
        is_missing = said.get("phoneme_type") == PINYIN and not (path.parent / PINYIN_FOLDER).is_dir()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        spoken, is_missing = "", False
    found = _LANGUAGE.match(spoken)
    if found is None or is_missing:
        problem = "no g2pW beside it" if is_missing else "no NAME.onnx.json beside it that tells its language"
        log.warning("speech.left_out", model=path.name, problem=problem, hint="see docs/voices.md")
        return None
    language = _OURS.get(found[0], found[0])
    return _Voice(path, VoiceInfo(f"piper-{path.stem}", "piper", (language,), spoken))


def _write(child: subprocess.Popen[bytes], line: bytes) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(line)
    except OSError as problem:
        raise EngineFailed("Piper ended before it was told what to say; try again") from problem


def _frames(child: subprocess.Popen[bytes]) -> Iterator[tuple[int, bytes]]:
    """To the end of the text."""
    assert child.stdout is not None
    while True:
        rate_hz, size = FRAME.unpack(_read(child.stdout, FRAME.size))
        if size > MAX_FRAME_BYTES or rate_hz > 192_000:
            raise EngineFailed("Piper gave what is no sound; is piper-tts the version that lingting[piper] asks for?")
        data = _read(child.stdout, size)
        if rate_hz:
            yield rate_hz, data
        if rate_hz <= 0:
            return


def _read(pipe: IO[bytes], size: int) -> bytes:
    parts, left = [], size
    while left:
        if not select.select([pipe], [], [], SILENT_SECONDS)[0]:
            raise EngineFailed(f"Piper gave no sound for {SILENT_SECONDS:g} seconds; try again")
        part = os.read(pipe.fileno(), left)
        if not part:
            raise EngineUnavailable(f"Piper ended; is it installed whole? {INSTALL}")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _samples(data: bytes, rate_hz: int, target_hz: int) -> Samples:
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(INT16_SCALE)
    if rate_hz == target_hz:
        return samples
    resampler = StreamResampler(rate_hz, target_hz)
    return np.concatenate([resampler.push(samples[np.newaxis, :])[0], resampler.finish()[0]])
