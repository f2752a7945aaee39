"""docs/client.md names everything that the client gives."""

from pathlib import Path

import pytest

from lingting import client

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")
OTHERWISE_NAMED = {"Event", "LiveStream", "Talk", "TalkEvent"}


@pytest.mark.parametrize("name", sorted(set(client.__all__) - OTHERWISE_NAMED))
def test_every_name_is_on_the_page(name) -> None:
    assert f"`{name}" in PAGE or f"`{name}(" in PAGE
