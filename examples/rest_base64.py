"""Plain HTTP: a recording as base64 in JSON, with nothing but the standard library."""

import base64
import json
import os
import sys
import urllib.request
from pathlib import Path

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("LINGTING_API_KEY", "none")

wish = {"audio": base64.b64encode(Path(sys.argv[1]).read_bytes()).decode(), "language": "auto", "words": True}
request = urllib.request.Request(
    f"{URL}/v1/asr",
    json.dumps(wish).encode(),
    {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"},
)
with urllib.request.urlopen(request, timeout=300) as answer:
    told = json.load(answer)
print(told["language"], told["transcript"])
