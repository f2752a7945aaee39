"""The real model of the ends of turns, on real speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from absent import absent
from lingting.audio.turn_ends import TURN_MODEL, TurnEnds
from lingting.domain.errors import EngineUnavailable, ModelMissing
from lingting.server import load_catalog
from lingting.settings import load_settings

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def ends() -> TurnEnds:
    try:
        return TurnEnds(load_catalog(load_settings()).locate(TURN_MODEL))
    except ModelMissing:
        absent("no weights of smart-turn; pull them with `lingting models pull smart-turn`")


@pytest.mark.parametrize("name", ["zh-short", "en-short"])
def test_a_whole_sentence_is_told_from_its_beginning(ends: TurnEnds, name: str) -> None:
    samples = decode_audio(str(SAMPLES / f"{name}.flac"))
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    speech, pause = samples[loud[0] : loud[-1]], np.zeros(3_200, np.float32)
    whole = ends.probability(np.concatenate([speech, pause]))
    cut = ends.probability(np.concatenate([speech[: int(0.8 * len(speech))], pause]))
    assert whole >= 0.7
    assert cut <= 0.3


def test_any_length_of_sound_is_judged(ends: TurnEnds) -> None:
    for seconds in (0.0, 0.5, 8.0, 20.0):
        assert 0.0 <= ends.probability(np.zeros(int(seconds * 16_000), np.float32)) <= 1.0


def test_weights_that_are_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="lingting models pull smart-turn"):
        TurnEnds(tmp_path)
