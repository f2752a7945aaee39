"""A subtitle room: one speaks into it, one reads along, and the whole is an SRT file at the end."""

import asyncio
import json
import os
import sys
import urllib.request
import wave

from websockets.asyncio.client import connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000")
SOCKETS = URL.replace("http", "ws", 1)
KEY = os.environ.get("LINGTING_API_KEY", "none")


def ask(path: str, body: bytes | None = None, *, key: str = KEY) -> bytes:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(f"{URL}{path}", body, headers), timeout=30) as answer:
        return answer.read()


async def read_along(room: dict) -> None:
    async with connect(f"{SOCKETS}/v1/rooms/{room['room']}/view?token={room['view_token']}&partials=false") as socket:
        async for text in socket:
            told = json.loads(text)
            if told["type"] == "caption":
                print("on the screen:", told["text"])


async def speak(room: dict, path: str) -> None:
    with wave.open(path) as file:
        config = {"sample_rate": file.getframerate(), "room": room["room"], "room_token": room["publish_token"]}
        audio = file.readframes(file.getnframes())
    async with connect(f"{SOCKETS}/v1/asr/stream", additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
        await socket.send(json.dumps({"type": "INIT", "config": config}))
        for first in range(0, len(audio), 6_400):
            await socket.send(audio[first : first + 6_400])
        await socket.send('{"type": "END"}')
        async for _ in socket:
            pass


async def main(path: str) -> None:
    room = json.loads(await asyncio.to_thread(ask, "/v1/rooms", b'{"title": "A talk"}'))
    reader = asyncio.create_task(read_along(room))
    await speak(room, path)
    reader.cancel()
    srt = await asyncio.to_thread(ask, f"/v1/rooms/{room['room']}/transcript?format=srt", key=room["view_token"])
    print(srt.decode())


asyncio.run(main(sys.argv[1]))
