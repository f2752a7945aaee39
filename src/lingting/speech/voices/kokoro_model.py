"""Kokoro's network, cut in two where a clause has become frames: the second half takes nearly all of the time, so the
silence of a clause is dropped before it, and a long clause is made in pieces.

Of a short clause half is silence, 0.4 s before the words and 0.9 s after, as dear as speech. How much of it is left is
bounded, since the second half normalises over all frames: on 697 characters Whisper base heard 107 errors with this
much, 108 with all of it, 119 with (5, 6) frames, 135 with (2, 2).
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples
from lingting.heap import give_heap_back
from lingting.speech.voices.kokoro_pieces import (
    FADE_SAMPLES,
    FRAME_SAMPLES,
    LAG_SAMPLES,
    NEIGHBOUR_FRAMES,
    cuts,
    gain,
    joined,
)

__all__ = ["KokoroModel"]

FEATURES, PITCH, ENERGY = (
    "/encoder/MatMul_1_output_0",
    "/encoder/Reshape_output_0",
    "/encoder/Reshape_1_output_0",
)
"""Where it is cut, as its nodes are named."""
STYLE, SOUND = "style", "audio"
BEFORE_FRAMES, AFTER_FRAMES = 8, 12
"""Of silence that is left."""
SILENT_ENERGY = -5.0
"""Silence has about -9, soft consonants -2 and more."""
FIRST_FRAME_SECONDS = 0.0125
"""To make one, until it is known better: on two slow cores."""
MEASURED_PIECES = 5
"""The last ones, whose middle is what is known of that: a moment of other work counts for nothing."""
THREADS = 2
"""Of one clause: it is heard in two thirds of the time that one takes; more were not measured."""


class KokoroModel:
    """Blocking; may be used by one thread at a time."""

    def __init__(self, weights: Path) -> None:
        """raises    RuntimeError, OSError, ImportError, ValueError for weights that are not there or not these"""
        import onnx

        network = onnx.load(str(weights))
        self._to_frames = _session(_part(network, [FEATURES, PITCH, ENERGY], given=()))
        self._to_sound = _session(_part(network, [SOUND], given=(FEATURES, PITCH, ENERGY)))
        del network
        give_heap_back()
        self._frame_seconds = deque([FIRST_FRAME_SECONDS], MEASURED_PIECES)

    def say(
        self, ids: Iterable[int], style: NDArray[np.float32], speed: float, *, in_pieces: bool = False
    ) -> Iterator[Samples]:
        """The sound of a clause at 24 kHz.

        ids          of its sounds, at most 510
        style        (1, 256), of the voice, for so many sounds
        in_pieces    as soon as a part of it is made; a little less clear
        """
        asked = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            STYLE: style,
            "speed": np.array([speed], np.float32),
        }
        frames = _without_silence(_Frames(*self._to_frames.run([FEATURES, PITCH, ENERGY], asked)))
        energies = frames.energies
        places = cuts(energies, median_low(self._frame_seconds)) if in_pieces else [0, len(energies)]
        held = np.zeros(0, np.float32)
        """The end of the piece before, which is faded into the next."""
        for begin, end in pairwise(places):
            first, last = max(0, begin - NEIGHBOUR_FRAMES), min(len(energies), end + NEIGHBOUR_FRAMES)
            made = self._sound(frames.part(first, last), style) * gain(energies, energies[first:last])
            made = made[: len(made) - (last - end) * FRAME_SAMPLES]
            if begin > 0:
                made = joined(held, made[(begin - first) * FRAME_SAMPLES - FADE_SAMPLES - LAG_SAMPLES :])
            kept = FADE_SAMPLES if end < len(energies) else 0
            held = made[len(made) - kept :]
            yield made[: len(made) - kept]

    def _sound(self, frames: _Frames, style: NDArray[np.float32]) -> Samples:
        began = time.perf_counter()
        asked = {FEATURES: frames.features, PITCH: frames.pitch, ENERGY: frames.energy, STYLE: style}
        sound = np.asarray(self._to_sound.run([SOUND], asked)[0], np.float32).ravel()
        self._frame_seconds.append((time.perf_counter() - began) / len(frames.energies))
        return sound


@dataclass(frozen=True, slots=True)
class _Frames:
    """What passes from one half to the other, for n frames."""

    features: NDArray[np.float32]
    """(1, 512, n)"""
    pitch: NDArray[np.float32]
    """(1, 2 n)"""
    energy: NDArray[np.float32]
    """(1, 2 n)"""

    @property
    def energies(self) -> NDArray[np.float32]:
        """One for each frame."""
        return np.asarray(self.energy.reshape(-1, 2).mean(axis=1), np.float32)

    def part(self, begin: int, end: int) -> _Frames:
        halves = slice(2 * begin, 2 * end)
        return _Frames(self.features[:, :, begin:end], self.pitch[:, halves], self.energy[:, halves])


def _without_silence(frames: _Frames) -> _Frames:
    loud = np.flatnonzero(frames.energies > SILENT_ENERGY)
    if not len(loud):
        return frames
    return frames.part(max(0, int(loud[0]) - BEFORE_FRAMES), int(loud[-1]) + 1 + AFTER_FRAMES)


def _part(network: Any, wanted: list[str], *, given: Collection[str]) -> bytes:  # Any: onnx's messages have no types
    """The nodes of a network that make what is wanted from what is given and its inputs, as a network of its own."""
    import onnx

    maker_of = {name: node for node in network.graph.node for name in node.output}
    needed: set[str] = set()
    looked_for = list(wanted)
    while looked_for:
        name = looked_for.pop()
        if name and name not in needed:
            needed.add(name)
            if name in maker_of and name not in given:
                looked_for += maker_of[name].input
    part = onnx.GraphProto(name="part")
    made = needed.difference(given)
    part.node.extend(node for node in network.graph.node if not made.isdisjoint(node.output))
    part.initializer.extend(each for each in network.graph.initializer if each.name in needed)
    part.input.extend(each for each in network.graph.input if each.name in needed)
    floats = onnx.TensorProto.FLOAT
    part.input.extend(onnx.helper.make_tensor_value_info(name, floats, None) for name in given)
    part.output.extend(onnx.helper.make_tensor_value_info(name, floats, None) for name in wanted)
    made_of = {"opset_imports": network.opset_import, "ir_version": network.ir_version}
    return bytes(onnx.helper.make_model(part, **made_of).SerializeToString())


def _session(network: bytes) -> Any:  # Any: onnxruntime has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = min(THREADS, os.cpu_count() or 1), 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # else it takes what others need
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
