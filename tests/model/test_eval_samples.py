"""`lingting eval` with the real model over the samples of this repository."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from absent import absent
from lingting.cli.main import app

pytestmark = pytest.mark.model
SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_model_is_measured_on_the_samples(tmp_path: Path) -> None:
    names = {"en-short": "en", "zh-short": "zh"}
    rows = [
        {"id": name, "path": str(SAMPLES / f"{name}.flac"), "language": language,
         "text": (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")}
        for name, language in names.items()
    ]  # fmt: skip
    manifest = tmp_path / "samples.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    result = CliRunner().invoke(app, ["eval", str(manifest), "-e", "whisper-base,price=0.01", "--json"])
    if result.exit_code == 3:
        absent("the weights of whisper-base are not here; lingting models pull whisper-base")
    assert result.exit_code == 0, result.stderr
    (engine,) = json.loads(result.stdout)["engines"]
    rates = {rate["group"]: rate["rate"] for rate in engine["rates"]}
    assert rates["en"] < 0.2  # clean synthetic speech, a word or two wrong
    assert rates["zh"] < 0.2
    assert engine["real_time_factor"] > 0
    assert engine["price"] == pytest.approx(0.01 * engine["audio_seconds"] / 60)
