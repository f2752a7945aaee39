"""Works on one claimed job: brings the recording, has it recognised behind live traffic, and ends the job.

Promises: a job is ended, given back or left to its lease, whatever happens; a cancel is seen within a second or so and
stops the work; a worker that lost its lease changes nothing; a worker that is stopped gives its job back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from lingting.audio.decode import AudioSource
from lingting.domain import Call, Principal, Priority, Progress, RecognizeOptions, Transcript
from lingting.domain.errors import DeadlineExceeded, InvalidInput, LingtingError, RecordNotFound, StorageUnavailable
from lingting.domain.job import JobState
from lingting.jobs.ending import Endings
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.retry import again_after
from lingting.jobs.sources import JobSources
from lingting.storage.identity import milliseconds, record_of_job
from lingting.storage.jobs.job_records import Claim, Job
from lingting.telemetry import about, log, request_id, span
from lingting.telemetry.traces import Span

__all__ = ["Answer", "JobWorker", "Transcribes", "call_of_job", "record_of_job"]

PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Between tries to write down how it went while the database is away; then the lease runs out."""
DOOR = "jobs"
T = TypeVar("T")


class Answer(Protocol):
    @property
    def transcript(self) -> Transcript: ...


class Transcribes(Protocol):
    """The part of the transcriber that jobs use."""

    async def transcribe(  # noqa: PLR0913 - as the transcriber has it
        self,
        source: AudioSource,
        options: RecognizeOptions,
        call: Call,
        *,
        priority: Priority = ...,
        on_progress: Callable[[Progress], None] | None = None,
        record_id: str | None = None,
    ) -> Answer: ...


class _Reached:
    """How far one attempt has come."""

    done_ms = 0
    total_ms: int | None = None

    def __call__(self, progress: Progress) -> None:
        self.done_ms = round(progress.done_seconds * 1_000)
        self.total_ms = None if progress.total_seconds is None else round(progress.total_seconds * 1_000)

    @property
    def figures(self) -> tuple[int, int | None]:
        return self.done_ms, self.total_ms


class JobWorker:
    """Belongs to one event loop; works on as many jobs as it is given."""

    def __init__(
        self,
        parts: JobParts,
        settings: JobSettings,
        *,
        endings: Endings,
        sources: JobSources,
        transcriber: Transcribes,
    ) -> None:
        self._parts = parts
        self._endings = endings
        self._sources = sources
        self._transcriber = transcriber
        self._settings = settings
        self._lease_ms = round(settings.lease_seconds * 1_000)

    async def claim(self, only: str | None = None) -> Claim | None:
        """A job to run; a caller that is cancelled meanwhile leaves none behind.

        raises    StorageUnavailable
        """
        claiming = asyncio.ensure_future(self._parts.queue.claim(lease_ms=self._lease_ms, only=only))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait((claiming,))
            if not claiming.cancelled() and claiming.exception() is None and (claim := claiming.result()) is not None:
                await self._give_back(claim)
            raise

    async def run(self, claim: Claim) -> None:
        """One attempt; raises nothing but being cancelled, which gives the job back."""
        request_id.set(claim.job.spec.request_id)
        with about(job_id=claim.job.id), span("job", kind="consumer", attempt=claim.job.attempts) as spent:
            await self._run(claim, spent)

    async def _run(self, claim: Claim, spent: Span) -> None:
        job = claim.job
        waited_seconds = max(0.0, (milliseconds(self._parts.clock) - job.created_ms) / 1_000)
        self._parts.observer.job_began(waited_seconds=waited_seconds if job.attempts == 1 else None)
        log.info("job.began", job_id=job.id, attempt=job.attempts)
        outcome = "lost"
        try:
            outcome = await self._attempt(claim)
        except asyncio.CancelledError:
            outcome = "released"
            raise
        except Exception as problem:  # noqa: BLE001 - the worker loop: the lease runs out, and another tries
            log.error("job.left", job_id=job.id, cause=getattr(problem, "code", type(problem).__name__))
        finally:
            self._parts.observer.job_left(outcome)
            spent.set(outcome=outcome, request_id=job.spec.request_id)

    async def _attempt(self, claim: Claim) -> str:
        reached = _Reached()
        work = asyncio.create_task(self._work(claim.job, reached), name="job-work")
        watch = asyncio.create_task(self._watch(claim, reached), name="job-watch")
        try:
            await asyncio.wait(
                (work, watch), timeout=self._settings.attempt_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            await _stopped(work, watch)
            await self._give_back(claim)
            raise
        work_is_done, watch_is_done = work.done(), watch.done()
        await _stopped(work, watch)
        if work_is_done:
            return await _to_the_end(self._settle(claim, work))
        if watch_is_done:
            return await _to_the_end(self._leave(claim, watch.result()))
        limit = f"an attempt took longer than {self._settings.attempt_seconds:g} seconds, the limit here"
        return await _to_the_end(self._failed(claim, DeadlineExceeded(limit)))

    async def _work(self, job: Job, reached: _Reached) -> Transcript:
        async with self._sources.opened(job) as source:
            answer = await self._transcriber.transcribe(
                source,
                job.spec.options,
                call_of_job(job),
                priority=Priority.JOB,
                on_progress=reached,
                record_id=record_of_job(job.id),
            )
        return answer.transcript

    async def _watch(self, claim: Claim, reached: _Reached) -> JobState | None:
        """Keep the lease and tell of progress, until the job is not to be worked on any more: how it stands then."""
        clock, queue = self._parts.clock, self._parts.queue
        renewed_seconds, told = clock.monotonic(), reached.figures
        while True:
            await asyncio.sleep(self._settings.watch_seconds)
            now_seconds, figures = clock.monotonic(), reached.figures
            try:
                if figures != told or now_seconds - renewed_seconds >= self._settings.renew_seconds:
                    done_ms, total_ms = figures
                    state = await queue.renew(claim, lease_ms=self._lease_ms, done_ms=done_ms, total_ms=total_ms)
                    renewed_seconds, told = now_seconds, figures
                else:
                    state = await queue.state(claim)
            except StorageUnavailable:
                if now_seconds - renewed_seconds > self._settings.lease_seconds:
                    return None
                continue
            if state is not JobState.RUNNING:
                return state

    async def _settle(self, claim: Claim, work: asyncio.Task[Transcript]) -> str:
        if work.cancelled():  # by somebody else than us
            return await self._failed(claim, LingtingError("the work was stopped"))
        problem = work.exception()
        if isinstance(problem, LingtingError):
            return await self._failed(claim, problem)
        if problem is not None:
            log.error("job.broke", job_id=claim.job.id, exc_info=problem)
            return await self._failed(claim, LingtingError("something broke here; the log has the job's id"))
        transcript = work.result()
        if await _kept_trying(lambda: self._endings.succeed(claim.job, transcript)):
            return "succeeded"
        return await self._leave(claim)

    async def _failed(self, claim: Claim, problem: LingtingError) -> str:
        job = claim.job
        if isinstance(problem, RecordNotFound):
            problem = InvalidInput("the recording is gone; send it again")
        age_seconds = (milliseconds(self._parts.clock) - job.created_ms) / 1_000
        again = again_after(
            problem,
            attempts=job.attempts,
            age_seconds=age_seconds,
            settings=self._settings,
            chance=random.random(),  # noqa: S311 - spreads pauses
        )
        if again is None:
            is_ours = await _kept_trying(lambda: self._endings.fail(job, problem))
            return "failed" if is_ours else await self._leave(claim)
        log.info("job.retried", job_id=job.id, code=problem.code, delay_seconds=round(again.delay_seconds, 1))
        delay_ms = round(again.delay_seconds * 1_000)
        back = await _kept_trying(lambda: self._parts.queue.release(claim, delay_ms=delay_ms, counts=again.counts))
        return "retried" if back else await self._leave(claim)

    async def _leave(self, claim: Claim, state: JobState | None = None) -> str:
        """Of one that is not ours to end as we would: take it back if that was asked for, else let go of it."""
        state = state or await self._parts.queue.state(claim)
        if state is not JobState.CANCELLING:
            log.warning("job.lost", job_id=claim.job.id)
            return "lost"
        is_ours = await _kept_trying(lambda: self._endings.cancel(claim.job))
        return "cancelled" if is_ours else "lost"

    async def _give_back(self, claim: Claim) -> None:
        """For another worker, at once; where that cannot be written the lease runs out."""

        async def back() -> None:
            if not await self._parts.queue.release(claim, delay_ms=0, counts=False):
                await self._leave(claim)

        try:
            await _to_the_end(back())
        except LingtingError as problem:
            log.warning("job.not_released", job_id=claim.job.id, code=problem.code)


def call_of_job(job: Job) -> Call:
    """In whose name a job is worked on."""
    spec = job.spec
    principal = Principal(job.key_id, tenant=spec.tenant, limits=spec.limits)
    return Call(principal, DOOR, request_id=spec.request_id, user=spec.user, keep=spec.keep)


async def _kept_trying(action: Callable[[], Awaitable[bool]]) -> bool:
    """raises    StorageUnavailable, after some time"""
    for pause_seconds in PAUSES_SECONDS:
        try:
            return await action()
        except StorageUnavailable:
            await asyncio.sleep(pause_seconds)
    return await action()


async def _stopped(*tasks: asyncio.Task[Any]) -> None:  # Any: whatever they give
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:  # Any: a coroutine that is only awaited
    """Await it even when cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
