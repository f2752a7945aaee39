"""`lingting audit` on a database of its own: shown, taken out, checked."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app

pytestmark = pytest.mark.integration


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))

    def command(*words: str, exit_code: int = 0):
        result = CliRunner().invoke(app, ["audit", *words])
        assert result.exit_code == exit_code, result.output
        return result

    return command


@pytest.fixture
def tamper(tmp_path):
    def change(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "lingting.db")) as database:
            database.execute(statement)
            database.commit()

    return change


def test_an_empty_log_is_whole(run) -> None:
    assert run("verify").stdout.startswith("0 rows: every row is as it was written")


def test_each_export_is_written_down(run) -> None:
    for _ in range(3):
        run("export")
    rows = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [(row["seq"], row["actor"], row["action"]) for row in rows] == [
        (number, "system", "audit.exported") for number in (1, 2, 3)
    ]
    assert "audit.exported" in run("list", "--last", "2").stdout
    assert len(run("list", "--last", "2").stdout.splitlines()) == 2


def test_an_export_may_be_a_table_of_a_time(run, tamper) -> None:
    run("export")
    run("export")
    tamper("update audit set at_ms = 0, subject = '=cmd()' where seq = 1")
    table = list(csv.DictReader(io.StringIO(run("export", "--format", "csv", "--to", "1971-01-01").stdout)))
    assert [(row["seq"], row["at"], row["subject"]) for row in table] == [("1", "1970-01-01T00:00:00.000Z", "'=cmd()")]
    assert "invalid_option" in run("export", "--from", "yesterday", exit_code=2).stderr


def test_a_changed_row_is_found(run, tamper) -> None:
    for _ in range(4):
        run("export")
    tamper("update audit set outcome = 'denied' where seq = 3")
    said = run("verify", exit_code=1).stdout
    assert said.splitlines() == ["changed: row 3: not as it was written", "2 rows before it are as they were written"]


def test_an_anchor_finds_a_log_that_was_put_back(run, tamper, tmp_path) -> None:
    run("export")
    older = (tmp_path / "copy.db").as_posix()
    tamper(f"vacuum into '{older}'")
    run("export")
    anchor = run("verify").stdout.split()[-1]
    assert run("verify", "--anchor", anchor).exit_code == 0
    for table in ("audit", "audit_head"):
        with closing(sqlite3.connect(tmp_path / "lingting.db")) as database:
            database.execute(f"attach '{older}' as older")
            database.execute(f"delete from {table}")
            database.execute(f"insert into {table} select * from older.{table}")
            database.commit()
    assert run("verify").exit_code == 0
    assert "rows were cut off" in run("verify", "--anchor", anchor, exit_code=1).stdout
    assert "invalid_option" in run("verify", "--anchor", "1:x", exit_code=2).stderr


def test_a_log_that_was_tampered_with_can_still_be_read(run, tamper) -> None:
    run("export")
    run("export")
    tamper("update audit set detail = 'no json', at_ms = 9000000000000000000 where seq = 1")
    tamper("delete from audit_head")
    assert "head" in run("verify", exit_code=1).stdout
    result = run("export")
    assert json.loads(result.stdout.splitlines()[0])["detail"] == "no json"
    assert "could not be written down" in result.stderr


def test_acts_at_a_terminal_are_written_down(run) -> None:
    acts = (["erase", "--user", "patient-4711", "--yes"], ["vault", "rotate"], ["callbacks", "secret", "--rotate"])
    for words in acts:
        assert CliRunner().invoke(app, words).exit_code == 0
    rows = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [(row["actor"], row["action"], row["outcome"]) for row in rows] == [
        ("system", "history.erased", "ok"),
        ("system", "vault.rotated", "ok"),
        ("system", "callbacks.secret_rotated", "ok"),
    ]
    assert rows[0]["detail"]["by_user"] is True
    assert "patient-4711" not in json.dumps(rows)
