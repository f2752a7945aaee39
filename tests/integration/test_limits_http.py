"""Limits and the audit log on a real server: what callers are told, what is refused, what is written down."""

import asyncio
import contextlib
import io
import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from lingting.domain import KeyLimits, Scope, SystemClock
from lingting.engines.fake import FakeEngine
from lingting.security.key_wishes import KeyWish
from lingting.security.keys import AccessSettings, Keys
from lingting.server import open_kept
from lingting.settings import load_settings
from lingting.storage.key_store import KeyStore

pytestmark = pytest.mark.integration
PATH = "/v1/audio/transcriptions"
SECOND_BYTES = 32_000


class Server:
    """A server with two keys, and what it wrote into its audit log."""

    def __init__(self, live, folder: Path, keys: dict[str, str]) -> None:
        self.url, self.port, self.folder, self.keys = live.url, live.port, folder, keys

    def client(self, name: str = "user") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[name]}"} if name in self.keys else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def id_of(self, name: str) -> str:
        return self.keys[name].split("_")[1]

    @property
    def rows(self) -> list[dict[str, object]]:
        with closing(sqlite3.connect(self.folder / "lingting.db")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("select * from audit order by seq")]

    def break_log(self) -> None:
        self._run("alter table audit rename to away")

    def mend_log(self) -> None:
        self._run("alter table away rename to audit")

    def _run(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "lingting.db", timeout=20)) as database:
            database.execute(statement)
            database.commit()


@pytest.fixture
def serve(open_live):
    @contextmanager
    def begin(own: KeyLimits | None = None, **sections: dict[str, object]) -> Iterator[Server]:
        settings = load_settings()
        folder = Path(tempfile.mkdtemp(dir=settings.data_dir))
        settings = settings.model_copy(update={"data_dir": folder})
        for name, changes in sections.items():
            changed = getattr(settings, name).model_copy(update=changes)
            settings = settings.model_copy(update={name: changed})

        async def make_keys() -> dict[str, str]:
            async with (
                open_kept(settings, SystemClock()) as kept,
                Keys.opened(KeyStore(kept.database), SystemClock(), AccessSettings()) as keys,
            ):
                user = await keys.issue(KeyWish(label="user", limits=own or KeyLimits()))
                admin = await keys.issue(KeyWish(label="admin", scopes=frozenset((Scope.ADMIN,))))
                return {"user": user.text, "admin": admin.text}

        made = asyncio.run(make_keys())
        with open_live(FakeEngine(), settings) as live:
            yield Server(live, folder, made)

    return begin


def ask(client: httpx.Client, speech: bytes) -> httpx.Response:
    return client.post(PATH, files={"file": ("speech.flac", speech)}, data={"model": "whisper-1"})


def pcm_of(speech: bytes) -> bytes:
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype("<i2").tobytes()


def test_answers_say_what_is_left_until_a_call_is_refused_in_openais_shape(serve, speech) -> None:
    with serve(KeyLimits(requests_per_minute=2)) as server, server.client() as client:
        first = client.get("/v1/models")
        assert first.headers["x-ratelimit-limit-requests"] == "2"
        assert first.headers["x-ratelimit-remaining-requests"] == "1"
        client.get("/v1/models")
        refused = ask(client, speech)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limited"
        assert refused.json()["error"]["type"] == "rate_limit_exceeded"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["x-ratelimit-remaining-requests"] == "0"
        assert refused.headers["x-ratelimit-reset-requests"].endswith("s")


def test_probes_and_metrics_are_not_counted(serve) -> None:
    with serve(limits={"requests_per_minute": 1}) as server, server.client("admin") as client:
        for path in ("/healthz", "/readyz", "/metrics", "/metrics"):
            assert client.get(path).status_code == 200
        assert client.get("/v1/models").status_code == 200
        assert client.get("/v1/models").status_code == 429


def test_audio_is_charged_until_the_quota_is_used_up(serve, speech) -> None:
    with serve(KeyLimits(audio_seconds_per_day=5)) as server, server.client() as client:
        answer = ask(client, speech)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit-audio-seconds"] == "5"
        assert answer.headers["x-ratelimit-remaining-audio-seconds"] == "0"
        refused = ask(client, speech)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "quota_exceeded")
        assert int(refused.headers["Retry-After"]) <= 86_400
        used = client.get("/v1/usage").json()
        assert used["today"]["requests"] == 3
        assert used["today"]["audio_seconds"] == pytest.approx(used["month"]["audio_seconds"])
        assert used["today"]["audio_seconds"] > 5
        assert used["limits"]["audio_seconds_per_day"] == 5


def test_an_administrator_sees_what_every_key_used(serve, speech) -> None:
    with serve() as server, server.client() as user, server.client("admin") as admin:
        ask(user, speech)
        answer = admin.get("/v1/admin/usage").json()
        assert {row["key"] for row in answer["usage"]} == {server.id_of("user"), server.id_of("admin")}
        assert answer["total"]["requests"] == 2
        only = admin.get("/v1/admin/usage", params={"key": server.id_of("user")}).json()
        assert [row["key"] for row in only["usage"]] == [server.id_of("user")]
        assert user.get("/v1/admin/usage").status_code == 403


async def live_until_closed(server: Server, pcm: bytes) -> tuple[list[dict], int]:
    headers = {"Authorization": f"Bearer {server.keys['user']}"}
    url = f"ws://127.0.0.1:{server.port}/v1/asr/stream"
    async with connect(url, proxy=None, additional_headers=headers) as client:
        await client.send(json.dumps({"type": "INIT", "config": {}}))
        told = [json.loads(await client.recv())]

        async def speak() -> None:
            for first in range(0, len(pcm), SECOND_BYTES):
                await client.send(pcm[first : first + SECOND_BYTES])

        speaking = asyncio.create_task(speak())
        with contextlib.suppress(ConnectionClosedError):
            async for message in client:
                told.append(json.loads(message))
        await asyncio.gather(speaking, return_exceptions=True)
        assert client.close_code is not None
        return told, client.close_code


def test_live_speech_ends_with_its_last_final_when_the_quota_is_gone(serve, speech) -> None:
    pcm = (pcm_of(speech) + bytes(2 * SECOND_BYTES)) * 4
    with serve(KeyLimits(audio_seconds_per_day=12)) as server:
        told, code = asyncio.run(live_until_closed(server, pcm))
        assert (told[-1]["type"], told[-1]["reason"], code) == ("CLOSED", "quota_exceeded", 1008)
        assert any(message["type"] == "FINAL" for message in told)
        again, code = asyncio.run(live_until_closed(server, pcm))
        assert (again[-1]["code"], code) == ("quota_exceeded", 1008)
        with server.client() as client:
            assert 12 <= client.get("/v1/usage").json()["today"]["audio_seconds"] < len(pcm) / SECOND_BYTES


def test_a_key_has_no_more_live_sessions_than_it_may(serve) -> None:
    async def second_while_first(server: Server) -> dict:
        headers = {"Authorization": f"Bearer {server.keys['user']}"}
        url = f"ws://127.0.0.1:{server.port}/v1/asr/stream"
        async with connect(url, proxy=None, additional_headers=headers) as first:
            await first.send(json.dumps({"type": "INIT", "config": {}}))
            await first.recv()
            async with connect(url, proxy=None, additional_headers=headers) as second:
                await second.send(json.dumps({"type": "INIT", "config": {}}))
                refused = json.loads(await second.recv())
            await first.send(json.dumps({"type": "END"}))
            async for _ in first:
                pass
        async with connect(url, proxy=None, additional_headers=headers) as third:
            await third.send(json.dumps({"type": "INIT", "config": {}}))
            assert json.loads(await third.recv())["type"] == "READY"
        return refused

    with serve(KeyLimits(streams=1)) as server:
        refused = asyncio.run(second_while_first(server))
        assert refused["code"] == "streams_exceeded"


def test_every_call_has_a_row_with_who_what_and_how_it_ended(serve, speech) -> None:
    with serve() as server, server.client() as client:
        answer = ask(client, speech)
        client.get("/v1/admin/audit")
        client.get("/v1/nothing")
        rows = server.rows
        assert [(row["actor"], row["action"], row["outcome"]) for row in rows] == [
            (server.id_of("user"), f"POST {PATH}", "200"),
            (server.id_of("user"), "GET /v1/admin/audit", "403 missing_scope"),
            ("", "GET unknown", "404 not_found"),
        ]
        assert rows[0]["audio_ms"] > 5_000
        assert rows[0]["address"] == "127.0.0.1"
        assert rows[0]["request_id"] == answer.headers["X-Request-ID"]


def test_a_socket_has_a_row_when_it_opens_and_one_with_its_audio_when_it_closes(serve, speech) -> None:
    pcm = pcm_of(speech)

    async def speak(server: Server) -> None:
        headers = {"Authorization": f"Bearer {server.keys['user']}"}
        async with connect(
            f"ws://127.0.0.1:{server.port}/v1/asr/stream", proxy=None, additional_headers=headers
        ) as client:
            await client.send(json.dumps({"type": "INIT", "config": {}}))
            await client.send(pcm)
            await client.send(json.dumps({"type": "END"}))
            async for _ in client:
                pass

    with serve() as server:
        asyncio.run(speak(server))
        with server.client("admin") as admin:
            while len(rows := admin.get("/v1/admin/audit", params={"action": "WS /v1/asr/stream"}).json()["rows"]) < 2:
                pass
        assert [row["outcome"] for row in reversed(rows)] == ["opened", "closed 1000"]
        assert rows[0]["audio_seconds"] == pytest.approx(len(pcm) / SECOND_BYTES, abs=0.01)


def test_a_stream_of_events_has_a_second_row_with_its_audio(serve, speech) -> None:
    with serve() as server, server.client() as client, server.client("admin") as admin:
        data = {"model": "whisper-1", "stream": "true"}
        answer = client.post(PATH, files={"file": ("speech.flac", speech)}, data=data)
        assert "transcript.text.done" in answer.text
        while len(rows := admin.get("/v1/admin/audit", params={"action": f"POST {PATH}"}).json()["rows"]) < 2:
            pass
        assert [row["outcome"] for row in reversed(rows)] == ["200", "ended"]
        assert sum(row["audio_seconds"] for row in rows) > 5


def test_nothing_that_was_said_or_named_is_written_down(serve, speech) -> None:
    with serve() as server, server.client() as client:
        files = {"file": ("secret-patient.flac", speech)}
        client.post(PATH, files=files, data={"model": "whisper-1", "user": "patient-4711", "prompt": "cholera"})
        client.get("/v1/history", params={"q": "cholera", "user": "patient-4711"})
        everything = json.dumps(server.rows, default=str)
        for needle in ("secret-patient", "patient-4711", "cholera", server.keys["user"]):
            assert needle not in everything


def test_callers_without_a_key_cannot_fill_the_log(serve) -> None:
    with serve(audit={"refused_per_minute": 5}) as server:
        with httpx.Client(base_url=server.url) as client:
            codes = {client.get("/v1/models").status_code for _ in range(30)}
        assert codes <= {401, 429}
        assert len(server.rows) == 5


def test_an_answer_whose_row_cannot_be_written_is_withheld(serve, speech) -> None:
    with serve(cache={"enabled": False}) as server, server.client() as client:
        server.break_log()
        refused = ask(client, speech)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "storage_unavailable")
        assert "text" not in refused.json()
        server.mend_log()
        answer = ask(client, speech)
        while answer.status_code == 503:
            threading.Event().wait(0.1)
            answer = ask(client, speech)
        assert answer.status_code == 200


def test_where_the_log_is_not_required_calls_go_on_without_it(serve, speech) -> None:
    with serve(audit={"required": False}) as server, server.client() as client:
        server.break_log()
        assert ask(client, speech).status_code == 200
        server.mend_log()


def test_an_administrator_reads_pages_and_checks_the_log(serve) -> None:
    with serve() as server, server.client("admin") as admin:
        for _ in range(5):
            admin.get("/v1/models")
        page = admin.get("/v1/admin/audit", params={"limit": 2}).json()
        assert [row["seq"] for row in page["rows"]] == [5, 4]
        following = admin.get("/v1/admin/audit", params={"limit": 2, "before": page["next_before"]}).json()
        assert [row["seq"] for row in following["rows"]] == [3, 2]
        checked = admin.get("/v1/admin/audit/verify").json()
        assert (checked["whole"], checked["rows"]) == (True, 7)
        server._run("update audit set outcome = '200' || ' ' where seq = 3")
        found = admin.get("/v1/admin/audit/verify", params={"anchor": checked["anchor"]}).json()
        assert (found["whole"], found["fault"], found["row"]) == (False, "changed", 3)
        assert admin.get("/v1/admin/audit/verify", params={"anchor": "x"}).status_code == 400
