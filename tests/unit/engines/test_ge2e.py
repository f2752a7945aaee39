"""The encoder's arithmetic, on weights made here: what torch's LSTM would say, written out step by step."""

import numpy as np
import pytest

from lingting.domain.errors import ModelCorrupt
from lingting.engines import ge2e
from lingting.engines.ge2e import MEL_BANDS, WEIGHTS_FILE, WINDOW_FRAMES, VoiceEncoder

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ge2e")
    rng, data = np.random.default_rng(3), bytearray(ge2e._FILE_BYTES)
    for at_bytes, count in ((269_883, 1_357_824), (7_731, 65_536), (6_699, 256)):
        numbers = (0.1 * rng.standard_normal(count)).astype("<f4").tobytes()
        data[at_bytes : at_bytes + len(numbers)] = numbers
    (folder / WEIGHTS_FILE).write_bytes(data)
    return folder


def logistic(x):
    return 1 / (1 + np.exp(-x))


def plainly(folder, window) -> np.ndarray:
    """One window, one step at a time, gate by gate; arrays lie in the file as they do in the published one."""
    data = (folder / WEIGHTS_FILE).read_bytes()
    lstm = np.frombuffer(data, "<f4", 1_357_824, 269_883).astype(np.float64)
    weights = [(0, 40, 40_960), (303_104, 256, 565_248), (827_392, 256, 1_089_536)]
    steps = window.astype(np.float64)
    for index, (at, width, back_at) in enumerate(weights):
        given, back = lstm[at : at + 1024 * width].reshape(1024, width), lstm[back_at:][: 1024 * 256].reshape(1024, 256)
        bias = lstm[1_351_680 + 2048 * index :][:2048].reshape(2, 1024).sum(axis=0)
        state, cell, said = np.zeros(256), np.zeros(256), []
        for step in steps:
            let_in, forget, fresh, let_out = np.split(given @ step + back @ state + bias, 4)
            cell = logistic(forget) * cell + logistic(let_in) * np.tanh(fresh)
            state = logistic(let_out) * np.tanh(cell)
            said.append(state)
        steps = np.array(said)
    linear = np.frombuffer(data, "<f4", 65_536, 7_731).reshape(256, 256)
    raw = np.maximum(linear @ steps[-1] + np.frombuffer(data, "<f4", 256, 6_699), 0)
    return raw / np.linalg.norm(raw)


def test_a_print_is_what_the_network_says_step_by_step(folder) -> None:
    windows = np.random.default_rng(5).random((3, WINDOW_FRAMES, MEL_BANDS)).astype(np.float32)
    prints = VoiceEncoder(folder).prints(windows)
    assert prints.shape == (3, 256)
    for window, printed in zip(windows, prints, strict=True):
        assert printed == pytest.approx(plainly(folder, window), abs=1e-4)


def test_no_windows_have_no_prints(folder) -> None:
    assert VoiceEncoder(folder).prints(np.zeros((0, WINDOW_FRAMES, MEL_BANDS), np.float32)).shape == (0, 256)


def test_a_file_of_another_length_is_refused(tmp_path) -> None:
    (tmp_path / WEIGHTS_FILE).write_bytes(b"PK" * 100)
    with pytest.raises(ModelCorrupt, match="pull it again"):
        VoiceEncoder(tmp_path)
