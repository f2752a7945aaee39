"""`lingting eval` on real servers: ours, one that fails, and one that is not there."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.engines.fake import FakeEngine, seconds_heard

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).parents[2] / "samples"
runner = CliRunner()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    rows = [
        {"id": "en", "path": str(SAMPLES / "en-short.flac"), "language": "fr", "text": "heard seven seconds"},
        {"id": "zh", "path": str(SAMPLES / "zh-short.flac"), "language": "zh", "text": "你好"},
        {"id": "broken", "path": str(broken), "language": "zh", "text": "你好"},
    ]
    file = tmp_path / "list.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_two_servers_are_compared_and_what_fails_is_kept(open_live, manifest: Path) -> None:
    with open_live(FakeEngine(seconds_heard)) as first, open_live(FakeEngine()) as second:
        engines = [f"openai:{first.url},name=first", f"openai:{second.url}/v1#whisper-1,name=second"]
        given = ["eval", str(manifest), *(f"--engine={engine}" for engine in engines), "--json", "-j", "2"]
        result = runner.invoke(app, given)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [engine["name"] for engine in report["engines"]] == ["first", "second"]
    assert report["engines"][0]["failed"] == {"audio_undecodable": 1}
    assert 6 < report["utterances"][0]["seconds"] < 10  # by decoding, as the manifest does not say
    assert report["utterances"][2]["seconds"] == 0
    assert report["utterances"][0]["engines"][0]["text"]


def test_a_server_that_is_not_there_fails_every_recording(manifest: Path) -> None:
    result = runner.invoke(app, ["eval", str(manifest), "-e", "openai:http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "3 server_unreachable" in result.stdout
