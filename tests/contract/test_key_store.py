"""Key records keep what was written to them, on each database."""

from dataclasses import replace

import pytest

from databases import KINDS, fresh_database
from lingting.domain import KeyLimits, Scope
from lingting.domain.errors import StorageUnavailable
from lingting.storage.db import Database, StorageSettings
from lingting.storage.key_store import KeyRecord, KeyStore

pytestmark = pytest.mark.contract

FULL = KeyRecord(
    id="0123456789ab",
    secret_hash=b"\x01" * 32,
    created_ms=1_700_000_000_000,
    created_by="ba9876543210",
    label="ward 7 · 病房",
    tenant="clinic",
    scopes=frozenset((Scope.STREAM, Scope.JOBS)),
    networks=("10.0.0.0/8", "2001:db8::/32"),
    limits=KeyLimits(requests_per_minute=60, streams=0, audio_seconds_per_day=3_600),
    previous_hash=b"\x02" * 32,
    previous_until_ms=1_700_000_100_000,
    expires_ms=1_800_000_000_000,
    revoked_ms=None,
    last_used_ms=None,
)


@pytest.fixture(params=KINDS)
async def store(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with Database.opened(StorageSettings(url), tmp_path) as database:
            yield KeyStore(database)


def plain(identity: str, **values: object) -> KeyRecord:
    return KeyRecord(id=identity, secret_hash=b"\x03" * 32, created_ms=1, **values)  # type: ignore[arg-type]


async def test_a_record_comes_back_whole(store) -> None:
    await store.add(FULL)
    assert await store.find(FULL.id) == FULL
    assert await store.find("another") is None


async def test_an_id_is_given_once(store) -> None:
    await store.add(FULL)
    with pytest.raises(StorageUnavailable):
        await store.add(FULL)


async def test_the_newest_key_is_listed_first_and_tenants_apart(store) -> None:
    await store.add(plain("old"))
    await store.add(FULL)
    assert [record.id for record in await store.list()] == [FULL.id, "old"]
    assert [record.id for record in await store.list(tenant="clinic")] == [FULL.id]


async def test_a_change_leaves_who_made_it_and_when_it_was_used(store) -> None:
    await store.add(FULL)
    await store.used({FULL.id: 5, "gone": 6})
    changed = replace(FULL, label="other", revoked_ms=9, previous_hash=None, created_ms=0, last_used_ms=None)
    await store.change(changed)
    assert await store.find(FULL.id) == replace(changed, created_ms=FULL.created_ms, last_used_ms=5)


async def test_a_revoked_key_still_counts_as_one_that_was_there(store) -> None:
    assert not await store.has_any()
    await store.add(plain("a", revoked_ms=3))
    assert await store.has_any()


@pytest.mark.parametrize(
    ("values", "usable"),
    [({}, True), ({"expires_ms": 11}, True), ({"expires_ms": 10}, False), ({"revoked_ms": 3}, False)],
)
async def test_a_usable_key_is_neither_revoked_nor_expired(store, values, usable) -> None:
    assert not await store.has_usable(10)
    record = plain("a", **values)
    await store.add(record)
    assert await store.has_usable(10) == record.is_usable(10) == usable
