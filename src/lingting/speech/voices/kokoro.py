"""Chinese, with English words in it, by Kokoro-82M in eight bits on onnxruntime. Apache-2.0, weights as well."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples
from lingting.domain.errors import EngineFailed, EngineUnavailable
from lingting.speech.base import Style, VoiceInfo
from lingting.speech.voices.kokoro_model import KokoroModel, Manner
from lingting.speech.voices.kokoro_sounds import KokoroSounds

__all__ = ["KOKORO_WEIGHTS", "KOKORO_ZH_VOICES", "KokoroVoices"]

KOKORO_WEIGHTS, KOKORO_ZH_VOICES = "kokoro", "kokoro-zh-voices"
"""Models of the catalog: what all need, and the Chinese voices."""
STYLE_SHAPE = (-1, 1, 256)
"""One style for each count of sounds. Source: the model's card."""
MAX_SOUNDS = 500
"""The model takes 510."""
BUILT_IN = "jf_alpha"
"""A Japanese voice that comes with the weights; it speaks Chinese well enough to be understood."""
SAMPLE_TEXT = "我们先看一下天气，再决定。"
"""What a voice says to itself before its first clause."""
QUIET = 0.008
EDGE_SECONDS = 0.04
PAUSES_SECONDS = {"。": 0.3, "！": 0.3, "？": 0.3, ".": 0.3, "!": 0.3, "?": 0.3, "…": 0.35, "；": 0.2, ";": 0.2}
PAUSE_SECONDS = 0.12
"""After a comma, or where a long clause was cut."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    folder: Path
    model: KokoroModel
    sounds: KokoroSounds
    id_of: dict[str, int]

    def ids_of(self, text: str) -> list[int]:
        return [self.id_of[sound] for sound in self.sounds.of(text) if sound in self.id_of]


class KokoroVoices:
    """The Chinese voices where they were pulled, else the one that is there."""

    version = "v1.0-int8-pieces"
    rate_hz = 24_000
    is_quick = False
    threads = 1
    may_pause = True

    def __init__(self, weights: Callable[[], Path], *, extra: Path | None = None) -> None:
        """
        weights    finds the folder of the catalog's `kokoro`, when it is loaded
        extra      that of `kokoro-zh-voices`; None where it was not pulled
        """
        self._find_weights = weights
        pulled = sorted(extra.glob("z[fm]_*.bin"), key=_rank) if extra else []
        self._files = {path.stem: path for path in pulled}
        self.voices: Sequence[VoiceInfo] = (
            *(VoiceInfo(name, "kokoro", ("zh", "en"), _note(name)) for name in self._files),
            VoiceInfo(BUILT_IN, "kokoro", ("zh", "en"), "female, a Japanese voice"),
        )
        self._opening = threading.Lock()
        self._loaded: _Loaded | None = None
        self._styles: dict[str, NDArray[np.float32]] = {}
        self._manners: dict[str, Manner] = {}

    def warm_up(self) -> None:
        for _ in self.speak("好。", self.voices[0].name, Style("zh", is_urgent=True)):
            pass

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        loaded = self._open()
        styles = self._style(voice, loaded.folder)
        try:
            ids = loaded.ids_of(text)
            for start in range(0, len(ids), MAX_SOUNDS):
                some = ids[start : start + MAX_SOUNDS]
                tone, manner = styles[min(len(some), len(styles) - 1)], self._manner_of(voice, loaded)
                pieces = loaded.model.say(some, tone, style.speed, manner, is_urgent=style.is_urgent)
                yield from _trimmed(pieces, self.rate_hz)
                seconds = PAUSES_SECONDS.get(text[-1:], PAUSE_SECONDS) / style.speed
                yield np.zeros(int(seconds * self.rate_hz), np.float32)
        except (RuntimeError, ValueError, KeyError, IndexError, AssertionError) as problem:
            raise EngineFailed(f"the voice {voice!r} failed ({type(problem).__name__}); try another voice") from problem

    def close(self) -> None:
        self._loaded = None
        self._styles.clear()
        self._manners.clear()

    def _open(self) -> _Loaded:
        with self._opening:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> _Loaded:
        folder = self._find_weights()
        try:
            model = KokoroModel(folder / "kokoro-v1.0.int8.onnx")
            id_of = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
            return _Loaded(folder, model, KokoroSounds(folder / ".jieba"), id_of)
        except (RuntimeError, OSError, ImportError, ValueError) as problem:
            raise EngineUnavailable(
                f"Kokoro cannot be loaded ({type(problem).__name__}); run lingting models pull {KOKORO_WEIGHTS}"
            ) from problem

    def _manner_of(self, voice: str, loaded: _Loaded) -> Manner:
        if voice not in self._manners:
            ids = loaded.ids_of(SAMPLE_TEXT)
            self._manners[voice] = loaded.model.manner(ids, self._style(voice, loaded.folder)[len(ids)])
        return self._manners[voice]

    def _style(self, voice: str, folder: Path) -> NDArray[np.float32]:
        if voice not in self._styles:
            if voice in self._files:
                style = np.fromfile(self._files[voice], "<f4")
            else:
                with np.load(folder / "voices_ja.npz") as built_in:
                    style = built_in[voice].astype(np.float32)
            self._styles[voice] = style.reshape(STYLE_SHAPE)
        return self._styles[voice]


def _trimmed(pieces: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """A clause without the silence that is left at both ends, whose length follows no rule."""
    edge, has_begun = int(EDGE_SECONDS * rate_hz), False
    held = np.zeros(0, np.float32)
    """Quiet sound that may be the end."""
    for piece in pieces:
        sound = np.concatenate([held, piece])
        loud = np.flatnonzero(np.abs(sound) > QUIET)
        first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (len(sound), 0)
        begin = 0 if has_begun else max(0, first - edge)
        held = sound[max(begin, last) :]
        if last:
            yield sound[begin:last]
            has_begun = True
    if has_begun:
        yield held[:edge]


def _rank(path: Path) -> tuple[bool, bool, str]:
    """Xiaobei first, whom a recogniser understands best, then women before men."""
    return path.stem != "zf_xiaobei", path.stem.startswith("zm"), path.stem


def _note(name: str) -> str:
    return "female, Mandarin" if name.startswith("zf") else "male, Mandarin"
