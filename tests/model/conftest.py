"""Real weights that several tests share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from absent import absent, require_whisper_base

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "small-model"


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The address of llama.cpp's server with SmolLM2, 135 million parameters."""
    if not (FOLDER / "xllamacpp").is_dir():
        absent("the small language model is not installed; make test installs it")
    command = [sys.executable, str(ROOT / "tests" / "small_model.py"), str(FOLDER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            yield f"{running.stdout.readline().strip()}/v1"
        finally:
            running.stdin.close()
            running.kill()


@pytest.fixture(scope="session")
def whisper_base() -> None:
    """Skips where the weights are not here."""
    require_whisper_base()
