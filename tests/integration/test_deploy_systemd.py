"""The units are understood by the real systemd, and leave the server little that it could do besides its work."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from absent import absent
from lingting.settings import load_settings

pytestmark = pytest.mark.integration

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
MOST_EXPOSED = 15
"""In tenths, of 100; a unit without any hardening has 96."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("systemd-analyze")
    if found is None:
        absent("no systemd-analyze here; apt-get install systemd to run this")
    return subprocess.run([found, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(params=UNITS, ids=lambda unit: unit.stem)
def unit(request, tmp_path) -> Path:
    """The unit with a program that is there, which systemd looks for."""
    text = request.param.read_text(encoding="utf-8")
    placed = tmp_path / request.param.name
    placed.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE), encoding="utf-8")
    return placed


def test_systemd_understands_every_line(unit) -> None:
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_unit_is_hardened(unit) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("drop_in", sorted(UNITS[0].parent.glob("*.conf")), ids=lambda file: file.stem)
def test_systemd_understands_what_is_dropped_in(unit, drop_in) -> None:
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    shutil.copy(drop_in, folder)
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_waits_longer_than_the_server_takes_to_stop() -> None:
    settings = load_settings()
    patience = int(re.search(r"^TimeoutStopSec=(\d+)", UNITS[0].read_text(encoding="utf-8"), re.MULTILINE)[1])
    assert patience > max(settings.server.drain_seconds + settings.scheduler.drain_seconds, settings.live.drain_seconds)


def test_server_and_worker_differ_in_their_command_only() -> None:
    server, worker = (
        [
            line
            for line in file.read_text(encoding="utf-8").splitlines()
            if not line.startswith(("#", "Description=", "After=", "ExecStart="))
        ]
        for file in UNITS
    )
    assert server == worker


def test_the_command_for_administrators_is_a_shell_script_that_shells_understand() -> None:
    script = UNITS[0].with_name("lingting-admin")
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
