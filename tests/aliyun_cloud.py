"""Stands in for Aliyun at its wire: makes tokens, answers REST calls and sockets, errs as it is told, and measures.

What it says of a clip depends on the very bytes it heard, so that an answer that is right proves that they came whole.
`complaints` holds all that a client did which the protocol forbids.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from websockets.frames import Opcode
from websockets.server import ServerProtocol

from lingting.crypto import sign_rpc

APPKEY, KEY_ID, KEY_SECRET = "project-of-a-test", "key-of-a-test", "nobodys-secret"
HEX32 = re.compile(r"[0-9a-f]{32}")
BYTES_PER_SECOND = 32_000
MAX_SECONDS = 60
REST_FAULTS = (
    "http_500", "http_503", "http_429", "status_50000000", "status_40000001", "status_40000005", "status_43040001",
    "drop_before", "drop_half", "hang", "garbage", "slow",
)  # fmt: skip
SOCKET_FAULTS = (
    "drop_connect", "drop_before", "drop_started", "drop_mid", "drop_late", "hang", "hang_late", "garbage", "slow",
    "stray", "status_40000001", "status_40000004", "status_40000005", "status_40010003", "status_43040001",
    "status_50000000", "late_40000004", "late_50000000",
)  # fmt: skip
Fault = str | None


def faults(share: float, kinds: Sequence[str], *, seed: int) -> Callable[[], Fault]:
    """So many of a hundred tasks go wrong, each in one of these ways."""
    chance = random.Random(seed)
    return lambda: chance.choice(kinds) if chance.random() < share else None


def in_order(*kinds: Fault) -> Callable[[], Fault]:
    """What goes wrong with the first tasks; nothing does with later ones."""
    remaining = iter(kinds)
    return lambda: next(remaining, None)


@dataclass
class Cloud:
    """Where it listens, what it was told to do, and what it saw."""

    port: int = 0
    fault: Callable[[], Fault] = field(default=lambda: None)
    """Asked once for each task."""
    answers: dict[str, str] = field(default_factory=dict)
    """Texts, by `digest` of the audio."""
    idle_seconds: float = 10.0
    token_seconds: float = 86_400.0
    slow_seconds: float = 0.05
    work_seconds: float = 0.0
    """That each task takes."""
    makes_tokens: bool = True
    tokens: dict[str, float] = field(default_factory=dict)
    """Those that are good, and until when."""
    began: asyncio.Event = field(default_factory=asyncio.Event)
    """A task did."""
    in_hand: int = 0
    peak: int = 0
    started_at: list[float] = field(default_factory=list)
    faults_done: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    tokens_made: int = 0
    complaints: list[str] = field(default_factory=list)
    payloads: list[dict[str, object]] = field(default_factory=list)
    """Of Start commands, and queries of REST calls."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, pcm: bytes) -> str:
        key = digest(pcm)
        return self.answers.get(key, f"听到{key}。")

    def begin(self) -> Fault:
        self.started_at.append(asyncio.get_running_loop().time())
        self.in_hand += 1
        self.began.set()
        self.peak = max(self.peak, self.in_hand)
        chosen = self.fault()
        if chosen:
            self.faults_done[chosen] += 1
        return chosen

    def is_good(self, token: str) -> bool:
        return self.tokens.get(token, 0.0) > time.time()


def digest(pcm: bytes) -> str:
    return hashlib.sha256(pcm).hexdigest()[:16]


@asynccontextmanager
async def aliyun_cloud(**options: object) -> AsyncIterator[Cloud]:
    cloud = Cloud(**options)  # type: ignore[arg-type]
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        cloud.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Dropped):
            await _serve(cloud, reader, writer)
        writer.transport.abort()
        serving.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2_000)
    cloud.port = server.sockets[0].getsockname()[1]
    try:
        yield cloud
    finally:
        server.close()
        left = [task for task in serving if task is not None and not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Dropped(Exception):
    """The connection is to be cut without a word."""


async def _serve(cloud: Cloud, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        target = urlsplit(lines[0].split(" ")[1])
        if "upgrade" in headers:
            await _Socket(cloud, reader, writer).serve(head, headers)
            return
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        status, answer = _token(cloud, query) if "Action" in query else await _rest(cloud, writer, query, headers, body)
        writer.write(_http(status, answer))
        await writer.drain()


def _http(status: int, body: bytes) -> bytes:
    return f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _token(cloud: Cloud, query: dict[str, str]) -> tuple[int, bytes]:
    given = query.pop("Signature", "")
    if not cloud.makes_tokens:
        return 503, b""
    if query.get("AccessKeyId") != KEY_ID or given != sign_rpc("POST", query, secret=KEY_SECRET):
        return 400, b'{"Code":"SignatureDoesNotMatch"}'
    cloud.tokens_made += 1
    token = f"token-of-a-test-{uuid.uuid4().hex}"
    cloud.tokens[token] = time.time() + cloud.token_seconds
    return 200, json.dumps({"ErrMsg": "", "Token": {"Id": token, "ExpireTime": int(cloud.tokens[token])}}).encode()


async def _rest(
    cloud: Cloud, writer: asyncio.StreamWriter, query: dict[str, str], headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    if not cloud.is_good(headers.get("x-nls-token", "")):
        return 400, json.dumps({"task_id": "", "result": "", "status": 40_000_001, "message": "token"}).encode()
    if query.get("appkey") != APPKEY:
        return 400, json.dumps({"task_id": "", "result": "", "status": 40_020_105, "message": "appkey"}).encode()
    cloud.payloads.append(dict(query))
    if len(body) > MAX_SECONDS * BYTES_PER_SECOND or query.get("format") != "pcm":
        cloud.complaints.append("REST: too long, or of a format that was not declared")
    fault = cloud.begin()
    is_counted = True
    answer = json.dumps(
        {"task_id": "", "result": cloud.says(body), "status": 20_000_000, "message": "SUCCESS"}
    ).encode()
    try:
        if cloud.work_seconds:
            await asyncio.sleep(cloud.work_seconds)
        if fault == "hang":
            cloud.in_hand -= (
                1  # it works on nothing any more; when the client gives up cannot be seen from here in time
            )
            is_counted = False
            await asyncio.Event().wait()
        if fault == "slow":
            await asyncio.sleep(cloud.slow_seconds)
    finally:
        cloud.in_hand -= is_counted
    if fault == "drop_before":
        raise _Dropped
    if fault == "drop_half":
        writer.write(_http(200, answer)[:-5])
        await writer.drain()
        raise _Dropped
    kind, _, number = (fault or "").partition("_")
    if kind == "http":
        return int(number), b"<html>away</html>"
    if kind == "status":
        return 400, json.dumps({"task_id": "", "result": "", "status": int(number), "message": "so"}).encode()
    return 200, b"\xff{not json" if fault == "garbage" else answer


class _Socket:
    """One WebSocket with its tasks, on the protocol machine of websockets, so that it can be cut anywhere."""

    def __init__(self, cloud: Cloud, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._cloud = cloud
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(max_size=2**20)
        self._frames: list[str | bytes] = []
        self._head: dict[str, str] = {}
        self._is_counted = False

    async def serve(self, head: bytes, headers: dict[str, str]) -> None:
        self._protocol.receive_data(head)
        (request,) = self._protocol.events_received()
        if not self._cloud.is_good(headers.get("x-nls-token", "")):
            self._protocol.send_response(self._protocol.reject(403, ""))
            await self._flush()
            return
        self._protocol.send_response(self._protocol.accept(request))
        await self._flush()
        try:
            while True:
                await self._task()
        except TimeoutError:
            await self._event("TaskFailed", status=40_000_004)
        finally:
            self._end()

    async def _task(self) -> None:
        """One task; returns when it is over and another may follow on the same line."""
        command = json.loads(await self._next())
        header, payload = command["header"], command["payload"]
        self._check(header, payload)
        self._head = header
        fault = self._cloud.begin()
        self._is_counted = True
        await self._misbehave(fault, at="start")
        await self._event(f"{self._verb}Started")
        await self._misbehave(fault, at="started")
        pcm = bytearray()
        while not isinstance(message := await self._next(), str):
            pcm += message
            await self._misbehave(fault, at="audio")
        if len(pcm) > MAX_SECONDS * BYTES_PER_SECOND or json.loads(message)["header"]["name"] != f"Stop{self._verb}":
            self._cloud.complaints.append("socket: too long, or no Stop")
        if self._cloud.work_seconds:
            await asyncio.sleep(self._cloud.work_seconds)
        await self._finish(fault, bytes(pcm), wants_words=bool(payload.get("enable_words")))

    async def _finish(self, fault: Fault, pcm: bytes, *, wants_words: bool) -> None:
        text = self._cloud.says(pcm)
        if self._verb == "Recognition":
            await self._misbehave(fault, at="end")
            self._end()
            await self._event("RecognitionCompleted", {"result": text, "duration": len(pcm) // 32, "confidence": 0.9})
            return
        sentences = [part for part in re.split(r"(?<=[。.?!])\s*", text) if part]
        for index, sentence in enumerate(sentences, start=1):
            share_ms = len(pcm) // 32 // len(sentences)
            said = {"index": index, "time": index * share_ms, "begin_time": (index - 1) * share_ms}
            await self._event("SentenceBegin", {"index": index, "time": said["begin_time"]})
            words = _words(sentence, said["begin_time"], share_ms) if wants_words else None
            await self._event("SentenceEnd", {**said, "result": sentence, "confidence": 0.8, "words": words})
        await self._misbehave(fault, at="end")
        self._end()
        await self._event("TranscriptionCompleted", {})

    async def _misbehave(self, fault: Fault, *, at: str) -> None:
        kind, _, number = (fault or "").partition("_")
        if kind == {"start": "status", "end": "late"}.get(at) and number.isdigit():
            self._end()
            await self._event("TaskFailed", status=int(number))
            raise _Dropped
        if (fault, at) in DROPS:
            raise _Dropped
        if (fault, at) in (("hang", "start"), ("hang_late", "end")):
            while True:  # until the client goes; it answers pings all the while
                await self._read()
        if fault == "slow" and at != "audio":
            await asyncio.sleep(self._cloud.slow_seconds)
        if (fault, at) == ("garbage", "started"):
            self._protocol.send_text(b"{not json")
            await self._flush()
        if (fault, at) == ("stray", "started"):
            await self._event(f"{self._verb}ResultChanged", {"result": "of somebody else"}, task_id=uuid.uuid4().hex)

    @property
    def _verb(self) -> str:
        return "Recognition" if self._head["namespace"] == "SpeechRecognizer" else "Transcription"

    def _check(self, header: dict[str, str], payload: dict[str, object]) -> None:
        is_start = header["name"] in ("StartRecognition", "StartTranscription")
        if not is_start or not HEX32.fullmatch(header["message_id"]) or not HEX32.fullmatch(header["task_id"]):
            self._cloud.complaints.append(f"socket: {header['name']} with wrong ids, or at the wrong time")
        if header["appkey"] != APPKEY or header["task_id"] == self._head.get("task_id"):
            self._cloud.complaints.append("socket: another appkey, or a task twice")
        self._cloud.payloads.append(payload)

    def _end(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self._cloud.in_hand -= 1

    async def _event(
        self, name: str, payload: dict[str, object] | None = None, *, status: int = 20_000_000, task_id: str = ""
    ) -> None:
        header = {
            "namespace": self._head.get("namespace", "Default"),
            "name": name,
            "status": status,
            "message_id": uuid.uuid4().hex,
            "task_id": task_id or self._head.get("task_id", ""),
            "status_text": "Gateway:SUCCESS:Success." if status == 20_000_000 else "Gateway:FAILED",
        }
        self._protocol.send_text(json.dumps({"header": header, "payload": payload or {}}).encode())
        await self._flush()

    async def _next(self) -> str | bytes:
        async with asyncio.timeout(self._cloud.idle_seconds):
            while not self._frames:
                await self._read()
        return self._frames.pop(0)

    async def _read(self) -> None:
        data = await self._reader.read(65_536)
        if not data:
            raise _Dropped
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            if frame.opcode is Opcode.TEXT:
                self._frames.append(bytes(frame.data).decode())
            elif frame.opcode is Opcode.BINARY:
                self._frames.append(bytes(frame.data))
        await self._flush()
        if self._protocol.close_expected():
            raise _Dropped

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
        await self._writer.drain()


DROPS = {("drop_connect", "start"), ("drop_before", "start"), ("drop_started", "started"), ("drop_mid", "audio"),
         ("drop_late", "end")}  # fmt: skip


def _words(sentence: str, begin_ms: int, length_ms: int) -> list[dict[str, object]]:
    """Without marks, as the service gives them."""
    found = re.findall(r"[A-Za-z0-9']+|[\u4e00-\u9fff]", sentence)
    share_ms = length_ms // max(1, len(found))
    return [
        {"text": word, "startTime": begin_ms + i * share_ms, "endTime": begin_ms + (i + 1) * share_ms}
        for i, word in enumerate(found)
    ]
