"""The commands of the page on deployment: what they name is there, and ours run."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split(" #")[0].replace("$(for", "").strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]
OURS = sorted(
    {found[1] for line in COMMANDS if (found := re.search(r"lingting(?:-admin)? ((?:keys|vault) [^>]+)", line))}
)


def test_there_are_commands_of_ours() -> None:
    assert len(OURS) >= 3


@pytest.mark.parametrize("command", OURS)
def test_a_command_of_ours_runs(command, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(app, shlex.split(command))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\b(?:deploy|requirements)/[\w./-]+[\w/]", PAGE))))
def test_what_is_named_is_there(path) -> None:
    assert (ROOT / path).exists()


def test_every_folder_of_the_kit_has_its_row() -> None:
    folders = {path.name for path in (ROOT / "deploy").iterdir() if path.is_dir()}
    assert {name for name in folders if f"`{name}/`" not in PAGE} == set()


def test_what_is_said_of_scaling_is_so() -> None:
    scaling = (ROOT / "deploy" / "kubernetes" / "base" / "scaling.yaml").read_text(encoding="utf-8")
    for metric in ("asr_queue_audio_seconds", "asr_jobs_open"):
        assert f"`{metric}`" in PAGE
        assert metric in scaling
