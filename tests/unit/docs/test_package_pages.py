"""The pages that are made are what they are made from: licences, the changelog, the collection, one version."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lingting
from access_doors import doors

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "scripts"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture
def changelog(monkeypatch):
    """The script, as a module."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import make_changelog

    return make_changelog


@pytest.mark.parametrize("script", ["make_licences.py", "make_postman.py"])
def test_a_page_that_a_script_makes_is_what_it_makes(script) -> None:
    command = [sys.executable, str(SCRIPTS / script), "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_collection_for_postman_has_every_http_door_once() -> None:
    collection = json.loads((ROOT / "docs" / "postman.json").read_text(encoding="utf-8"))
    requests = [item["request"] for folder in collection["item"] for item in folder["item"]]
    shown = [
        (each["method"], re.sub(r":\w+", "{}", each["url"]["raw"].removeprefix("{{base_url}}"))) for each in requests
    ]
    there = {
        (door.method, re.sub(r"\{[^}]*\}", "{}", door.pattern)) for door in doors() if door.asks and door.method != "WS"
    }
    assert len(set(shown)) == len(shown)
    assert there - set(shown) <= {("POST", "/"), ("GET", "/")}


def test_the_bill_of_materials_is_the_same_each_time_and_keeps_the_schema(tmp_path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    drawn = []
    for name in ("a.json", "b.json"):
        command = [sys.executable, str(SCRIPTS / "make_sbom.py"), "-o", str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True)
        drawn.append((tmp_path / name).read_text(encoding="utf-8"))
    assert drawn[0] == drawn[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(drawn[0]) is None
    names = {component["name"] for component in json.loads(drawn[0])["components"]}
    assert {"ctranslate2", "whisper-base"} <= names


def test_the_version_is_written_in_one_place() -> None:
    assert lingting.__version__ == VERSION
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "deploy" / "docker").iterdir()]
    assert [file for file in files if re.search(rf"\b{re.escape(VERSION)}\b", file.read_text(encoding="utf-8"))] == []


def test_every_fragment_can_be_gathered(changelog) -> None:
    assert changelog.read(ROOT / "changelog.d")


def test_the_changelog_has_a_section_for_this_version() -> None:
    assert f"\n## {VERSION} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_gathering_twice_changes_nothing_and_keeps_what_was_released(changelog, tmp_path) -> None:
    (tmp_path / "doors.added.md").write_text("A door\nmore.\n", encoding="utf-8")
    (tmp_path / "loop.fixed.md").write_text("No loop.", encoding="utf-8")
    section = changelog.section("0.2.0", changelog.UNRELEASED, changelog.read(tmp_path))
    released = changelog.HEAD + "\n## 0.1.0 (2026-01-31)\n\n### Added\n\n- The first.\n"
    once = changelog.merged(released, section)
    assert once == changelog.merged(once, section)
    assert once.endswith(
        "\n## 0.2.0 (unreleased)\n\n### Added\n\n- A door more.\n\n### Fixed\n\n- No loop.\n"
        "\n## 0.1.0 (2026-01-31)\n\n### Added\n\n- The first.\n"
    )


@pytest.mark.parametrize(("name", "text"), [("doors.md", "A door."), ("doors.nice.md", "A door."), ("a.added.md", "")])
def test_a_fragment_that_says_nothing_or_no_kind_is_refused_by_name(changelog, tmp_path, name, text) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(name)):
        changelog.read(tmp_path)
