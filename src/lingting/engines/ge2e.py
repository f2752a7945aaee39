"""A voice as 256 numbers: the GE2E speaker encoder, in numpy alone.

The weights are a file that torch wrote, in its older form: a pickle, then the numbers. The pickle is never opened, as
it could do anything; the catalog holds the file to its digest, so where each array lies in it is known beforehand.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingting.domain.errors import ModelCorrupt

__all__ = ["MEL_BANDS", "WEIGHTS_FILE", "WINDOW_FRAMES", "VoiceEncoder"]

Floats = NDArray[np.float32]

WEIGHTS_FILE = "pretrained.pt"
MEL_BANDS, WINDOW_FRAMES = 40, 160
"""Of the mel power that it hears: 1.6 s in steps of 10 ms, what it was trained on."""
_UNITS, _LAYERS, _PRINT = 256, 3, 256
_GATES = 4 * _UNITS
_FLOAT_BYTES = 4
_FILE_BYTES = 17_090_379
_LSTM_AT, _LINEAR_AT, _BIAS_AT = 269_883, 7_731, 6_699
"""Where in the file, in bytes, the numbers of the LSTM, of the linear layer, and of its bias begin."""
_LSTM_BIAS_AT = _GATES * (MEL_BANDS + 5 * _UNITS)
"""Where in those of the LSTM, in numbers, its biases begin; before them come the weights, layer by layer."""
_BATCH = 32
"""Windows at once; more are no faster, and take more memory."""


class VoiceEncoder:
    """The network; safe to use from several threads, one at a time gets to work.

    source    Wan et al., Generalized end-to-end loss for speaker verification (2018); weights of Resemblyzer 0.1.4
    """

    def __init__(self, folder: Path) -> None:
        """raises    ModelCorrupt"""
        data = (folder / WEIGHTS_FILE).read_bytes()
        if len(data) != _FILE_BYTES:
            raise ModelCorrupt(f"the voice model's {WEIGHTS_FILE} is not the file this version knows; pull it again")
        numbers = _floats(data, _LSTM_AT, _LSTM_BIAS_AT + 2 * _LAYERS * _GATES)
        self._layers = [_layer(numbers, index) for index in range(_LAYERS)]
        self._linear = _floats(data, _LINEAR_AT, _PRINT * _UNITS).reshape(_PRINT, _UNITS).T.copy()
        self._bias = _floats(data, _BIAS_AT, _PRINT)
        self._turn = threading.Lock()

    def prints(self, windows: Floats) -> Floats:
        """The voice in each window.

        windows   mel power, shape (n, 160, 40); result has shape (n, 256), each row of length 1
        cost      about 40 ms for a window on one core, less in company
        """
        if not len(windows):
            return np.zeros((0, _PRINT), np.float32)
        with self._turn:
            return np.concatenate(
                [self._batch(windows[first : first + _BATCH]) for first in range(0, len(windows), _BATCH)]
            )

    def _batch(self, windows: Floats) -> Floats:
        steps: Floats = np.ascontiguousarray(windows.transpose(1, 0, 2))
        for weights_in, weights_back, bias in self._layers:
            steps = _lstm(steps, weights_in, weights_back, bias)
        raw = np.maximum(np.stack([one @ self._linear for one in steps[-1]]) + self._bias, 0.0)
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        printed: Floats = raw / np.maximum(length, np.finfo(np.float32).tiny)
        return printed


def _floats(data: bytes, at_bytes: int, count: int) -> Floats:
    return np.frombuffer(data, "<f4", count, at_bytes).astype(np.float32)


def _layer(numbers: Floats, index: int) -> tuple[Floats, Floats, Floats]:
    """Weights of the input, of what came before, and the sum of both biases, ready to be multiplied from the right."""
    width = _UNITS if index else MEL_BANDS
    at = _GATES * (MEL_BANDS + _UNITS + (index - 1) * 2 * _UNITS) if index else 0
    weights_in = numbers[at : at + _GATES * width].reshape(_GATES, width)
    at += _GATES * width
    weights_back = numbers[at : at + _GATES * _UNITS].reshape(_GATES, _UNITS)
    biases = numbers[_LSTM_BIAS_AT + 2 * index * _GATES :][: 2 * _GATES].reshape(2, _GATES)
    # A logistic function is a hyperbolic tangent of half its argument: so all four gates take one call.
    halves = np.full(_GATES, 0.5, np.float32)
    halves[2 * _UNITS : 3 * _UNITS] = 1.0
    return _blocks(weights_in.T * halves), _blocks(weights_back.T * halves), biases.sum(axis=0) * halves


def _blocks(weights: Floats) -> Floats:
    """A gate each, shape (4, width, 256)."""
    return np.ascontiguousarray(weights.reshape(len(weights), _GATES // _UNITS, _UNITS).transpose(1, 0, 2))


def _product(rows: Floats, blocks: Floats) -> Floats:
    """Rows, shape (m, width), times all blocks beside each other, in products too small to be shared among threads.

    The threads of numpy's OpenBLAS wait by spinning: beside an engine that has all cores they take ten times as long.
    """
    groups = np.zeros((-(-len(rows) // _ROWS), 1, _ROWS, rows.shape[1]), np.float32)
    groups.reshape(-1, rows.shape[1])[: len(rows)] = rows
    products = (groups @ blocks).transpose(0, 2, 1, 3).reshape(-1, _GATES)
    return products[: len(rows)]


_ROWS = 4
"""With 256 by 256 weights just not more than the 262,144 multiplications from which OpenBLAS shares a product.
Source: OpenBLAS, interface/gemm.c, SMP_THRESHOLD_MIN and GEMM_MULTITHREAD_THRESHOLD"""


def _lstm(steps: Floats, weights_in: Floats, weights_back: Floats, bias: Floats) -> Floats:
    """One layer over all steps, shape (steps, n, width) to (steps, n, 256); gates in torch's order: i, f, g, o."""
    given = _product(steps.reshape(-1, steps.shape[2]), weights_in).reshape(*steps.shape[:2], _GATES) + bias
    state, cell = np.zeros((2, steps.shape[1], _UNITS), np.float32)
    said = np.empty((*steps.shape[:2], _UNITS), np.float32)
    for index, one in enumerate(given):
        gates = np.tanh(one + _product(state, weights_back))
        opened = 0.5 * gates + 0.5
        cell = opened[:, _UNITS : 2 * _UNITS] * cell + opened[:, :_UNITS] * gates[:, 2 * _UNITS : 3 * _UNITS]
        state = opened[:, 3 * _UNITS :] * np.tanh(cell)
        said[index] = state
    return said
