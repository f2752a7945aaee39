"""Nothing that can be set, go wrong or be measured is missing from the pages that list it."""

from pathlib import Path

import pytest

from lingting.api.http.openai import ALIASES
from lingting.domain import errors
from lingting.domain.errors import LingtingError
from lingting.settings import setting_names
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit
DOCS = Path(__file__).parents[3] / "docs"
ERRORS = [getattr(errors, name) for name in errors.__all__]


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_has_a_heading(name) -> None:
    assert f"### `{name}`\n" in page("settings")


def test_no_heading_is_for_a_setting_that_is_gone() -> None:
    headings = [line[5:-1] for line in page("settings").splitlines() if line.startswith("### `")]
    assert headings == setting_names()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_row(error: type[LingtingError]) -> None:
    assert f"\n| `{error.code}` |" in page("errors")


@pytest.mark.parametrize("name", Telemetry().metric_names)
def test_every_metric_has_a_row(name) -> None:
    assert f"\n| `{name}` |" in page("metrics")


@pytest.mark.parametrize("name", ALIASES)
def test_every_alias_is_named(name) -> None:
    assert f"`{name}`" in page("openai")
