"""Conversations that outlive the server: stored, gone on with after a kill, read again, summed up and erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from access_doors import bearer, make_keys
from chat_stream import reply
from fleet import Fleet, free_port, wait_until
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from raw_server import RawServer, raw_server

pytestmark = pytest.mark.integration

MAIL, PHONE = "ann@example.com", "13812345678"
ANSWER = "Your parcel comes on Friday."


@asynccontextmanager
async def house(open_live, folder: Path, **settings: object) -> AsyncIterator[tuple[httpx.AsyncClient, RawServer]]:
    """A server on this folder whose language model says one sentence, again and again."""
    async with raw_server(reply("Your parcel ", "comes on Friday.")) as server:
        found = load_settings()
        chosen = {"base_url": f"http://127.0.0.1:{server.port}/v1", "model": "small", "cache": False, **settings}
        changed = {"data_dir": folder, "chat": found.chat.model_copy(update=chosen)}
        opening = open_live(FakeEngine(), found.model_copy(update=changed))
        live = await asyncio.to_thread(opening.__enter__)
        try:
            async with httpx.AsyncClient(base_url=live.url, timeout=30.0) as client:
                yield client, server
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)


async def say(client: httpx.AsyncClient, message: str, **fields: object) -> dict:
    answer = await client.post("/v1/chat", json={"message": message, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sent(server: RawServer) -> list[dict[str, str]]:
    """What the model was asked last."""
    return json.loads(server.requests[-1].body)["messages"]


def everything_in(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_conversation_goes_on_in_another_process_and_leaves_nothing_readable(open_live, tmp_path) -> None:
    async with house(open_live, tmp_path) as (client, _):
        first = await say(client, f"Where is my parcel? Write to {MAIL}", user="Cathy", context={"order": "A-17-B"})
        assert first["kept"]
        assert (await say(client, "Not for the file.", conversation=first["conversation"], store=False))[
            "kept"
        ] is False
    for needle in (MAIL, "parcel", "Friday", "Cathy", "A-17-B", "Not for the file"):
        assert needle.encode() not in everything_in(tmp_path)
    async with house(open_live, tmp_path) as (client, server):
        again = await say(client, "And the other one?", conversation=first["conversation"])
        assert (again["conversation"], again["kept"]) == (first["conversation"], True)
        told = sent(server)
        assert [message["role"] for message in told] == ["system", "user", "assistant", "user"]
        assert "A-17-B" in told[0]["content"]
        assert "Where is my parcel" in told[1]["content"]
        assert MAIL not in json.dumps(told)
        assert told[2]["content"] == ANSWER


async def test_a_conversation_is_listed_read_and_summed_up(open_live, tmp_path) -> None:
    async with house(open_live, tmp_path) as (client, _):
        first = await say(client, f"我的手机号是{PHONE}，快递太慢了，我非常生气！", user="Cathy")
        await say(client, "Thank you, that is great!", conversation=first["conversation"], language="en")
        other = await say(client, "Hello")
        door = f"/v1/chat/conversations/{first['conversation']}"

        page = (await client.get("/v1/chat/conversations?limit=1")).json()
        assert [each["id"] for each in page["conversations"]] == [other["conversation"]]
        rest = (await client.get("/v1/chat/conversations", params={"cursor": page["next_cursor"]})).json()
        assert [(each["id"], each["turns"]) for each in rest["conversations"]] == [(first["conversation"], 2)]
        hers = (await client.get("/v1/chat/conversations?user=Cathy")).json()
        assert [each["id"] for each in hers["conversations"]] == [first["conversation"]]

        kept = (await client.get(door)).json()
        assert [turn["heard"] for turn in kept["said"]] == [ANSWER, ANSWER]
        assert PHONE not in json.dumps(kept, ensure_ascii=False)
        assert (kept["user"], kept["door"], kept["said"][0]["language"]) == ("Cathy", "/v1/chat", "zh")
        assert kept["said"][0]["tokens"] == {"read": 9, "written": 3}

        report = (await client.get(f"{door}/report")).json()
        assert (report["turns"], report["languages"], report["tokens"]) == (
            2, {"zh": 1, "en": 1}, {"read": 18, "written": 6},
        )  # fmt: skip
        assert set(report["timings"]) == {"first_token_ms", "ended_ms"}
        assert report["timings"]["ended_ms"]["turns"] == 2
        assert report["mood"]["trend"] == "rising"

        assert (await client.delete(door)).json()["erased"]["conversations"] == 1
        for gone in (client.get(door), client.get(f"{door}/report"), client.delete(door)):
            assert (await gone).json()["code"] == "record_not_found"
        refused = await client.post("/v1/chat", json={"message": "Hi", "conversation": first["conversation"]})
        assert (refused.status_code, refused.json()["code"]) == (404, "record_not_found")


async def test_what_is_erased_is_gone_from_memory_and_file(open_live, tmp_path) -> None:
    async with house(open_live, tmp_path) as (client, _):
        hers = await say(client, "Hello", user="Cathy")
        unkept = await say(client, "Hello", user="Cathy", store=False)
        other = await say(client, "Hello", user="Livia")
        erased = (await client.post("/v1/erase", json={"user": "Cathy"})).json()["erased"]
        assert erased["conversations"] == 2
        for gone in (hers, unkept):
            answer = await client.post("/v1/chat", json={"message": "Hi", "conversation": gone["conversation"]})
            assert answer.status_code == 404
        await say(client, "Still here", conversation=other["conversation"])


async def test_a_conversation_is_its_owners_alone(open_live, tmp_path) -> None:
    settings = load_settings().model_copy(update={"data_dir": tmp_path})
    keys, ids = await make_keys(settings)
    async with house(open_live, tmp_path) as (client, _):
        clinic, school = bearer(keys["clinic"]), bearer(keys["school"])
        first = (await client.post("/v1/chat", json={"message": "Hello"}, headers=clinic)).json()
        door = f"/v1/chat/conversations/{first['conversation']}"
        for path in (door, f"{door}/report"):
            assert (await client.get(path, headers=school)).status_code == 404
            assert (await client.get(path, headers=bearer(keys["clinic too"]))).status_code == 200
        assert (await client.delete(door, headers=school)).status_code == 404
        wished = {"message": "Hi", "conversation": first["conversation"]}
        assert (await client.post("/v1/chat", json=wished, headers=school)).status_code == 404
        assert (await client.get("/v1/chat/conversations", headers=school)).json()["conversations"] == []
        asked = {"owner": "tenant:clinic"}
        refused = await client.get("/v1/chat/conversations", params=asked, headers=bearer(keys["not admin"]))
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        seen = await client.get("/v1/chat/conversations", params=asked, headers=bearer(keys["admin"]))
        assert [each["key"] for each in seen.json()["conversations"]] == [ids["clinic"]]


async def test_a_matter_is_known_until_it_is_said_otherwise(open_live, tmp_path) -> None:
    async with house(open_live, tmp_path) as (client, server):
        first = await say(client, "Hello", context=f"order A-17-B, phone {PHONE}")
        assert "order A-17-B" in sent(server)[0]["content"]
        assert PHONE not in sent(server)[0]["content"]
        await say(client, "And?", conversation=first["conversation"])
        assert "order A-17-B" in sent(server)[0]["content"]
        await say(client, "And?", conversation=first["conversation"], context={})
        assert "A-17-B" not in sent(server)[0]["content"]


@pytest.mark.parametrize("context", ["x" * 4_001, 7, ["a"], {"a": "b" * 4_000}, "\ud800"])
async def test_a_context_that_cannot_be_is_named(live, context: object) -> None:
    body = json.dumps({"message": "Hello", "context": context})
    async with httpx.AsyncClient(base_url=live.url) as client:
        told = await client.post("/v1/chat", content=body, headers={"Content-Type": "application/json"})
    assert (told.status_code, told.json()["param"]) == (400, "context")


async def test_nothing_is_stored_where_that_is_the_setting(open_live, tmp_path) -> None:
    async with house(open_live, tmp_path, keep_seconds=0.0) as (client, _):
        first = await say(client, "Hello")
        assert first["kept"] is False
        await say(client, "And?", conversation=first["conversation"])
        assert (await client.get("/v1/chat/conversations")).json()["conversations"] == []


async def test_a_server_that_is_killed_loses_no_answer_it_said_it_keeps(tmp_path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with raw_server(reply("Your parcel ", "comes on Friday.")) as server:
        settings = {"CHAT__BASE_URL": f"http://127.0.0.1:{server.port}/v1", "CHAT__MODEL": "small"}
        fleet = await asyncio.to_thread(Fleet, tmp_path, [f"server {port}"], **settings)
        try:
            async with httpx.AsyncClient(base_url=url, timeout=30.0) as client:
                await asyncio.to_thread(wait_until, lambda: _is_up(url), fleet.told)
                first = await say(client, "Number 1?")
                fleet.kill(0)
                assert first["kept"]
                await asyncio.to_thread(wait_until, lambda: _is_up(url), fleet.told)
                kept = (await client.get(f"/v1/chat/conversations/{first['conversation']}")).json()
                assert [(turn["asked"], turn["heard"]) for turn in kept["said"]] == [("Number 1?", ANSWER)]
                await say(client, "Number 2?", conversation=first["conversation"])
        finally:
            fleet.stop()
        assert [message["content"] for message in sent(server)[1:]] == ["Number 1?", ANSWER, "Number 2?"]


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5.0).json()["status"] in {"ready", "failing"}
    except (httpx.TransportError, ValueError):
        return False
