"""The official client of OpenAI in its current major versions, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from absent import absent

__all__ = ["VERSIONS", "report_of"]

ROOT = Path(__file__).parents[1]
VERSIONS = {"3": None, "2": ROOT / ".cache" / "openai2"}
DEADLINE_SECONDS = 240


def report_of(version: str, script: str, *arguments: str) -> dict[str, str | None]:
    """What the client of this version saw, check by check; skipped where it is not installed."""
    folder = VERSIONS[version]
    if folder is not None and not (folder / "openai").is_dir():
        absent("version 2 of openai is not installed; make test installs it")
    environment = os.environ | ({"PYTHONPATH": str(folder)} if folder else {})
    answer = subprocess.run(
        [sys.executable, str(ROOT / "tests" / script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["version"].split(".")[0] == version
    results: dict[str, str | None] = found["results"]
    return results
