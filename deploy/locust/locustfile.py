"""Load for Locust: callers of Lingting's REST and OpenAI routes, of its live socket, and of its jobs.

    LINGTING_LOCUST_AUDIO=speech.wav locust -f deploy/locust/locustfile.py --host http://127.0.0.1:8000

The recording is WAV, 16 kHz, 16 bits, mono. LINGTING_API_KEY is the key, where the server asks for one. Users are
chosen by their names, such as `locust -f … OpenAIUser StreamUser`. Answers from the cache are not asked for; set
LINGTING_LOCUST_CACHE=1 to take them.
"""

from __future__ import annotations

import base64
import json
import os
import time
import wave
from pathlib import Path
from typing import Any

import websocket
from locust import HttpUser, User, between, task

PIECE_SECONDS = 0.1
ANSWER_SECONDS = 120
POLL_SECONDS = 0.5
KEY = os.environ.get("LINGTING_API_KEY", "")
HEADERS = {"Authorization": f"Bearer {KEY}"} if KEY else {}
FRESH = {} if os.environ.get("LINGTING_LOCUST_CACHE") else {"Cache-Control": "no-cache"}


def _audio() -> Path:
    given = os.environ.get("LINGTING_LOCUST_AUDIO", "")
    if not Path(given).is_file():
        raise SystemExit("set LINGTING_LOCUST_AUDIO to a WAV file with speech: 16 kHz, 16 bits, mono")
    return Path(given)


AUDIO = _audio()
DATA = AUDIO.read_bytes()
ENCODED = base64.b64encode(DATA).decode()


def _samples() -> bytes:
    with wave.open(str(AUDIO)) as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (16_000, 2, 1):
            raise SystemExit(f"{AUDIO} is not 16 kHz, 16 bits, mono")
        return file.readframes(file.getnframes())


SAMPLES = _samples()


class RestUser(HttpUser):
    """Sends the recording to Lingting's own route."""

    wait_time = between(0.5, 2)

    @task
    def transcribe(self) -> None:
        self.client.post("/v1/asr", json={"audio": ENCODED}, headers={**HEADERS, **FRESH})


class OpenAIUser(HttpUser):
    """Sends the recording to OpenAI's route."""

    wait_time = between(0.5, 2)

    @task
    def transcribe(self) -> None:
        self.client.post(
            "/v1/audio/transcriptions",
            files={"file": (AUDIO.name, DATA)},
            data={"model": "whisper-1"},
            headers={**HEADERS, **FRESH},
        )


class JobUser(HttpUser):
    """Hands the recording in as a job, and asks for it until it is done."""

    wait_time = between(1, 4)

    @task
    def job(self) -> None:
        handed_in = self.client.post("/v1/jobs", files={"file": (AUDIO.name, DATA)}, headers=HEADERS)
        if not handed_in.ok:
            return
        path = f"/v1/jobs/{handed_in.json()['job']['id']}"
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            with self.client.get(path, headers=HEADERS, name="/v1/jobs/{id}", catch_response=True) as answer:
                if not answer.ok:
                    return
                state = answer.json()["job"]["state"]
                if state in ("failed", "cancelled"):
                    answer.failure(f"the job has {state}")
                    return
            if state == "succeeded":
                return
            time.sleep(POLL_SECONDS)


class StreamUser(User):
    """Speaks the recording over a socket at its own pace; told are the waits for READY and for the finals after END."""

    wait_time = between(0.5, 2)

    @task
    def speak(self) -> None:
        url = f"{self.host.replace('http', 'ws', 1)}/v1/asr/stream"
        began = time.perf_counter()
        try:
            socket = websocket.create_connection(url, timeout=ANSWER_SECONDS, header=HEADERS)
        except (OSError, websocket.WebSocketException) as problem:
            self._tell("open", began, problem)
            return
        try:
            self._talk(socket, began)
        finally:
            socket.close()

    def _talk(self, socket: websocket.WebSocket, began: float) -> None:
        try:
            socket.send(json.dumps({"type": "INIT", "config": {"ack": False}}))
            _until(socket, "READY")
            self._tell("open", began)
            start = time.perf_counter()
            step = int(PIECE_SECONDS * 16_000) * 2
            for number, first in enumerate(range(0, len(SAMPLES), step), start=1):
                time.sleep(max(0.0, start + number * PIECE_SECONDS - time.perf_counter()))
                socket.send_binary(SAMPLES[first : first + step])
            began = time.perf_counter()
            socket.send('{"type":"END"}')
            _until(socket, "END")
            self._tell("finals", began)
        except (OSError, ValueError, websocket.WebSocketException) as problem:
            self._tell("talk", began, problem)

    def _tell(self, name: str, began: float, problem: Exception | None = None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=f"/v1/asr/stream {name}",
            response_time=(time.perf_counter() - began) * 1_000,
            response_length=0,
            exception=problem,
            context={},
        )


def _until(socket: websocket.WebSocket, wanted: str) -> dict[str, Any]:
    """raises    ValueError for what the server refuses"""
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until:
        text = socket.recv()
        if not text:
            raise ValueError("the server closed the connection")
        message: dict[str, Any] = json.loads(text)
        if message["type"] == wanted:
            return message
        if message["type"] in ("ERROR", "CLOSED"):
            raise ValueError(f"the server said {message.get('code', message['type'])}")
    raise ValueError(f"no {wanted} within {ANSWER_SECONDS} s")
