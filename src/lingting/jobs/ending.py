"""Ends jobs: result, callback and state in one transaction, then whoever wants to know is told.

Promises: of all who try to end a job one does; only that one tells of it. The recording is deleted afterwards; one that
a crash leaves behind, `upkeep` finds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lingting.domain import Segment, Transcript
from lingting.domain.errors import LingtingError, StorageUnavailable
from lingting.domain.intents import IntentMatch
from lingting.domain.job import JobState
from lingting.jobs.callbacks import callback_row
from lingting.jobs.command_messages import Command, CommandSource, command_id
from lingting.jobs.outcome import JobOutcome
from lingting.jobs.parts import JobParts
from lingting.storage.identity import milliseconds
from lingting.storage.jobs.job_records import Ending, Job
from lingting.storage.transcripts.transcript_records import transcript_to
from lingting.telemetry import log
from lingting.text.commands.intents import Intents, matches_fields, matches_of
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["Endings", "Told"]

MAX_MESSAGE_CHARACTERS = 1_000
LONG_SEGMENTS = 100
"""A transcript that takes over a millisecond to write down."""
Told = Callable[[JobOutcome], None]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of a job that succeeded."""

    transcript: Transcript
    asked: list[tuple[Segment, IntentMatch]] | None
    """The commands in it; None where they were not asked for."""

    def result(self) -> dict[str, object]:
        """As JSON."""
        rendered: dict[str, object] = json.loads(render(self.transcript, TranscriptFormat.VERBOSE_JSON))
        return rendered if self.asked is None else rendered | {"intents": matches_fields(self.asked)}


class Endings:
    """The last step of every job.

    told         who hears of each end: the courier of callbacks, Kafka
    wants_text   whether one of those who hear wants the result, too
    intents      the packs of commands that jobs may name
    """

    def __init__(
        self, parts: JobParts, told: Sequence[Told] = (), *, wants_text: bool = False, intents: Intents | None = None
    ) -> None:
        self._parts = parts
        self._told = told
        self._wants_text = wants_text
        self._intents = intents

    async def succeed(self, job: Job, transcript: Transcript) -> bool:
        """False when the job is not running under its lease any more.

        raises    StorageUnavailable
        """
        if len(transcript.segments) > LONG_SEGMENTS:
            result = await asyncio.to_thread(transcript_to, transcript)
        else:
            result = transcript_to(transcript)
        ending = Ending(JobState.SUCCEEDED, result=result, audio_ms=round(transcript.duration_seconds * 1_000))
        asked = await asyncio.to_thread(self._asked, job, transcript) if job.spec.intents else None
        return await self._end(job, ending, _Heard(transcript, asked))

    async def fail(self, job: Job, problem: LingtingError, *, if_lost: bool = False) -> bool:
        """The same for one that will not be tried again.

        if_lost    only when its lease has run out
        """
        ending = Ending(JobState.FAILED, problem.code, problem.message[:MAX_MESSAGE_CHARACTERS])
        return await self._end(job, ending, if_lost=if_lost)

    async def cancel(self, job: Job, *, if_lost: bool = False) -> bool:
        """The same for one that somebody took back."""
        return await self._end(job, Ending(JobState.CANCELLED), if_lost=if_lost)

    async def forget_recording(self, job_id: str, blob_id: str) -> None:
        """Of a job that has ended.

        raises    StorageUnavailable
        """
        await self._parts.blobs.delete(blob_id)
        await self._parts.queue.forget_input(job_id)

    async def _end(self, job: Job, ending: Ending, heard: _Heard | None = None, *, if_lost: bool = False) -> bool:
        outcome = self._outcome(job, ending, heard)
        row = None
        if job.spec.callback_url:
            said = outcome if job.spec.callback_includes_result else replace(outcome, result=None)
            row = callback_row(self._parts.vault, said, job.spec.callback_url, now_ms=milliseconds(self._parts.clock))
        if not await self._parts.queue.end(job, ending, delivery=row, if_lost=if_lost):
            return False
        seconds = max(0.0, (milliseconds(self._parts.clock) - job.created_ms) / 1_000)
        self._parts.observer.job_ended(ending.state, seconds=seconds)
        log.info("job.ended", job_id=job.id, state=str(ending.state), code=ending.error_code, attempts=job.attempts)
        for tell in self._told:
            tell(outcome)
        if job.blob_id:
            try:
                await self.forget_recording(job.id, job.blob_id)
            except StorageUnavailable as problem:
                log.warning("job.recording_left", job_id=job.id, code=problem.code)
        return True

    def _asked(self, job: Job, transcript: Transcript) -> list[tuple[Segment, IntentMatch]] | None:
        """What its segments ask for; None where the pack has gone since the job was accepted."""
        if self._intents is None or job.spec.intents not in self._intents.names:
            log.warning("job.pack_gone", job_id=job.id)
            return None
        return matches_of(self._intents.matcher(job.spec.intents), transcript)

    def _outcome(self, job: Job, ending: Ending, heard: _Heard | None) -> JobOutcome:
        transcript = None if heard is None else heard.transcript
        wants_result = job.spec.callback_includes_result or self._wants_text
        return JobOutcome(
            job_id=job.id,
            owner=job.owner,
            state=str(ending.state),
            finished=self._parts.clock.now(),
            batch_id=job.batch_id,
            audio_seconds=None if transcript is None else transcript.duration_seconds,
            error_code=ending.error_code,
            error_message=ending.error_message,
            result=heard.result() if heard is not None and wants_result else None,
            commands=self._commands(job, heard.asked or ()) if heard is not None and job.spec.publishes else (),
        )

    def _commands(self, job: Job, asked: Sequence[tuple[Segment, IntentMatch]]) -> tuple[Command, ...]:
        now = self._parts.clock.now()
        return tuple(
            Command(
                command_id(),
                match,
                CommandSource("job", job.id, job.owner, segment.id, segment.start_seconds, segment.end_seconds),
                now,
                segment.language,
                segment.text,
            )
            for segment, match in asked
        )
