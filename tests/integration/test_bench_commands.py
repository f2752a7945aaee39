"""`lingting bench` and `lingting soak` on real servers with a scripted engine."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).parents[2] / "samples"
SHORT = str(SAMPLES / "en-short.flac")
runner = CliRunner()


def test_requests_to_two_servers_are_compared(live, open_live) -> None:
    with open_live(FakeEngine()) as other:
        given = ["bench", "http", SHORT, "-u", live.url, "-u", f"{other.url}/v1#whisper-1", "--requests", "6"]
        result = runner.invoke(app, [*given, "--clients", "2"])
    assert result.exit_code == 0, result.stderr
    assert "times the requests" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if "/v1 " in line and " to " not in line]
    assert [(row[1], row[2], row[4]) for row in rows] == [("2", "6", "0")] * 2  # clients, answered, cached


def test_repeated_requests_are_answered_from_the_cache(live) -> None:
    given = ["bench", "cached", SHORT, "-u", live.url, "--requests", "20", "--clients", "4", "--json"]
    result = runner.invoke(app, given)
    body = json.loads(result.stdout)
    assert body["kind"] == "cached"
    (run,) = body["runs"]
    assert (run["answered"], run["cached"], run["failed"]) == (20, 20, {})
    assert run["requests_per_second"] > 0


def test_speakers_get_their_finals(live) -> None:
    given = ["bench", "streams", SHORT, "-u", live.url, "--speakers", "1,2", "--seconds", "5", "--warm-up", "0"]
    result = runner.invoke(app, [*given, "--json"])
    assert result.exit_code == 0, result.stderr
    runs = json.loads(result.stdout)["runs"]
    assert [run["speakers"] for run in runs] == [1, 2]
    assert all(run["delivered"] == run["said"] > 0 for run in runs)
    assert all(run["first_text"]["p50"] is not None for run in runs)


def test_a_server_that_is_not_there_ends_at_once() -> None:
    for kind in ("http", "cached"):
        result = runner.invoke(app, ["bench", kind, SHORT, "-u", "http://127.0.0.1:9"])
        assert result.exit_code == 1
        assert "server_unreachable" in result.stderr
    result = runner.invoke(
        app, ["bench", "streams", SHORT, "-u", "http://127.0.0.1:9", "--seconds", "5", "--speakers=1"]
    )
    assert result.exit_code == 1
    assert "server_unreachable" in result.stdout


def test_a_soak_watches_the_server_and_gives_its_verdict(live) -> None:
    given = ["soak", SHORT, "-u", live.url, "--minutes", "0.1", "--at-once", "1", "--talk", "2", "--json"]
    result = runner.invoke(app, given)
    body = json.loads(result.stdout)
    assert body["rounds"] >= 2
    assert body["finals"] >= body["rounds"]
    assert body["failed"] == {}
    assert all(look["memory_bytes"] > 0 and look["sockets"] == 0 for look in body["looks"])
    assert result.exit_code == 1  # too few rounds for a verdict, which is no success


def test_what_is_no_lingting_server_cannot_be_watched(tmp_path: Path) -> None:
    result = runner.invoke(app, ["soak", SHORT, "-u", "http://127.0.0.1:9", "--minutes", "0.1"])
    assert result.exit_code == 1
    assert "server_unreachable" in result.stderr
