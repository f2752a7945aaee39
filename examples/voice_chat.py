"""A spoken question, a spoken answer: `WS /v1/chat/voice`. Needs a language model, and voices (`lingting[voices]`)."""

import asyncio
import json
import os
import sys
import wave

from websockets.asyncio.client import connect

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)
KEY = os.environ.get("LINGTING_API_KEY", "none")


async def main(question: str, answer: str) -> None:
    with wave.open(question) as file:
        rate = file.getframerate()
        audio = file.readframes(file.getnframes()) + bytes(2 * rate)  # silence says that the question is over
    with wave.open(answer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(24_000)
        async with connect(f"{URL}/v1/chat/voice", additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
            await socket.send(json.dumps({"type": "INIT", "config": {"sample_rate": rate}}))
            for first in range(0, len(audio), 6_400):
                await socket.send(audio[first : first + 6_400])
            async for message in socket:
                if isinstance(message, bytes):
                    sound.writeframes(message)
                    continue
                told = json.loads(message)
                if told["type"] == "FINAL":
                    print("understood:", told["transcript"])
                elif told["type"] == "REPLY_TEXT":
                    print("answered:", told["text"])
                elif told["type"] in {"REPLY_ENDED", "ERROR"}:
                    break


asyncio.run(main(sys.argv[1], sys.argv[2]))
