"""A model that gives marks to text: sherpa-onnx's CT-transformer, Chinese and English."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import Any

from lingting.domain.errors import EngineUnavailable, ModelCorrupt
from lingting.engines.sherpa.families import PUNCTUATION
from lingting.engines.sherpa.folder import find_marks

__all__ = ["PUNCTUATION_ENGINE", "SherpaMarks"]

PUNCTUATION_ENGINE = "sherpa-punctuation"
"""Of the catalog's entries; no engine that recognises."""


class SherpaMarks:
    """Blocking; safe from several threads, one at a time."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """raises    EngineUnavailable, with the line that installs what is missing; ModelCorrupt"""
        if importlib.util.find_spec("sherpa_onnx") is None:
            raise EngineUnavailable('marks by a model need sherpa_onnx; install with: pip install "lingting[sherpa]"')
        import sherpa_onnx

        path = find_marks(folder, PUNCTUATION)
        model = sherpa_onnx.OfflinePunctuationModelConfig(ct_transformer=str(path), num_threads=threads)
        try:
            self._model: Any = sherpa_onnx.OfflinePunctuation(sherpa_onnx.OfflinePunctuationConfig(model=model))
        except RuntimeError as problem:
            raise ModelCorrupt(f"{folder.name}: sherpa-onnx cannot load it; fetch the model again") from problem
        self._turn = threading.Lock()

    def mark(self, text: str) -> str:
        """The text with marks; sherpa-onnx may space it otherwise."""
        with self._turn:
            return str(self._model.add_punctuation(text))
