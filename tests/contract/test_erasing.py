"""What erasing and the sweeper rely on, on each database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, func, insert, select

from databases import KINDS, fresh_database
from kept import House, call_by, open_house, row_for, said
from lingting.domain.errors import InvalidOption, RecordNotFound
from lingting.storage.blobs import BlobKind
from lingting.storage.erasing import Eraser, Erasure, Stores
from lingting.storage.erasure_notice import ErasureNotice
from lingting.storage.identity import hash_of_user, milliseconds
from lingting.storage.tables import blobs, deliveries, jobs, transcript_terms, transcripts
from lingting.storage.transcripts.history_records import HistoryFilter, HistorySettings
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.contract
TABLES = (transcripts, transcript_terms, blobs, jobs, deliveries)
DAY_SECONDS = 86_400.0


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path, HistorySettings(ttl_days=2.0)) as made:
            yield made


async def save(house: House, *, key: str = "key1", user: str = "", with_audio: bool = False) -> str:
    blob = None
    if with_audio:
        blob = await house.blobs.put(b"sound", kind=BlobKind.AUDIO, owner=key, user=user, expires_in_seconds=9e9)
    call = call_by(key, user=user)
    saved = await house.history.save(call, said("some words"), kind="file", blob_id=blob, cache_key="c1")
    assert saved
    return saved


async def add_job(house: House, name: str, *, state: str = "running", user: str = "", **more: object) -> None:
    now_ms = milliseconds(house.clock)
    made = {"id": name, "owner": "key1", "user_hash": hash_of_user(house.vault, user), "state": state}
    row = row_for(jobs, **made, created_ms=now_ms, **more)
    callback = row_for(deliveries, id=f"d{name}", job_id=name)
    await house.database.write(lambda c: c.execute(insert(jobs).values(row)))
    await house.database.write(lambda c: c.execute(insert(deliveries).values(callback)))


async def count(house: House, table: Table) -> int:
    return await house.database.read(lambda c: c.scalar(select(func.count()).select_from(table)))


def files(house: House) -> list[str]:
    return [path.name for path in (house.folder / "blobs").rglob("*") if path.is_file()]


async def test_everything_of_a_person_goes_and_nothing_else(house) -> None:
    await save(house, user="Ann", with_audio=True)
    await add_job(house, "j1", user="Ann")
    others = await save(house, user="Bob", with_audio=True)
    await add_job(house, "j2", user="Bob")
    erased = await house.eraser.erase(Erasure("key1", user="Ann"))
    assert (erased.transcripts, erased.jobs, erased.recordings) == (1, 1, 1)
    assert [await count(house, table) for table in TABLES] == [1, 2, 1, 1, 1]
    assert len(files(house)) == 1
    assert (await house.history.get(others, owner="key1")).user == "Bob"


async def test_another_owners_person_of_that_name_stays(house) -> None:
    await save(house, key="key2", user="Ann")
    assert (await house.eraser.erase(Erasure("key1", user="Ann"))).transcripts == 0
    assert (await house.eraser.erase(Erasure(None, user="Ann"))).transcripts == 1


async def test_one_record_goes_by_its_id(house) -> None:
    gone, kept = await save(house, with_audio=True), await save(house)
    assert (await house.eraser.erase(Erasure("key1", id=gone))).recordings == 1
    assert [record.id for record in (await house.history.page(HistoryFilter("key1"))).records] == [kept]
    with pytest.raises(RecordNotFound):
        await house.history.get(gone, owner="key1")


async def test_what_is_older_goes(house) -> None:
    await save(house)
    house.clock.advance(60.0)
    kept = await save(house)
    await house.eraser.erase(Erasure("key1", before=datetime(2000, 1, 1, 0, 0, 30, tzinfo=UTC)))
    assert [record.id for record in (await house.history.page(HistoryFilter("key1"))).records] == [kept]


async def test_all_of_a_key_goes_in_many_steps(house) -> None:
    for _ in range(3):
        await save(house)
    await save(house, key="key2")
    assert (await house.eraser.erase(Erasure(None, key="key1"))).transcripts == 3
    assert await count(house, transcripts) == 1


def test_what_to_erase_must_be_said() -> None:
    with pytest.raises(InvalidOption):
        Erasure("key1")


async def test_cached_results_go_with_their_records(house) -> None:
    class Cache:
        asked: tuple[list[str], list[str]]

        async def erase(self, *, keys, tags) -> int:
            self.asked = (list(keys), list(tags))
            return 1

    cache = Cache()
    saved = await save(house, user="Ann")
    notice = ErasureNotice(house.database, house.clock)
    eraser = Eraser(Stores(house.database, house.vault, house.blobs, cache), notice, Telemetry().storage)
    assert (await eraser.erase(Erasure("key1", user="Ann"))).cached == 1
    assert cache.asked == (["c1"], [f"record {saved}", 'user of ["key1", "Ann"]'])


async def test_another_process_learns_that_something_was_erased(house) -> None:
    here, there = (ErasureNotice(house.database, house.clock) for _ in range(2))
    assert (await here.look(), await there.look()) == (False, False)
    await here.tell()
    assert (await here.look(), await there.look(), await there.look()) == (False, True, False)
    await there.tell()
    await here.tell()
    assert (await here.look(), await there.look()) == (True, True)


async def test_what_has_had_its_time_is_swept(house) -> None:
    await save(house, with_audio=True)
    due_ms = milliseconds(house.clock) + 1_000
    await add_job(house, "ended", state="succeeded", expires_ms=due_ms)
    await add_job(house, "running", state="running", expires_ms=due_ms)
    await house.blobs.put(b"x", kind=BlobKind.JOB_INPUT, owner="key1", expires_in_seconds=60.0)
    house.clock.advance(61.0)
    assert await house.sweeper.sweep() == {
        "transcripts": 0, "jobs": 1, "deliveries": 0, "conversations": 0, "blobs": 1
    }  # fmt: skip
    house.clock.advance(2 * DAY_SECONDS)
    assert await house.sweeper.sweep() == {
        "transcripts": 1, "jobs": 0, "deliveries": 0, "conversations": 0, "blobs": 1
    }  # fmt: skip
    assert [await count(house, table) for table in TABLES] == [0, 0, 0, 1, 1]
    assert files(house) == []


async def test_files_that_nothing_knows_are_cleared_and_no_others(house) -> None:
    blob = await house.blobs.put(b"x", kind=BlobKind.AUDIO, owner="key1")
    folder = next(path for path in (house.folder / "blobs").rglob("*") if path.is_file()).parent
    (folder / f"bl_lost{blob[-2:]}").write_bytes(b"x")
    (folder / f"bl_begun{blob[-2:]}.part").write_bytes(b"x")
    assert await house.sweeper.clear_files() == 2
    assert files(house) == [blob]


async def test_recordings_that_were_begun_and_left_are_swept(house) -> None:
    row = {
        "id": "bl_left", "kind": "audio", "owner": "", "size_bytes": 0, "created_ms": milliseconds(house.clock),
        "is_complete": 0, "sealed_key": b"",
    }  # fmt: skip
    await house.database.write(lambda c: c.execute(insert(blobs).values(row)))
    assert (await house.sweeper.sweep())["blobs"] == 0
    house.clock.advance(timedelta(days=1).total_seconds() + 1)
    assert (await house.sweeper.sweep())["blobs"] == 1


async def test_what_was_erased_is_in_no_file(tmp_path) -> None:
    with fresh_database("sqlite", tmp_path) as url:
        async with open_house(url, tmp_path) as house:
            await save(house, user="Ann", with_audio=True)
            sealed = await house.database.read(lambda c: c.scalar(select(transcripts.c.sealed)))
            assert sealed in _all_bytes(tmp_path)
            await house.eraser.erase(Erasure(None, user="Ann"))
            assert sealed not in _all_bytes(tmp_path)
            assert sealed[-64:] not in _all_bytes(tmp_path)


def _all_bytes(folder) -> bytes:
    return b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
