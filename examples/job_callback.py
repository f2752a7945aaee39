"""A job with a signed callback: hands a recording in, waits to be called back, and checks the signature.

The server must be allowed to call this machine: [outbound] in examples/lingting.toml.
"""

import http.server
import json
import os
import sys
import urllib.request
from pathlib import Path

from standardwebhooks import Webhook

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("LINGTING_API_KEY", "none")
PORT = int(os.environ.get("LINGTING_HOOK_PORT", "9080"))


def ask(path: str, body: bytes | None = None, **headers: str) -> dict:
    request = urllib.request.Request(f"{URL}{path}", body, {"Authorization": f"Bearer {KEY}", **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def form(fields: dict[str, str], recording: bytes) -> tuple[bytes, str]:
    """A multipart form; any HTTP library makes one."""
    parts = [
        f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    file = '--cut\r\nContent-Disposition: form-data; name="file"; filename="talk.wav"\r\n\r\n'
    return "".join([*parts, file]).encode() + recording + b"\r\n--cut--\r\n", "multipart/form-data; boundary=cut"


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        secret = ask("/v1/callbacks/secret")["secret"]
        told = Webhook(secret).verify(body, dict(self.headers.items()))  # raises for what is not signed
        self.send_response(204)
        self.end_headers()
        print(told["type"], told["data"]["result"]["text"])

    def log_message(self, *_: object) -> None:
        pass


with http.server.HTTPServer(("127.0.0.1", PORT), Hook) as receiver:
    receiver.timeout = 60
    wish = {"callback_url": f"http://127.0.0.1:{PORT}/hook", "callback_include_result": "true"}
    body, kind = form(wish, Path(sys.argv[1]).read_bytes())
    job = ask("/v1/jobs", body, **{"Content-Type": kind})
    print(job["job"]["id"], "is accepted")
    receiver.handle_request()
