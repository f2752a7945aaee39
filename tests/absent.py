"""What a test needs and this machine lacks: a reason to skip for people at work, a fault in CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from lingting.engines.catalog import ModelState
from lingting.server import load_catalog
from lingting.settings import load_settings


def absent(reason: str) -> NoReturn:
    """Skip the test, or fail it where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def require_whisper_base() -> None:
    """The weights that `make test` pulls."""
    if load_catalog(load_settings()).state("whisper-base") is ModelState.MISSING:
        absent("Whisper base is not here; run: lingting models pull whisper-base")


def require_recordings(path: Path) -> None:
    """Something of ../shared/speech."""
    if not path.exists():
        absent(f"no {path.name} of ../shared/speech beside the checkout; the test needs its recordings")
