"""A voice by sherpa-onnx's speaker embedding: networks of 3D-Speaker and WeSpeaker that hear a stretch of sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.errors import ModelCorrupt
from lingting.engines.sherpa.folder import find_voices

__all__ = ["SherpaVoices"]

Floats = NDArray[np.float32]


class SherpaVoices:
    """The network; safe to use from several threads at once. Blocking."""

    def __init__(self, folder: Path) -> None:
        """raises    ModelCorrupt"""
        import sherpa_onnx

        config = sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(find_voices(folder)), num_threads=1)
        try:
            self._network: Any = sherpa_onnx.SpeakerEmbeddingExtractor(config)
        except RuntimeError as problem:
            raise ModelCorrupt(f"{folder.name}: sherpa-onnx cannot load it; fetch the model again") from problem

    def prints(self, windows: Samples) -> Floats:
        """The voice in each window.

        windows   mono at 16 kHz, shape (n, samples); result has shape (n, size of a voice), each row of length 1
        """
        raw = np.zeros((len(windows), int(self._network.dim)), np.float32)
        for row, window in zip(raw, windows, strict=True):
            row[:] = self._print(window)
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        printed: Floats = raw / np.maximum(length, np.finfo(np.float32).tiny)
        return printed

    def _print(self, window: Samples) -> list[float]:
        stream = self._network.create_stream()
        stream.accept_waveform(SAMPLE_RATE_HZ, window)
        stream.input_finished()
        vector: list[float] = self._network.compute(stream)
        return vector
