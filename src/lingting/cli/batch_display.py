"""Progress of many jobs: a bar for all of them, and one for each that is followed, where a person watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from lingting.cli.reporting import err
from lingting.client.jobs import JobView

__all__ = ["BatchDisplay", "JobBar", "batch_display"]

LABEL_WIDTH = 40


@dataclass(frozen=True, slots=True)
class JobBar:
    """Shows one job."""

    progress: Progress
    id: TaskID

    def show(self, job: JobView) -> None:
        self.progress.update(self.id, completed=job.done_ratio or 0.0, state=job.state)


class BatchDisplay:
    """All jobs of one command."""

    def __init__(self, overall: Progress, each: Progress, count: int) -> None:
        self._overall = overall
        self._each = each
        self._all = overall.add_task("recordings", total=count)

    @contextmanager
    def following(self, label: str) -> Iterator[JobBar]:
        name = label if len(label) <= LABEL_WIDTH else f"…{label[1 - LABEL_WIDTH :]}"
        bar = JobBar(self._each, self._each.add_task(escape(name), total=1.0, state="handed in"))
        try:
            yield bar
        finally:
            self._each.remove_task(bar.id)
            self._overall.advance(self._all)


@contextmanager
def batch_display(count: int) -> Iterator[BatchDisplay]:
    """Bars on standard error while a person watches; nothing when it goes to a file or a pipe."""
    console = err()
    is_watched = console.is_terminal
    each = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), disable=True)
    overall = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), disable=True
    )
    if not is_watched:
        yield BatchDisplay(overall, each, count)
        return
    from rich.console import Group
    from rich.live import Live

    with Live(Group(each, overall), console=console, refresh_per_second=8, redirect_stdout=False):
        yield BatchDisplay(overall, each, count)
