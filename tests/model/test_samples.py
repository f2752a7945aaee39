"""The project's own samples come out as what was spoken, from the command line, with Whisper base."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import structlog
from rapidfuzz.distance import Levenshtein
from typer.testing import CliRunner

from absent import require_whisper_base
from lingting.cli.main import app

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"
MAX_CHARACTER_ERROR_RATE = 0.08
"""Whisper base makes 0 to 3 % here; the room is for other machines' arithmetic."""


@pytest.fixture(scope="module")
def transcribed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_whisper_base()
    out = tmp_path_factory.mktemp("samples")
    done = CliRunner().invoke(app, ["transcribe", str(SAMPLES), "-o", str(out), "-f", "text", "-f", "srt"])
    structlog.reset_defaults()  # the command has sent logs to the runner's own standard error, which is closed by now
    assert done.exit_code == 0, done.stderr
    return out


def _characters(text: str) -> str:
    """Letters and digits only, so that punctuation and spacing do not count."""
    kept = (each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())
    return "".join(kept).replace("three", "3")  # Whisper writes hours as digits


@pytest.mark.parametrize("name", ["zh-short", "zh-long", "en-short", "en-long"])
def test_a_sample_comes_out_as_it_was_spoken(transcribed: Path, name: str) -> None:
    spoken = _characters((SAMPLES / f"{name}.txt").read_text(encoding="utf-8"))
    heard = _characters((transcribed / f"{name}.txt").read_text(encoding="utf-8"))
    assert Levenshtein.distance(spoken, heard) / len(spoken) <= MAX_CHARACTER_ERROR_RATE, heard


def test_a_long_sample_becomes_several_cues(transcribed: Path) -> None:
    cues = (transcribed / "zh-long.srt").read_text(encoding="utf-8").count(" --> ")
    assert 4 <= cues <= 12
