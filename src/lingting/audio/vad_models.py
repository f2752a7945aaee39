"""What turns a frame into a probability of speech: Silero's network, and a plain energy meter.

Silero v6 comes inside the installed faster-whisper package (MIT licence) and runs on onnxruntime; the package is
located, not imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lingting.audio.vad import FRAME_SAMPLES, FrameScorer
from lingting.domain.errors import ModelMissing

__all__ = ["EnergyScorer", "SileroModel"]

CONTEXT_SAMPLES = 64
"""How much of the frame before each frame sees."""
MAX_FRAMES_PER_RUN = 1_024
"""33 s of audio; bounds the memory of one call."""
_STATE_SHAPE = (1, 1, 128)
_SILERO_FILE = "silero_vad_v6.onnx"


class SileroModel:
    """The shared network; thread-safe, holds no stream. Each stream has its own `scorer`.

    raises    ModelMissing if faster-whisper is not installed, or ships another version of the network
    """

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(_locate()), providers=["CPUExecutionProvider"], sess_options=options
        )

    def scorer(self) -> FrameScorer:
        """A scorer for a new stream."""
        return _SileroScorer(self._session)


class _SileroScorer:
    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._hidden = np.zeros(_STATE_SHAPE, np.float32)
        self._cell = np.zeros(_STATE_SHAPE, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)

    def score(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        parts = [
            self._run(frames[start : start + MAX_FRAMES_PER_RUN]) for start in range(0, len(frames), MAX_FRAMES_PER_RUN)
        ]
        return np.concatenate(parts)

    def _run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = np.empty((len(frames), CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        batch[:, CONTEXT_SAMPLES:] = frames
        batch[1:, :CONTEXT_SAMPLES] = frames[:-1, -CONTEXT_SAMPLES:]
        batch[0, :CONTEXT_SAMPLES] = self._context
        self._context = frames[-1, -CONTEXT_SAMPLES:].copy()
        inputs = {"input": batch, "h": self._hidden, "c": self._cell}
        probabilities, self._hidden, self._cell = self._session.run(None, inputs)
        flat: NDArray[np.float32] = np.asarray(probabilities, np.float32).reshape(-1)
        return flat


class EnergyScorer:
    """Speech is what rises above the noise floor: no model, for tests and for machines without onnxruntime.

    The floor follows falling levels at once and rising ones slowly, so steady noise of any level becomes floor.
    """

    FLOOR_RISE_DB = 0.1
    """Per frame, about 3 dB a second: faster than rooms change, slower than people pause."""
    LOWEST_FLOOR_DB = -60.0
    HALF_DB = 12.0
    """Above the floor by this much, speech is as likely as not."""
    STEEPNESS_DB = 2.0

    def __init__(self) -> None:
        self._floor_db: float | None = None

    def score(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        power = np.mean(np.square(frames, dtype=np.float32), axis=1)
        levels_db = 10.0 * np.log10(power + 1e-12)
        return np.array([self._probability(float(level_db)) for level_db in levels_db], np.float32)

    def _probability(self, level_db: float) -> float:
        start_db = self.LOWEST_FLOOR_DB if self._floor_db is None else self._floor_db
        self._floor_db = max(self.LOWEST_FLOOR_DB, min(level_db, start_db + self.FLOOR_RISE_DB))
        above = (level_db - self._floor_db - self.HALF_DB) / self.STEEPNESS_DB
        return float(1.0 / (1.0 + np.exp(-np.clip(above, -30.0, 30.0))))


def _locate() -> Path:
    spec = find_spec("faster_whisper")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / "assets" / _SILERO_FILE
        if path.is_file():
            return path
    raise ModelMissing(f"{_SILERO_FILE} is not here; it comes with: pip install 'faster-whisper>=1.2.1'")
