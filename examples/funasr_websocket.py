"""What FunASR's own client sends in the mode `2pass`. Needs doors.funasr."""

import asyncio
import json
import os
import sys
import wave

from websockets.asyncio.client import connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)


async def main(path: str) -> None:
    with wave.open(path) as file:
        first = {"mode": "2pass", "wav_name": path, "wav_format": "pcm", "audio_fs": file.getframerate()}
        audio = file.readframes(file.getnframes())
    async with connect(f"{URL}/funasr", subprotocols=["binary"]) as socket:
        await socket.send(json.dumps({**first, "is_speaking": True, "itn": True}))
        for begin in range(0, len(audio), 19_200):
            await socket.send(audio[begin : begin + 19_200])
        await socket.send('{"is_speaking": false, "is_end": true}')
        async for text in socket:
            told = json.loads(text)
            if told.get("mode") == "2pass-offline":
                print(told["text"])
            if told.get("is_end"):
                break


asyncio.run(main(sys.argv[1]))
