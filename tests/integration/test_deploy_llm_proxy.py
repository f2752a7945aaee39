"""The proxy of a language model's API, real nginx before a scripted model: the key goes in, nothing else does."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from certificates import Authority
from front_door import FrontDoor, front_door, placed

pytestmark = pytest.mark.integration
WAIT_SECONDS = 60.0
PATH = "/v1/chat/completions"
KEY = "sk-of-the-house"
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": True}


@dataclass
class Model:
    """A scripted API: says one word, waits to be let on, says the other."""

    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


@dataclass
class House:
    door: FrontDoor
    model: Model

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.door.ports['127.0.0.1:8081']}", timeout=WAIT_SECONDS)


def _answers(model: Model) -> type[http.server.BaseHTTPRequestHandler]:
    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model.heard.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("OpenAI-Organization", "org-of-the-house")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for word in ("first", "second"):
                line = f"data: {json.dumps(word)}\n\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
                assert model.go_on.wait(WAIT_SECONDS)
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None: ...

    return Answers


@contextmanager
def housed(folder: Path, *, name: str = "llm.example.com") -> Iterator[House]:
    """The proxy before the scripted model, which shows a certificate of this name."""
    model, authority, ports = Model(), Authority(folder), {}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _answers(model))
    server.socket = authority.server_context(name).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = folder / "llm-key"
    secret.write_text(f'set $llm_key "{KEY}";\n')
    changes = {
        "server llm.example.com:443": f"server 127.0.0.1:{server.server_port}",
        "/etc/nginx/secrets/llm-key.conf": str(secret),
        "/etc/ssl/certs/ca-certificates.crt": str(authority.ca_file),
    }
    placed("llm-proxy.conf", folder, ports, changes)
    try:
        with front_door(folder, ports) as door:
            yield House(door, model)
    finally:
        model.go_on.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with housed(tmp_path) as opened:
        yield opened


def test_words_come_as_they_are_said_and_the_key_is_put_in(house) -> None:
    sent = {"Authorization": "Bearer of-the-caller", "Cookie": "a=b", "X-Forwarded-For": "10.0.0.1"}
    with house.client() as client, client.stream("POST", PATH, json=QUESTION, headers=sent) as answer:
        lines = (line for line in answer.iter_lines() if line)
        first = next(lines)
        house.model.go_on.set()  # only now is the second word said
        rest = list(lines)
    path, headers, body = house.model.heard[0]
    assert (first, rest) == ('data: "first"', ['data: "second"'])
    assert (path, json.loads(body)) == (PATH, QUESTION)
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Host"] == "llm.example.com"
    assert not {"Cookie", "X-Forwarded-For", "User-Agent"} & set(headers)
    assert "OpenAI-Organization" not in answer.headers


def test_nothing_else_of_the_api_is_open(house) -> None:
    with house.client() as client:
        other, got, long = client.post("/v1/files"), client.get(PATH), client.post(PATH, content=b" " * 1_100_000)
    assert (other.status_code, got.status_code, long.status_code) == (404, 403, 413)
    assert {answer.json()["error"]["type"] for answer in (other, got, long)} == {"invalid_request_error"}
    assert house.model.heard == []


def test_too_many_questions_are_told_when_to_come_back(house) -> None:
    house.model.go_on.set()
    with house.client() as client:
        answers = [client.post(PATH, json=QUESTION) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["error"]["code"] == "rate_limited"


def test_a_model_that_shows_another_certificate_is_not_asked(tmp_path) -> None:
    with housed(tmp_path, name="other.example.com") as house, house.client() as client:
        answer = client.post(PATH, json=QUESTION)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "unavailable"
    assert house.model.heard == []
