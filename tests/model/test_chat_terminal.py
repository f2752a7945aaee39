"""`lingting chat` in a process of its own: a recording is heard, answered, and the answer written as a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lingting.audio.encode import to_wav
from lingting.domain import SAMPLE_RATE_HZ, Audio
from model_server import model_in_a_thread
from spoken import pcm_of
from voice_client import REPLY_RATE_HZ
from voiced import said

pytestmark = [pytest.mark.model, pytest.mark.timeout(300), pytest.mark.usefixtures("whisper_base")]

REPLY = "The answer is forty two."
DEADLINE_SECONDS = 120


@pytest.fixture
def command(tmp_path) -> Iterator[list[str]]:
    with model_in_a_thread(lambda _: [REPLY]) as model:
        url = f"http://127.0.0.1:{model.port}/v1"
        yield [sys.executable, "-m", "lingting", "chat", "--base-url", url, "--model", "small", "--language", "en"]


def run(command: list[str], folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LINGTING_DATA_DIR": str(folder)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False, **options
    )


async def test_a_recording_is_answered_and_the_reply_is_a_file(command, tmp_path) -> None:
    question, answer = tmp_path / "question.wav", tmp_path / "reply.wav"
    question.write_bytes(to_wav(Audio(await said("hibari", "What is the answer to everything?"))))
    ended = run([*command, "--from", str(question), "-o", str(answer), "--timings"], tmp_path)
    assert ended.returncode == 0, ended.stderr
    you, bot = (line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert you[0] == "you"
    assert "answer to everything" in you[1].lower()
    assert bot == ["bot", REPLY]
    assert "first sound" in ended.stderr
    assert len(pcm_of(answer.read_bytes())) / 2 > REPLY_RATE_HZ / 2


def test_interrupting_it_ends_it_in_good_order(command, tmp_path) -> None:
    silence = tmp_path / "silence.wav"
    silence.write_bytes(to_wav(Audio(np.zeros(60 * SAMPLE_RATE_HZ, np.float32))))
    environment = os.environ | {"LINGTING_DATA_DIR": str(tmp_path)}
    talking = subprocess.Popen(
        [*command, "--from", str(silence), "-o", str(tmp_path / "reply.wav")],
        env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert talking.stderr is not None
        while "listening to" not in (line := talking.stderr.readline()):
            assert line, "it ended before it listened"
        talking.send_signal(signal.SIGINT)
        rest = talking.communicate(timeout=DEADLINE_SECONDS)[1]
    finally:
        talking.kill()
    assert talking.returncode == 0, rest
    assert "Traceback" not in rest
