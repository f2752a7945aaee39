"""Whom the gRPC door lets in: keys, scopes, addresses, limits and the rows of the audit log; health and reflection."""

import asyncio
import queue
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from access_doors import make_keys, settings_in
from grpc_client import PATIENCE_SECONDS, Running, Talk, bearer, eventually, recognize, refused, running, with_grpc
from lingting.api.grpc.limits import GrpcSettings
from lingting.api.grpc.server import GrpcServer
from lingting.api.http.doors import Doors, HttpLimits
from lingting.api.ws import key_watch
from lingting.domain import KeyLimits, RecognizeOptions, SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.grpc import RecognizeRequest, SpeechStub
from lingting.security.allowlist import Allowlist, read_networks
from lingting.security.key_wishes import KeyWish
from lingting.server import open_kept
from lingting.server.keys import open_keys

pytestmark = pytest.mark.integration

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


class House:
    """A server, and keys of every kind."""

    def __init__(self, door: Running, keys: dict[str, str], folder: Path) -> None:
        self.door, self.keys, self.folder = door, keys, folder

    def live(self, key: str | None) -> Talk:
        return Talk(self.door.stub, metadata=bearer(self.keys[key]) if key else ())

    def rows(self) -> list[tuple[str, str, str]]:
        with closing(sqlite3.connect(self.folder / "lingting.db")) as database:
            return database.execute("select actor, action, outcome from audit order by seq").fetchall()


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("grpc")
    settings = with_grpc(settings_in(folder), max_message_bytes=1_000_000)
    keys, _ = asyncio.run(make_keys(settings))

    async def make_small() -> str:
        clock = SystemClock()
        async with open_kept(settings, clock) as kept, open_keys(settings, kept.database, clock) as issuing:
            issued = await issuing.issue(KeyWish(limits=KeyLimits(requests_per_minute=3, streams=1)))
            return issued.text

    keys["small"] = asyncio.run(make_small())
    with running(open_live, settings) as door:
        yield House(door, keys, folder)


REFUSED = [
    (None, "UNAUTHENTICATED", "missing_api_key"),
    ("wrong secret", "UNAUTHENTICATED", "invalid_api_key"),
    ("unknown", "UNAUTHENTICATED", "invalid_api_key"),
    ("garbage", "UNAUTHENTICATED", "invalid_api_key"),
    ("client secret", "UNAUTHENTICATED", "invalid_api_key"),
    ("revoked", "UNAUTHENTICATED", "invalid_api_key"),
    ("expired", "UNAUTHENTICATED", "invalid_api_key"),
    ("elsewhere", "PERMISSION_DENIED", "address_not_allowed"),
]


NOT_GOOD = ("PERMISSION_DENIED", "missing_scope")


@pytest.mark.parametrize(("kind", "status", "code"), [*REFUSED, ("not transcribe", *NOT_GOOD)])
def test_a_recording_asks_for_a_key_that_may(house, kind, status, code) -> None:
    metadata = bearer(house.keys[kind]) if kind else ()
    ended, told = refused(lambda: recognize(house.door, b"RIFF", metadata))
    assert (ended, told["lingting-code"]) == (status, code)


@pytest.mark.parametrize(("kind", "status", "code"), [*REFUSED, ("not stream", *NOT_GOOD)])
def test_live_speech_asks_for_a_key_that_may(house, kind, status, code) -> None:
    ended, told = refused(lambda: house.live(kind).begin())
    assert (ended, told["lingting-code"]) == (status, code)


@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
def test_the_right_key_is_let_in(house, speech, name) -> None:
    value = house.keys["transcribe"]
    metadata = ((name, f"Bearer {value}" if name == "authorization" else value),)
    assert recognize(house.door, speech, metadata).transcript
    talk = house.live("stream")
    talk.begin()
    talk.say(end={})
    talk.rest()


def test_a_refusal_does_not_wait_for_the_message(house) -> None:
    nothing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    silent = house.door.channel.stream_unary("/lingting.v1.Speech/Recognize")
    assert refused(lambda: silent(iter(nothing.get, None), timeout=PATIENCE_SECONDS))[0] == "UNAUTHENTICATED"
    nothing.put(None)


def test_a_live_call_does_not_outlive_its_key(house, monkeypatch) -> None:
    monkeypatch.setattr(key_watch, "RECHECK_SECONDS", 0.02)
    admin = {"Authorization": f"Bearer {house.keys['admin']}"}
    key = house.door.http.post("/v1/admin/keys", headers=admin, json={"scopes": ["stream"]}).json()
    talk = Talk(house.door.stub, metadata=bearer(key["key"]))
    talk.begin()
    house.door.http.delete(f"/v1/admin/keys/{key['id']}", headers=admin)
    ended, told = refused(talk.rest)
    assert (ended, told["lingting-code"]) == ("UNAUTHENTICATED", "invalid_api_key")


def test_a_session_is_resumed_by_its_owner_only(house) -> None:
    first = house.live("clinic")
    session = first.begin(resumable=True).session
    first.call.cancel()
    assert refused(lambda: house.live("school").begin(session=session))[1]["lingting-code"] == "session_not_found"
    again = house.live("clinic too")
    assert again.begin(session=session).resumed
    again.say(end={})
    again.rest()


def test_limits_of_the_key_hold(house) -> None:
    held = house.live("small")
    held.begin()
    ended, told = refused(lambda: house.live("small").begin())
    assert (ended, told["lingting-code"]) == ("RESOURCE_EXHAUSTED", "streams_exceeded")
    metadata = bearer(house.keys["small"])
    assert refused(lambda: recognize(house.door, b"RIFF", metadata))[1]["lingting-code"] == "audio_undecodable"
    ended, told = refused(lambda: recognize(house.door, b"RIFF", metadata))
    assert (ended, told["lingting-code"], told["lingting-retryable"]) == ("RESOURCE_EXHAUSTED", "rate_limited", "true")
    assert 0 < int(told["retry-after-ms"]) <= 60_000
    held.say(end={})
    held.rest()


def test_every_call_is_written_down(house, speech) -> None:
    before = len(house.rows())
    recognize(house.door, speech, bearer(house.keys["clinic"]))
    refused(lambda: recognize(house.door, speech))
    talk = house.live("clinic")
    talk.begin()
    talk.say(end={})
    talk.rest()
    clinic = house.keys["clinic"].split("_")[1]
    eventually(lambda: len(house.rows()) >= before + 4)
    found = house.rows()[before:]
    assert (clinic, "GRPC /lingting.v1.Speech/Recognize", "OK") in found
    assert ("", "GRPC /lingting.v1.Speech/Recognize", "UNAUTHENTICATED missing_api_key") in found
    assert (clinic, "GRPC /lingting.v1.Speech/StreamRecognize", "opened") in found
    assert (clinic, "GRPC /lingting.v1.Speech/StreamRecognize", "closed OK") in found


def test_health_and_reflection_ask_for_no_key(house) -> None:
    health = health_pb2_grpc.HealthStub(house.door.channel)
    for service in ("", "lingting.v1.Speech"):
        assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING
    assert refused(lambda: health.Check(health_pb2.HealthCheckRequest(service="Song")))[0] == "NOT_FOUND"
    told = ProtoReflectionDescriptorDatabase(house.door.channel)
    assert "lingting.v1.Speech" in told.get_services()
    methods = told.FindFileContainingSymbol("lingting.v1.Speech").service[0].method
    assert [method.name for method in methods] == ["Recognize", "RecognizeFile", "StreamRecognize"]


# The server alone, in the test's own loop.


def doors_for(*networks: str) -> Doors:
    allowlist = Allowlist(read_networks(networks, setting="access.networks"))
    return Doors(HttpLimits(), RecognizeOptions(), allowlist=allowlist)


def status_of(error: grpc.aio.AioRpcError) -> tuple[str, str]:
    told = dict(error.trailing_metadata() or ())
    return error.code().name, str(told.get("lingting-code"))


async def test_health_follows_the_server_from_start_to_stop() -> None:
    doors = doors_for()
    server = await GrpcServer.started(doors, GrpcSettings(port=0), "127.0.0.1")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        watching = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service="lingting.v1.Speech")
        )
        assert (await watching.read()).status == NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as starting:
            await SpeechStub(channel).Recognize(RecognizeRequest(audio=b"RIFF"))
        assert status_of(starting.value) == ("UNAVAILABLE", "starting")
        doors.open(None)  # type: ignore[arg-type]  # health looks at the phase alone
        assert (await watching.read()).status == SERVING
        doors.shut()
        assert (await watching.read()).status == NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as stopping:
            await SpeechStub(channel).Recognize(RecognizeRequest(audio=b"RIFF"))
        assert status_of(stopping.value) == ("UNAVAILABLE", "shutting_down")
        watching.cancel()
        await server.stop(PATIENCE_SECONDS)


async def test_other_addresses_learn_nothing_but_health() -> None:
    server = await GrpcServer.started(doors_for("10.0.0.0/8"), GrpcSettings(port=0), "127.0.0.1")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await SpeechStub(channel).Recognize(RecognizeRequest(audio=b"RIFF"))
        assert status_of(refusal.value) == ("PERMISSION_DENIED", "address_not_allowed")
        reflection = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await reflection(iter((b"",))).read()
        assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert (await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
    await server.stop(None)


async def test_a_port_that_is_taken_is_not_shared() -> None:
    server = await GrpcServer.started(doors_for(), GrpcSettings(port=0), "127.0.0.1")
    with pytest.raises(SettingsInvalid, match="cannot listen there"):
        await GrpcServer.started(doors_for(), GrpcSettings(port=server.port), "127.0.0.1")
    await server.stop(None)
