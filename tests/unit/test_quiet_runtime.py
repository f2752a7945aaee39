"""Nothing that we run on reports to its maker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


def left_at_home(home: Path, code: str) -> list[str]:
    """The files that this code leaves in the home of somebody who has said nothing."""
    home.mkdir()
    unsaid = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in unsaid} | {"HOME": str(home)}
    subprocess.run([sys.executable, "-B", "-c", code], env=environment, check=True, capture_output=True)
    return [path.name for path in home.rglob("*") if path.is_file()]


def test_onnx_runtime_makes_no_id_for_this_machine(tmp_path) -> None:
    assert left_at_home(tmp_path / "home", "import lingting, onnxruntime") == []


def test_who_wants_it_to_may_say_so(monkeypatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    code = "import os, lingting; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0"
