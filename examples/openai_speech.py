"""Text to speech through the official openai SDK, written while it is made."""

import os
import sys

from openai import OpenAI

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")

client = OpenAI(base_url=f"{URL}/v1", api_key=os.environ.get("LINGTING_API_KEY", "none"))
asked = client.audio.speech.with_streaming_response.create(
    model="tts-1", voice="alloy", input="The meeting begins at nine.", response_format="wav"
)
with asked as answer:
    answer.stream_to_file(sys.argv[1])
print(sys.argv[1])
