"""OpenAI's Realtime transcription through the official SDK: text while it is spoken."""

import asyncio
import base64
import os
import sys
import wave

from openai import AsyncOpenAI

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
TOLD = "conversation.item.input_audio_transcription"


async def main(path: str) -> None:
    with wave.open(path) as file:
        rate = file.getframerate()
        audio = file.readframes(file.getnframes()) + bytes(2 * rate)  # a second of silence ends the sentence
    client = AsyncOpenAI(base_url=f"{URL}/v1", api_key=os.environ.get("LINGTING_API_KEY", "none"))
    async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        heard = {"format": {"type": "audio/pcm", "rate": rate}, "turn_detection": {"type": "server_vad"}}
        await connection.session.update(session={"type": "transcription", "audio": {"input": heard}})
        for first in range(0, len(audio), 6_400):
            await connection.input_audio_buffer.append(audio=base64.b64encode(audio[first : first + 6_400]).decode())
        async for event in connection:
            if event.type == f"{TOLD}.delta":
                print(event.delta, end="", flush=True)
            elif event.type == f"{TOLD}.completed":
                print(f"\n= {event.transcript}")
                break


asyncio.run(main(sys.argv[1]))
