"""`lingting eval`: manifests, engines, and what is printed and written."""

import json
from pathlib import Path

import pytest
from cli_doubles import ScriptedHouse
from typer.testing import CliRunner

from lingting.cli.eval_engines import read_engine
from lingting.cli.eval_manifest import read_manifest, spread
from lingting.cli.main import app
from lingting.domain.errors import AudioUndecodable, InvalidInput, InvalidOption

pytestmark = pytest.mark.unit
runner = CliRunner()


@pytest.fixture
def house(tmp_path: Path) -> ScriptedHouse:
    return ScriptedHouse(models_dir=tmp_path / "models")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    rows = []
    for number in range(6):
        (tmp_path / f"{number}.wav").write_bytes(b"12345")
        text = f"{number}.wav has 5 bytes"
        rows.append({"id": f"{number}.wav", "path": f"{number}.wav", "language": "fr", "seconds": 2, "text": text})
    file = tmp_path / "list.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def test_the_rate_the_speed_and_the_price_are_printed(house: ScriptedHouse, manifest: Path) -> None:
    result = runner.invoke(app, ["eval", str(manifest), "-e", "a,price=0.3", "-e", "b,beam_size=1"], obj=house)
    assert result.exit_code == 0, result.output
    assert "6 recordings, 0.2 minutes" in result.stdout
    assert result.stdout.count("WER 0.00 %") == 2
    assert "0.06" in result.stdout
    assert [wish.model for wish in house.wishes] == ["a", "b"]
    assert {options.beam_size for _, options in house.asked} == {5, 1}


def test_reports_are_written(house: ScriptedHouse, manifest: Path, tmp_path: Path) -> None:
    markdown, page = tmp_path / "out" / "report.md", tmp_path / "out" / "report.html"
    command = ["eval", str(manifest), "-e", "a", "-o", str(markdown), "--html", str(page), "--title", "Ours", "--json"]
    result = runner.invoke(app, command, obj=house)
    assert json.loads(result.stdout)["recordings"] == 6
    assert markdown.read_text(encoding="utf-8").startswith("# Ours\n")
    assert "<h1>Ours</h1>" in page.read_text(encoding="utf-8")


def test_a_recording_that_fails_is_named_and_the_others_go_on(house: ScriptedHouse, manifest: Path) -> None:
    house.problems["3.wav"] = AudioUndecodable("not audio")
    result = runner.invoke(app, ["eval", str(manifest), "-e", "a"], obj=house)
    assert result.exit_code == 1
    assert "failed 3.wav, a: audio_undecodable: not audio" in result.stderr
    assert "1 audio_undecodable" in result.stdout


def test_a_limit_takes_recordings_from_the_whole_manifest(manifest: Path) -> None:
    rows = read_manifest(manifest, language=None)
    assert [row.id for row in spread(rows, 3)] == ["0.wav", "2.wav", "4.wav"]
    assert spread(rows, 60) == rows


def test_tables_are_manifests_too_and_rows_without_text_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    for suffix, sign in ((".csv", ","), (".tsv", "\t")):
        file = tmp_path / f"list{suffix}"
        lines = ["audio_filepath", "lang", "duration", "sentence", "group"], ["a.wav", "zh", "1.5", "你好", "clean"]
        empty = ["a.wav", "zh", "1.5", "", "clean"]
        file.write_text("\n".join(sign.join(line) for line in (*lines, empty)), encoding="utf-8")
        (row,) = read_manifest(file, language=None)
        assert (row.path, row.language, row.seconds, row.text, row.group) == (
            tmp_path / "a.wav", "zh", 1.5, "你好", "clean",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "x", "language": "en"}, "no recording"),
        ({"path": "a.wav", "text": "x"}, "no language"),
        ({"path": "gone.wav", "text": "x", "language": "en"}, "is not there"),
        ({"path": "a.wav", "text": "x", "language": "en", "seconds": "long"}, "no length in seconds"),
        ({"path": "a.wav", "language": "en"}, "no row has a text"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(tmp_path: Path, row: dict[str, str], said: str) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    file = tmp_path / "list.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        read_manifest(file, language=None)


def test_a_server_is_an_engine() -> None:
    wish = read_engine("openai:http://127.0.0.1:8000/v1#large,name=upstairs,price=0.006,detect")
    assert wish.target is not None
    assert (wish.target.base_url, wish.target.model) == ("http://127.0.0.1:8000/v1", "large")
    assert (wish.name, wish.price_per_minute, wish.detect) == ("upstairs", 0.006, True)


def test_a_key_comes_from_a_variable_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    wish = read_engine("openai:https://example.com/v1,key_variable=SOME_KEY")
    assert wish.target is not None
    assert wish.target.key == "sk-secret"
    assert "sk-secret" not in repr(wish)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a,beam_size=0",
        "a,beam_size=x",
        "a,what=1",
        "a,price=-1",
        "a,price=nan",
        "a,detect=1",
        "a,key_variable=X",
        "a,name",
        "openai:ftp://x",
        "openai:http://user:word@x/v1",
        "openai:http://x,beam_size=1",
        "openai:http://[",
        "openai:http://x,key_variable=NOT_SET_ANYWHERE",
    ],
)
def test_an_engine_that_cannot_be_meant_is_refused(given: str) -> None:
    with pytest.raises(InvalidOption):
        read_engine(given)


def test_two_engines_must_have_two_names(house: ScriptedHouse, manifest: Path) -> None:
    result = runner.invoke(app, ["eval", str(manifest), "-e", "a", "-e", "a"], obj=house)
    assert result.exit_code == 2
    assert ",name=" in result.stderr
