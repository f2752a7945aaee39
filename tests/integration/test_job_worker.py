"""How one attempt goes, and what becomes of jobs whose worker is gone: real SQLite, scripted transcriber."""

import asyncio
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlalchemy import select, text, update

from jobs_house import ME, QUICK, FakeTranscriber, open_jobs_house
from kept import said
from lingting.domain import Priority, RecognizeOptions
from lingting.domain.errors import (
    AudioUndecodable,
    EngineFailed,
    IdempotencyConflict,
    Overloaded,
    SealBroken,
    StorageUnavailable,
    WrongState,
)
from lingting.jobs.desk import Order, Wanted
from lingting.storage.identity import record_of_job
from lingting.storage.jobs.job_codec import JobSpec
from lingting.storage.tables import blobs, deliveries, jobs
from lingting.storage.transcripts.transcript_records import transcript_from
from lingting.testing import VirtualClock

pytestmark = pytest.mark.integration


async def attempt(house, job_id: str | None = None) -> None:
    claim = await house.worker.claim(job_id)
    assert claim is not None
    await house.worker.run(claim)


async def state_of(house, job) -> str:
    return (await house.parts.store.get(job.id, owner=ME.owner)).state


async def test_a_job_is_heard_in_its_callers_name_behind_live_traffic(tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        spec = JobSpec(RecognizeOptions(language="de"), user="u-7", keep=False, request_id="r-1")
        receipt = await house.desk.accept(replace(ME, tenant="t"), Order([Wanted(spec, b"sound")], 5))
        await attempt(house)
        [(options, call, priority, record_id)] = house.transcriber.calls
        assert (options.language, priority) == ("de", Priority.JOB)
        assert (call.principal.owner, call.principal.key_id) == ("tenant:t", ME.key_id)
        assert (call.user, call.keep, call.request_id) == ("u-7", False, "r-1")
        assert record_id == record_of_job(receipt.jobs[0].id)
        assert house.transcriber.heard == [b"sound"]


async def test_a_recording_lies_sealed_until_its_job_has_ended(tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        await house.hand_in(b"needle in a haystack")
        assert len(house.recordings) == 1
        assert b"needle" not in house.recordings[0].read_bytes()
        await attempt(house)
        assert house.recordings == []
        assert (await house.database.read(lambda c: c.execute(select(blobs)))).all() == []


async def test_a_callback_waits_with_the_end(tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        [job] = (await house.hand_in(callback_url="https://example.com/")).jobs
        await attempt(house)
        rows = (await house.database.read(lambda c: c.execute(select(deliveries)))).all()
        assert [row.job_id for row in rows] == [job.id]


@pytest.mark.parametrize(
    ("problem", "state", "attempts"),
    [
        (AudioUndecodable("no"), "failed", 1),
        (SealBroken("no"), "failed", 1),
        (EngineFailed("broke"), "queued", 1),
        (KeyError("a mistake of ours"), "queued", 1),
        (Overloaded("full", retry_after_seconds=0.01), "queued", 0),
    ],
    ids=["undecodable", "broken seal", "engine", "mistake", "busy"],
)
async def test_a_failed_attempt_ends_the_job_or_gives_it_back(tmp_path, problem, state, attempts) -> None:
    async with open_jobs_house(tmp_path, transcriber=FakeTranscriber(lambda _: problem)) as house:
        [job] = (await house.hand_in()).jobs
        await attempt(house)
        found = await house.parts.store.get(job.id, owner=ME.owner)
        assert (found.state, found.attempts) == (state, attempts)


async def test_attempts_that_fail_are_bounded(tmp_path) -> None:
    clock = VirtualClock()
    transcriber = FakeTranscriber(lambda _: EngineFailed("broke"))
    async with open_jobs_house(tmp_path, transcriber=transcriber, clock=clock) as house:
        [job] = (await house.hand_in()).jobs
        for _ in range(3):
            await attempt(house)
            assert await house.worker.claim() is None
            clock.advance(60)
        found = await house.parts.store.get(job.id, owner=ME.owner)
        assert (found.state, found.attempts, found.error_code) == ("failed", 3, "engine_failed")


async def test_a_recording_that_is_gone_fails_the_job(tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        [job] = (await house.hand_in()).jobs
        await house.parts.blobs.delete(job.blob_id)
        await attempt(house)
        found = await house.parts.store.get(job.id, owner=ME.owner)
        assert (found.state, found.error_code) == ("failed", "invalid_input")


async def test_an_attempt_that_takes_too_long_is_ended(tmp_path) -> None:
    settings = replace(QUICK, attempt_seconds=0.1, max_attempts=1)
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, settings=settings, transcriber=transcriber) as house:
        [job] = (await house.hand_in()).jobs
        await attempt(house)
        assert (await house.parts.store.get(job.id, owner=ME.owner)).error_code == "deadline_exceeded"


async def test_a_worker_that_lost_its_lease_stops_and_changes_nothing(tmp_path) -> None:
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house:
        [job] = (await house.hand_in()).jobs
        running = asyncio.create_task(attempt(house))
        await transcriber.began.wait()
        await house.database.write(lambda c: c.execute(update(jobs).values(lease="another")))
        await running
        found = await house.parts.store.get(job.id, owner=ME.owner)
        assert (found.state, found.lease) == ("running", "another")
        assert house.told == []


async def test_an_erased_job_stops(tmp_path) -> None:
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house:
        await house.hand_in()
        running = asyncio.create_task(attempt(house))
        await transcriber.began.wait()
        await house.database.write(lambda c: c.execute(text("delete from jobs")))
        await running
        assert house.told == []


async def test_a_result_that_comes_after_the_cancel_is_thrown_away(tmp_path) -> None:
    settings = replace(QUICK, watch_seconds=60.0)
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, settings=settings, transcriber=transcriber) as house:
        [job] = (await house.hand_in()).jobs
        running = asyncio.create_task(attempt(house))
        await transcriber.began.wait()
        await house.desk.cancel(job.id, owner=ME.owner)
        transcriber.gate.set()
        await running
        assert await state_of(house, job) == "cancelled"
        with pytest.raises(WrongState):
            await house.parts.store.result(job.id, owner=ME.owner)


async def test_progress_is_told_while_the_work_goes_on(tmp_path) -> None:
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house:
        [job] = (await house.hand_in()).jobs
        running = asyncio.create_task(attempt(house))
        for _ in range(1_000):
            if (await house.parts.store.get(job.id, owner=ME.owner)).done_ms == 1_000:
                break
            await asyncio.sleep(0.01)
        else:
            raise TimeoutError
        transcriber.gate.set()
        await running


async def test_a_job_of_a_dead_worker_is_tried_again_and_fails_in_the_end(tmp_path) -> None:
    clock = VirtualClock()
    async with open_jobs_house(tmp_path, clock=clock) as house:
        [job] = (await house.hand_in(callback_url="https://example.com/")).jobs
        for turn in range(3):
            assert await house.worker.claim() is not None
            assert await house.upkeep.turn() == 0
            clock.advance(6)
            assert await house.upkeep.turn() == (1 if turn < 2 else 0)
        found = await house.parts.store.get(job.id, owner=ME.owner)
        assert (found.state, found.error_code, found.attempts) == ("failed", "job_lost", 3)
        assert [outcome.state for outcome in house.told] == ["failed"]
        assert len((await house.database.read(lambda c: c.execute(select(deliveries)))).all()) == 1


async def test_a_job_that_was_to_be_cancelled_is_when_its_worker_died(tmp_path) -> None:
    clock = VirtualClock()
    async with open_jobs_house(tmp_path, clock=clock) as house:
        [job] = (await house.hand_in()).jobs
        await house.worker.claim()
        await house.desk.cancel(job.id, owner=ME.owner)
        clock.advance(6)
        await house.upkeep.turn()
        assert await state_of(house, job) == "cancelled"


async def test_a_job_that_waited_for_too_long_fails(tmp_path) -> None:
    clock = VirtualClock()
    async with open_jobs_house(tmp_path, clock=clock) as house:
        [job] = (await house.hand_in()).jobs
        clock.advance(QUICK.max_age_seconds + 1)
        await house.upkeep.turn()
        assert (await house.parts.store.get(job.id, owner=ME.owner)).error_code == "deadline_exceeded"
        assert house.recordings == []


async def test_a_recording_that_was_left_behind_is_deleted_later(tmp_path) -> None:
    clock = VirtualClock()
    async with open_jobs_house(tmp_path, clock=clock) as house:
        [job] = (await house.hand_in()).jobs
        ended = {"state": "succeeded", "finished_ms": job.created_ms}
        await house.database.write(lambda c: c.execute(update(jobs).values(ended)))
        clock.advance(61)
        await house.upkeep.turn()
        assert house.recordings == []


async def test_a_database_that_is_away_for_a_moment_costs_no_result(tmp_path, monkeypatch) -> None:
    async with open_jobs_house(tmp_path) as house:
        [job] = (await house.hand_in()).jobs
        claim = await house.worker.claim()
        once, end = [StorageUnavailable("away", retry_after_seconds=1)], house.parts.queue.end

        async def end_later(*args, **more):
            if once:
                raise once.pop()
            return await end(*args, **more)

        monkeypatch.setattr(house.parts.queue, "end", end_later)
        await house.worker.run(claim)
        assert await state_of(house, job) == "succeeded"


async def test_a_recording_is_fetched_from_its_url(tmp_path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"from afar")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        async with open_jobs_house(tmp_path) as house:
            url = f"http://127.0.0.1:{server.server_address[1]}/a.wav"
            await house.desk.accept(ME, Order([Wanted(JobSpec(RecognizeOptions(), url=url))], 5))
            await attempt(house)
            assert house.transcriber.heard == [b"from afar"]
        server.shutdown()


async def test_requests_under_one_key_at_the_same_moment_are_one_job(tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        receipts = await asyncio.gather(*(house.hand_in(b"same", idempotency_key="k") for _ in range(5)))
        assert len({receipt.jobs[0].id for receipt in receipts}) == 1
        assert [receipt.is_new for receipt in receipts].count(True) == 1
        assert len(house.recordings) == 1
        with pytest.raises(IdempotencyConflict):
            await house.hand_in(b"another", idempotency_key="k")


async def test_a_full_desk_keeps_no_recording(tmp_path) -> None:
    async with open_jobs_house(tmp_path, settings=replace(QUICK, max_open=1)) as house:
        await house.hand_in()
        with pytest.raises(Overloaded):
            await house.hand_in()
        assert len(house.recordings) == 1


async def test_a_long_transcript_comes_back_whole(tmp_path) -> None:
    transcript = said(*(f"sentence {i}" for i in range(500)))
    async with open_jobs_house(tmp_path, transcriber=FakeTranscriber(lambda _: transcript)) as house:
        [job] = (await house.hand_in()).jobs
        await attempt(house)
        assert transcript_from(await house.parts.store.result(job.id, owner=ME.owner)) == transcript


async def test_a_runner_that_breaks_is_begun_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("lingting.jobs.runner.PAUSE_SECONDS", 0.01)
    breaks = [KeyError("a mistake of ours")]
    async with open_jobs_house(tmp_path) as house:
        turn = house.upkeep.turn

        async def turn_later() -> int:
            if breaks:
                raise breaks.pop()
            return await turn()

        monkeypatch.setattr(house.upkeep, "turn", turn_later)
        async with house.runner.running():
            [job] = (await house.hand_in()).jobs
            await house.until(job.id, "succeeded")
        assert not breaks
