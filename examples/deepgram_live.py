"""Deepgram's official SDK: the environment is all that changes. Needs doors.deepgram."""

import asyncio
import os
import sys
import wave

from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
SOCKETS = URL.replace("http", "ws", 1)
HERE = DeepgramClientEnvironment(base=URL, production=SOCKETS, agent=SOCKETS, agent_rest=URL)


def hear(message: object) -> None:
    if getattr(message, "type", "") == "Results":
        print(message.channel.alternatives[0].transcript)


async def main(path: str) -> None:
    client = AsyncDeepgramClient(api_key=os.environ.get("LINGTING_API_KEY", "none"), environment=HERE)
    with wave.open(path) as file:
        rate, audio = file.getframerate(), file.readframes(file.getnframes())
    async with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=rate) as connection:
        connection.on(EventType.MESSAGE, hear)
        listening = asyncio.create_task(connection.start_listening())
        for first in range(0, len(audio), 6_400):
            await connection.send_media(audio[first : first + 6_400])
        await connection.send_close_stream()
        await listening


asyncio.run(main(sys.argv[1]))
