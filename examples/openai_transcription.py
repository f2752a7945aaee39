"""The official openai SDK: a recording to text, with the times of segments."""

import os
import sys

from openai import OpenAI

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")

client = OpenAI(base_url=f"{URL}/v1", api_key=os.environ.get("LINGTING_API_KEY", "none"))
with open(sys.argv[1], "rb") as file:
    told = client.audio.transcriptions.create(model="whisper-1", file=file, response_format="verbose_json")
for segment in told.segments or []:
    print(f"{segment.start:7.2f}  {segment.text}")
