"""Generated requests find no answer that breaks the server or the promises of its OpenAPI document.

A short look; `python benchmarks/fuzz.py` takes a long one.
"""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.integration

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"
SECONDS = "15"
DEADLINE_SECONDS = 110.0
LAST_CHARACTERS = 20_000


def test_no_generated_request_breaks_a_promise(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FUZZ), SECONDS, "--max-examples", "5", "--no-shrink", "--output-truncate", "true"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-LAST_CHARACTERS:] + done.stderr[-LAST_CHARACTERS:]


def test_no_operation_promises_an_answer_that_does_not_come(live) -> None:
    document = httpx.get(f"{live.url}/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert operations
    assert all("422" not in operation["responses"] for operation in operations)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_operation_says_how_it_may_fail(live) -> None:
    document = httpx.get(f"{live.url}/openapi.json").json()
    for path, operations in document["paths"].items():
        if path in {"/healthz", "/readyz"}:
            continue
        for operation in operations.values():
            assert {"400", "403", "429", "503"} <= set(operation["responses"]), path
            assert "security" not in operation or "401" in operation["responses"], path


def test_a_wrong_method_is_told_all_that_the_path_has(live) -> None:
    answer = httpx.post(f"{live.url}/v1/history/anything")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET")
