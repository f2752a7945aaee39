"""What couriers rely on, on each database."""

import asyncio
from itertools import count

import pytest
from sqlalchemy import insert, select, update

from databases import KINDS, fresh_database
from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain.errors import RecordNotFound, WrongState
from lingting.storage.db import Database, StorageSettings
from lingting.storage.jobs.delivery_store import (
    Claimed,
    DeliveryState,
    DeliveryStore,
    NewDelivery,
    delivery_row,
)
from lingting.storage.tables import deliveries
from lingting.testing import VirtualClock

pytestmark = pytest.mark.contract

LEASE_MS = 60_000
KEEP_MS = 1_000_000
NOBODY: dict[bytes, int] = {}


@pytest.fixture(params=KINDS)
async def database(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with Database.opened(StorageSettings(url), tmp_path) as opened:
            yield opened


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.parse([new_master_key()]))


@pytest.fixture
def store(database, vault, clock) -> DeliveryStore:
    return DeliveryStore(database, vault, clock)


@pytest.fixture
def add(database, vault, store):
    numbers = count()

    async def added(*, host: str = "example.org", owner: str = "a") -> str:
        number = next(numbers)
        new = NewDelivery(owner, f"job{number}", f"https://{host}/hook", f'{{"n":{number}}}'.encode())
        row = delivery_row(vault, new, now_ms=store.now_ms() + number)
        row["next_ms"] = store.now_ms()
        await database.write(lambda connection: connection.execute(insert(deliveries).values(row)))
        return str(row["id"])

    return added


async def claim(store: DeliveryStore, places: int = 10, *, per_host: int = 100, busy=NOBODY) -> list[Claimed]:
    return await store.claim(places, busy, per_host=per_host, lease_ms=LEASE_MS)


async def state_of(store: DeliveryStore, name: str) -> DeliveryState:
    return next(each.state for each in await store.listed(owner=None) if each.id == name)


async def test_what_was_put_in_is_claimed_with_url_and_payload(store, add) -> None:
    name = await add()
    (claimed,) = await claim(store)
    assert (claimed.id, claimed.owner, claimed.attempts) == (name, "a", 0)
    assert (claimed.url, claimed.payload) == ("https://example.org/hook", b'{"n":0}')


async def test_url_and_payload_are_not_readable_in_the_table(database, store, add) -> None:
    await add(host="secret-host.example")
    rows = await database.read(lambda connection: connection.execute(deliveries.select()))
    assert "secret-host" not in repr(list(rows))


async def test_two_servers_never_claim_the_same(store, add) -> None:
    names = [await add() for _ in range(20)]
    taken = await asyncio.gather(*(claim(store, 8) for _ in range(4)))
    ids = [claimed.id for claims in taken for claimed in claims]
    assert len(ids) == len(set(ids))
    rest = [claimed.id for claimed in await claim(store, 20)]
    assert sorted(ids + rest) == sorted(names)


async def test_what_a_dead_server_had_is_claimed_again_when_its_lease_ends(store, add, clock) -> None:
    name = await add()
    await claim(store)
    assert await claim(store) == []
    clock.advance(LEASE_MS / 1_000 + 1)
    assert [claimed.id for claimed in await claim(store)] == [name]


async def test_a_server_whose_lease_ended_cannot_settle_what_another_has(store, add, clock) -> None:
    name = await add()
    (late,) = await claim(store)
    clock.advance(LEASE_MS / 1_000 + 1)
    await claim(store)
    await store.failed(late, status=500, error="answered_500", next_ms=None, keep_ms=KEEP_MS)
    assert await state_of(store, name) is DeliveryState.WAITING


async def test_what_a_stopping_server_gives_back_is_free_at_once(store, add) -> None:
    await add()
    await store.release(await claim(store))
    assert len(await claim(store)) == 1


async def test_a_host_gets_no_more_places_than_it_may(store, add) -> None:
    for _ in range(5):
        await add(host="slow.example")
    other = await add(host="quick.example")
    claims = await claim(store, per_host=2)
    assert len(claims) == 3
    assert other in {claimed.id for claimed in claims}
    slow = next(claimed.host_hash for claimed in claims if claimed.id != other)  # they come in any order
    assert await claim(store, per_host=2, busy={slow: 2}) == []


async def test_a_long_queue_of_one_host_hides_no_other(database, vault, store, add) -> None:
    rows = [
        delivery_row(vault, NewDelivery("a", f"old{i}", "https://slow.example/", b"{}"), now_ms=0) for i in range(300)
    ]
    await database.write(lambda connection: connection.execute(insert(deliveries), rows))
    quick = await add(host="quick.example")
    slow = rows[0]["host_hash"]
    assert [claimed.id for claimed in await claim(store, per_host=2, busy={slow: 2})] == [quick]


async def test_what_was_delivered_is_not_claimed_again(store, add) -> None:
    name = await add()
    (claimed,) = await claim(store)
    await store.delivered(claimed, status=204, keep_ms=KEEP_MS)
    assert await state_of(store, name) is DeliveryState.DELIVERED
    assert await claim(store) == []


async def test_what_failed_is_claimed_when_its_time_comes(store, add, clock) -> None:
    await add()
    (claimed,) = await claim(store)
    later_ms = store.now_ms() + 5_000
    await store.failed(claimed, status=500, error="answered_500", next_ms=later_ms, keep_ms=KEEP_MS)
    assert await claim(store) == []
    assert await store.next_due_ms() == later_ms
    clock.advance(5)
    (again,) = await claim(store)
    assert (again.id, again.attempts) == (claimed.id, 1)


async def test_nothing_is_due_when_nothing_waits(store) -> None:
    assert await store.next_due_ms() is None


async def test_what_is_in_hand_is_due_when_its_lease_ends(store, add) -> None:
    await add()
    await claim(store)
    assert await store.next_due_ms() == store.now_ms() + LEASE_MS


async def dead(store: DeliveryStore, add) -> str:
    name = await add()
    (claimed,) = await claim(store)
    await store.failed(claimed, status=410, error="answered_410", next_ms=None, keep_ms=KEEP_MS)
    return name


async def test_the_dead_are_listed_with_the_reason(store, add) -> None:
    name = await dead(store, add)
    await add()
    (listed,) = await store.listed(owner="a", state=DeliveryState.DEAD)
    assert (listed.id, listed.last_status, listed.last_error, listed.attempts) == (name, 410, "answered_410", 1)


async def test_a_dead_one_is_delivered_again_under_its_id(store, add) -> None:
    name = await dead(store, add)
    assert (await store.redeliver("a", name)).state is DeliveryState.WAITING
    assert [(claimed.id, claimed.attempts) for claimed in await claim(store)] == [(name, 0)]


async def test_one_in_hand_is_not_begun_again(store, add) -> None:
    name = await add()
    await claim(store)
    with pytest.raises(WrongState):
        await store.redeliver("a", name)


async def test_somebody_elses_is_not_found(store, add) -> None:
    name = await add(owner="b")
    with pytest.raises(RecordNotFound):
        await store.redeliver("a", name)
    with pytest.raises(RecordNotFound):
        await store.remove("a", name)
    assert await store.listed(owner="a") == []


async def test_a_removed_one_is_gone(store, add) -> None:
    await store.remove("a", await add())
    assert await store.listed(owner=None) == []


async def test_pages_follow_each_other_the_newest_first(store, add) -> None:
    names = [await add() for _ in range(5)]
    first = await store.listed(owner="a", limit=3)
    rest = await store.listed(owner="a", limit=3, after=(first[-1].created_ms, first[-1].id))
    assert [each.id for each in first + rest] == names[::-1]


async def test_what_is_over_says_until_when_it_is_kept_and_forgets_that_when_begun_again(database, store, add) -> None:
    name = await dead(store, add)
    kept_until = select(deliveries.c.expires_ms)
    assert await database.read(lambda connection: connection.scalar(kept_until)) == store.now_ms() + KEEP_MS
    await store.redeliver("a", name)
    assert await database.read(lambda connection: connection.scalar(kept_until)) is None


async def test_deliveries_are_counted_by_state(store, add) -> None:
    await dead(store, add)
    await add()
    assert await store.counts() == {DeliveryState.WAITING: 1, DeliveryState.DELIVERED: 0, DeliveryState.DEAD: 1}


async def test_a_row_that_was_tampered_with_is_dead(database, store, add) -> None:
    name = await add()
    await database.write(lambda connection: connection.execute(update(deliveries).values(sealed=b"LT1 nonsense")))
    assert await claim(store) == []
    (listed,) = await store.listed(owner=None)
    assert (listed.id, listed.state, listed.last_error) == (name, DeliveryState.DEAD, "seal_broken")
