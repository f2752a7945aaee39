"""`lingting models`, `doctor`, `serve` and `version`."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest
from cli_doubles import ScriptedHouse
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.cli.opening import Wishes

pytestmark = pytest.mark.unit
runner = CliRunner()


@pytest.fixture
def house(tmp_path: Path) -> ScriptedHouse:
    return ScriptedHouse(models_dir=tmp_path / "models")


def test_the_list_shows_every_model_with_its_state(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["models", "list"], obj=house)
    rows = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines()[1:] if line and line[0] != " "}
    assert rows["whisper-tiny"] == "missing"
    assert set(house.catalog(Wishes()).entries) <= set(rows)


def test_the_path_of_a_missing_model_ends_with_three(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["models", "path", "whisper-tiny"], obj=house)
    assert result.exit_code == 3
    assert "lingting models pull whisper-tiny" in result.stderr


def test_an_unknown_model_ends_with_two(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["models", "pull", "nonsense"], obj=house)
    assert result.exit_code == 2
    assert "model_not_found" in result.stderr


def test_a_pull_without_a_hub_ends_with_three(house: ScriptedHouse) -> None:
    assert runner.invoke(app, ["models", "pull", "whisper-tiny"], obj=house).exit_code == 3


def test_verifying_a_model_that_is_not_there_ends_with_three(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["models", "verify", "whisper-tiny"], obj=house)
    assert result.exit_code == 3
    assert "whisper-tiny/model.bin: missing" in result.stdout


def test_verifying_nothing_says_what_to_fetch(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["models", "verify"], obj=house)
    assert result.exit_code == 0
    assert "lingting models pull" in result.stderr


def test_the_doctor_names_the_line_that_mends_a_missing_model(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["doctor"], obj=house)
    assert result.exit_code == 1
    assert "→ lingting models pull whisper-tiny" in result.stdout


def test_the_doctor_speaks_json(house: ScriptedHouse) -> None:
    findings = json.loads(runner.invoke(app, ["doctor", "--json"], obj=house).stdout)
    by_subject = {finding["subject"]: finding for finding in findings}
    assert by_subject["settings"]["seen"] == "built-in defaults"
    assert "opus" in by_subject["audio formats"]["seen"]
    assert by_subject["models folder"]["level"] == "ok"


def test_serve_hands_its_options_on(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["serve", "--port", "0", "--host", "127.0.0.1"], obj=house)
    assert result.exit_code == 0
    assert house.wishes == [Wishes(host="127.0.0.1", port=0)]


@pytest.mark.parametrize(
    ("options", "wishes"),
    [
        (["--grpc"], Wishes(grpc=True)),
        (["--no-grpc"], Wishes(grpc=False)),
        (["--grpc-port", "0"], Wishes(grpc=True, grpc_port=0)),
    ],
)
def test_serve_opens_grpc_where_that_is_wished(house: ScriptedHouse, options: list[str], wishes: Wishes) -> None:
    assert runner.invoke(app, ["serve", *options], obj=house).exit_code == 0
    assert house.wishes == [wishes]


def test_the_version_is_that_of_the_package(house: ScriptedHouse) -> None:
    assert runner.invoke(app, ["version"], obj=house).stdout.strip() == metadata.version("lingting")


@pytest.mark.parametrize("command", [[], ["transcribe"], ["serve"], ["models"], ["models", "pull"], ["doctor"]])
def test_every_command_explains_itself(house: ScriptedHouse, command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--help"], obj=house)
    assert result.exit_code == 0
    assert "Usage" in result.stdout
