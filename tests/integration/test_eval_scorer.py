"""The error rates of `lingting eval` are those of the scorer beside the recorded speech."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from absent import require_recordings
from lingting.cli.eval_manifest import read_manifest
from lingting.proof.accuracy.scoring import score
from lingting.proof.accuracy.tokens import tokens

pytestmark = pytest.mark.integration
SPEECH = Path(__file__).resolve().parents[3] / "shared" / "speech"
LONGEST_NUMBER = 10**8
"""Above, the scorer reads numbers otherwise than people do."""


@pytest.fixture(scope="module")
def scorer():
    require_recordings(SPEECH / "score.py")
    specification = importlib.util.spec_from_file_location("recorded_speech_score", SPEECH / "score.py")
    module = importlib.util.module_from_spec(specification)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        specification.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def _misheard(text: str, chance: random.Random) -> str:
    """With a few characters changed, left out and put in."""
    kept = [one for one in text if chance.random() > 0.1]
    for _ in range(len(kept) // 10):
        kept.insert(chance.randrange(len(kept)), chance.choice("好a7 的b，"))
    return "".join(kept)


def test_every_reference_of_the_recordings_is_counted_alike(scorer) -> None:
    chance = random.Random(7)
    utterances = read_manifest(SPEECH / "manifest.tsv", language=None)
    assert len(utterances) > 300
    for one in utterances:
        heard = _misheard(one.text, chance)
        wanted = [scorer.tokens(one.language, text) for text in (one.text, heard)]
        assert [tokens(one.language, text) for text in (one.text, heard)] == wanted
        counted = score(one.language, one.text, heard)
        assert (counted.errors, counted.tokens) == (Levenshtein.distance(*wanted), len(wanted[0]))


def test_every_number_is_read_alike(scorer) -> None:
    chance = random.Random(11)
    numbers = [*range(12_000), *(chance.randrange(LONGEST_NUMBER) for _ in range(4_000))]
    for number in numbers:
        text = f"{number}"
        assert tokens("zh", text) == scorer.tokens("zh", text)
