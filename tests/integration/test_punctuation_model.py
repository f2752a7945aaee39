"""Marks by sherpa-onnx's own code on a model made here, through a server."""

import hashlib
from pathlib import Path

import httpx
import pytest

from lingting.domain import Hypothesis
from lingting.domain.errors import ModelCorrupt
from lingting.engines.fake import FakeEngine
from lingting.engines.sherpa.punctuation import SherpaMarks
from lingting.settings import load_settings
from tiny_marks import make_punctuation
from tiny_sherpa import without_metadata

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("marks") / "tiny-marks"
    make_punctuation(made)
    return made


def test_a_text_is_marked(folder) -> None:
    assert SherpaMarks(folder).mark("你好吗") == "你，好。吗？"


@pytest.mark.parametrize("key", ["tokens", "punctuations", "unk_symbol", "vocab_size"])
def test_a_file_that_lacks_what_is_read_from_it_is_refused(folder, tmp_path, key) -> None:
    (tmp_path / "model.int8.onnx").write_bytes((folder / "model.int8.onnx").read_bytes())
    without_metadata(tmp_path / "model.int8.onnx", key)
    with pytest.raises(ModelCorrupt, match=key):
        SherpaMarks(tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path) -> None:
    (tmp_path / "model.int8.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelCorrupt):
        SherpaMarks(tmp_path)


def settings_of(folder: Path, tmp_path: Path):
    digest = hashlib.sha256((folder / "model.int8.onnx").read_bytes()).hexdigest()
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        f"""[[model]]
name = "tiny-marks"
engine = "sherpa-punctuation"
licence = "none"
languages = ["zh"]
files = [{{ name = "model.int8.onnx", sha256 = "{digest}" }}]
[[model.source]]
kind = "folder"
path = "{folder}"
"""
    )
    settings = load_settings()
    marks = settings.punctuation.model_copy(update={"model": "tiny-marks"})
    places = {"catalog_file": catalog, "models_dir": tmp_path / "models", "model": "given"}
    return settings.model_copy(update={"punctuation": marks, **places})


def ask(live, **fields: str) -> httpx.Response:
    with (SAMPLES / "zh-short.flac").open("rb") as recording:
        return httpx.post(f"{live.url}/recognize", files={"file": recording}, data=fields, timeout=60)


def test_a_recording_is_marked_where_it_is_asked_for(open_live, folder, tmp_path) -> None:
    engine = FakeEngine(lambda _: Hypothesis("你好吗你好吗", "zh"))
    with open_live(engine, settings_of(folder, tmp_path)) as live:
        by_model = ask(live, punctuation="model", cache="false").json()["text"]
        plain = ask(live, punctuation="off", cache="false").json()["text"]
    assert set("，。？") <= set(by_model)
    assert not set("，。？") & set(plain)
    assert by_model.translate(str.maketrans("", "", "，。？")) == plain


def test_a_server_without_the_model_says_what_to_set(open_live) -> None:
    with open_live(FakeEngine()) as live:
        answer = ask(live, punctuation="model")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_option"
    assert "punctuation.model" in answer.json()["message"]
