"""`lingting history`, `erase` and `vault`, on a real database in a folder."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kept import call_by, change_of, said, talked
from lingting.cli.house import House
from lingting.cli.main import app
from lingting.domain import SystemClock

pytestmark = pytest.mark.integration
runner = CliRunner()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))
    return tmp_path


def keep(*texts: str, key: str = "key1", user: str = "") -> str:
    async def save() -> str:
        async with House().kept() as kept:
            saved = await kept.history.save(call_by(key, user=user), said(*texts), kind="file")
            assert saved
            return saved

    return asyncio.run(save())


def run(*words: str) -> str:
    result = runner.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_was_kept_is_listed_with_its_owner() -> None:
    record, other = keep("Good morning."), keep("Good evening.", key="key2")
    assert record in run("history", "list")
    assert other not in run("history", "list", "--owner", "key1")


def test_words_are_found_in_everybodys_records() -> None:
    record, other = keep("Good morning."), keep("Good evening.", key="key2")
    found = run("history", "search", "good")
    assert record in found
    assert other in found
    assert "Good evening." in found
    assert record not in run("history", "search", "evening")


def test_one_is_shown_as_subtitles() -> None:
    assert run("history", "show", keep("Good morning."), "-f", "srt").startswith("1\n00:00:00,000 --> ")


def test_one_that_is_not_there_ends_with_one() -> None:
    result = runner.invoke(app, ["history", "show", "tr_none"])
    assert (result.exit_code, "record_not_found" in result.stderr) == (1, True)


def test_an_export_is_whole(folder) -> None:
    records = {keep("One.", user="Ann"), keep("Two.")}
    run("history", "export", "-o", str(folder / "out.jsonl"))
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert {line["id"] for line in lines} == records
    assert {line["user"] for line in lines} == {"Ann", ""}
    assert {json.loads(line)["id"] for line in run("history", "export").splitlines()} == records


def test_what_is_erased_is_gone() -> None:
    keep("One.", user="Ann")
    assert "erased 1 transcripts" in run("erase", "--user", "Ann", "--yes")
    assert "Ann" not in run("history", "export")


def keep_talk(name: str, *asked: str) -> None:
    async def save() -> None:
        async with House().kept() as kept:
            clock = SystemClock()
            turns = (talked(clock, f"{name}-{i}", text, f"re: {text}") for i, text in enumerate(asked))
            change = change_of(clock, name, *turns, user="Ann", context="order A-17")
            await kept.conversations.save(change, keep_seconds=600.0)

    asyncio.run(save())


def test_conversations_are_listed_shown_summed_up_and_erased() -> None:
    keep_talk("cv_1", "Where\nis\x1bit?", "And now?")
    assert "cv_1" in run("conversations", "list")
    assert "cv_1" not in run("conversations", "list", "--owner", "key2")
    shown = run("conversations", "show", "cv_1")
    assert [line[19:].strip() for line in shown.splitlines()[1:]] == [
        "user: Where is it?", "bot:  re: Where is it?", "user: And now?", "bot:  re: And now?",
    ]  # fmt: skip
    assert shown.startswith("known: order A-17\n")
    whole = json.loads(run("conversations", "show", "cv_1", "--json"))
    assert (whole["user"], [turn["heard"] for turn in whole["said"]]) == (
        "Ann",
        ["re: Where\nis\x1bit?", "re: And now?"],
    )
    assert "p50 250 ms" in run("conversations", "report", "cv_1")
    assert json.loads(run("conversations", "report", "cv_1", "--json"))["turns"] == 2
    assert "erased 1 conversation" in run("conversations", "delete", "cv_1", "--yes")
    for verb in ("show", "report", "delete"):
        result = runner.invoke(app, ["conversations", verb, "cv_1", *(["--yes"] if verb == "delete" else [])])
        assert (result.exit_code, "record_not_found" in result.stderr) == (1, True)


def test_erasing_asks_first() -> None:
    record = keep("One.", user="Ann")
    assert runner.invoke(app, ["erase", "--user", "Ann"], input="n\n").exit_code == 1
    assert record in run("history", "list")


def test_what_to_erase_must_be_said() -> None:
    assert runner.invoke(app, ["erase", "--yes"]).exit_code == 2


def test_keys_are_changed_and_old_records_stay_readable(folder) -> None:
    record = keep("Good morning.")
    earlier = run("vault", "status").split(":")[0]
    run("vault", "new-key", "--add")
    assert f"{earlier}: 2 values, earlier" in run("vault", "status")
    assert "2 values were put" in run("vault", "rotate")
    lines = (folder / "master.keys").read_text().splitlines()
    (folder / "master.keys").write_text("\n".join(line for line in lines if not line.startswith(earlier)))
    assert run("history", "show", record) == "Good morning.\n"


def test_a_new_key_is_a_line_for_the_file() -> None:
    name, _, key = run("vault", "new-key").strip().partition(":")
    assert name.isalnum()
    assert len(key) == 44


def test_without_its_key_the_database_is_not_opened(folder) -> None:
    keep("Good morning.")
    (folder / "master.keys").write_text(run("vault", "new-key"))
    result = runner.invoke(app, ["history", "list"])
    assert (result.exit_code, "settings_invalid" in result.stderr) == (2, True)
