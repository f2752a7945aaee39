"""The official client of OpenAI, in its current major versions, against a live server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lingting.engines.fake import FakeEngine
from openai_dialog import CHECKS

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
SECOND = ROOT / ".cache" / "openai2"
VERSIONS = {"3": None, "2": SECOND}
DEADLINE_SECONDS = 120


@pytest.fixture(scope="module")
def server(open_live, change_server):
    with open_live(FakeEngine(), change_server(max_upload_bytes=1_000_000)) as running:
        yield running


@pytest.fixture(scope="module", params=VERSIONS)
def report(request, server):
    """What the client of one major version saw, check by check."""
    folder = VERSIONS[request.param]
    if folder is not None and not (folder / "openai").is_dir():
        if os.environ.get("CI"):
            pytest.fail("version 2 of openai is not installed; make test installs it")
        pytest.skip("version 2 of openai is not installed; make test installs it")
    environment = os.environ | ({"PYTHONPATH": str(folder)} if folder else {})
    answer = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tests" / "openai_dialog.py"),
            f"{server.url}/v1",
            str(ROOT / "samples" / "en-short.flac"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["version"].split(".")[0] == request.param
    return found["results"]


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_the_client_is_served(report, check) -> None:
    assert report[check] is None, report[check]
