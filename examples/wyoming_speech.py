"""Wyoming, the protocol of Home Assistant's voice services, by its official package. Needs wyoming.enabled."""

import asyncio
import os
import sys
import wave

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient

HOST, _, PORT = os.environ.get("LINGTING_WYOMING", "127.0.0.1:10300").partition(":")


async def main(path: str) -> None:
    with wave.open(path) as file:
        kind = {"rate": file.getframerate(), "width": file.getsampwidth(), "channels": file.getnchannels()}
        audio = file.readframes(file.getnframes())
    async with AsyncTcpClient(HOST, int(PORT)) as client:
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(**kind).event())
        for first in range(0, len(audio), 2_048):
            await client.write_event(AudioChunk(**kind, audio=audio[first : first + 2_048]).event())
        await client.write_event(AudioStop().event())
        while (event := await client.read_event()) is not None:
            if Transcript.is_type(event.type):
                print(Transcript.from_event(event).text)
                break


asyncio.run(main(sys.argv[1]))
