"""How soon the bot is heard after somebody has spoken, and how conversations at once bear each other.

usage: python benchmarks/voice.py [--questions 12] [--at-once 1] [--languages en,zh] [--engines E] [--verbose]
                                  [--model-seconds 0] [--token-seconds 0] [--late]

Recordings are spoken in real time to `/v1/chat/voice` of a server of our own, one conversation each, with Whisper base,
the voices that are here (nothing kept of what they said), and a model that answers after a fixed time: by default at
once, so that all that is measured is ours. Seconds are counted from the true end of speech, by the detector run over
the whole recording. A conversation whose model is asked something else than its own words is a problem.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from corpus import recordings
from lingting.domain import SAMPLE_RATE_HZ
from servers import Server, serving
from talks import Spoken, hear, pcm, quantiles

PIECE_SECONDS = 0.04
SILENCE_SECONDS = 3.0
ANSWER_SECONDS = 30.0
LENGTH_SECONDS = (1.5, 6.0)
APART_SECONDS = 0.5
"""Between the beginnings of conversations that go on at once."""
SEED = 7
REPLIES = {
    "zh": (
        "今天是晴天，最高气温二十六度，适合出门。",
        "好的，我这就帮您查一下，请稍等。",
        "这个问题很有意思。我们可以从两方面来看。",
    ),
    "en": (
        "It is sunny today, with a light wind from the west.",
        "Sure, I can help you with that. What is the name?",
        "That is a good question. There are two sides to it.",
    ),
}
STAGES = ("speech known to be over", "final", "reply begun", "first sound")


@dataclass(slots=True)
class Heard:
    """One question and what became of it; seconds from the true end of its speech."""

    question: Spoken
    times: dict[str, float] = field(default_factory=dict)
    text: str = ""
    asked: list[str] = field(default_factory=list)
    reply: str = ""
    problem: str = ""

    def note(self, stage: str, seconds: float) -> None:
        """The last final and the last asking count, and the first sound."""
        if stage != "first sound" or stage not in self.times:
            self.times[stage] = seconds


class Model:
    """Streams one of our replies, word by word, after a fixed time."""

    def __init__(self, first_seconds: float, token_seconds: float) -> None:
        self.first_seconds, self.token_seconds = first_seconds, token_seconds
        self._turn = count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a reply that was begun early, and dropped
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        question = json.loads(await reader.readexactly(size))["messages"][-1]["content"]
        language = "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in question) else "en"
        reply = REPLIES[language][next(self._turn) % len(REPLIES[language])]
        await asyncio.sleep(self.first_seconds)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for piece in reply if language == "zh" else [f"{word} " for word in reply.split()]:
            writer.write(_chunk({"content": piece}))
            await writer.drain()
            await asyncio.sleep(self.token_seconds)
        writer.write(_chunk({}, finish="stop") + b"data: [DONE]\n\n")
        await writer.drain()


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    value = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return f"data: {json.dumps(value)}\n\n".encode()


@contextmanager
def modelling(first_seconds: float, token_seconds: float) -> Iterator[int]:
    """The port of a model's server in a thread."""
    loop, model = asyncio.new_event_loop(), Model(first_seconds, token_seconds)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        serve = asyncio.start_server(model.serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(serve, loop).result(10)
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def ask(server: Server, question: Spoken) -> Heard:
    """One conversation of one question."""
    heard = Heard(question)
    data = pcm(question.samples) + bytes(2 * int(SILENCE_SECONDS * SAMPLE_RATE_HZ))
    address = server.url.replace("http", "ws", 1) + "/v1/chat/voice"
    async with connect(address, proxy=None, max_size=None) as socket:
        await socket.send(json.dumps({"type": "INIT", "config": {"language": question.row.language}}))
        ready = json.loads(await socket.recv())
        if ready["type"] != "READY":
            heard.problem = ready.get("code", "refused")
            return heard
        began = perf_counter()
        speaking = asyncio.create_task(_speak(socket, data, began))
        try:
            async with asyncio.timeout(question.seconds + ANSWER_SECONDS):
                await _listen(socket, heard, began + question.speech_to)
        except TimeoutError:
            heard.problem = "no answer"
        except ConnectionClosed:
            heard.problem = heard.problem or "closed"
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    return heard


async def _speak(socket, data: bytes, began: float) -> None:
    step = 2 * int(PIECE_SECONDS * SAMPLE_RATE_HZ)
    for index, first in enumerate(range(0, len(data), step)):
        await asyncio.sleep(max(0.0, began + (index + 1) * PIECE_SECONDS - perf_counter()))
        await socket.send(data[first : first + step])


async def _listen(socket, heard: Heard, ended: float) -> None:
    async for message in socket:
        if isinstance(message, bytes):
            heard.note("first sound", perf_counter() - ended)
            continue
        told = json.loads(message)
        kind = told["type"]
        if kind == "SPEECH_STOPPED":
            heard.note("speech known to be over", perf_counter() - ended)
        elif kind == "FINAL":
            heard.note("final", perf_counter() - ended)
            heard.text += told["transcript"]
        elif kind == "REPLY_STARTED":
            heard.note("reply begun", perf_counter() - ended)
            heard.asked.append(told["asked"])
            if told["kind"] == "answer" and not _is_own(told["asked"], heard.text):
                heard.problem = "another's words"
        elif kind == "REPLY_TEXT":
            heard.reply += told["text"]
        elif kind in ("PROBLEM", "ERROR"):
            heard.problem = told.get("code", kind)
        elif kind == "REPLY_ENDED" and not (told["cut"] and "first sound" not in heard.times):
            return


def _is_own(asked: str, heard: str) -> bool:
    return "".join(asked.split()) in "".join(heard.split())


def questions_of(language: str, count_: int) -> list[Spoken]:
    rows = [
        row
        for row in recordings()
        if row.language == language and row.transcript and not row.weak
        and LENGTH_SECONDS[0] <= row.seconds <= LENGTH_SECONDS[1] and row.group == f"{language} speech"
        and not row.transcript.endswith((",", ";", ":"))  # more is waited for after those, as it should
    ]  # fmt: skip
    rows = list({row.transcript: row for row in rows}.values())  # some lie there in several formats
    return hear(random.Random(SEED).sample(rows, min(count_, len(rows))))


async def measure(server: Server, questions: Sequence[Spoken], options: argparse.Namespace) -> list[Heard]:
    """So many conversations at a time."""
    waiting, heard = list(questions), []

    async def one_after_the_other(turn: int) -> None:
        await asyncio.sleep(turn * APART_SECONDS)
        while waiting:
            heard.append(await ask(server, waiting.pop(0)))

    async with asyncio.TaskGroup() as group:
        for turn in range(options.at_once):
            group.create_task(one_after_the_other(turn))
    return heard


def show(language: str, heard: Sequence[Heard]) -> None:
    answered = [one for one in heard if "first sound" in one.times]
    print(
        f"{language}: {len(answered)} of {len(heard)} answered;  p50    p95    p99 in seconds after the end of speech"
    )
    for stage in STAGES:
        print(f"  {stage:32}{quantiles([one.times[stage] for one in answered if stage in one.times])}")
    again = sum(len(one.asked) > 1 for one in heard)
    print(f"  asked more than once: {again}; problems: {[one.problem for one in heard if one.problem]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--questions", type=int, default=12, help="of each language")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--languages", default="en,zh")
    parser.add_argument("--model-seconds", type=float, default=0.0, help="until the model's first word")
    parser.add_argument("--token-seconds", type=float, default=0.0, help="between its words")
    parser.add_argument("--late", action="store_true", help="no reply is begun before the user's turn is over")
    parser.add_argument("--engines", default="", help="of the voices, such as espeak; those of the server's own order")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    by_language = {code: questions_of(code, options.questions) for code in options.languages.split(",")}
    with modelling(options.model_seconds, options.token_seconds) as port:
        settings = {
            "CHAT__BASE_URL": f"http://127.0.0.1:{port}/v1",
            "CHAT__MODEL": "scripted",
            "SPEECH__PHRASE_BYTES": "0",
            "TALK__NO_INPUT_SECONDS": "0",
            "TALK__PREEMPTIVE": str(not options.late).lower(),
        }
        if options.engines:
            settings["SPEECH__ENGINES"] = json.dumps(options.engines.split(","))
        with serving(settings=settings) as server:
            for language, questions in by_language.items():
                asyncio.run(measure(server, questions[:2], options))  # loads what is loaded late
                before = server.cost()
                heard = asyncio.run(measure(server, questions, options))
                after = server.cost()
                show(language, heard)
                cores = (after.cpu_seconds - before.cpu_seconds) / (after.wall_seconds - before.wall_seconds)
                print(f"  cores of the server in use: {cores:.2f}")
                for one in heard if options.verbose else ():
                    stages = " ".join(f"{one.times.get(stage, 0.0):.2f}" for stage in STAGES)
                    print(f"    {one.question.row.id} {one.question.speech_to:.1f} {stages} {one.asked} {one.problem}")


if __name__ == "__main__":
    main()
