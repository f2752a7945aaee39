"""`lingting batch`: many recordings through a server's jobs, with their results as files.

Run again after a break, the same command finds the jobs that it handed in before, since each has an idempotency key
made of its recording and its wishes; nothing is recognised twice.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from lingting.cli.batch_display import BatchDisplay, batch_display
from lingting.cli.batch_items import BatchItem, collect_items, key_of
from lingting.cli.reporting import ExitCode, err, out, print_error, reported
from lingting.cli.transcribe import SUFFIXES
from lingting.client.errors import ServerError
from lingting.client.jobs import JobClient, JobView
from lingting.domain.errors import InvalidInput, InvalidOption, LingtingError
from lingting.text.subtitles import TranscriptFormat

__all__ = ["batch"]

DEFAULT_SERVER = "http://127.0.0.1:8000"
KEY_VARIABLE = "LINGTING_API_KEY"
MAX_RETRIES = 20
"""Of jobs that failed, each one a run of the command with --retry-failed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all recordings of one command share."""

    formats: Sequence[TranscriptFormat]
    folder: Path
    at_once: int
    retry_failed: bool


@reported
def batch(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    recordings: Annotated[
        list[str], typer.Argument(metavar="FILE|DIR|MANIFEST...", help="recordings, or a .jsonl or .csv manifest")
    ],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="one file per recording and format")],
    server: Annotated[str, typer.Option(help="see lingting serve")] = DEFAULT_SERVER,
    api_key: Annotated[str | None, typer.Option("--api-key", "--key", envvar=KEY_VARIABLE, show_default=False)] = None,
    format_: Annotated[list[TranscriptFormat] | None, typer.Option("--format", "-f", help="may be repeated")] = None,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    prompt: Annotated[str | None, typer.Option(help="names and terms the recordings may hold")] = None,
    priority: Annotated[int | None, typer.Option(min=0, max=9, help="0 is first")] = None,
    user: Annotated[str | None, typer.Option(help="your own name for whose speech it is")] = None,
    store: Annotated[bool, typer.Option("--store/--no-store", help="keep the transcripts in the history")] = True,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="look into folders below")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=256, help="in hand at once")] = 16,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="hand in again what failed earlier")] = False,
    patience: Annotated[float, typer.Option(min=0, help="seconds to wait for a server that is away or full")] = 300.0,
) -> None:
    """Hand recordings in as jobs, follow them, and write their results; run it again to resume."""
    wishes = {"language": language, "prompt": prompt, "priority": priority, "user": user}
    fields: dict[str, object] = {name: value for name, value in wishes.items() if value is not None}
    if not store:
        fields["store"] = False
    items = collect_items(recordings, fields, recursive=recursive)
    if not items:
        raise InvalidInput("the manifest names no recording")
    plan = _Plan(tuple(format_ or [TranscriptFormat.TEXT]), output_dir, jobs, retry_failed)
    failed = asyncio.run(_run(server, api_key, patience, items, plan))
    out().print(f"{len(items) - failed} of {len(items)} recordings done")
    if failed:
        raise typer.Exit(ExitCode.FAILED)


async def _run(server: str, key: str | None, patience: float, items: Sequence[BatchItem], plan: _Plan) -> int:
    """How many failed."""
    places = asyncio.Semaphore(plan.at_once)
    async with JobClient(server, key=key, patience_seconds=patience) as client:
        with batch_display(len(items)) as display:
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(_one(client, item, plan, places, display)) for item in items]
            except asyncio.CancelledError:
                err().print("[yellow]note[/yellow] jobs that were handed in go on; run the same command to resume")
                raise
            except BaseExceptionGroup as several:  # of the output folder: the same for all
                raise several.exceptions[0] from several
    return sum(not task.result() for task in tasks)


async def _one(
    client: JobClient, item: BatchItem, plan: _Plan, places: asyncio.Semaphore, display: BatchDisplay
) -> bool:
    async with places:
        with display.following(item.label) as bar:
            try:
                job = await _submitted(client, item, retry_failed=plan.retry_failed)
                bar.show(job)
                job = await client.wait(job.id, on_look=bar.show)
                if job.state != "succeeded":
                    raise ServerError(
                        job.error_code or f"job_{job.state}", job.error_message or "the job has no result"
                    )
                for format_ in plan.formats:
                    text = await client.result(job.id, format_.value)
                    await asyncio.to_thread(_write, plan.folder / f"{item.target}{SUFFIXES[format_]}", text)
            except InvalidOption:
                raise
            except LingtingError as problem:
                print_error(problem, about=item.label)
                return False
            except OSError as problem:
                err().print(f"[red]error[/red] {escape(item.label)}: cannot be read: {problem.strerror}")
                return False
    return True


async def _submitted(client: JobClient, item: BatchItem, *, retry_failed: bool) -> JobView:
    """The job of this recording: the one of an earlier run, where there is one."""
    salt = ""
    for _ in range(MAX_RETRIES):
        key = await asyncio.to_thread(functools.partial(key_of, item, salt=salt))
        job = await client.submit(item.path or item.url or "", fields=_fields(item), idempotency_key=key)
        if job.is_new or not retry_failed or job.state not in ("failed", "cancelled"):
            return job
        salt = job.id
    return job


def _fields(item: BatchItem) -> dict[str, object]:
    """As JSON has callbacks for a URL, where a form has two fields."""
    fields = dict(item.fields)
    if item.url is None or "callback_url" not in fields:
        return fields
    callback: dict[str, object] = {"url": fields.pop("callback_url")}
    if "callback_include_result" in fields:
        callback["include_result"] = fields.pop("callback_include_result")
    return {**fields, "callback": callback}


def _write(target: Path, text: str) -> None:
    """Whole or not at all, so that an interrupted run leaves no half files."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as problem:
        raise InvalidOption("--output-dir", f"cannot write {target}: {problem.strerror}") from problem
