"""The native WebSocket and plain subtitles over a real server, with a real client and a scripted engine."""

import asyncio
import base64
import io
import json
import os
import re
import socket
import struct
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lingting.api.ws.limits import SocketLimits
from lingting.engines.fake import FakeEngine, Gate

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[2] / "docs" / "streaming.md"
BYTES_PER_SECOND = 32_000
PIECE_BYTES = 3_200
SILENCE = bytes(BYTES_PER_SECOND)


def samples_of(speech: bytes, *, rate_hz: int, layout: str, kind: str) -> bytes:
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format=kind, layout=layout, rate=rate_hz)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
        frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    """Two sentences and more, 16 kHz s16le, with a pause that ends each."""
    once = samples_of(speech, rate_hz=16_000, layout="mono", kind="s16")
    return once + SILENCE + once + SILENCE


@asynccontextmanager
async def opened(live, path="/v1/asr/stream", **options):
    async with connect(f"ws://127.0.0.1:{live.port}{path}", proxy=None, **options) as client:
        yield client


async def begin(client: ClientConnection, **config) -> dict:
    await client.send(json.dumps({"type": "INIT", "config": config}))
    return await told(client)


async def told(client: ClientConnection) -> dict:
    return json.loads(await client.recv())


async def told_until(client: ClientConnection, *kinds: str) -> list[dict]:
    """Everything up to the first message of one of the kinds."""
    messages = [await told(client)]
    while messages[-1]["type"] not in kinds:
        messages.append(await told(client))
    return messages


async def speak(client: ClientConnection, data: bytes, *, piece_bytes=PIECE_BYTES) -> list[dict]:
    """Send audio, waiting for each answer, as the simplest of clients do; everything that was said meanwhile."""
    messages = []
    for first in range(0, len(data), piece_bytes):
        await client.send(data[first : first + piece_bytes])
        messages += await told_until(client, "ACK")
    return messages


async def end(client: ClientConnection) -> list[dict]:
    await client.send('{"type":"END"}')
    messages = await told_until(client, "END")
    assert (await close_of(client))[0] == 1000
    return messages


def finals(messages: list[dict]) -> list[tuple[int, int, int, str]]:
    return [(m["segment"], m["start_ms"], m["end_ms"], m["transcript"]) for m in messages if m["type"] == "FINAL"]


async def send_for_ever(client: ClientConnection, message: str) -> None:
    while True:
        await client.send(message)


async def metrics(live) -> str:
    async with httpx.AsyncClient(base_url=live.url) as http:
        return (await http.get("/metrics")).text


async def messages_of(client: ClientConnection) -> AsyncIterator[str]:
    try:
        while True:
            yield str(await client.recv())
    except ConnectionClosed:
        return


async def close_of(client: ClientConnection) -> tuple[int, str]:
    """The close code and its reason, past all that is said before."""
    async for _ in messages_of(client):
        pass
    return client.close_code or 0, client.close_reason or ""


async def whole(live, data: bytes, *, piece_bytes=PIECE_BYTES, **config) -> list[dict]:
    async with opened(live) as client:
        await begin(client, **config)
        messages = await speak(client, data, piece_bytes=piece_bytes)
        return messages + await end(client)


@pytest.fixture(scope="module")
def plain(live, pcm) -> list[dict]:
    """An undisturbed session, to compare with."""
    return asyncio.run(whole(live, pcm))


async def test_speech_becomes_partials_and_finals_in_order(plain) -> None:
    seqs = [message["seq"] for message in plain if message["type"] != "ACK"]
    assert seqs == sorted(set(seqs))
    kinds = [message["type"] for message in plain]
    assert "PARTIAL" in kinds
    for number, *_ in finals(plain):
        said = [message["type"] for message in plain if message.get("segment") == number]
        assert (said[0], said[-1], said.count("FINAL")) == ("SPEECH_STARTED", "FINAL", 1)
    assert len(finals(plain)) >= 2
    assert [number for number, *_ in finals(plain)] == list(range(1, len(finals(plain)) + 1))
    assert all("transcript" in message for message in plain)


async def test_the_end_tells_the_whole_text(plain, pcm) -> None:
    last = plain[-1]
    assert last["transcript"] == " ".join(text for *_, text in finals(plain))
    assert last["audio_ms"] == len(pcm) * 1_000 // BYTES_PER_SECOND


async def test_every_piece_of_audio_is_answered(plain, pcm) -> None:
    acks = [message for message in plain if message["type"] == "ACK"]
    assert len(acks) == -(-len(pcm) // PIECE_BYTES)
    assert acks[0]["received_ms"] == 100
    assert acks[-1]["received_ms"] == len(pcm) * 1_000 // BYTES_PER_SECOND
    assert any(ack["transcript"] for ack in acks)


@pytest.mark.parametrize("piece_bytes", [1_111, 50_001])
async def test_the_cut_of_the_bytes_changes_nothing(live, plain, pcm, piece_bytes) -> None:
    assert finals(await whole(live, pcm, piece_bytes=piece_bytes)) == finals(plain)


async def test_one_byte_frames_are_heard(live, plain, pcm) -> None:
    async with opened(live) as client:
        await begin(client, ack=False)
        small = 4_001
        for index in range(small):
            await client.send(pcm[index : index + 1])
        await client.send(pcm[small:])
        assert finals(await end(client)) == finals(plain)


async def test_ten_seconds_of_wide_sound_in_one_message_are_heard(live, speech, plain) -> None:
    data = samples_of(speech, rate_hz=48_000, layout="stereo", kind="flt")
    data += bytes(10 * 48_000 * 8 - len(data))
    config = {"encoding": "FLOAT32", "sample_rate": 48_000, "channels": 2}
    binary = await whole(live, data, piece_bytes=len(data), **config)
    assert finals(binary)
    async with opened(live) as client:
        await begin(client, **config)
        await client.send(json.dumps({"type": "AUDIO", "audio": base64.b64encode(data).decode()}))
        assert finals(await end(client)) == finals(binary)


@pytest.mark.parametrize(("encoding", "rate_hz"), [("MULAW", 8_000), ("ALAW", 8_000), ("LINEAR16", 44_100)])
async def test_other_encodings_and_rates_are_heard(live, speech, encoding, rate_hz) -> None:
    data = samples_of(speech, rate_hz=rate_hz, layout="mono", kind="s16")
    if encoding != "LINEAR16":
        codec = av.CodecContext.create("pcm_mulaw" if encoding == "MULAW" else "pcm_alaw", "w")
        codec.sample_rate, codec.layout, codec.format = rate_hz, "mono", "s16"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(data, np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        data = b"".join(bytes(packet) for packet in codec.encode(frame))
    messages = await whole(live, data, piece_bytes=len(data) // 10 + 1, encoding=encoding, sample_rate=rate_hz)
    assert finals(messages)


@pytest.mark.parametrize("encoding", ["FLAC", "WAV"])
async def test_a_container_in_pieces_is_heard(live, speech, pcm, encoding) -> None:
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16,
                         b"data", 0xFFFFFFFF)  # fmt: skip
    data = speech if encoding == "FLAC" else header + pcm
    assert finals(await whole(live, data, piece_bytes=10_000, encoding=encoding))


async def test_mistakes_are_told_and_the_connection_goes_on(live, pcm, plain) -> None:
    mistakes = [
        (pcm[:640], "invalid_message"),
        ('{"type":"AUDIO","audio":"AAAA"}', "invalid_message"),
        ('{"type":"SING"}', "invalid_message"),
        ("garbage", "invalid_message"),
        ("[" * 50_000, "invalid_message"),
        ('{"type":"INIT","config":{"encoding":"SPEEX"}}', "unsupported_format"),
        ('{"type":"INIT","config":{"sample_rate":96000}}', "invalid_option"),
        ('{"type":"INIT","config":{"language":"klingon"}}', "unsupported_language"),
    ]
    async with opened(live) as client:
        for message, code in mistakes:
            await client.send(message)
            answer = await told(client)
            assert (answer["type"], answer["status"], answer["code"]) == ("ERROR", "FAILED", code)
            assert answer["transcript"] == ""
        await begin(client)
        for message in ('{"type":"AUDIO","audio":"?"}', '{"type":"INIT"}'):
            await client.send(message)
            assert (await told(client))["code"] == "invalid_message"
        messages = await speak(client, pcm) + await end(client)
        assert finals(messages) == finals(plain)


async def test_too_many_mistakes_end_it(live) -> None:
    async with opened(live) as client:
        for _ in range(20):
            await client.send("garbage")
        assert await close_of(client) == (1008, "invalid_message")


async def test_another_rate_needs_another_session(live) -> None:
    async with opened(live) as client:
        await begin(client)
        await client.send('{"type":"CONFIG","config":{"sample_rate":8000}}')
        answer = await told(client)
        assert (answer["code"], answer["param"]) == ("invalid_option", "sample_rate")
        await client.send('{"type":"CONFIG","config":{"language":"en"}}')
        assert (await told(client))["type"] == "CONFIGURED"


async def test_a_commit_ends_the_sentence(live, pcm) -> None:
    async with opened(live) as client:
        await begin(client, ack=False)
        await client.send(pcm[: 2 * BYTES_PER_SECOND])
        await client.send('{"type":"COMMIT"}')
        messages = await told_until(client, "COMMITTED")
        assert len(finals(messages)) == 1
        assert (messages[-1]["number"], messages[-1]["start_ms"]) == (1, 0)


async def test_pings_are_answered_while_the_engine_hangs_and_the_end_gives_everything(open_live, pcm, plain) -> None:
    gate = Gate()
    gate.let_through()  # the first is the server's own, to warm up
    with open_live(FakeEngine(gate=gate)) as live:
        async with opened(live) as client:
            await client.send('{"type":"PING","id":"before"}')
            assert await told(client) == {"type": "PONG", "transcript": "", "id": "before"}
            await begin(client, ack=False)
            await client.send(pcm)
            await client.send('{"type":"PING","id":1}')
            assert (await told_until(client, "PONG"))[-1]["id"] == 1
            await client.send('{"type":"END"}')
            await client.send('{"type":"PING","id":2}')
            assert not finals(await told_until(client, "PONG"))
            gate.let_through(1_000)
            messages = await told_until(client, "END")
            assert finals(messages) == finals(plain)


async def test_a_client_killed_mid_sentence_gets_every_final_once(live, pcm, plain) -> None:
    seen: list[dict] = []
    async with opened(live) as client:
        ready = await begin(client)
        position = 0
        while not any(message["type"] == "SPEECH_STARTED" and message["segment"] == 2 for message in seen):
            seen += await speak(client, pcm[position : position + PIECE_BYTES])
            position += PIECE_BYTES
        client.transport.abort()
    last_seq = max(message["seq"] for message in seen if message["type"] != "ACK")
    async with opened(live) as client:
        await client.send(json.dumps({"type": "RESUME", "session": ready["session"], "seq": last_seq}))
        back = await told(client)
        assert back["resumed"]
        seen += await speak(client, pcm[back["received_ms"] * BYTES_PER_SECOND // 1_000 :])
        seen += await end(client)
    assert finals(seen) == finals(plain)
    assert seen[-1]["transcript"] == plain[-1]["transcript"]


async def test_a_client_killed_within_a_sample_goes_on_with_a_whole_one(live, pcm, plain) -> None:
    async with opened(live) as client:
        ready = await begin(client)
        seen = await speak(client, pcm[: 2 * BYTES_PER_SECOND + 1], piece_bytes=BYTES_PER_SECOND)
        client.transport.abort()
    last_seq = max((message["seq"] for message in seen if message["type"] != "ACK"), default=0)
    async with opened(live) as client:
        await client.send(json.dumps({"type": "RESUME", "session": ready["session"], "seq": last_seq}))
        assert (await told(client))["received_ms"] == 2_000
        seen += await speak(client, pcm[2 * BYTES_PER_SECOND :]) + await end(client)
    assert finals(seen) == finals(plain)


async def test_a_second_connection_takes_over_from_one_that_hangs(live, pcm) -> None:
    async with opened(live) as first, opened(live) as second:
        ready = await begin(first)
        await speak(first, pcm[:PIECE_BYTES])
        await second.send(json.dumps({"type": "RESUME", "session": ready["session"], "seq": 0}))
        back = await told(second)
        assert (back["type"], back["received_ms"]) == ("READY", 100)
        assert await close_of(first) == (1008, "session_resumed_elsewhere")
        await speak(second, pcm[:PIECE_BYTES])
        await end(second)


async def test_a_session_that_never_was_cannot_be_resumed(live) -> None:
    async with opened(live) as client:
        await client.send('{"type":"RESUME","session":"nope"}')
        assert (await told(client))["code"] == "session_not_found"
        assert await close_of(client) == (1008, "session_not_found")


async def test_a_client_that_forgets_the_end_leaves_nothing(live, pcm) -> None:
    async with opened(live) as client:
        ready = await begin(client)
        await speak(client, pcm[:BYTES_PER_SECOND])
    for _ in range(500):
        async with opened(live) as client:
            await client.send(json.dumps({"type": "RESUME", "session": ready["session"]}))
            if (await told(client))["type"] == "ERROR":
                return
    raise AssertionError("the session is still there")


async def test_a_message_over_the_limit_ends_it(live) -> None:
    async with opened(live) as client:
        await begin(client)
        await client.send(bytes(8 * 2**20))
        assert (await close_of(client))[0] == 1009


async def test_undecodable_sound_ends_the_session_with_a_reason(live) -> None:
    async with opened(live) as client:
        await begin(client, encoding="FLAC", ack=False)
        await client.send(b"this is no FLAC " * 10_000)
        await client.send('{"type":"END"}')
        assert (await told_until(client, "CLOSED"))[-1]["reason"] == "undecodable"
        assert await close_of(client) == (1008, "undecodable")


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://localhost:1"])
async def test_a_strange_page_is_refused_before_it_is_let_in(live, origin) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(live, additional_headers={"Origin": origin, "X-Request-ID": "me"}):
            pass
    response = refused.value.response
    assert (response.status_code, response.headers["X-Request-ID"]) == (403, "me")
    assert json.loads(response.body)["code"] == "not_allowed"


async def test_the_servers_own_page_may_connect(live) -> None:
    async with opened(live, additional_headers={"Origin": live.url, "X-Request-ID": "me"}) as client:
        assert (await begin(client))["type"] == "READY"
        assert client.response.headers["X-Request-ID"] == "me"


async def test_a_client_that_never_reads_is_cut_off_and_harms_nobody(open_live, pcm) -> None:
    with open_live(FakeEngine(), sockets=SocketLimits(send_seconds=0.3)) as live:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.connect(("127.0.0.1", live.port))
        async with opened(live, sock=raw, compression=None) as stuck, opened(live) as other:
            await begin(other)
            stuck.transport.pause_reading()
            flood = asyncio.create_task(send_for_ever(stuck, json.dumps({"type": "PING", "id": "x" * 200})))
            while 'asr_sockets_total{door="/v1/asr/stream",outcome="1008"} 1.0' not in await metrics(live):
                assert await speak(other, pcm[:PIECE_BYTES])
            stuck.transport.abort()
            with pytest.raises(ConnectionClosed):
                await flood
        assert 'asr_errors_total{code="client_too_slow"} 1.0' in await metrics(live)


async def test_plain_subtitles_say_the_text_of_the_moment(live, pcm, plain) -> None:
    async with opened(live, "/ws/subtitle") as client:
        await client.send(pcm)
        await client.send("END")
        said = [text async for text in messages_of(client)]
        assert client.close_code == 1000
    assert {text for *_, text in finals(plain)} <= set(said)


async def test_plain_subtitles_tell_mistakes_by_the_close(live) -> None:
    async with opened(live, "/ws/subtitle") as client:
        await client.send("hello?")
        assert await close_of(client) == (1008, "invalid_message")


async def test_sockets_are_counted(live) -> None:
    async with opened(live) as client:
        await begin(client)
        text = await metrics(live)
    assert 'asr_sockets_open{door="/v1/asr/stream"}' in text
    assert 'asr_sockets_total{door="/v1/asr/stream",outcome="1000"}' in text


async def test_the_sample_of_the_page_runs(live, pcm, plain, tmp_path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script, sound = tmp_path / "sample.py", tmp_path / "sound.wav"
    script.write_text(code.replace("ws://127.0.0.1:8000", f"ws://127.0.0.1:{live.port}"), encoding="utf-8")
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(sound), stdout=asyncio.subprocess.PIPE, env=os.environ | {"NO_PROXY": "*"}
    )
    output, _ = await process.communicate()
    assert [line.split(" ", 1)[1] for line in output.decode().splitlines()] == [text for *_, text in finals(plain)]
