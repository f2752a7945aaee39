"""Voices by sherpa-onnx's own code on a network made here; what would end the process is refused before."""

import base64
import hashlib
from pathlib import Path

import httpx
import numpy as np
import pytest

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis
from lingting.domain.errors import EngineUnavailable, ModelCorrupt, ModelMissing
from lingting.engines.catalog import Catalog
from lingting.engines.fake import FakeEngine
from lingting.recognition.voice_clusters import VoiceRules, speakers_of
from lingting.recognition.voice_windows import SampledVoices
from lingting.server.voices import load_voices
from lingting.settings import load_settings
from tiny_sherpa import without_metadata
from tiny_voices import make_voices

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[2] / "samples"
TURN_SECONDS = 5.0
STEP_SECONDS = 0.4


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("voices") / "tiny-voices"
    make_voices(made)
    return made


def hum(*, low_hz: float, high_hz: float) -> np.ndarray:
    """Noise of these frequencies only, as long as a turn."""
    count = int(TURN_SECONDS * SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
    heights = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    spectrum[(heights < low_hz) | (heights > high_hz)] = 0.0
    sound = np.fft.irfft(spectrum, count)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def catalog_of(folder: Path, tmp_path: Path) -> Catalog:
    digest = hashlib.sha256((folder / "voices.onnx").read_bytes()).hexdigest()
    extra = tmp_path / "catalog.toml"
    extra.write_text(
        f"""[[model]]
name = "tiny-voices"
engine = "sherpa-voices"
licence = "none"
languages = ["zh"]
files = [{{ name = "voices.onnx", sha256 = "{digest}" }}]
[[model.source]]
kind = "folder"
path = "{folder}"
"""
    )
    return Catalog.load(models_dir=tmp_path / "models", extra_file=extra, offline=True)


def test_two_voices_are_told_apart_where_they_change(folder, tmp_path) -> None:
    model = load_voices(catalog_of(folder, tmp_path), "tiny-voices")
    deep, high = hum(low_hz=100, high_hz=800), hum(low_hz=1_500, high_hz=5_000)
    prints = model.prints(np.concatenate([deep, high, deep]))
    (labels,), voices = speakers_of([prints], VoiceRules(model.same_voice, model.change_cost))
    assert len(voices) == 2
    changes = prints.spans[1:, 0][np.diff(labels) != 0]
    assert changes.tolist() == pytest.approx([TURN_SECONDS, 2 * TURN_SECONDS], abs=STEP_SECONDS)
    assert labels[0] == labels[-1] == 0


@pytest.mark.parametrize(("model", "status"), [("tiny-voices", 200), ("voices-campplus-zh-en", 503)])
def test_a_server_hears_voices_by_the_model_it_is_given(open_live, folder, tmp_path, model, status) -> None:
    catalog_of(folder, tmp_path)
    settings = load_settings()
    voices = settings.voices.model_copy(update={"model": model})
    places = {"catalog_file": tmp_path / "catalog.toml", "models_dir": tmp_path / "models", "model": "given"}
    given = settings.model_copy(update={"voices": voices, **places})
    sound = base64.b64encode((SAMPLES / "en-short.flac").read_bytes()).decode()
    with open_live(FakeEngine(lambda _: Hypothesis("hello", "en")), given) as live:
        answer = httpx.post(f"{live.url}/v1/asr", json={"audio": sound, "speakers": 1}, timeout=60)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert {segment["speaker"] for segment in answer.json()["segments"]} == {"Speaker 1"}
    else:
        assert answer.json()["code"] == "model_missing"


@pytest.mark.parametrize("samples", [1, 100, 16_000, 25_600, 40_001])
def test_every_length_has_prints_from_its_start_to_its_end(folder, samples) -> None:
    prints = SampledVoices(folder).prints(np.resize(hum(low_hz=100, high_hz=800), samples))
    assert np.linalg.norm(prints.vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert prints.spans[0, 0] == 0.0
    assert prints.spans[-1, 1] == samples / SAMPLE_RATE_HZ
    assert prints.spans[1:, 0].tolist() == prints.spans[:-1, 1].tolist()


def test_no_sound_has_no_prints(folder) -> None:
    prints = SampledVoices(folder).prints(np.zeros(0, np.float32))
    assert prints.spans.shape == (0, 2)
    assert prints.vectors.shape == (0, 80)


@pytest.mark.parametrize("key", ["framework", "language", "output_dim", "sample_rate", "normalize_samples"])
def test_a_file_that_lacks_what_is_read_from_it_is_refused(tmp_path, key) -> None:
    make_voices(tmp_path)
    without_metadata(tmp_path / "voices.onnx", key)
    with pytest.raises(ModelCorrupt, match=key):
        SampledVoices(tmp_path)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"framework": "nemo"}, "framework"),
        ({"sample_rate": 8_000}, "sample_rate"),
        ({"feature_normalize_type": "per-band"}, "feature_normalize_type"),
        ({"size": 192}, "output_dim"),
    ],
)
def test_a_network_of_another_form_is_refused(tmp_path, changed, named) -> None:
    make_voices(tmp_path, **changed)
    with pytest.raises(ModelCorrupt, match=named):
        SampledVoices(tmp_path)


def test_weights_that_are_not_here_are_named_with_the_line_that_pulls_them(tmp_path) -> None:
    catalog = Catalog.load(models_dir=tmp_path, offline=True)
    with pytest.raises(ModelMissing, match="lingting models pull voices-campplus-zh-en"):
        load_voices(catalog, "voices-campplus-zh-en")


def test_a_package_that_is_not_here_is_named_with_the_line_that_installs_it(folder, tmp_path, monkeypatch) -> None:
    catalog = catalog_of(folder, tmp_path)
    monkeypatch.setattr("lingting.engines.voices.importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r'pip install "lingting\[sherpa\]"'):
        load_voices(catalog, "tiny-voices")
