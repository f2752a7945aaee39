"""Transformers on models that are made here: its families, and what it does not load."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from absent import absent
from lingting.domain import RecognizeOptions
from lingting.domain.errors import InvalidOption, ModelCorrupt, ModelMissing, SettingsInvalid, UnsupportedLanguage
from lingting.domain.options import Task
from lingting.engines.base import Clip
from lingting.engines.hf_transformers.settings import TransformersSettings
from lingting.engines.registry import ENGINES, open_engine
from lingting.testing import noise, silence
from tiny_transformers import make_ctc, make_whisper

pytestmark = pytest.mark.integration

ENGLISH = RecognizeOptions(language="en", beam_size=1, temperatures=(0.0,))
QUICK = TransformersSettings(threads=1, languages=("en",))


@pytest.fixture(scope="module", autouse=True)
def torch_is_here() -> None:
    if ENGINES["transformers"].missing:
        absent(f"install with: {ENGINES['transformers'].install}")


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_whisper(tmp_path_factory.mktemp("whisper"))


def heard(engine, *clips: Clip):
    return engine.finish(engine.compute(engine.prepare(clips)))


@pytest.mark.parametrize("kind", ["Hubert", "WavLM"])
def test_it_hears_with_every_ctc_family(tmp_path: Path, kind: str) -> None:
    engine = open_engine("transformers", make_ctc(tmp_path, kind=kind), QUICK)
    (said,) = heard(engine, Clip(noise(1.0), ENGLISH))
    assert said.text.islower(), "a vocabulary of large letters only is not shouted"


def test_without_a_mask_no_clip_hears_its_neighbours_padding(tmp_path: Path) -> None:
    engine = open_engine("transformers", make_ctc(tmp_path, masks=False), QUICK)
    assert engine.capabilities.max_batch == 1
    short, long = Clip(noise(0.7, seed=1), ENGLISH), Clip(noise(2.0, seed=2), ENGLISH)
    assert heard(engine, short, long) == [*heard(engine, short), *heard(engine, long)]


def test_whisper_finds_the_language_among_those_that_are_possible(whisper: Path) -> None:
    engine = open_engine("transformers", whisper, QUICK)
    (any_said,) = heard(engine, Clip(noise(1.0), replace(ENGLISH, language=None)))
    assert any_said.language in {"en", "zh"}
    other = "zh" if any_said.language == "en" else "en"
    (said,) = heard(engine, Clip(noise(1.0), replace(ENGLISH, language=None, languages=(other, "de"))))
    assert (said.language, said.language_probability) == (other, 1.0)


def test_beams_prompts_and_dice_are_taken(whisper: Path) -> None:
    engine = open_engine("transformers", whisper, QUICK)
    warm = replace(ENGLISH, temperatures=(0.8,))
    for options in (replace(ENGLISH, beam_size=3), replace(ENGLISH, prompt="bala"), warm):
        (said,) = heard(engine, Clip(noise(1.0), options))
        assert said.text
        assert said.avg_logprob <= 0.0
    assert heard(engine, Clip(noise(1.0), warm)) == heard(engine, Clip(noise(1.0), warm)), "the dice fall alike"


def test_whisper_writes_time_marks_for_long_speech_of_some_languages(whisper: Path) -> None:
    engine = open_engine("transformers", whisper, QUICK)
    (said,) = heard(engine, Clip(noise(16.0), replace(ENGLISH, language="zh")))
    assert "<|" not in said.text


def test_whisper_without_alignment_heads_says_that_it_gives_no_words(tmp_path: Path) -> None:
    engine = open_engine("transformers", make_whisper(tmp_path, alignment_heads=False), QUICK)
    assert not engine.capabilities.word_times
    (said,) = heard(engine, Clip(noise(1.0), replace(ENGLISH, word_times=True)))
    assert said.words == ()


def test_weights_that_may_hold_code_are_not_loaded(whisper: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "generation_config.json"):
        (tmp_path / name).write_bytes((whisper / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(ModelMissing, match="safetensors"):
        open_engine("transformers", tmp_path, QUICK)
    (tmp_path / "model.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(ModelCorrupt):
        open_engine("transformers", tmp_path, QUICK)


@pytest.mark.parametrize("config", ["{", "[]", '{"model_type": "bert"}', '{"model_type": "mine", "auto_map": {}}'])
def test_a_folder_of_something_else_is_told(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelCorrupt):
        open_engine("transformers", tmp_path, QUICK)


def test_a_vocabulary_of_many_languages_is_told(tmp_path: Path) -> None:
    folder = make_ctc(tmp_path)
    (folder / "vocab.json").write_text(json.dumps({"eng": {"a": 1}}))
    with pytest.raises(ModelCorrupt, match=r"vocab\.json"):
        open_engine("transformers", folder, QUICK)


def test_what_a_ctc_model_cannot_do_is_refused(tmp_path: Path) -> None:
    folder = make_ctc(tmp_path)
    with pytest.raises(SettingsInvalid, match="languages"):
        open_engine("transformers", folder)
    engine = open_engine("transformers", folder, QUICK)
    with pytest.raises(UnsupportedLanguage):
        engine.prepare([Clip(silence(0.5), RecognizeOptions(language="zh"))])
    with pytest.raises(InvalidOption, match="translate"):
        engine.batch_key(RecognizeOptions(task=Task.TRANSLATE))
