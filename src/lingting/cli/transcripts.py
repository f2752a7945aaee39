"""Transcribes many recordings at once: a few in flight, results in the order they were given.

All of them go through one pipeline, so their pieces share batches. One that fails is reported and the others go on.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from lingting.audio.decode import AudioSource
from lingting.cli.opening import RunningPipeline
from lingting.cli.reporting import err, print_error
from lingting.domain import PcmFormat, RecognizeOptions, Transcript
from lingting.domain import Progress as Done
from lingting.domain.errors import LingtingError

__all__ = ["Outcome", "Plan", "Task", "transcribe_all"]


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to transcribe."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What all recordings of one command share."""

    options: RecognizeOptions
    pcm: PcmFormat | None = None
    max_at_once: int = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one recording went: a transcript, or the error that was printed."""

    task: Task
    transcript: Transcript | None
    problem: LingtingError | None = None


async def transcribe_all(
    pipeline: RunningPipeline,
    tasks: Sequence[Task],
    plan: Plan,
    *,
    on_outcome: Callable[[int, Outcome], None],
) -> list[Outcome]:
    """Return every outcome, in the order of the tasks; `on_outcome` hears each one in that order, as soon as it can."""
    slots = asyncio.Semaphore(plan.max_at_once)
    outcomes: list[Outcome] = []
    try:
        with _progress() as bars:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(_one(pipeline, task, plan, slots, bars)) for task in tasks]
                for index, future in enumerate(running):
                    outcomes.append(await future)
                    on_outcome(index, outcomes[-1])
    except BaseExceptionGroup as several:
        raise _first(several) from several
    return outcomes


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the work; the rest of the group are consequences of it."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


async def _one(pipeline: RunningPipeline, task: Task, plan: Plan, slots: asyncio.Semaphore, bars: _Bars) -> Outcome:
    async with slots:
        bar = bars.begin(task.label)
        source = AudioSource(path=task.path, pcm=plan.pcm, name=task.label)
        try:
            transcript = await pipeline.transcribe(source, plan.options, on_progress=bar)
        except LingtingError as problem:
            bars.end(bar, "[red]failed")
            print_error(problem, about=task.label)
            return Outcome(task, None, problem)
        bars.end(bar, "[green]done")
        return Outcome(task, transcript)


@dataclass(frozen=True, slots=True)
class _Bar:
    """Hears from the pipeline how far one recording has come."""

    progress: Progress
    id: TaskID

    def __call__(self, done: Done) -> None:
        self.progress.update(self.id, completed=done.done_seconds, total=done.total_seconds)


@dataclass(frozen=True, slots=True)
class _Bars:
    progress: Progress

    def begin(self, label: str) -> _Bar:
        name = label if len(label) <= _LABEL_WIDTH else f"…{label[1 - _LABEL_WIDTH :]}"
        return _Bar(self.progress, self.progress.add_task(escape(name), total=None, state=""))

    def end(self, bar: _Bar, state: str) -> None:
        task = next(task for task in self.progress.tasks if task.id == bar.id)
        total = task.total or max(task.completed, 1.0)
        self.progress.update(bar.id, total=total, completed=total if "done" in state else task.completed, state=state)


_LABEL_WIDTH = 40


@contextmanager
def _progress() -> Iterator[_Bars]:
    """Bars on stderr while a person watches; nothing when it goes to a file or a pipe."""
    console = err()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
        console=console,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=False,
    ) as progress:
        yield _Bars(progress)
