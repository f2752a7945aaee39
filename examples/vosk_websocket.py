"""What vosk-server's own example sends: only the address is another. Needs doors.vosk."""

import asyncio
import json
import os
import sys
import wave

from websockets.asyncio.client import connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)


async def main(path: str) -> None:
    async with connect(f"{URL}/vosk") as socket:
        with wave.open(path) as file:
            await socket.send(json.dumps({"config": {"sample_rate": file.getframerate()}}))
            while audio := file.readframes(4_000):
                await socket.send(audio)
                told = json.loads(await socket.recv())
                if told.get("text"):
                    print(told["text"])
        await socket.send('{"eof" : 1}')
        print(json.loads(await socket.recv())["text"])


asyncio.run(main(sys.argv[1]))
