"""What every cache of results promises, in memory and in Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Segment, SystemClock, Transcript
from lingting.domain.errors import StorageUnavailable
from lingting.domain.principal import Call, Principal
from lingting.storage.caching.cache import CacheSettings, MemoryCache
from lingting.storage.caching.cache_redis import RedisCache
from lingting.storage.caching.cached_results import CachedResult, CachedResults, CacheTag
from lingting.storage.redis_client import connect_redis
from lingting.telemetry import Telemetry
from redis_server import own_redis, require_redis

pytestmark = pytest.mark.contract

SETTINGS = CacheSettings(max_bytes=2**20, ttl_seconds=60.0)
NEEDLE = "a sentence nobody else would say"
VAULT = Vault(Keyring.parse([new_master_key()]), b"r" * 32)


class House:
    """Caches of one kind, all of one installation."""

    def __init__(self, client: object | None) -> None:
        self.client = client
        self.prefix = f"test-{secrets.token_hex(6)}"
        self.telemetry = Telemetry()

    def cache(self, **settings: object) -> MemoryCache | RedisCache:
        made = replace(SETTINGS, **settings)
        if self.client is None:
            return MemoryCache(made, SystemClock(), self.telemetry.cache)
        return RedisCache(self.client, made, SystemClock(), self.telemetry.cache, prefix=self.prefix)

    def results(self, vault: Vault = VAULT, **settings: object) -> CachedResults:
        return CachedResults(self.cache(**settings), vault, self.telemetry.cache, max_value_bytes=100_000)


@pytest.fixture(params=["memory", "redis"])
async def house(request) -> AsyncIterator[House]:
    if request.param == "memory":
        yield House(None)
        return
    client = connect_redis(require_redis(), setting="cache.redis_url")
    made = House(client)
    yield made
    async for key in client.scan_iter(f"{made.prefix}:*"):
        await client.delete(key)
    await client.aclose(close_connection_pool=True)


def result(text: str = NEEDLE, *, record_id: str | None = None) -> CachedResult:
    segment = Segment(0, 0.25, 1.5, text, "en")
    return CachedResult(Transcript((segment,), "en", 2.0, engine="e", model="m"), "key1", record_id)


def call(key: str = "key1", *, user: str = "", tenant: str = "") -> Call:
    return Call(Principal(key, tenant=tenant), "/asr", user=user)


async def test_what_was_put_is_given_again_and_nothing_else(house) -> None:
    results = house.results()
    await results.put("k1", result(record_id="tr_1"), call())
    assert await results.get("k1") == result(record_id="tr_1")
    assert await results.get("k2") is None


async def test_a_value_is_replaced(house) -> None:
    cache = house.cache()
    await cache.put("k", b"old", tags=["a"])
    await cache.put("k", b"new", tags=["b"])
    assert await cache.get("k") == b"new"
    assert await cache.erase(tags=["a"]) == 0
    assert await cache.erase(tags=["b"]) == 1


async def test_what_was_erased_is_not_put_back(house) -> None:
    cache = house.cache()
    await cache.put("k", b"v", tags=[], only_if_there=True)
    assert await cache.get("k") is None
    await cache.put("k", b"v", tags=[])
    await cache.put("k", b"w", tags=[], only_if_there=True)
    assert await cache.get("k") == b"w"


async def test_a_value_goes_when_its_time_is_over(house) -> None:
    cache = house.cache(ttl_seconds=0.05)
    await cache.put("k", b"v", tags=["a"])
    await asyncio.sleep(0.2)
    assert await cache.get("k") is None
    assert await cache.erase(keys=["k"], tags=["a"]) == 0


async def test_bytes_are_bounded_and_what_nobody_asks_for_goes_first(house) -> None:
    cache = house.cache(max_bytes=100_000)
    await cache.put("wanted", bytes(10_000), tags=["w"])
    for i in range(30):
        await cache.put(f"k{i}", bytes(10_000), tags=["t"])
        await asyncio.sleep(0.002)  # Redis tells what was asked for when by the millisecond
        assert await cache.get("wanted") is not None
    there = [i for i in range(30) if await cache.get(f"k{i}") is not None]
    assert there == list(range(30 - len(there), 30))
    assert 5 <= len(there) <= 8
    assert house.telemetry.exposition().decode().count("asr_cache_evicted_total 0.0") == 0


async def test_what_is_larger_than_the_whole_cache_is_not_kept(house) -> None:
    cache = house.cache(max_bytes=100_000)
    await cache.put("small", b"v", tags=[])
    await cache.put("large", bytes(100_000), tags=[])
    assert (await cache.get("small"), await cache.get("large")) == (b"v", None)


async def test_a_result_over_its_bound_is_not_kept(house) -> None:
    results = house.results()
    await results.put("k", result("x" * 100_000), call())
    assert await results.get("k") is None


@pytest.mark.parametrize(
    ("tag", "erased"),
    [
        (CacheTag.owner("key1"), {"k1", "k2"}),
        (CacheTag.key("key2"), {"k3"}),
        (CacheTag.owner("tenant:ward"), {"k3"}),
        (CacheTag.user("ann"), {"k2", "k3"}),
        (CacheTag.user("ann", owner="key1"), {"k2"}),
        (CacheTag.record("tr_1"), {"k1"}),
        (CacheTag.record("tr_2"), set()),
    ],
)
async def test_results_are_erased_by_whose_they_are(house, tag, erased) -> None:
    results = house.results()
    await results.put("k1", result(record_id="tr_1"), call("key1"))
    await results.put("k2", result(), call("key1", user="ann"))
    await results.put("k3", result(), call("key2", tenant="ward", user="ann"))
    assert await results.erase(tags=[tag]) == len(erased)
    assert {key for key in ("k1", "k2", "k3") if await results.get(key) is None} == erased


async def test_results_are_erased_by_key(house) -> None:
    results = house.results()
    for key in ("k1", "k2"):
        await results.put(key, result(), call())
    assert await results.erase(keys=["k1", "k9"]) == 1
    assert (await results.get("k1"), await results.get("k2")) == (None, result())


async def test_thousands_are_erased_at_once(house) -> None:
    cache = house.cache(max_bytes=2**24)
    await asyncio.gather(*(cache.put(f"k{i}", b"v", tags=["a", f"only-{i}"]) for i in range(3_000)))
    assert await cache.erase(tags=["a"]) == 3_000
    assert await cache.get("k2999") is None


async def test_a_value_put_in_place_of_another_is_not_given(house) -> None:
    cache, results = house.cache(), house.results()
    if house.client is None:
        results = CachedResults(cache, VAULT, house.telemetry.cache, max_value_bytes=100_000)
    await results.put("k1", result(), call())
    await cache.put("k2", await cache.get("k1"), tags=[])
    assert (await results.get("k1"), await results.get("k2")) == (result(), None)
    assert "asr_cache_failures_total 1.0" in house.telemetry.exposition().decode()


async def test_values_under_a_lost_master_key_are_passed_over(house) -> None:
    cache, lost = house.cache(), Vault(Keyring.parse([new_master_key()]), b"r" * 32)
    mine, theirs = (
        CachedResults(cache, vault, house.telemetry.cache, max_value_bytes=10_000) for vault in (VAULT, lost)
    )
    await mine.put("k", result(), call())
    assert (await theirs.get("k"), await mine.get("k")) == (None, result())


@pytest.fixture
async def redis() -> AsyncIterator[House]:
    client = connect_redis(require_redis(), setting="cache.redis_url")
    made = House(client)
    yield made
    async for key in client.scan_iter(f"{made.prefix}:*"):
        await client.delete(key)
    await client.aclose(close_connection_pool=True)


async def test_redis_holds_nothing_that_can_be_read(redis) -> None:
    await redis.results().put("k", result(record_id="tr_1"), call("key1", user="Ann Example"))
    dump = b""
    async for key in redis.client.scan_iter(f"{redis.prefix}:*"):
        kind = await redis.client.type(key)
        dump += key + (await redis.client.get(key) if kind == b"string" else b"")
        dump += b"".join(await redis.client.hvals(key) if kind == b"hash" else [])
    assert len(dump) > len(NEEDLE)
    for needle in (NEEDLE, "Ann Example", "key1", "tr_1", "nobody"):
        assert needle.encode() not in dump


async def test_servers_share_what_is_in_redis(redis) -> None:
    await redis.results().put("k", result(), call())
    assert await redis.results().get("k") == result()


async def test_redis_counts_the_bytes_of_what_is_there(redis) -> None:
    cache = redis.cache(max_bytes=50_000)
    for i in range(40):
        await cache.put(f"k{i % 9}", bytes(3_000 + i), tags=[f"t{i % 4}"])
    await cache.erase(tags=["t1"])
    sizes = [int(known.split()[0]) for known in await redis.client.hvals(f"{redis.prefix}:about")]
    values = [key async for key in redis.client.scan_iter(f"{redis.prefix}:value:*")]
    assert int(await redis.client.get(f"{redis.prefix}:bytes")) == sum(sizes) <= 50_000
    assert len(values) == len(sizes) > 0


async def test_everything_in_redis_runs_out(redis) -> None:
    await redis.results().put("k", result(), call())
    lives = [await redis.client.pttl(key) async for key in redis.client.scan_iter(f"{redis.prefix}:*")]
    assert lives
    assert all(0 < life <= 60_000 for life in lives)


async def test_a_redis_that_is_away_counts_as_nothing_found_and_comes_back(tmp_path) -> None:
    with own_redis(tmp_path) as server:
        client = connect_redis(server.url, setting="cache.redis_url", answer_seconds=1.0)
        house = House(client)
        clock = _ImpatientClock()
        cache = RedisCache(client, SETTINGS, clock, house.telemetry.cache, prefix=house.prefix)
        results = CachedResults(cache, VAULT, house.telemetry.cache, max_value_bytes=100_000)
        await results.put("k", result(), call())
        server.stop()
        found_while_away = await results.get("k")
        await results.put("k2", result(), call())
        with pytest.raises(StorageUnavailable):
            await results.erase(keys=["k"])
        server.start()
        clock.now_seconds += 10.0
        assert (found_while_away, await results.get("k")) == (None, result())
        assert await results.erase(keys=["k"]) == 1
        assert "asr_cache_failures_total 3.0" in house.telemetry.exposition().decode()
        await client.aclose(close_connection_pool=True)


class _ImpatientClock(SystemClock):
    now_seconds = 100.0

    def monotonic(self) -> float:
        return self.now_seconds


async def test_sounds_are_kept_sealed_whatever_their_size(house) -> None:
    results = house.results()
    for size in (10, 90_000):
        data = secrets.token_bytes(size)
        await results.put_bytes(f"sound {size}", data, Call(Principal("ann"), "call"))
        assert await results.get_bytes(f"sound {size}") == data
        sealed = await house.cache().get(f"sound {size}") if house.client is not None else b""
        assert sealed is not None
        assert data not in sealed
