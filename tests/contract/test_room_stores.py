"""What every store of subtitle rooms promises, in memory and in Redis."""

import asyncio
import secrets
from dataclasses import replace

import pytest

from lingting.domain import SystemClock
from lingting.storage.redis_client import connect_redis
from lingting.storage.rooms.room_records import Caption, RoomRecord
from lingting.storage.rooms.room_redis_store import RedisRoomStore
from lingting.storage.rooms.room_store import MAX_OPEN_CAPTIONS, Created, MemoryRoomStore
from redis_server import require_redis

pytestmark = pytest.mark.contract

RECORD = RoomRecord(
    name="talk",
    title="标题 <b>",
    language="zh",
    is_public=False,
    history_limit=5,
    ttl_seconds=60.0,
    publish_hash="p",
    view_hash="v",
)
LEASE_SECONDS = 30.0


@pytest.fixture(params=["memory", "redis"])
async def store(request):
    if request.param == "memory":
        store = MemoryRoomStore(SystemClock())
        yield store
        await store.aclose()
        return
    client = connect_redis(require_redis(), setting="rooms.redis_url")
    prefix = f"test-{secrets.token_hex(6)}"
    store = RedisRoomStore(client, SystemClock(), prefix=prefix)
    yield store
    async for key in client.scan_iter(f"{prefix}:*"):
        await client.delete(key)
    await store.aclose()


def caption(segment: int, revision: int = 0, *, text: str = '好 "x"', is_final: bool = True) -> Caption:
    return Caption(1, segment, revision, segment * 1000, segment * 1000 + 900, text, is_final, "zh", 17 + revision)


async def test_a_room_is_there_once_it_was_created(store) -> None:
    before = await store.find("talk")
    created = await store.create(RECORD, max_rooms=10)
    standing = await store.find("talk")
    assert (before, created) == (None, Created.YES)
    assert (standing.record, standing.begun_at_seconds, standing.is_live) == (RECORD, None, False)


async def test_a_name_is_given_once(store) -> None:
    await store.create(RECORD, max_rooms=10)
    assert await store.create(replace(RECORD, title="other"), max_rooms=10) is Created.NAME_TAKEN
    assert (await store.find("talk")).record == RECORD


async def test_rooms_are_counted(store) -> None:
    await store.create(RECORD, max_rooms=2)
    await store.create(replace(RECORD, name="b"), max_rooms=2)
    full = await store.create(replace(RECORD, name="c"), max_rooms=2)
    await store.delete("b")
    assert (full, await store.create(replace(RECORD, name="c"), max_rooms=2)) == (Created.FULL, Created.YES)


async def test_a_room_runs_out_and_its_place_is_free(store) -> None:
    await store.create(replace(RECORD, ttl_seconds=0.05), max_rooms=1)
    await store.save("talk", [caption(1)])
    await asyncio.sleep(0.2)
    assert (await store.find("talk"), await store.load("talk")) == (None, [])
    assert await store.create(RECORD, max_rooms=1) is Created.YES
    assert await store.load("talk") == []


async def test_captions_come_back_as_they_were_finals_first(store) -> None:
    await store.create(RECORD, max_rooms=10)
    captions = [caption(2), caption(1), caption(3, is_final=False, text="")]
    refused = await store.save("talk", captions)
    assert refused == []
    assert await store.load("talk") == [captions[1], captions[0], captions[2]]


async def test_a_higher_revision_replaces_and_a_lower_one_does_not(store) -> None:
    await store.create(RECORD, max_rooms=10)
    await store.save("talk", [caption(1, 0, is_final=False)])
    await store.save("talk", [caption(1, 3, text="final")])
    late = await store.save("talk", [caption(1, 2, is_final=False), caption(1, 3, text="final")])
    other = await store.save("talk", [caption(1, 3, text="other")])
    assert late == other == await store.load("talk") == [caption(1, 3, text="final")]


async def test_the_oldest_captions_go_first(store) -> None:
    await store.create(RECORD, max_rooms=10)
    await store.save("talk", [caption(i) for i in range(1, 9)])
    await store.save("talk", [caption(100 + i, is_final=False) for i in range(MAX_OPEN_CAPTIONS + 3)])
    kept = await store.load("talk")
    assert [each.segment for each in kept if each.is_final] == [4, 5, 6, 7, 8]
    assert [each.segment for each in kept if not each.is_final] == list(range(103, 103 + MAX_OPEN_CAPTIONS))


async def test_nothing_is_kept_of_a_room_that_is_gone(store) -> None:
    await store.create(RECORD, max_rooms=10)
    deleted = await store.delete("talk")
    again = await store.delete("talk")
    assert (deleted, again) == (True, False)
    assert await store.save("talk", [caption(1)]) is None
    assert await store.claim("talk", "a", lease_seconds=LEASE_SECONDS) is None
    assert await store.renew("talk", "a", lease_seconds=LEASE_SECONDS) is False
    assert await store.find("talk") is None


async def test_one_publishes_at_a_time_and_publications_are_counted(store) -> None:
    await store.create(RECORD, max_rooms=10)
    first = await store.claim("talk", "a", lease_seconds=LEASE_SECONDS)
    refused = await store.claim("talk", "b", lease_seconds=LEASE_SECONDS)
    was_live = (await store.find("talk")).is_live
    await store.release("talk", "b")
    still_refused = await store.claim("talk", "b", lease_seconds=LEASE_SECONDS)
    await store.release("talk", "a")
    second = await store.claim("talk", "b", lease_seconds=LEASE_SECONDS)
    assert (refused, still_refused, was_live) == (None, None, True)
    assert (first.publication, second.publication) == (1, 2)
    assert first.begun_at_seconds == second.begun_at_seconds == (await store.find("talk")).begun_at_seconds


async def test_a_lease_runs_out_and_can_be_renewed_unless_somebody_took_over(store) -> None:
    await store.create(RECORD, max_rooms=10)
    await store.claim("talk", "a", lease_seconds=0.05)
    await asyncio.sleep(0.2)
    late = await store.renew("talk", "a", lease_seconds=0.05)
    await asyncio.sleep(0.2)
    taken = await store.claim("talk", "b", lease_seconds=LEASE_SECONDS)
    assert (late, taken.publication, await store.renew("talk", "a", lease_seconds=1.0)) == (True, 2, False)


async def test_claims_at_once_are_given_to_one(store) -> None:
    await store.create(RECORD, max_rooms=10)
    claims = await asyncio.gather(*(store.claim("talk", f"c{i}", lease_seconds=LEASE_SECONDS) for i in range(20)))
    assert sum(claim is not None for claim in claims) == 1
