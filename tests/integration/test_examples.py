"""Every program of `examples/` runs as it stands, each against the same server with a scripted engine."""

import io
import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from absent import absent
from doc_blocks import Block, blocks
from grpc_client import free_port
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from model_server import model_in_a_thread
from spoken import pcm_of

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[2] / "examples"
DEADLINE_SECONDS = 90
SAID = "How are you?"
REPLIED = "Good day to you."
LINES = {
    "aliyun_nls.py": SAID,
    "curl.sh": f"00:00:.*{re.escape(SAID)}",
    "deepgram_live.py": SAID,
    "deepgram_recording.py": SAID,
    "funasr_websocket.py": SAID,
    "grpc_speech.py": SAID,
    "job_callback.py": f"job.succeeded {re.escape(SAID)}",
    "live_client.py": SAID,
    "live_websocket.py": f"final .*{re.escape(SAID)}",
    "openai_events.py": SAID,
    "openai_realtime.py": f"= {re.escape(SAID)}",
    "openai_transcription.py": SAID,
    "rest_base64.py": f"en {re.escape(SAID)}",
    "subtitle_room.py": f"on the screen: {re.escape(SAID)}",
    "vosk_websocket.py": SAID,
    "wyoming_speech.py": SAID,
}
"""What each prints, as a pattern, of those that take a recording and nothing else."""
ADDRESS = "127.0.0.1:8000"
MOVED = [block for block in blocks("python") if block.page.stem == "migration" and ADDRESS in block.text]
"""What the page about moving here shows as "after"."""
OTHERS = {"chat_events.py", "openai_speech.py", "voice_chat.py"}


@pytest.fixture(scope="module")
def recording(speech, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("talk") / "talk.wav"
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(pcm_of(speech))
    file.write_bytes(buffer.getvalue())
    return file


@pytest.fixture(scope="module")
def run(open_live, tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Runs one and gives what it prints; the server's settings are those that come with the examples."""
    ports = {name: free_port() for name in ("grpc", "wyoming", "hook")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINGTING_CONFIG", str(EXAMPLES / "lingting.toml"))
        patch.setenv("LINGTING_DATA_DIR", str(tmp_path_factory.mktemp("examples")))
        patch.setenv("LINGTING_SPEECH__ENGINES", '["fake"]')
        patch.setenv("LINGTING_GRPC__PORT", str(ports["grpc"]))
        patch.setenv("LINGTING_WYOMING__PORT", str(ports["wyoming"]))
        patch.setenv("LINGTING_OUTBOUND__PORTS", f"[{ports['hook']}]")
        settings = load_settings()
    with model_in_a_thread(lambda _: [REPLIED]) as model:
        chat = settings.chat.model_copy(update={"base_url": f"http://127.0.0.1:{model.port}/v1"})
        with open_live(FakeEngine(lambda _: SAID), settings.model_copy(update={"chat": chat})) as live:
            told = {
                "LINGTING_URL": live.url,
                "LINGTING_GRPC": f"127.0.0.1:{ports['grpc']}",
                "LINGTING_WYOMING": f"127.0.0.1:{ports['wyoming']}",
                "LINGTING_HOOK_PORT": str(ports["hook"]),
            }
            yield lambda name, *words: _run(name, words, told)


def _run(name: str | Path, words: tuple[object, ...], told: dict[str, str]) -> str:
    file = EXAMPLES / name
    if file.parent != EXAMPLES:
        file.write_text(file.read_text(encoding="utf-8").replace(ADDRESS, told["LINGTING_URL"].rpartition("/")[2]))
    program = ["sh"] if file.suffix == ".sh" else [sys.executable, "-W", "ignore"]
    answer = subprocess.run(
        [*program, str(file), *map(str, words)],
        cwd=file.parent,
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_every_example_is_run_here_and_named_on_the_page() -> None:
    there = {file.name for file in EXAMPLES.iterdir() if file.suffix in {".py", ".sh"}}
    assert there == {*LINES, *OTHERS}
    assert there == set(re.findall(r"(?m)^\| \[([\w.]+)\]", (EXAMPLES / "README.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", LINES)
def test_an_example_prints_what_was_said(run, recording, name) -> None:
    if name.endswith(".sh") and shutil.which("curl") is None:
        absent("curl is not installed; apt-get install curl to run this")
    assert re.search(LINES[name], run(name, recording), re.DOTALL)


def test_a_question_is_answered_as_events(run) -> None:
    assert run("chat_events.py", "How are you?").strip() == REPLIED


def test_a_text_is_spoken(run, tmp_path) -> None:
    run("openai_speech.py", tmp_path / "spoken.wav")
    with wave.open(str(tmp_path / "spoken.wav")) as sound:
        assert sound.getframerate() == 24_000


def test_a_spoken_question_has_a_spoken_answer(run, recording, tmp_path) -> None:
    printed = run("voice_chat.py", recording, tmp_path / "answer.wav")
    assert f"understood: {SAID}" in printed
    assert f"answered: {REPLIED}" in printed
    with wave.open(str(tmp_path / "answer.wav")) as sound:
        assert sound.getnframes()


@pytest.mark.parametrize("block", MOVED, ids=str)
def test_a_program_that_moved_here_hears_what_was_said(run, recording, tmp_path, block: Block) -> None:
    shutil.copy(recording, tmp_path / "talk.wav")
    program = tmp_path / "moved.py"
    program.write_text(block.text, encoding="utf-8")
    assert SAID in run(program)


def test_all_four_vendors_are_moved_from() -> None:
    found = [re.search(r"(?m)^(?:from|import) (openai|nls|deepgram|websockets)", block.text) for block in MOVED]
    assert [match[1] for match in found if match] == ["openai", "nls", "deepgram", "websockets"]
