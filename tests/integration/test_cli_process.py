"""The `lingting` command as people run it: real settings, real decoding, the scripted engine.

What needs a process of its own gets one; the rest runs in this one, because a start costs seconds.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from lingting.cli.main import app
from log_scan import FILE_VARIABLE

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parent.parent.parent / "samples"
DEADLINE_SECONDS = 60.0


def _environment(tmp_path: Path) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name == FILE_VARIABLE or not name.startswith("LINGTING_")
    }
    return inherited | {"LINGTING_MODELS_DIR": str(tmp_path / "models"), "LINGTING_ENGINE": "fake"}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lingting", *arguments]


def _run(tmp_path: Path, *arguments: str, feed: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        _command(*arguments),
        input=feed,
        capture_output=True,
        env=_environment(tmp_path),
        cwd=tmp_path,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def lingting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield lambda *arguments: CliRunner().invoke(app, arguments)
    structlog.reset_defaults()  # the command has sent logs to the runner's own standard error, which is closed by now


def test_a_recording_becomes_text_on_standard_output_alone(tmp_path: Path) -> None:
    done = _run(tmp_path, "transcribe", str(SAMPLES / "en-short.flac"))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"(\d+\.\d seconds of speech\s)+", done.stdout)


def test_a_folder_becomes_files(tmp_path: Path, lingting: Callable[..., Result]) -> None:
    done = lingting("transcribe", str(SAMPLES), "-o", str(tmp_path / "out"), "-f", "srt", "-f", "verbose_json")
    assert done.exit_code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    stems = ["en-long", "en-short", "zh-long", "zh-short"]
    assert names == sorted(f"{stem}{suffix}" for stem in stems for suffix in (".srt", ".verbose.json"))


def test_a_pipe_is_a_recording(tmp_path: Path) -> None:
    done = _run(tmp_path, "transcribe", "-", feed=(SAMPLES / "zh-short.flac").read_bytes())
    assert done.returncode == 0
    assert "seconds of speech" in done.stdout


def test_silence_gives_nothing(tmp_path: Path, lingting: Callable[..., Result]) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(2 * 16_000 * 3))
    done = lingting("transcribe", "silence.wav")
    assert (done.exit_code, done.stdout.strip()) == (0, "")


def test_a_broken_recording_among_good_ones_is_one_line_and_exit_code_one(
    tmp_path: Path, lingting: Callable[..., Result]
) -> None:
    (tmp_path / "broken.mp3").write_bytes(b"this is no music")
    done = lingting("transcribe", "broken.mp3", str(SAMPLES / "en-short.flac"))
    assert done.exit_code == 1
    assert "seconds of speech" in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith("error broken.mp3: audio_undecodable ")
    assert second == "1 of 2 recordings failed"


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path, lingting: Callable[..., Result]) -> None:
    (tmp_path / "lingting.toml").write_text("[server]\nport = 99999\n", encoding="utf-8")
    done = lingting("serve")
    assert done.exit_code == 2
    assert "server.port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_address_is_refused(lingting: Callable[..., Result]) -> None:
    done = lingting("serve", "--host", "0.0.0.0")
    assert done.exit_code == 2
    assert "ALLOW_OPEN" in done.stderr


def test_a_missing_model_ends_with_three(lingting: Callable[..., Result]) -> None:
    done = lingting("transcribe", "--engine", "whisper", "--model", "whisper-tiny", str(SAMPLES / "en-short.flac"))
    assert done.exit_code == 3
    assert "lingting models pull whisper-tiny" in done.stderr


def test_the_doctor_works_without_a_model(lingting: Callable[..., Result]) -> None:
    assert "models folder" in lingting("doctor").stdout


def test_an_interrupt_ends_with_130_and_no_trace(tmp_path: Path) -> None:
    process = subprocess.Popen(
        _command("transcribe", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(tmp_path),
    )
    assert process.stdin is not None
    process.stdin.write(b"x" * 65_537)  # more than a pipe holds: the command is reading once this returns
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130
    assert errors == b"interrupted\n"


def test_the_server_answers_and_ends_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        _command("serve", "--port", "0"), stderr=subprocess.PIPE, env=_environment(tmp_path), cwd=tmp_path, text=True
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "server.listening" in line)
        address = re.search(r"http://[\d.:]+", line)
        assert address is not None, line
        assert httpx.get(f"{address[0]}/healthz", timeout=DEADLINE_SECONDS).status_code == 200
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert "server.stopping" in rest
        assert "Traceback" not in rest
        assert process.wait(DEADLINE_SECONDS) in {0, -signal.SIGTERM}  # uvicorn raises the signal again when it is done
    finally:
        process.kill()
        process.communicate()


def test_one_line_of_python_transcribes_and_the_program_ends(tmp_path: Path) -> None:
    program = f"import lingting; print(lingting.transcribe({str(SAMPLES / 'en-short.flac')!r}).text)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        env=_environment(tmp_path),
        cwd=tmp_path,
        timeout=DEADLINE_SECONDS,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "seconds of speech" in done.stdout
