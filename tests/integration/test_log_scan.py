"""The search of the logs bites: a run with a leak fails, and says what leaked and where; a clean one passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[1]
DEADLINE_SECONDS = 60.0
SECRET = "hsZ8vq2LtYw4c1nB7XkQ0aRm"

LEAKING = f"""
import logging, os, subprocess, sys
from lingting.engines.fake import FakeEngine
from lingting.telemetry import log
from lingting.testing import clip_of

def test_a_key_is_logged():
    log.debug("key.made", key="ltk_a1b2c3d4e5f6_{SECRET}")

def test_a_key_is_printed():
    print("whsec_{SECRET}", file=sys.stderr)

def test_a_library_logs_a_header():
    logging.getLogger("some.client").warning("sent Authorization: Bearer {SECRET}")

def test_a_transcript_is_logged():
    engine = FakeEngine(["it hurts on the left side"])
    raw = engine.compute(engine.prepare([clip_of(1.0)]))
    log.info("heard", text=engine.finish(raw)[0].text)

def test_another_process_logs_a_transcript():
    script = '''
from lingting.settings import load_settings
from lingting.telemetry import configure_logs, log
settings = load_settings()
configure_logs("info", "json", file=settings.log.file)
log.info("heard", text="4.2 seconds of speech")
'''
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
"""
CLEAN = """
from lingting.telemetry import log

def test_an_event_is_logged():
    log.info("job.finished", audio_seconds=2.5, key_id="a1b2c3d4e5f6")
"""


def run(folder: Path, tests: str, *options: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["log_scan"]\n')
    (folder / "test_inner.py").write_text(tests)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    plain = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *options, str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd=folder,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    return run(tmp_path_factory.mktemp("leaking"), LEAKING)


def test_a_run_whose_tests_pass_fails_for_its_leaks(leaking: tuple[int, str]) -> None:
    code, said = leaking
    assert "5 passed" in said
    assert code == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        ("masked secret", "test_a_key_is_logged"),
        ("callback secret", "test_a_key_is_printed"),
        ("personal text", "test_a_transcript_is_logged"),
        ("personal text", "test_another_process_logs_a_transcript"),
    ],
)
def test_each_leak_is_named_with_its_test(leaking: tuple[int, str], kind: str, test: str) -> None:
    assert f"{kind}, in or after test_inner.py::{test}" in leaking[1]


def test_what_workers_find_fails_the_run_that_shares_tests_out(tmp_path: Path) -> None:
    code, said = run(tmp_path, LEAKING, "-n", "2", "--dist", "load")
    assert ("5 passed" in said, code) == (True, pytest.ExitCode.TESTS_FAILED)
    assert "callback secret, in or after test_inner.py::test_a_key_is_printed" in said


def test_what_a_library_logged_is_found_too(leaking: tuple[int, str], tmp_path: Path) -> None:
    only = LEAKING.replace("def test_a_key", "def skip_a_key")
    assert "masked secret, in or after test_inner.py::test_a_library_logs_a_header" in run(tmp_path, only)[1]


def test_a_clean_run_passes(tmp_path: Path) -> None:
    code, said = run(tmp_path, CLEAN)
    assert (code, "personal" in said) == (pytest.ExitCode.OK, False)
