"""Deepgram's official SDK for recordings. Needs doors.deepgram."""

import os
import sys
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
SOCKETS = URL.replace("http", "ws", 1)
HERE = DeepgramClientEnvironment(base=URL, production=SOCKETS, agent=SOCKETS, agent_rest=URL)

client = DeepgramClient(api_key=os.environ.get("LINGTING_API_KEY", "none"), environment=HERE)
answer = client.listen.v1.media.transcribe_file(
    request=Path(sys.argv[1]).read_bytes(), model="nova-3", smart_format=True
)
print(answer.results.channels[0].alternatives[0].transcript)
