"""What is expected of whoever sees to it that jobs are worked on: in the process, over Redis, over RabbitMQ."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from databases import KINDS as KINDS_OF_DATABASES
from databases import fresh_database
from jobs_house import QUICK, FakeTranscriber, JobHouse, open_jobs_house, own_queue, require_rabbitmq
from kept import new_vault, said
from lingting.domain.errors import EngineFailed
from lingting.jobs.celery_app import CeleryBroker, CeleryListener, open_celery
from lingting.jobs.listening import listening
from lingting.jobs.sending import SendingRunner
from redis_server import own_redis, require_redis

pytestmark = pytest.mark.contract
KINDS = ("local", "redis", "rabbitmq")


@asynccontextmanager
async def at_work(house: JobHouse, url: str | None, queue: str):
    """A runner, and where there is a broker a worker that listens to it."""
    if url is None:
        async with house.runner.running():
            yield
        return
    app = open_celery(url, queue)
    runner = SendingRunner(house.parts, CeleryBroker(app), house.upkeep, house.settings)
    house.desk._runner = runner
    open_listener = partial(CeleryListener, open_celery(url, queue), at_once=house.settings.workers)
    async with listening(open_listener, house.worker), runner.running():
        yield


@pytest.fixture(params=KINDS)
def broker(request):
    url = {"local": lambda: None, "redis": require_redis, "rabbitmq": require_rabbitmq}[request.param]()
    if url is None:
        yield None, ""
        return
    with own_queue(url) as queue:
        yield url, queue


async def test_every_job_is_worked_on_once(broker, tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house, at_work(house, *broker):
        receipt = await house.hand_in(*(f"sound {i}".encode() for i in range(6)))
        for job in receipt.jobs:
            assert (await house.until(job.id, "succeeded")).attempts == 1
        assert sorted(house.transcriber.heard) == [f"sound {i}".encode() for i in range(6)]
        await house.settled(lambda: len(house.told) == 6 and not house.recordings)


async def test_jobs_that_wait_already_are_worked_on(broker, tmp_path) -> None:
    async with open_jobs_house(tmp_path) as house:
        receipt = await house.hand_in()
        async with at_work(house, *broker):
            await house.until(receipt.jobs[0].id, "succeeded")


async def test_a_job_that_failed_is_tried_again(broker, tmp_path) -> None:
    transcriber = FakeTranscriber(lambda call: EngineFailed("broke") if call == 1 else said("hello"))
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house, at_work(house, *broker):
        receipt = await house.hand_in()
        assert (await house.until(receipt.jobs[0].id, "succeeded")).attempts == 2


async def test_a_running_job_is_taken_back(broker, tmp_path) -> None:
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house, at_work(house, *broker):
        [job] = (await house.hand_in()).jobs
        await house.until(job.id, "running")
        await transcriber.began.wait()
        await house.desk.cancel(job.id, owner=job.owner)
        await house.until(job.id, "cancelled")
        await house.settled(lambda: bool(house.told))
        [told] = house.told
        assert told.state == "cancelled"


async def test_on_stopping_a_job_is_given_back_and_another_runner_ends_it(broker, tmp_path) -> None:
    transcriber = FakeTranscriber(gate=asyncio.Event())
    async with open_jobs_house(tmp_path, transcriber=transcriber) as house:
        async with at_work(house, *broker):
            [job] = (await house.hand_in()).jobs
            await transcriber.began.wait()
        assert (await house.parts.store.get(job.id, owner=job.owner)).state == "queued"
        transcriber.gate.set()
        async with at_work(house, *broker):
            assert (await house.until(job.id, "succeeded")).attempts == 1


async def test_a_broker_that_is_away_delays_jobs_and_loses_none(tmp_path) -> None:
    with own_redis(tmp_path) as server:
        async with open_jobs_house(tmp_path) as house, at_work(house, server.url, "lingting.test"):
            await house.until((await house.hand_in()).jobs[0].id, "succeeded")
            server.stop()
            [job] = (await house.hand_in()).jobs
            server.start()
            await house.until(job.id, "succeeded", seconds=30)


async def test_a_lost_message_is_sent_again(tmp_path) -> None:
    settings = replace(QUICK, resend_seconds=0.2)
    async with open_jobs_house(tmp_path, settings=settings) as house:
        sent: list[str] = []
        runner = SendingRunner(house.parts, SimpleNamespace(send=sent.extend), house.upkeep, settings)
        [job] = (await house.hand_in()).jobs
        assert await runner.send_due() == 1
        assert await runner.send_due() == 0
        await asyncio.sleep(0.25)
        assert await runner.send_due() == 1
        assert sent == [job.id] * 2


@pytest.mark.parametrize("kind", KINDS_OF_DATABASES)
async def test_servers_that_share_a_database_share_its_jobs(kind, tmp_path) -> None:
    vault = new_vault()
    with fresh_database(kind, tmp_path) as url:
        async with (
            open_jobs_house(tmp_path, url=url, vault=vault) as one,
            open_jobs_house(tmp_path, url=url, vault=vault) as other,
            one.runner.running(),
            other.runner.running(),
        ):
            receipt = await one.hand_in(*(f"sound {i}".encode() for i in range(12)))
            for job in receipt.jobs:
                await other.until(job.id, "succeeded")
            await one.settled(lambda: len(one.told) + len(other.told) == 12)
            assert len(one.transcriber.heard) + len(other.transcriber.heard) == 12
