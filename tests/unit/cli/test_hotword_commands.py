"""`lingting hotwords` and `lingting adapt`, on texts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.text.hotwords.packs import load_pack

pytestmark = pytest.mark.unit


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_packs_are_listed_and_a_sound_one_is_counted(tmp_path: Path) -> None:
    assert "medical: Medical, 203 words" in run("hotwords", "list")[1]
    (tmp_path / "mine.csv").write_text("text,replaces\nstent,stunt|stand\n")
    assert run("hotwords", "check", str(tmp_path / "mine.csv")) == (0, "mine: 1 words, 2 replacements\n")


def test_a_broken_pack_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,weight\nstent,99\n")
    code, output = run("hotwords", "check", str(tmp_path / "mine.csv"))
    assert code != 0
    assert "mine.csv:2: 'stent': weight 99.0 is outside" in output.replace("\n", "")


def test_adapt_writes_a_pack_and_shows_the_gain(tmp_path: Path) -> None:
    said = ["珠庭领先\t朱婷领先", "看珠庭打球\t看朱婷打球", "又是珠庭\t又是朱婷"]
    (tmp_path / "corrections.tsv").write_text("\n".join(said))
    code, output = run("adapt", str(tmp_path / "corrections.tsv"), "-o", str(tmp_path / "team.toml"), "-l", "zh")
    assert code == 0, output
    assert [(word.text, word.replaces) for word in load_pack(tmp_path / "team.toml").words] == [("朱婷", ("珠庭",))]
    assert "held out 1" in output
    assert "1 of 1" in output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("one\n", "give two cells"),
        ("a\tb\n", "give at least 2"),
        ("a b\ta b\nc d\tc d\n", "nothing to propose"),
        ("a\tb\tc\n", "give two cells"),
    ],
)
def test_corrections_that_tell_nothing_are_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "corrections.tsv").write_text(content)
    code, output = run("adapt", str(tmp_path / "corrections.tsv"), "-o", str(tmp_path / "team.toml"))
    assert code != 0
    assert reason in output.replace("\n", " ")
