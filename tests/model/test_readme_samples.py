"""What the README shows of the samples is what Whisper base makes of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from absent import absent
from lingting.engines.catalog import ModelState
from lingting.server import load_catalog
from lingting.settings import load_settings

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[2]
SHOWN = (ROOT / "README.md").read_text(encoding="utf-8").split("## What comes out")[1].split("```")[1]
SAMPLES = re.findall(r"^\$ lingting (.+)\n((?:[^$].*\n|\n)+)", SHOWN, re.MULTILINE)
MAX_DIFFERENCE_RATIO = 0.05
"""A digit here and some milliseconds there: processors differ in the last bits of a sum."""
DEADLINE_SECONDS = 100


@pytest.mark.parametrize(("words", "shown"), SAMPLES, ids=lambda value: value[:40])
def test_a_sample_gives_what_the_readme_shows(words: str, shown: str) -> None:
    if load_catalog(load_settings()).state("whisper-base") is ModelState.MISSING:
        absent("Whisper base is not here; run: lingting models pull whisper-base")
    answer = subprocess.run(
        [sys.executable, "-m", "lingting", *words.split()],
        cwd=ROOT,
        env=os.environ | {"LINGTING_MODEL": "whisper-base"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    beginning, _, _ = shown.partition("\n…")
    made = answer.stdout[: len(beginning)]
    assert Levenshtein.distance(made.strip(), beginning.strip()) <= MAX_DIFFERENCE_RATIO * len(beginning), made


def test_the_readme_shows_two_samples() -> None:
    assert len(SAMPLES) == 2
