"""`lingting.client`: live speech that goes on after a lost connection."""

import asyncio
import os
import sys
import wave

from lingting.client import Disconnected, Final, connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")


async def main(path: str) -> None:
    with wave.open(path) as file:
        rate, audio = file.getframerate(), file.readframes(file.getnframes())
    async with connect(URL, sample_rate=rate) as stream:
        await stream.send(audio)
        await stream.finish()
        async for event in stream:
            match event:
                case Final(text=text, start_seconds=start):
                    print(f"{start:7.2f}  {text}")
                case Disconnected(retry_seconds=seconds):
                    print(f"lost; again in {seconds} s", file=sys.stderr)


asyncio.run(main(sys.argv[1]))
