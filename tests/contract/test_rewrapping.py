"""What changing master keys relies on, on each database."""

import pytest
from sqlalchemy import insert, update

from databases import KINDS, fresh_database
from kept import House, call_by, change_of, new_vault, open_house, row_for, said, talked
from lingting.crypto import new_master_key
from lingting.domain.errors import SealBroken
from lingting.storage.blobs import BlobKind
from lingting.storage.rewrapping import SEALED_COLUMNS, count_keys, rewrap_all
from lingting.storage.secrets import kept_secret
from lingting.storage.tables import deliveries, jobs, metadata, transcripts

pytestmark = pytest.mark.contract
OLD, NEW = new_master_key(), new_master_key()
OLD_NAME, NEW_NAME = (line.partition(":")[0] for line in (OLD, NEW))


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path, vault=new_vault(OLD)) as made:
            yield made


async def fill(house: House) -> tuple[str, str]:
    """Something in every sealed column."""
    record = await house.history.save(call_by("key1"), said("some words"), kind="file")
    assert record
    await house.history.save(call_by("key1"), said("other words"), kind="file")
    blob = await house.blobs.put(b"sound", kind=BlobKind.AUDIO, owner="key1")
    await kept_secret(house.database, house.vault, house.clock, "some secret", b"x" * 32)
    sealed = house.vault.seal(b"{}", about="jobs")
    job = row_for(jobs, id="j1", sealed=sealed, sealed_result=sealed)
    await house.database.write(lambda c: c.execute(insert(jobs).values(job)))
    callback = row_for(deliveries, id="d1", sealed=sealed)
    await house.database.write(lambda c: c.execute(insert(deliveries).values(callback)))
    talk = change_of(house.clock, "cv_1", talked(house.clock, "ct_1", "some words"))
    await house.conversations.save(talk, keep_seconds=60.0)
    return record, blob


VALUES = 2 + 1 + 1 + 2 + 1 + 2
"""Transcripts, recordings, secrets, of a job the work and the result, callbacks, a conversation and its turn."""


def test_every_sealed_column_is_known() -> None:
    assert {column.table.name for column in SEALED_COLUMNS} >= {"transcripts", "jobs", "deliveries", "secrets", "blobs"}
    assert {column.table.name for column in SEALED_COLUMNS} >= {"conversations", "conversation_turns"}
    assert all(len(metadata.tables[column.table.name].primary_key.columns) == 1 for column in SEALED_COLUMNS)


async def test_everything_goes_under_the_current_key_and_the_earlier_one_is_needed_no_more(house) -> None:
    record, blob = await fill(house)
    assert await count_keys(house.database) == {OLD_NAME: VALUES}
    done = await rewrap_all(house.database, new_vault(NEW, OLD))
    assert (done.changed, done.unreadable) == (VALUES, 0)
    assert await count_keys(house.database) == {NEW_NAME: VALUES}
    only_new = new_vault(NEW)
    house.history.vault = house.blobs._vault = house.conversations._vault = only_new
    assert (await house.history.get(record, owner="key1")).transcript.text == "some words"
    assert b"".join([data async for data in house.blobs.read(blob)]) == b"sound"
    assert (await house.conversations.get("cv_1", owner="key1")).turns[0].asked == "some words"
    assert await kept_secret(house.database, only_new, house.clock, "some secret", b"") == b"x" * 32


async def test_old_and_new_are_read_while_it_goes_on(house) -> None:
    both = new_vault(NEW, OLD)
    old = await house.history.save(call_by("key1"), said("old"), kind="file")
    house.history.vault = both
    new = await house.history.save(call_by("key1"), said("new"), kind="file")
    texts = [(await house.history.get(each, owner="key1")).transcript.text for each in (old, new)]
    assert (texts, await count_keys(house.database)) == (["old", "new"], {OLD_NAME: 1, NEW_NAME: 1})


async def test_doing_it_again_changes_nothing(house) -> None:
    await fill(house)
    both = new_vault(NEW, OLD)
    await rewrap_all(house.database, both)
    assert (await rewrap_all(house.database, both)).changed == 0


async def test_progress_is_told(house) -> None:
    await fill(house)
    told: list[tuple[int, int]] = []
    await rewrap_all(house.database, new_vault(NEW, OLD), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (VALUES, VALUES)
    assert told == sorted(told)


async def test_what_cannot_be_opened_stays_and_is_counted(house) -> None:
    await fill(house)
    harmed = house.vault.seal(b"x", about="x")
    harmed = harmed[:40] + bytes([harmed[40] ^ 1]) + harmed[41:]
    await house.database.write(lambda c: c.execute(update(transcripts).values(sealed=harmed)))
    done = await rewrap_all(house.database, new_vault(NEW, OLD))
    assert (done.changed, done.unreadable) == (VALUES - 2, 2)
    with pytest.raises(SealBroken):
        new_vault(NEW).rewrap(harmed)
