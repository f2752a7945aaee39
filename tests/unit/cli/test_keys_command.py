"""`lingting keys`, on a real database file and without a server."""

import json

import pytest
from typer.testing import CliRunner

from lingting.cli.durations import read_duration
from lingting.cli.main import app
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))

    def invoke(*arguments: str, code: int = 0):
        result = CliRunner().invoke(app, ["keys", *arguments])
        assert result.exit_code == code, result.output
        return result

    return invoke


def listed(run) -> list[dict[str, object]]:
    return json.loads(run("list", "--json").stdout)


def test_a_key_is_printed_once_and_alone(run) -> None:
    key = run("create", "--label", "ward 7").stdout
    assert key.startswith("ltk_")
    assert key.count("\n") == 1
    secret = key.strip().split("_", 2)[2]
    for arguments in (["list"], ["list", "--json"], ["show", key[4:16]], ["show", key[4:16], "--json"]):
        assert secret not in run(*arguments).output


def test_all_that_can_be_asked_of_a_key_is_kept(run) -> None:
    run(
        "create", "--scope", "jobs", "--scope", "stream", "--tenant", "clinic", "--expires", "90d", "--network",
        "10.0.0.0/8", "--rpm", "60", "--streams", "2", "--audio-per-day", "3600", "--audio-per-month", "0",
    )  # fmt: skip
    (key,) = listed(run)
    assert key["scopes"] == ["jobs", "stream"]
    assert (key["tenant"], key["networks"], key["state"]) == ("clinic", ["10.0.0.0/8"], "active")
    assert (key["requests_per_minute"], key["streams"]) == (60, 2)
    assert (key["audio_seconds_per_day"], key["audio_seconds_per_month"]) == (3_600, 0)
    assert key["expires_at"] is not None


def test_without_scopes_a_key_does_a_callers_work_and_administers_nothing(run) -> None:
    run("create")
    assert listed(run)[0]["scopes"] == ["history", "jobs", "rooms", "speak", "stream", "transcribe"]


def test_the_table_is_for_people(run) -> None:
    run("create", "--label", "病房", "--scope", "admin")
    heading, row = run("list").stdout.splitlines()
    assert heading.split()[:3] == ["ID", "STATE", "LABEL"]
    assert row.split()[1:5] == ["active", "病房", "-", "admin"]


def test_a_revoked_key_is_still_listed(run) -> None:
    identity = run("create").stdout[4:16]
    run("revoke", identity)
    assert [key["state"] for key in listed(run)] == ["revoked"]
    run("rotate", identity, code=1)


def test_a_rotated_key_keeps_its_id(run) -> None:
    first = run("create").stdout.strip()
    second = json.loads(run("rotate", first[4:16], "--grace", "1d", "--json").stdout)
    assert second["key"] != first
    assert second["id"] == first[4:16]


def test_a_pair_is_the_keys_and_changes_with_its_secret(run) -> None:
    identity = run("create").stdout[4:16]
    first = run("pair", identity).stdout.split()
    assert first == run("pair", identity).stdout.split()
    assert (first[0], len(first[1])) == (identity, 40)
    run("rotate", identity)
    second = json.loads(run("pair", identity, "--json").stdout)
    assert second["access_key_id"] == identity
    assert second["access_key_secret"] != first[1]


def test_what_was_done_to_keys_is_in_the_audit_log(run, tmp_path) -> None:
    import sqlite3
    from contextlib import closing

    identity = run("create").stdout[4:16]
    run("rotate", identity)
    run("revoke", identity)
    with closing(sqlite3.connect(tmp_path / "lingting.db")) as database:
        rows = database.execute("select action, subject, actor from audit order by seq").fetchall()
    assert rows == [(f"keys.{act}", identity, "system") for act in ("created", "rotated", "revoked")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--scope", "root"],
        ["create", "--network", "10.0.0.1/8"],
        ["create", "--expires", "soon"],
        ["create", "--expires", "0d"],
        ["create", "--rpm", "-1"],
        ["create", "--label", "x" * 201],
        ["rotate", "0123456789ab", "--grace", "8d"],
    ],
)
def test_wrong_usage_makes_no_key(run, arguments) -> None:
    run(*arguments, code=2)
    assert listed(run) == []


def test_an_unknown_id_is_an_error_with_a_code(run) -> None:
    for verb in ("show", "revoke", "rotate", "pair"):
        assert "record_not_found" in run(verb, "0123456789ab", code=1).stderr


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("30m", 1_800), ("12h", 43_200), ("90d", 7_776_000), ("2W", 1_209_600)]
)
def test_lengths_of_time_have_units(text, seconds) -> None:
    assert read_duration(text, option="--expires") == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "1y", "9999999999d"])
def test_other_lengths_are_refused(text) -> None:
    with pytest.raises(InvalidOption):
        read_duration(text, option="--expires")
