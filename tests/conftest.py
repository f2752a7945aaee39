"""For all tests: what is kept is kept in a folder of the test run; what is logged is searched for secrets."""

import os
import tempfile
from collections.abc import Iterator

import pytest

pytest_plugins = ["log_scan"]


@pytest.fixture(scope="session", autouse=True)
def data_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="lingting-tests-", ignore_cleanup_errors=True) as folder:
        os.environ["LINGTING_DATA_DIR"] = folder
        yield
        del os.environ["LINGTING_DATA_DIR"]
