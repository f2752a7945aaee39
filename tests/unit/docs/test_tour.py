"""The tour names files and functions; they exist."""

import importlib
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

TOUR = (Path(__file__).parents[3] / "docs" / "tour.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(lingting/[\w/]+\.py)`", TOUR))))
def test_every_file_on_the_tour_exists(path) -> None:
    importlib.import_module(path.removesuffix(".py").replace("/", "."))


@pytest.mark.parametrize("line", [line for line in TOUR.splitlines() if re.search(r"`[A-Z]\w+\.\w+`", line)])
def test_every_method_on_the_tour_exists(line) -> None:
    paths = re.findall(r"`(lingting/[\w/]+\.py)`", line)
    modules = [importlib.import_module(path.removesuffix(".py").replace("/", ".")) for path in paths]
    for name, method in re.findall(r"`([A-Z]\w+)\.(\w+)`", line):
        assert any(hasattr(getattr(module, name, None), method) for module in modules), f"{name}.{method}"
