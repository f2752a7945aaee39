"""Our own WebSocket: live speech, partial and final text. The path of a 16-bit mono WAV is the microphone."""

import asyncio
import json
import os
import sys
import wave

from websockets.asyncio.client import connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)
KEY = os.environ.get("LINGTING_API_KEY", "none")


async def main(path: str) -> None:
    with wave.open(path) as file:
        config = {"sample_rate": file.getframerate(), "language": "auto", "ack": False}
        audio = file.readframes(file.getnframes())
    async with connect(f"{URL}/v1/asr/stream", additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
        await socket.send(json.dumps({"type": "INIT", "config": config}))
        for first in range(0, len(audio), 6_400):
            await socket.send(audio[first : first + 6_400])
        await socket.send('{"type": "END"}')
        async for text in socket:
            message = json.loads(text)
            if message["type"] in {"PARTIAL", "FINAL"}:
                print(message["type"].lower(), message["start_ms"], message["transcript"])


asyncio.run(main(sys.argv[1]))
