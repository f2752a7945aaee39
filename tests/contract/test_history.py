"""What history relies on, on each database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, inspect, select, update

from databases import KINDS, fresh_database
from kept import House, call_by, open_house, row_for, said
from lingting.domain.errors import InvalidOption, RecordNotFound, SealBroken
from lingting.storage.db import Database, StorageSettings
from lingting.storage.migrating import newest_schema, schema_of, upgrade
from lingting.storage.tables import jobs, transcript_terms, transcripts
from lingting.storage.transcripts.history_records import HistoryFilter

pytestmark = pytest.mark.contract
MINE = HistoryFilter("key1")


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path) as made:
            yield made


async def save(house: House, *texts: str, key: str = "key1", user: str = "", **more) -> str:
    saved = await house.history.save(call_by(key, user=user), said(*texts, **more), kind="file")
    house.clock.advance(1.0)
    assert saved
    return saved


async def test_a_transcript_comes_back_as_it_was(house) -> None:
    transcript = said("Hello there.", "再见。")
    kept = await house.history.get(
        await house.history.save(call_by("key1", user="Ann"), transcript, kind="job"), owner="key1"
    )
    assert (kept.transcript, kept.user, kept.record.kind) == (transcript, "Ann", "job")


async def test_nobody_else_finds_it(house) -> None:
    mine = await save(house, "hello")
    with pytest.raises(RecordNotFound):
        await house.history.get(mine, owner="key2")
    assert not (await house.history.page(HistoryFilter("key2"))).records


async def test_keys_of_one_tenant_see_each_others(house) -> None:
    saved = await house.history.save(call_by("key1", tenant="ward"), said("hello"), kind="file")
    assert (
        await house.history.get(saved, owner=call_by("key2", tenant="ward").principal.owner)
    ).record.key_id == "key1"


async def test_what_is_not_wanted_is_not_kept(house) -> None:
    assert await house.history.save(call_by(keep=False), said("hello"), kind="file") is None
    assert not (await house.history.page(HistoryFilter(None))).records


async def test_one_works_transcript_is_kept_once(house) -> None:
    await house.database.write(lambda c: c.execute(insert(jobs).values(row_for(jobs, id="job_one"))))
    for words in ("first", "second"):
        await house.history.save(call_by("key1"), said(words), kind="job", record_id="tr_one")
    assert (await house.history.get("tr_one", owner="key1")).transcript.text == "first"


async def test_a_job_that_was_erased_leaves_no_transcript(house) -> None:
    others = [house.history.save(call_by("key1"), said("another"), kind="file") for _ in range(3)]
    await asyncio.gather(*others, house.history.save(call_by("key1"), said("gone"), kind="job", record_id="tr_gone"))
    assert len((await house.history.page(MINE)).records) == 3
    with pytest.raises(RecordNotFound):
        await house.history.get("tr_gone", owner="key1")
    assert await house.database.read(lambda c: c.scalar(select(func.count()).select_from(transcript_terms))) == 3


async def test_rows_of_the_first_tables_are_read_after_every_migration(tmp_path) -> None:
    """With the first schema's own columns; later ones must have defaults."""
    with fresh_database("sqlite", tmp_path) as url:
        async with Database.opened(StorageSettings(url), tmp_path, migrate=False) as first:
            await upgrade(first, revision="0001")
            async with first.connection() as connection:
                columns = await connection.run_sync(
                    lambda c: {each["name"] for each in inspect(c).get_columns("transcripts")}
                )
        assert {"id", "owner", "user_hash", "sealed", "cache_key", "blob_id"} <= columns
        async with open_house(url, tmp_path) as house:
            assert await schema_of(house.database) == newest_schema()
            saved = await save(house, "after the upgrade")
            assert (await house.history.get(saved, owner="key1")).transcript.text == "after the upgrade"


async def test_pages_hold_everything_once_newest_first(house) -> None:
    saved = [await save(house, f"number {i}") for i in range(7)]
    await asyncio.gather(*(house.history.save(call_by("key1"), said("same moment"), kind="file") for _ in range(5)))
    seen, cursor = [], None
    while True:
        page = await house.history.page(MINE, cursor=cursor, limit=3)
        seen += [record.id for record in page.records]
        if (cursor := page.next_cursor) is None:
            break
    assert (len(seen), len(set(seen)), seen[-7:]) == (12, 12, saved[::-1])


async def test_a_cursor_that_was_made_up_is_refused(house) -> None:
    for cursor in ("x", "%%%", "QQ", "A" * 1_000, "MTIzNA"):
        with pytest.raises(InvalidOption):
            await house.history.page(MINE, cursor=cursor if cursor != "MTIzNA" else "YTpi")


@pytest.mark.parametrize(
    "asked",
    [
        {"language": "zh"},
        {"user": "Ann"},
        {"min_seconds": 5.0},
        {"since": datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC)},
        {"since": datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC), "until": datetime(2000, 1, 1, 0, 0, 2, tzinfo=UTC)},
    ],
    ids="-".join,
)
async def test_a_filter_leaves_the_others_out(house, asked) -> None:
    await save(house, "hello")
    wanted = await save(house, "你好", language="zh", user="Ann", seconds=6.0)
    assert [record.id for record in (await house.history.page(HistoryFilter("key1", **asked))).records] == [wanted]


async def test_a_changed_row_is_found(house) -> None:
    saved = await save(house, "hello")
    sealed = await house.database.read(lambda c: c.scalar(select(transcripts.c.sealed)))
    harmed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    await house.database.write(lambda c: c.execute(update(transcripts).values(sealed=harmed)))
    with pytest.raises(SealBroken):
        await house.history.get(saved, owner="key1")


async def test_a_row_that_was_moved_is_found(house) -> None:
    await save(house, "hello")
    await house.database.write(lambda c: c.execute(update(transcripts).values(id="tr_other")))
    with pytest.raises(SealBroken):
        await house.history.get("tr_other", owner="key1")


async def test_nothing_that_was_said_is_in_a_row(house) -> None:
    await save(house, "a known sentence", user="Ann")
    rows = []
    for table in (transcripts, transcript_terms):
        rows += await house.database.read(lambda c, t=table: _all(c, t))
    assert rows
    for needle in ("known", "sentence", "Ann"):
        assert not any(needle.encode() in _bytes(value) for row in rows for value in row)


async def _all(connection, table):
    return [tuple(row) for row in await connection.execute(select(table))]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def test_many_at_once_share_transactions(house) -> None:
    saved = await asyncio.gather(*(house.history.save(call_by("key1"), said(f"n {i}"), kind="file") for i in range(60)))
    assert len(set(saved)) == 60
    assert await house.database.read(lambda c: c.scalar(select(func.count()).select_from(transcripts))) == 60


async def test_a_caller_that_leaves_does_not_hurt_the_others(house) -> None:
    tasks = [asyncio.create_task(house.history.save(call_by("key1"), said(f"n {i}"), kind="file")) for i in range(10)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert len([each for each in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(each, str)]) >= 9


async def test_names_that_are_too_long_do_not_cost_the_transcript(house) -> None:
    saved = await house.history.save(call_by("key1", door="/" + "x" * 500), said("hello"), kind="file")
    assert (await house.history.get(saved, owner="key1")).transcript.text == "hello"


async def test_half_a_surrogate_pair_is_kept(house) -> None:
    saved = await house.history.save(call_by("key1", user="\ud800"), said("a\ud800b"), kind="file")
    assert (await house.history.get(saved, owner="key1")).transcript.segments[0].text == "a\ud800b"


async def test_the_time_of_a_record_is_that_of_the_clock(house) -> None:
    saved = await save(house, "hello")
    record = (await house.history.get(saved, owner="key1")).record
    assert (record.created, record.expires) == (datetime(2000, 1, 1, tzinfo=UTC), record.created + timedelta(days=30))
