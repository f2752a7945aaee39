"""Server-sent events: the text of a recording while it is recognised, through the official openai SDK."""

import os
import sys

from openai import OpenAI

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")

client = OpenAI(base_url=f"{URL}/v1", api_key=os.environ.get("LINGTING_API_KEY", "none"))
with open(sys.argv[1], "rb") as file:
    for event in client.audio.transcriptions.create(model="whisper-1", file=file, stream=True):
        if event.type == "transcript.text.delta":
            print(event.delta, end="", flush=True)
print()
