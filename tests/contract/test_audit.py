"""The audit log on each database: one chain, whoever appends; and whatever was done to a row is found."""

import asyncio
import json
import os

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, select, update

from databases import KINDS, fresh_database
from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain.errors import InvalidOption, SealBroken, StorageUnavailable
from lingting.security.audit import Audit, AuditEntry, AuditSettings, record_of
from lingting.storage.audit_check import Fault, check_audit
from lingting.storage.audit_log import COLUMNS, AuditFilter, AuditLog
from lingting.storage.db import Database, StorageSettings
from lingting.storage.tables import audit as table
from lingting.storage.tables import audit_head
from lingting.telemetry import Telemetry
from lingting.telemetry.areas.audit import AuditMetrics
from lingting.testing import VirtualClock

pytestmark = pytest.mark.contract

VAULT = Vault(Keyring.parse([new_master_key()]), os.urandom(32))


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def database(url, tmp_path):
    async with Database.opened(StorageSettings(url), tmp_path) as opened:
        yield opened


@pytest.fixture
async def log(database) -> AuditLog:
    made = AuditLog(database, VAULT)
    await made.prepare()
    return made


def entry(number: int = 0, **changes: object) -> AuditEntry:
    given = {"actor": f"key{number}", "address": "192.0.2.1", "action": "POST /v1/asr", "outcome": "200"} | changes
    return AuditEntry(**given)


def records(count: int, clock=None) -> list:
    return [
        record_of(entry(number, audio_seconds=number, detail={"n": number}), clock or VirtualClock())
        for number in range(count)
    ]


async def change(database: Database, seq: int, **values: object) -> None:
    await database.write(lambda c: c.execute(update(table).where(table.c.seq == seq).values(values)))


async def test_rows_are_read_back_as_they_were_written(log) -> None:
    given = records(5)
    await log.append(given)
    assert [row.record for row in await log.rows(after_seq=0, limit=10)] == given
    assert [row.seq for row in await log.rows_before(seq=4, limit=2)] == [3, 2]


async def test_an_untouched_log_is_whole(log) -> None:
    for _ in range(3):
        await log.append(records(4))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.rows) == (None, 12)


async def test_an_empty_log_is_whole(log) -> None:
    assert (await check_audit(log)).fault is None


@pytest.mark.parametrize("column", [*COLUMNS, "hash"])
async def test_a_changed_column_of_one_row_is_found(database, log, column) -> None:
    await log.append(records(9))
    row = (await database.read(lambda c: c.execute(select(table).where(table.c.seq == 5)))).one()
    value = getattr(row, column)
    other = value + 1 if isinstance(value, int) else bytes(32) if isinstance(value, bytes) else value + "x"
    await change(database, 5, **{column: other})
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.seq, verdict.rows) == (Fault.CHANGED, 5, 4)


async def test_a_row_taken_out_is_found(database, log) -> None:
    await log.append(records(9))
    await database.write(lambda c: c.execute(delete(table).where(table.c.seq.in_((4, 5)))))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.seq, verdict.message) == (Fault.MISSING, 4, "rows 4 to 5 are missing")


async def test_swapped_rows_are_found(database, log) -> None:
    await log.append(records(9))
    for old, new in ((3, 99), (7, 3), (99, 7)):
        await database.write(lambda c, o=old, n=new: c.execute(update(table).where(table.c.seq == o).values(seq=n)))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.seq) == (Fault.REORDERED, 3)


async def test_a_tail_cut_off_is_found(database, log) -> None:
    await log.append(records(9))
    await database.write(lambda c: c.execute(delete(table).where(table.c.seq > 7)))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.seq, verdict.rows) == (Fault.CUT, 8, 7)


async def test_a_row_that_no_server_wrote_is_found(database, log) -> None:
    await log.append(records(2))
    values = {name: getattr(records(1)[0], name) for name in COLUMNS}
    await database.write(lambda c: c.execute(table.insert().values(seq=3, hash=bytes(32), **values)))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.seq) == (Fault.ADDED, 3)


async def test_a_changed_head_is_found_and_nothing_is_added_to_it(database, log) -> None:
    await log.append(records(4))
    await database.write(lambda c: c.execute(update(audit_head).values(last_seq=3)))
    assert (await check_audit(log)).fault is Fault.HEAD
    with pytest.raises(SealBroken):
        await log.append(records(1))


async def test_a_head_that_is_gone_is_not_made_anew(database, log) -> None:
    await log.append(records(4))
    await database.write(lambda c: c.execute(delete(audit_head)))
    await log.prepare()
    assert (await check_audit(log)).fault is Fault.HEAD


async def test_a_log_put_back_as_a_whole_is_found_by_the_server_and_by_an_anchor(database, log) -> None:
    await log.append(records(4))
    older = (await database.read(lambda c: c.execute(select(audit_head)))).one()._asdict()
    await log.append(records(4))
    anchor = await log.head()
    await database.write(lambda c: c.execute(delete(table).where(table.c.seq > 4)))
    await database.write(lambda c: c.execute(update(audit_head).values(older)))
    with pytest.raises(SealBroken, match="older state"):
        await log.append(records(1))
    assert (await check_audit(log)).fault is None
    verdict = await check_audit(log, anchor=(anchor.last_seq, anchor.last_hash))
    assert (verdict.fault, verdict.seq) == (Fault.ANCHOR, 5)


async def test_another_installation_cannot_write_the_same_rows(database, log) -> None:
    await log.append(records(4))
    other = AuditLog(database, Vault(Keyring.parse([new_master_key()]), os.urandom(32)))
    assert (await check_audit(other)).fault is Fault.HEAD


async def test_servers_that_append_at_once_make_one_chain(url, tmp_path) -> None:
    async def serve(number: int) -> None:
        async with Database.opened(StorageSettings(url), tmp_path) as opened:
            log = AuditLog(opened, VAULT)
            await log.prepare()
            for _ in range(15):
                await log.append(records(number + 1))

    await asyncio.gather(*(serve(number) for number in range(3)))
    async with Database.opened(StorageSettings(url), tmp_path) as opened:
        verdict = await check_audit(AuditLog(opened, VAULT))
    assert (verdict.fault, verdict.rows) == (None, 15 * (1 + 2 + 3))


async def test_old_rows_are_taken_out_and_the_rest_can_still_be_checked(log) -> None:
    clock = VirtualClock()
    await log.append(records(5, clock))
    head = await log.head()
    clock.advance(1_000)
    before_ms = int(clock.now().timestamp() * 1_000)
    await log.append(records(5, clock))
    assert await log.prune(before_ms) == 5
    verdict = await check_audit(log, anchor=(10, (await log.head()).last_hash))
    assert (verdict.fault, verdict.rows, verdict.head.first_seq) == (None, 5, 6)
    with pytest.raises(InvalidOption, match="not kept any more"):
        await check_audit(log, anchor=(5, head.last_hash))
    assert await log.prune(before_ms) == 0
    await log.append(records(1, clock))
    assert (await check_audit(log)).fault is None


async def test_all_rows_may_grow_old(log) -> None:
    await log.append(records(5))
    assert await log.prune(2**60) == 5
    await log.append(records(1))
    verdict = await check_audit(log)
    assert (verdict.fault, verdict.rows) == (None, 1)


async def test_rows_are_found_by_actor_action_and_time(log) -> None:
    clock = VirtualClock()
    await log.append(records(3, clock))
    clock.advance(1)
    await log.append([record_of(entry(1, action="keys.created"), clock)])
    now_ms = int(clock.now().timestamp() * 1_000)

    async def found(**wanted: object) -> list[int]:
        return [row.seq for row in await log.rows(after_seq=0, limit=10, wanted=AuditFilter(**wanted))]

    assert await found(actor="key1") == [2, 4]
    assert await found(action="keys.created") == [4]
    assert await found(since_ms=now_ms) == [4]
    assert await found(before_ms=now_ms) == [1, 2, 3]


async def test_what_no_database_takes_is_written_all_the_same(log) -> None:
    odd = entry(subject="a\x00b\ud800c" + "é" * 500, detail={"why": "\x00" * 5_000})
    await log.append([record_of(odd, VirtualClock())])
    row = (await log.rows(after_seq=0, limit=1))[0]
    assert row.record.subject.startswith("a?b?cé")
    assert json.loads(row.record.detail) == {"cut": True}
    assert (await check_audit(log)).fault is None


async def make_audit(database: Database, clock=None, **settings: object) -> Audit:
    log = AuditLog(database, VAULT)
    made = Audit(log, AuditSettings(**settings), clock=clock or VirtualClock(), observer=Telemetry().audit)
    await made.start()
    return made


async def test_what_many_record_at_once_is_committed_together(database) -> None:
    audit = await make_audit(database)
    writes, write = [], database.write

    async def counted(work):
        writes.append(work)
        return await write(work)

    database.write = counted
    await asyncio.gather(*(audit.record(entry(number)) for number in range(200)))
    assert len(writes) <= 2
    assert await audit.log.newest_seq() == 200
    await audit.aclose()


async def test_a_row_is_there_once_it_was_recorded(database) -> None:
    audit = await make_audit(database)
    await audit.record(entry(7, audio_seconds=1.5, request_id="r1"))
    (row,) = await audit.log.rows(after_seq=0, limit=5)
    assert (row.record.actor, row.record.audio_ms, row.record.request_id) == ("key7", 1_500, "r1")
    await audit.aclose()


async def away(database: Database) -> None:
    await database.write(lambda c: c.exec_driver_sql("alter table audit rename to away"))


async def back(database: Database) -> None:
    await database.write(lambda c: c.exec_driver_sql("alter table away rename to audit"))


async def test_where_it_is_required_a_log_that_cannot_be_written_refuses_calls(database) -> None:
    clock = VirtualClock()
    audit = await make_audit(database, clock)
    await away(database)
    with pytest.raises(StorageUnavailable):
        await audit.record(entry())
    with pytest.raises(StorageUnavailable):
        audit.require()
    await back(database)
    clock.advance(3)
    audit.require()
    await audit.record(entry())
    await audit.aclose()


async def test_where_it_is_not_required_rows_wait_until_they_can_be_written(database) -> None:
    failed = asyncio.Event()

    class Observer(AuditMetrics):
        def audit_failed(self, count: int = 1) -> None:
            failed.set()

    log = AuditLog(database, VAULT)
    audit = Audit(log, AuditSettings(required=False), clock=VirtualClock(), observer=Observer(CollectorRegistry()))
    await audit.start()
    await away(database)
    for number in range(3):
        await audit.record(entry(number))
    await failed.wait()
    audit.require()
    await back(database)
    await audit.record(entry(3))
    await audit.aclose()
    assert [row.record.actor for row in await log.rows(after_seq=0, limit=9)] == ["key0", "key1", "key2", "key3"]


async def test_callers_without_a_key_share_a_row_beyond_the_first(database) -> None:
    audit = await make_audit(database, refused_per_minute=5)
    for _ in range(50):
        await audit.record_unknown(entry(actor="", outcome="401 invalid_api_key"))
    await audit.aclose()
    rows = await AuditLog(database, VAULT).rows(after_seq=0, limit=100)
    assert [row.record.action for row in rows] == ["POST /v1/asr"] * 5 + ["calls.without_key"]
    assert (rows[-1].record.address, json.loads(rows[-1].record.detail)) == ("192.0.2.1", {"calls": 45})


async def test_rows_older_than_they_are_to_be_kept_are_pruned(database) -> None:
    clock = VirtualClock()
    audit = await make_audit(database, clock, keep_days=1)
    await audit.record(entry())
    clock.advance(86_400 * 2)
    await audit.record(entry())
    await audit.prune()
    await audit.aclose()
    rows = await audit.log.rows(after_seq=0, limit=10)
    assert [row.record.action for row in rows] == ["POST /v1/asr", "audit.pruned"]
    assert (await check_audit(audit.log)).fault is None


async def test_switched_off_nothing_is_written(database) -> None:
    audit = await make_audit(database, enabled=False)
    await audit.record(entry())
    await audit.aclose()
    assert await AuditLog(database, VAULT).newest_seq() == 0
