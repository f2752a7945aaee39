"""What limits promise, whether they are counted in memory or in Redis; and sums of usage on each database."""

import asyncio
import subprocess
import sys
import uuid
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from databases import KINDS, fresh_database
from lingting.domain import SystemClock
from lingting.domain.errors import QuotaExceeded, RateLimited, StorageUnavailable, StreamsExceeded
from lingting.domain.principal import ANYBODY, KeyLimits, Principal
from lingting.security.call_note import CallNote, noting
from lingting.security.limit_opening import open_limiter
from lingting.security.rate_limit import LimitSettings
from lingting.storage.db import Database, StorageSettings
from lingting.storage.redis_client import connect_redis
from lingting.storage.stream_places import RedisPlaces
from lingting.storage.usage_store import UsageStore
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock
from redis_server import own_redis, require_redis

pytestmark = pytest.mark.contract

BACKENDS = ("memory", "redis")


class House:
    """A database, and limiters on one backend that share what they should."""

    def __init__(self, redis_url: str | None, database: Database, prefix: str) -> None:
        self.redis_url = redis_url
        self.database = database
        self.prefix = prefix
        self.telemetry = Telemetry()

    @asynccontextmanager
    async def limiter(self, clock=None, **settings):
        made = LimitSettings(redis_url=self.redis_url, **settings)
        async with open_limiter(
            made,
            self.database,
            clock=clock or SystemClock(),
            observer=self.telemetry.limits,
            prefix=self.prefix,
        ) as (limiter, usage):
            limiter.usage = usage
            yield limiter


@pytest.fixture(params=BACKENDS)
async def house(request, tmp_path):
    url = require_redis() if request.param == "redis" else None
    prefix = f"test-{uuid.uuid4().hex}"
    async with Database.opened(StorageSettings(f"sqlite:///{tmp_path / 'test.db'}"), tmp_path) as database:
        yield House(url, database, prefix)
    if url:
        client = connect_redis(url, setting="test")
        names = [name async for name in client.scan_iter(f"{prefix}*")]
        if names:
            await client.delete(*names)
        await client.aclose(close_connection_pool=True)


def key(**limits: int) -> Principal:
    return Principal("k1", limits=KeyLimits(**limits))


async def test_a_key_is_refused_once_its_minute_is_full(house) -> None:
    async with house.limiter(requests_per_minute=2) as limiter:
        for left in ("1", "0"):
            allowance = await limiter.admit(key())
            assert allowance.headers["x-ratelimit-remaining-requests"] == left
        with pytest.raises(RateLimited) as refused:
            await limiter.admit(key())
        assert 0 < refused.value.retry_after_seconds <= 60


async def test_a_refused_call_is_told_what_is_left(house) -> None:
    async with house.limiter(requests_per_minute=1) as limiter:
        await limiter.admit(key())
        with noting(CallNote()) as note, pytest.raises(RateLimited):
            await limiter.admit(key())
        assert note.headers["x-ratelimit-limit-requests"] == "1"
        assert note.headers["x-ratelimit-remaining-requests"] == "0"


async def test_keys_are_counted_apart(house) -> None:
    async with house.limiter(requests_per_minute=1) as limiter:
        await limiter.admit(key())
        await limiter.admit(Principal("k2"))
        await limiter.admit(ANYBODY)
        with pytest.raises(RateLimited):
            await limiter.admit(ANYBODY)


async def test_a_keys_own_limit_wins(house) -> None:
    async with house.limiter(requests_per_minute=1) as limiter:
        for _ in range(5):
            await limiter.admit(key(requests_per_minute=0))
        for _ in range(3):
            await limiter.admit(key(requests_per_minute=3))
        with pytest.raises(RateLimited):
            await limiter.admit(key(requests_per_minute=3))


async def test_of_many_at_once_no_more_than_the_limit_are_let_in(house) -> None:
    async with house.limiter(requests_per_minute=10) as limiter:
        answers = await asyncio.gather(*(limiter.admit(key()) for _ in range(40)), return_exceptions=True)
        assert sum(not isinstance(answer, RateLimited) for answer in answers) == 10


async def test_without_bounds_nothing_is_told(house) -> None:
    async with house.limiter() as limiter:
        assert (await limiter.admit(key())).headers == {}
        await limiter.require_audio(key())
        async with limiter.stream_place(key()):
            pass


async def test_audio_is_refused_once_the_day_is_used_up(house) -> None:
    async with house.limiter(audio_seconds_per_day=10) as limiter:
        await limiter.charge_audio(key(), 9.5)
        await limiter.require_audio(key())
        await limiter.charge_audio(key(), 3.0)
        with pytest.raises(QuotaExceeded, match="of the day") as refused:
            await limiter.require_audio(key())
        assert 0 < refused.value.retry_after_seconds <= 86_400


async def test_what_is_left_of_the_nearest_quota_is_told(house) -> None:
    async with house.limiter(audio_seconds_per_day=100, audio_seconds_per_month=40) as limiter:
        with noting(CallNote()) as note:
            await limiter.charge_audio(key(), 1.25)
        assert note.headers == {
            "x-ratelimit-limit-audio-seconds": "40",
            "x-ratelimit-remaining-audio-seconds": "38.75",
        }


async def test_the_longer_wait_is_told_when_both_quotas_are_used_up(house) -> None:
    clock = VirtualClock()
    async with house.limiter(clock, audio_seconds_per_day=1, audio_seconds_per_month=1) as limiter:
        await limiter.charge_audio(key(), 2)
        with pytest.raises(QuotaExceeded, match="of the month") as refused:
            await limiter.require_audio(key())
        assert refused.value.retry_after_seconds == 31 * 86_400


async def test_a_day_begins_at_midnight_and_a_month_goes_on(house) -> None:
    clock = VirtualClock()
    async with house.limiter(clock, audio_seconds_per_day=10, audio_seconds_per_month=25) as limiter:
        for _ in range(2):
            await limiter.charge_audio(key(), 10)
            with pytest.raises(QuotaExceeded, match="of the day"):
                await limiter.require_audio(key())
            clock.advance(86_400)
            await limiter.require_audio(key())
        await limiter.charge_audio(key(), 5)
        with pytest.raises(QuotaExceeded, match="of the month"):
            await limiter.require_audio(key())


async def test_a_restart_resets_no_quota(house) -> None:
    async with house.limiter(audio_seconds_per_day=10) as limiter:
        await limiter.charge_audio(key(), 10)
    async with house.limiter(audio_seconds_per_day=10) as limiter:
        with pytest.raises(QuotaExceeded):
            await limiter.require_audio(key())
        await limiter.require_audio(Principal("k2"))


async def test_places_for_streams_are_held_and_given_back(house) -> None:
    async with house.limiter(streams=2) as limiter:
        async with limiter.stream_place(key()), limiter.stream_place(key()):
            with pytest.raises(StreamsExceeded):
                async with limiter.stream_place(key()):
                    pass
            async with limiter.stream_place(Principal("k2")):
                pass
        async with limiter.stream_place(key()):
            pass


async def test_of_many_streams_at_once_no_more_than_the_limit_get_a_place(house) -> None:
    async with house.limiter(streams=3) as limiter:
        release = asyncio.Event()
        held: list[int] = []

        async def hold(number: int) -> None:
            async with limiter.stream_place(key()):
                held.append(number)
                await release.wait()

        tasks = [asyncio.create_task(hold(number)) for number in range(12)]
        refused: set[asyncio.Task[None]] = set()
        while len(refused) < 9:
            refused |= (await asyncio.wait(set(tasks) - refused, return_when=asyncio.FIRST_COMPLETED))[0]
        assert len(held) == 3
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_servers_share_what_redis_counts(tmp_path) -> None:
    house_url, prefix = require_redis(), f"test-{uuid.uuid4().hex}"
    async with Database.opened(StorageSettings(f"sqlite:///{tmp_path / 'test.db'}"), tmp_path) as database:
        house = House(house_url, database, prefix)
        async with (
            house.limiter(requests_per_minute=1, streams=1) as one,
            house.limiter(requests_per_minute=1, streams=1) as other,
        ):
            await one.admit(key())
            with pytest.raises(RateLimited):
                await other.admit(key())
            async with one.stream_place(key()):
                with pytest.raises(StreamsExceeded):
                    async with other.stream_place(key()):
                        pass
            async with other.stream_place(key()):
                pass


HOLDER = """
import asyncio, sys
from lingting.storage.redis_client import connect_redis
from lingting.storage.stream_places import RedisPlaces

async def main():
    client = connect_redis(sys.argv[1], setting="test")
    places = RedisPlaces(client, prefix=sys.argv[2], lease_seconds=float(sys.argv[3]))
    print(await places.take("k1", 1) is not None, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_process_holds_its_place_no_longer_than_its_lease() -> None:
    url, prefix, lease_seconds = require_redis(), f"test-{uuid.uuid4().hex}", "0.6"
    command = [sys.executable, "-c", HOLDER, url, prefix, lease_seconds]
    holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    client = connect_redis(url, setting="test")
    places = RedisPlaces(client, prefix=prefix, lease_seconds=float(lease_seconds))
    try:
        assert await holder.stdout.readline() == b"True\n"
        for _ in range(10):  # longer than a lease: it is renewed
            assert await places.take("k1", 1) is None
            await asyncio.sleep(0.1)
        holder.kill()
        await holder.wait()
        place = None
        for _ in range(200):
            place = place or await places.take("k1", 1)
            await asyncio.sleep(0 if place else 0.05)
        await places.give_back("k1", place)
    finally:
        if holder.returncode is None:
            holder.kill()
            await holder.wait()
        await places.aclose()
        await client.aclose(close_connection_pool=True)


@pytest.mark.parametrize("on_failure", ["allow", "refuse"])
async def test_when_redis_is_away_the_setting_says_whether_calls_are_let_in(tmp_path, on_failure) -> None:
    with own_redis(tmp_path) as server:
        async with Database.opened(StorageSettings(f"sqlite:///{tmp_path / 'test.db'}"), tmp_path) as database:
            house, clock = House(server.url, database, "test"), VirtualClock()
            async with house.limiter(
                clock, requests_per_minute=1, streams=1, audio_seconds_per_day=1, on_failure=on_failure
            ) as limiter:
                await limiter.admit(key())
                server.stop()

                async def use() -> None:
                    await limiter.admit(key())
                    await limiter.require_audio(key())
                    async with limiter.stream_place(key()):
                        await limiter.charge_audio(key(), 5)

                if on_failure == "allow":
                    await use()
                else:
                    with pytest.raises(StorageUnavailable):
                        await use()
                assert "asr_limit_store_failures_total 0.0" not in house.telemetry.exposition().decode()
                server.start()
                clock.advance(2)
                answers = await asyncio.gather(*(limiter.admit(key()) for _ in range(2)), return_exceptions=True)
                assert any(isinstance(answer, RateLimited) for answer in answers)


@pytest.fixture(params=KINDS)
async def database(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with Database.opened(StorageSettings(url), tmp_path) as opened:
            yield opened


async def test_sums_of_two_servers_add_up(database) -> None:
    stores = [UsageStore(database, VirtualClock()) for _ in range(2)]

    async def use(store: UsageStore, rounds: int) -> None:
        for _ in range(rounds):
            for name in ("a", "b", "c"):
                store.add(name, requests=1, audio_seconds=0.5)
            await store.flush()

    await asyncio.gather(*(use(store, 10) for store in stores))
    rows = await stores[0].since("2000-01-01")
    assert [(row.key_id, row.requests, row.audio_seconds) for row in rows] == [
        ("a", 20, 10.0),
        ("b", 20, 10.0),
        ("c", 20, 10.0),
    ]


async def test_usage_is_found_by_day_and_key(database) -> None:
    clock = VirtualClock()
    store = UsageStore(database, clock)
    for _ in range(3):
        store.add("a", requests=1, audio_seconds=1)
        store.add("b", requests=1)
        clock.advance(86_400)
    assert [(row.key_id, row.day) for row in await store.since("2000-01-02", key_id="a")] == [
        ("a", "2000-01-02"),
        ("a", "2000-01-03"),
    ]
    assert await store.audio_since("2000-01-02") == {"a": 2.0, "b": 0.0}


async def test_sums_that_could_not_be_written_are_written_later(tmp_path) -> None:
    path = Path(tmp_path / "test.db")
    async with Database.opened(StorageSettings(f"sqlite:///{path}"), tmp_path) as database:
        store = UsageStore(database, VirtualClock())
        store.add("a", requests=2)
        await database.write(lambda c: c.exec_driver_sql("alter table usage rename to away"))
        with pytest.raises(StorageUnavailable):
            await store.flush()
        store.add("a", requests=1)
        await database.write(lambda c: c.exec_driver_sql("alter table away rename to usage"))
        assert [row.requests for row in await store.since("2000-01-01")] == [3]


async def test_closing_writes_what_was_added_last(database) -> None:
    store = UsageStore(database, VirtualClock())
    store.start()
    store.add("a", requests=1)
    await store.aclose()
    assert [row.requests for row in await UsageStore(database, VirtualClock()).since("2000-01-01")] == [1]
