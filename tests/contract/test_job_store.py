"""What jobs rely on, on each database."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from databases import KINDS, fresh_database
from kept import new_vault
from lingting.domain import ChannelMode, PcmFormat, RecognizeOptions
from lingting.domain.errors import Overloaded, RecordNotFound, SealBroken, WrongState
from lingting.domain.job import JobState
from lingting.domain.principal import KeyLimits
from lingting.storage.db import Database, StorageSettings
from lingting.storage.identity import new_id
from lingting.storage.jobs.job_codec import JobSpec
from lingting.storage.jobs.job_queue import JobQueue
from lingting.storage.jobs.job_records import Ending, NewJob
from lingting.storage.jobs.job_store import JobStore
from lingting.storage.tables import deliveries, jobs
from lingting.testing import VirtualClock

pytestmark = pytest.mark.contract
LEASE_MS = 30_000
DONE = Ending(JobState.SUCCEEDED, result=b"what was said", audio_ms=1_500)


class Shop:
    def __init__(self, database: Database, vault=None) -> None:
        self.database, self.vault, self.clock = database, vault or new_vault(), VirtualClock()
        self.store = JobStore(database, self.vault, self.clock)
        self.queue = JobQueue(database, self.vault, self.clock, ttl_ms=86_400_000)

    def new(self, owner: str = "o", *, spec: JobSpec | None = None, priority: int = 5, **more) -> NewJob:
        return NewJob(new_id("job", self.clock), owner, "k", spec or JobSpec(RecognizeOptions()), priority, **more)

    async def put(self, *new: NewJob, max_open: int = 1_000, **more) -> bool:
        return await self.store.insert(new or [self.new()], max_open=max_open, **more)

    async def one(self, **more) -> str:
        made = self.new(**more)
        await self.put(made)
        return made.id

    async def claim(self, **more):
        return await self.queue.claim(lease_ms=LEASE_MS, **more)

    async def state(self, name: str) -> JobState:
        return (await self.store.get(name, owner="o")).state


@pytest.fixture(params=KINDS)
async def shop(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with Database.opened(StorageSettings(url), tmp_path) as database:
            yield Shop(database)


async def test_a_job_comes_back_as_it_was_asked(shop) -> None:
    spec = JobSpec(
        RecognizeOptions(language="zh", prompt="聆听", word_times=True, channel_mode=ChannelMode.PICK, channel=1),
        pcm=PcmFormat("mulaw", 8_000, 2),
        name="会议.wav",
        callback_url="https://example.com/hook",
        callback_includes_result=True,
        metadata={"ticket": 7},
        user="patient-7",
        keep=False,
        tenant="t",
        limits=KeyLimits(streams=3),
        request_id="r",
    )
    name = await shop.one(spec=spec)
    assert (await shop.store.get(name, owner="o")).spec == spec


async def test_what_was_asked_is_sealed(shop) -> None:
    await shop.one(spec=JobSpec(RecognizeOptions(), name="needle.wav", user="needle", metadata={"needle": "needle"}))
    row = (await shop.database.read(lambda c: c.execute(select(jobs)))).one()
    assert not any(b"needle" in (value if isinstance(value, bytes) else str(value).encode()) for value in row)


async def test_nobody_sees_the_job_of_another(shop) -> None:
    name = await shop.one()
    for asking in (shop.store.get, shop.store.result, shop.store.remove):
        with pytest.raises(RecordNotFound):
            await asking(name, owner="somebody")
    assert not await shop.store.ask_to_stop(name, owner="somebody")
    assert not (await shop.store.page("somebody")).jobs


async def test_of_many_workers_one_gets_the_job(shop) -> None:
    name = await shop.one()
    claims = await asyncio.gather(*(shop.claim() for _ in range(12)))
    assert [claim.job.id for claim in claims if claim] == [name]


async def test_many_workers_share_many_jobs_without_meeting(shop) -> None:
    names = {await shop.one() for _ in range(8)}
    claims = []
    while len(claims) < len(names):
        claims += [claim for claim in await asyncio.gather(*(shop.claim() for _ in range(4))) if claim]
    assert {claim.job.id for claim in claims} == names
    assert len(claims) == len(names)


async def test_the_more_urgent_job_is_claimed_first_then_the_older_one(shop) -> None:
    late = await shop.one(priority=9)
    shop.clock.advance(1)
    first, second = await shop.one(), await shop.one(priority=5)
    urgent = await shop.one(priority=0)
    claimed = [(await shop.claim()).job.id for _ in range(4)]
    assert claimed[0] == urgent
    assert set(claimed[1:3]) == {first, second}
    assert claimed[3] == late


async def test_a_claimed_job_is_running_and_counts_an_attempt(shop) -> None:
    claim = await shop.claim(only=await shop.one())
    assert (claim.job.state, claim.job.attempts, claim.job.lease) == (JobState.RUNNING, 1, claim.lease)


async def test_ending_needs_the_lease(shop) -> None:
    name = await shop.one()
    claim = await shop.claim()
    assert not await shop.queue.end(replace(claim.job, lease="another"), DONE)
    assert not await shop.queue.end(replace(claim.job, lease=None), DONE)
    assert await shop.queue.end(claim.job, DONE)
    assert await shop.store.result(name, owner="o") == DONE.result


async def test_a_job_ends_once(shop) -> None:
    await shop.one()
    claim = await shop.claim()
    ended = await asyncio.gather(*(shop.queue.end(claim.job, DONE) for _ in range(5)))
    assert sorted(ended) == [False, False, False, False, True]


async def test_a_callback_is_written_with_the_end_or_not_at_all(shop) -> None:
    row = {
        "id": "d",
        "owner": "o",
        "job_id": "j",
        "state": "waiting",
        "attempts": 0,
        "next_ms": 0,
        "created_ms": 0,
        "updated_ms": 0,
        "sealed": b"x",
    }
    row |= {"host_hash": b"h"} if "host_hash" in deliveries.c else {}
    await shop.one()
    claim = await shop.claim()
    assert not await shop.queue.end(replace(claim.job, lease="another"), DONE, delivery=row)
    count = select(func.count()).select_from(deliveries)
    assert await shop.database.read(lambda c: c.scalar(count)) == 0
    assert await shop.queue.end(claim.job, DONE, delivery=row)
    assert await shop.database.read(lambda c: c.scalar(count)) == 1


async def test_a_lease_that_ran_out_is_lost_and_its_holder_ends_nothing(shop) -> None:
    await shop.one()
    claim = await shop.claim()
    shop.clock.advance(31)
    [lost] = await shop.queue.lost()
    assert await shop.queue.release(type(claim)(lost, lost.lease), delay_ms=0, counts=True, if_lost=True)
    assert not await shop.queue.end(claim.job, DONE)
    assert await shop.queue.state(claim) is None
    assert await shop.queue.renew(claim, lease_ms=LEASE_MS) is None


async def test_a_lease_that_is_renewed_is_not_lost(shop) -> None:
    await shop.one()
    claim = await shop.claim()
    shop.clock.advance(20)
    assert await shop.queue.renew(claim, lease_ms=LEASE_MS, done_ms=500, total_ms=1_000) is JobState.RUNNING
    shop.clock.advance(20)
    assert await shop.queue.lost() == []
    assert not await shop.queue.release(claim, delay_ms=0, counts=True, if_lost=True)
    assert not await shop.queue.end(claim.job, DONE, if_lost=True)
    job = await shop.store.get(claim.job.id, owner="o")
    assert (job.done_ms, job.total_ms) == (500, 1_000)


async def test_a_released_job_waits_for_its_time(shop) -> None:
    await shop.one()
    claim = await shop.claim()
    assert await shop.queue.release(claim, delay_ms=5_000, counts=True)
    assert await shop.claim() is None
    shop.clock.advance(5)
    assert (await shop.claim()).job.attempts == 2


async def test_an_attempt_that_does_not_count_is_taken_back(shop) -> None:
    await shop.one()
    await shop.queue.release(await shop.claim(), delay_ms=0, counts=False)
    assert (await shop.claim()).job.attempts == 1


async def test_a_job_asked_to_stop_neither_succeeds_nor_waits_again(shop) -> None:
    name = await shop.one()
    claim = await shop.claim()
    assert await shop.store.ask_to_stop(name, owner="o")
    assert await shop.queue.state(claim) is JobState.CANCELLING
    assert not await shop.queue.end(claim.job, DONE)
    assert not await shop.queue.release(claim, delay_ms=0, counts=True)
    assert await shop.queue.end(claim.job, Ending(JobState.CANCELLED))
    assert await shop.state(name) is JobState.CANCELLED


async def test_a_queued_job_is_not_asked_to_stop_but_ended(shop) -> None:
    name = await shop.one()
    assert not await shop.store.ask_to_stop(name, owner="o")
    assert await shop.queue.end(await shop.store.get(name, owner="o"), Ending(JobState.CANCELLED))
    assert await shop.claim() is None


async def test_requests_under_one_idempotency_key_are_accepted_once(shop) -> None:
    accepted = await asyncio.gather(
        *(shop.put(shop.new(), shop.new(), idempotency_key="i", request_hash=b"h" * 32) for _ in range(6))
    )
    assert accepted.count(True) == 1
    assert len((await shop.store.page("o")).jobs) == 2
    assert (await shop.store.accepted("o", "i")).request_hash == b"h" * 32


async def test_an_idempotency_key_belongs_to_its_owner(shop) -> None:
    for owner in ("a", "b"):
        assert await shop.put(shop.new(owner), idempotency_key="i", request_hash=b"h" * 32)
    assert await shop.store.accepted("c", "i") is None


async def test_a_full_queue_takes_nothing_of_a_batch(shop) -> None:
    await shop.put(max_open=1)
    with pytest.raises(Overloaded):
        await shop.put(shop.new(), shop.new(), max_open=2)
    assert len((await shop.store.page("o")).jobs) == 1


async def test_jobs_that_ended_make_room(shop) -> None:
    await shop.put(max_open=1)
    await shop.queue.end((await shop.claim()).job, DONE)
    await shop.put(max_open=1)
    assert (await shop.store.open_counts())[JobState.QUEUED] == 1


async def test_pages_show_every_job_once_newest_first(shop) -> None:
    names = []
    for _ in range(7):
        names.append(await shop.one())
        shop.clock.advance(1)
    seen, cursor = [], None
    while True:
        page = await shop.store.page("o", cursor=cursor, limit=3)
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == names[::-1]


async def test_a_page_may_be_of_one_state_or_batch(shop) -> None:
    await shop.put(shop.new(batch_id="b"), shop.new(batch_id="b"), shop.new())
    claim = await shop.claim()
    assert [job.id for job in (await shop.store.page("o", state=JobState.RUNNING)).jobs] == [claim.job.id]
    assert len((await shop.store.page("o", batch_id="b")).jobs) == 2
    counts = await shop.store.batch("b", owner="o")
    assert sum(counts.values()) == 2
    with pytest.raises(RecordNotFound):
        await shop.store.batch("b", owner="somebody")


async def test_only_a_job_that_ended_is_removed(shop) -> None:
    name = await shop.one()
    with pytest.raises(WrongState):
        await shop.store.remove(name, owner="o")
    await shop.queue.end((await shop.claim()).job, DONE)
    await shop.store.remove(name, owner="o")
    with pytest.raises(RecordNotFound):
        await shop.store.get(name, owner="o")


async def test_a_job_without_a_result_says_how_it_stands(shop) -> None:
    name = await shop.one()
    with pytest.raises(WrongState, match="queued"):
        await shop.store.result(name, owner="o")


async def test_a_large_result_is_kept_whole(shop) -> None:
    name, result = await shop.one(), b"words " * 500_000
    await shop.queue.end((await shop.claim()).job, Ending(JobState.SUCCEEDED, result=result))
    assert await shop.store.result(name, owner="o") == result


async def test_a_job_that_cannot_be_opened_fails_and_lets_others_pass(shop) -> None:
    stranger = Shop(shop.database)
    broken = stranger.new(priority=0)
    await stranger.put(broken)
    name = await shop.one()
    assert (await shop.claim()).job.id == name
    row = (await shop.database.read(lambda c: c.execute(select(jobs).where(jobs.c.id == broken.id)))).one()
    assert (row.state, row.error_code) == ("failed", SealBroken.code)


async def test_jobs_that_waited_for_too_long_are_found(shop) -> None:
    name = await shop.one()
    shop.clock.advance(11)
    await shop.one()
    assert [job.id for job in await shop.queue.too_old(max_age_ms=10_000)] == [name]


async def test_a_recording_left_by_a_job_that_ended_is_found(shop) -> None:
    name = await shop.one(blob_id="bl")
    await shop.queue.end((await shop.claim()).job, DONE)
    shop.clock.advance(1)
    now_ms = int(shop.clock.now().timestamp() * 1_000)
    assert await shop.queue.left_inputs(ended_before_ms=now_ms) == [(name, "bl")]
    await shop.queue.forget_input(name)
    assert await shop.queue.left_inputs(ended_before_ms=now_ms) == []


async def test_a_job_is_sent_once_until_its_message_counts_as_lost(shop) -> None:
    name = await shop.one()
    sent = await asyncio.gather(*(shop.queue.to_send(ahead=10, resend_ms=60_000) for _ in range(4)))
    assert [each for names in sent for each in names] == [name]
    shop.clock.advance(61)
    assert await shop.queue.to_send(ahead=10, resend_ms=60_000) == [name]


async def test_no_more_jobs_are_sent_ahead_than_wanted(shop) -> None:
    names = [await shop.one(priority=priority) for priority in (3, 1, 2)]
    assert await shop.queue.to_send(ahead=2, resend_ms=60_000) == [names[1], names[2]]
    await shop.claim(only=names[1])
    assert await shop.queue.to_send(ahead=2, resend_ms=60_000) == [names[0]]


async def test_what_the_broker_did_not_take_is_sent_again(shop) -> None:
    name = await shop.one()
    await shop.queue.not_sent(await shop.queue.to_send(ahead=10, resend_ms=60_000))
    assert await shop.queue.to_send(ahead=10, resend_ms=60_000) == [name]


async def test_a_job_that_is_tried_again_is_sent_again(shop) -> None:
    name = await shop.one()
    await shop.queue.to_send(ahead=10, resend_ms=60_000)
    await shop.queue.release(await shop.claim(only=name), delay_ms=0, counts=True)
    assert await shop.queue.to_send(ahead=10, resend_ms=60_000) == [name]
