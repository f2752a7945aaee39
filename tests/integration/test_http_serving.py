"""The server as a process: it starts, says why it does not, and ends what it has begun."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

pytestmark = pytest.mark.integration
WAIT_SECONDS = 60.0


@pytest.fixture
def start(tmp_path):
    """Start `lingting serve` in an empty folder, with these variables."""
    started: list[subprocess.Popen[str]] = []

    def serve(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lingting", "serve", "--port", "0", *arguments],
            env=os.environ | {"LINGTING_MODELS_DIR": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "500"} | variables,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield serve
    for process in started:
        process.kill()
        process.communicate()


class Log:
    """Lines of a process, as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def until(self, event: str) -> str:
        timer = threading.Timer(WAIT_SECONDS, self._process.kill)
        timer.start()
        try:
            for line in self._process.stderr:
                if event in line:
                    return line
        finally:
            timer.cancel()
        raise AssertionError(f"{event} was not logged")


def test_sigterm_lets_an_upload_in_hand_finish(start, speech) -> None:
    process = start("--engine", "fake")
    log = Log(process)
    port = int(re.search(r"127\.0\.0\.1:(\d+)", log.until("server.listening"))[1])
    log.until("services.ready")
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + speech + b"\r\n--x--\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as connection:
        head = (
            "POST /recognize HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert b"100" in connection.recv(1_000)  # the route has begun to read
        connection.sendall(body[:1_000])
        process.send_signal(signal.SIGTERM)
        log.until("server.stopping")
        connection.sendall(body[1_000:])
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode in {0, -signal.SIGTERM}


def test_a_missing_model_stops_the_start_and_names_the_command(start) -> None:
    process = start("--model", "whisper-tiny", LINGTING_OFFLINE="true")
    _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 3
    assert "lingting models pull whisper-tiny" in said
    assert "Traceback" not in said


def test_an_open_address_stops_the_start(start) -> None:
    process = start("--host", "0.0.0.0", "--engine", "fake")
    _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "LINGTING_SERVER__ALLOW_OPEN=true" in said


def test_a_wrong_setting_stops_the_start(start) -> None:
    process = start("--engine", "fake", LINGTING_SERVER__MAX_REQUESTS="0")
    _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "server.max_requests" in said


def test_a_taken_port_stops_the_start(start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--engine", "fake", "--port", str(taken.getsockname()[1]))
        _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "server.port" in said
    assert "Traceback" not in said


def test_health_answers_before_the_model_is_there(start) -> None:
    process = start("--engine", "fake")
    log = Log(process)
    url = re.search(r"http://127\.0\.0\.1:\d+", log.until("server.listening"))[0]
    assert httpx.get(f"{url}/healthz", timeout=WAIT_SECONDS).status_code == 200
    log.until("services.ready")
