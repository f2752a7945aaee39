"""The official client of OpenAI, in its current major versions, against a live server."""

from pathlib import Path

import pytest

from lingting.engines.fake import FakeEngine
from openai_dialog import CHECKS
from openai_versions import VERSIONS, report_of

pytestmark = pytest.mark.integration
SPEECH = Path(__file__).parents[2] / "samples" / "en-short.flac"


@pytest.fixture(scope="module")
def server(open_live, change_server):
    with open_live(FakeEngine(), change_server(max_upload_bytes=1_000_000)) as running:
        yield running


@pytest.fixture(scope="module", params=VERSIONS)
def report(request, server):
    """What the client of one major version saw, check by check."""
    return report_of(request.param, "openai_dialog.py", f"{server.url}/v1", str(SPEECH))


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_the_client_is_served(report, check) -> None:
    assert report[check] is None, report[check]
