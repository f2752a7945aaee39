"""A question to the language model, the reply as server-sent events."""

import json
import os
import sys
import urllib.request

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("LINGTING_API_KEY", "none")

request = urllib.request.Request(
    f"{URL}/v1/chat",
    json.dumps({"message": sys.argv[1], "stream": True}).encode(),
    {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"},
)
with urllib.request.urlopen(request, timeout=120) as events:
    for line in events:
        if line.startswith(b"data: "):
            event = json.loads(line.removeprefix(b"data: "))
            if event["type"] == "delta":
                print(event["text"], end="", flush=True)
            elif event["type"] == "error":
                sys.exit(f"{event['code']}: {event['message']}")
print()
