"""A broken pack is refused with its file, its line and the reason."""

from pathlib import Path

import pytest

from lingting.domain.errors import SettingsInvalid
from lingting.text.commands.intent_packs import load_folder, read_pack

pytestmark = pytest.mark.unit

BROKEN = [
    ("", 1, "is empty"),
    ("intents: [", 1, "expected the node content"),
    ("title: a\n", 1, "intents: is missing"),
    ("surprise: 1\nintents: {}\n", 1, "'surprise' is unknown"),
    ("intents: {}\n", 1, "give 1 to"),
    ("intents:\n  a:\n    en: [go]\n  a:\n    en: [stop]\n", 4, "'a' stands here twice"),
    ("intents:\n  A b:\n    en: [go]\n", 3, "is no name"),
    ("intents:\n  a:\n    fr: [va]\n", 3, "'fr' is unknown"),
    ("intents:\n  a:\n    en: go\n", 3, "a list was expected"),
    ("intents:\n  a:\n    en:\n      - 'go {where}'\n", 4, "is no slot"),
    ("intents:\n  a:\n    en:\n      - 'go <where>'\n", 4, "is no list of words"),
    ("intents:\n  a:\n    en:\n      - '(go|run'\n", 4, "')' is missing"),
    ("intents:\n  a:\n    en:\n      - 'go)'\n", 4, "closes nothing"),
    ("intents:\n  a:\n    en:\n      - '[go]'\n", 4, "fits an empty sentence"),
    ("intents:\n  a:\n    en:\n      - '" + "(a|b|c|d)" * 9 + "'\n", 4, "spells out more than"),
    ("intents:\n  a:\n    en: [" + ", ".join(f"go {i}" for i in range(201)) + "]\n", 3, "a list of 201; at most 200"),
    ("intents:\n  a:\n    en: ['" + "x" * 301 + "']\n", 3, "301 characters"),
    ("slots:\n  n: {type: colour}\nintents: {a: {en: [go]}}\n", 2, "type 'colour' is unknown"),
    ("slots:\n  n: {min: 1}\nintents: {a: {en: [go]}}\n", 2, "type: is missing"),
    ("slots:\n  n: {type: number, min: x}\nintents: {a: {en: [go]}}\n", 2, "is not a number"),
    ("slots:\n  n: {type: number, min: 5, max: 1}\nintents: {a: {en: [go]}}\n", 2, "is above"),
    ("slots:\n  n: {type: place, min: 5}\nintents: {a: {en: [go]}}\n", 2, "has no range"),
    ("slots:\n  n: {type: enum}\nintents: {a: {en: [go]}}\n", 2, "values: is missing"),
    ("threshold: 3\nintents: {a: {en: [go]}}\n", 1, "outside 0 to 1"),
    ("intents:\n  a: &x\n    en: [go]\n  b: *x\n", 4, "aliases are not read"),
    ("intents:\n  a:\n    en: " + "[" * 20 + "]" * 20, 3, "nested too deeply"),
]


@pytest.mark.parametrize(("content", "line", "reason"), BROKEN)
def test_what_is_wrong_is_told_with_its_line(content, line, reason) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_pack(content.encode(), "mine.yaml")
    assert refused.value.message.startswith(f"mine.yaml:{line}: ")
    assert reason in refused.value.message


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match=r"mine\.yaml:1"):
        read_pack(b"\xff\xfe\x00\xd8", "mine.yaml")


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"intents\.folder"):
        load_folder(tmp_path / "none")


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"#" * (256 * 2**10 + 1))
    with pytest.raises(SettingsInvalid, match="more than 262144 bytes"):
        load_folder(tmp_path)


def test_packs_of_a_folder_go_by_their_files_names(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text("intents: {door.open: {en: [open the door]}}")
    assert load_folder(tmp_path)["lab"].intents == ("door.open",)
