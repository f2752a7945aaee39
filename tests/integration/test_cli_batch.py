"""`lingting batch` against a real server with a scripted engine."""

import json
import socket

import httpx
import pytest
from typer.testing import CliRunner

from lingting.cli.batch_items import collect_items, key_of
from lingting.cli.main import app
from lingting.domain.errors import InvalidInput, InvalidOption
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from lingting.testing import silence, wav_bytes

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(open_live):
    settings = load_settings()
    quick = settings.jobs.model_copy(update={"watch_seconds": 0.1, "poll_seconds": 0.1, "retry_seconds": 0.1})
    with open_live(FakeEngine(), settings.model_copy(update={"jobs": quick})) as live:
        yield live.url


@pytest.fixture
def talks(tmp_path, speech):
    folder = tmp_path / "talks"
    (folder / "day2").mkdir(parents=True)
    (folder / "a.flac").write_bytes(speech)
    (folder / "b.wav").write_bytes(wav_bytes(silence(0.5)))
    (folder / "day2" / "c.flac").write_bytes(speech)
    return folder


def run(*arguments: object):
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


def jobs_of(server: str) -> list[dict]:
    return httpx.get(f"{server}/v1/jobs", params={"limit": 200}).json()["jobs"]


def test_a_folder_becomes_files_in_every_format(server, talks, tmp_path) -> None:
    out = tmp_path / "out"
    result = run(talks, "-r", "-o", out, "-f", "text", "-f", "srt", "--server", server, "--language", "en")
    assert result.exit_code == 0, result.output
    assert "3 of 3" in result.stdout
    assert "seconds of speech" in (out / "a.txt").read_text()
    assert "-->" in (out / "day2" / "c.srt").read_text()
    assert (out / "b.txt").exists()


def test_run_again_it_finds_its_jobs(server, talks, tmp_path) -> None:
    assert run(talks, "-o", tmp_path / "one", "--server", server).exit_code == 0
    before = len(jobs_of(server))
    assert run(talks, "-o", tmp_path / "two", "--server", server).exit_code == 0
    assert len(jobs_of(server)) == before
    assert (tmp_path / "two" / "a.txt").read_text() == (tmp_path / "one" / "a.txt").read_text()


def test_one_that_fails_is_told_and_the_others_go_on(server, talks, tmp_path) -> None:
    (talks / "broken.mp3").write_bytes(b"this is no audio")
    result = run(talks, "-o", tmp_path / "out", "--server", server)
    assert result.exit_code == 1
    assert "audio_undecodable" in result.output
    assert "2 of 3" in result.stdout
    assert (tmp_path / "out" / "a.txt").exists()
    before = len(jobs_of(server))
    assert run(talks, "-o", tmp_path / "out", "--server", server).exit_code == 1
    assert len(jobs_of(server)) == before
    assert run(talks, "-o", tmp_path / "out", "--server", server, "--retry-failed").exit_code == 1
    assert len(jobs_of(server)) == before + 1


def test_a_manifest_says_more_about_each(server, talks, tmp_path) -> None:
    manifest = talks / "list.jsonl"
    rows = [
        {"file": "a.flac", "language": "de", "output": "first/one", "metadata": {"n": 1}},
        {"file": "day2/c.flac", "priority": 1, "words": False},
    ]
    manifest.write_text("\n".join(json.dumps(row) for row in rows))
    result = run(manifest, "-o", tmp_path / "out", "-f", "verbose_json", "--server", server)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out" / "first" / "one.verbose.json").read_text())["language"] == "de"
    assert (tmp_path / "out" / "c.verbose.json").exists()
    assert {"n": 1} in [job["metadata"] for job in jobs_of(server)]


def test_a_table_is_a_manifest_too(server, talks, tmp_path) -> None:
    manifest = talks / "list.csv"
    manifest.write_text("file,language,output\na.flac,en,x\nb.wav,,\n")
    assert run(manifest, "-o", tmp_path / "out", "--server", server).exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"x.txt", "b.txt"}


def test_a_url_that_is_not_called_is_told(server, tmp_path) -> None:
    manifest = tmp_path / "list.jsonl"
    manifest.write_text('{"url": "http://169.254.169.254/a.wav"}\n')
    result = run(manifest, "-o", tmp_path / "out", "--server", server)
    assert (result.exit_code, "url_not_allowed" in result.output) == (1, True)


def test_a_server_that_is_away_is_told(talks, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = run(talks, "-o", tmp_path / "out", "--server", url, "--patience", "0")
    assert (result.exit_code, "server_unreachable" in result.output) == (1, True)


@pytest.mark.parametrize(
    "row",
    [
        "not json",
        "[1]",
        "{}",
        '{"file": "a.flac", "url": "https://example.com/"}',
        '{"file": "missing.flac"}',
        '{"file": "a.flac", "odd": 1}',
        '{"file": "a.flac", "output": "../escape"}',
        '{"file": "a.flac", "output": "/etc/passwd"}',
        '{"file": "a.flac"}\n{"file": "a.flac"}',
    ],
)
def test_a_manifest_that_cannot_be_is_refused_with_its_line(talks, row) -> None:
    (talks / "list.jsonl").write_text(row)
    with pytest.raises(InvalidInput, match=r"list\.jsonl|a\.flac"):
        collect_items([str(talks / "list.jsonl")], {}, recursive=False)


def test_a_manifest_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidOption):
        collect_items(["nowhere.jsonl"], {}, recursive=False)


def test_a_key_follows_content_and_wishes(talks) -> None:
    [a, b] = collect_items([str(talks)], {}, recursive=False)
    [other, _] = collect_items([str(talks)], {"language": "en"}, recursive=False)
    assert len({key_of(a), key_of(b), key_of(other), key_of(a, salt="again")}) == 4
    before = key_of(a)
    a.path.write_bytes(b"changed")
    assert key_of(a) != before
