"""The Locust file drives a real server: every class of user gets its answers."""

import csv
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from absent import absent
from lingting.audio.decode import AudioSource, Decoder
from lingting.domain.audio import pcm16

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
LOCUST = ROOT / ".cache" / "locust"
"""A folder of its own: what Locust needs would change how other packages of the tests behave."""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    with Decoder() as decoder, decoder.open(AudioSource(path=ROOT / "samples" / "en-short.flac")) as blocks:
        samples = np.concatenate([block[0] for block in blocks])[: 2 * 16_000]
    file = tmp_path / "speech.wav"
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        written.writeframes(pcm16(samples).astype("<i2").tobytes())
    return file


def test_every_class_of_user_is_served(live, recording: Path, tmp_path: Path) -> None:
    if not LOCUST.exists():
        absent("Locust is not installed beside the tests; make test installs it")
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "deploy" / "locust" / "locustfile.py"), "--headless"]
    command += ["--users", "4", "--spawn-rate", "4", "--run-time", "12s", "--stop-timeout", "20", "--csv", "run"]
    environment = os.environ | {"PYTHONPATH": str(LOCUST), "LINGTING_LOCUST_AUDIO": str(recording)}
    done = subprocess.run(
        [*command, "--host", live.url, "--only-summary"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    with (tmp_path / "run_stats.csv").open(encoding="utf-8") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert {
        "/v1/asr", "/v1/audio/transcriptions", "/v1/jobs", "/v1/jobs/{id}",
        "/v1/asr/stream open", "/v1/asr/stream finals",
    } <= rows.keys()  # fmt: skip
    assert rows["Aggregated"]["Failure Count"] == "0"


def test_without_a_recording_it_says_what_to_set(tmp_path: Path) -> None:
    if not LOCUST.exists():
        absent("Locust is not installed beside the tests; make test installs it")
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "deploy" / "locust" / "locustfile.py"), "--headless"]
    environment = {name: value for name, value in os.environ.items() if name != "LINGTING_LOCUST_AUDIO"}
    environment["PYTHONPATH"] = str(LOCUST)
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "LINGTING_LOCUST_AUDIO" in done.stderr + done.stdout
