"""`lingting bench`: what callers of a running server get under load: short requests, repeated ones, live speech.

Any server with OpenAI's transcription route can be measured by `http`, so that peers are measured alike.
"""

from __future__ import annotations

import asyncio
import itertools
import json as json_format
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lingting.cli.batch import DEFAULT_SERVER, KEY_VARIABLE
from lingting.cli.bench_tables import show_requests, show_streams
from lingting.cli.inputs import collect
from lingting.cli.reporting import ExitCode, err, reported
from lingting.domain import SystemClock
from lingting.domain.errors import InvalidOption
from lingting.proof.load.clips import read_clips, read_spoken
from lingting.proof.load.figures import RequestFigures, StreamFigures, as_json
from lingting.proof.load.requests import RequestPlan, send_requests
from lingting.proof.load.speakers import Microphone, figures_of, speak_together
from lingting.proof.load.talks import make_talk
from lingting.proof.transcription_door import Target

__all__ = ["bench_app"]

MAX_SPEAKERS = 500
"""Of one machine, whose processor the speakers share."""

Recordings = Annotated[list[str], typer.Argument(metavar="FILE|DIR...", help="recordings with speech")]
Urls = Annotated[list[str] | None, typer.Option("--url", "-u", help="a server, or a base URL#MODEL; twice compares")]
Key = Annotated[str | None, typer.Option("--api-key", "--key", envvar=KEY_VARIABLE, show_default=False)]
Language = Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")]
Clients = Annotated[int, typer.Option(min=1, max=512, help="requests in hand at once")]
Seconds = Annotated[float, typer.Option(min=1, max=3_600, help="the longest that one server is asked")]
AsJson = Annotated[bool, typer.Option("--json", help="figures for lingting capacity and other programs")]

bench_app = typer.Typer(
    name="bench", no_args_is_help=True, help="What callers of a running server get under load.", add_completion=False
)


@bench_app.command("http")
@reported
def http(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    recordings: Recordings,
    url: Urls = None,
    api_key: Key = None,
    language: Language = None,
    clients: Clients = 8,
    requests: Annotated[int, typer.Option(min=1, max=1_000_000, help="in all, to each server")] = 64,
    seconds: Seconds = 600.0,
    json: AsJson = False,
) -> None:
    """Recordings sent over HTTP, each recognised anew."""
    plan = RequestPlan(clients, requests, seconds, language)
    _requests("http", recordings, _targets(url, api_key), plan, as_json_=json)


@bench_app.command("cached")
@reported
def cached(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    recording: Annotated[str, typer.Argument(metavar="FILE", help="one recording")],
    url: Urls = None,
    api_key: Key = None,
    language: Language = None,
    clients: Clients = 32,
    requests: Annotated[int, typer.Option(min=1, max=1_000_000, help="in all, to each server")] = 2_000,
    seconds: Seconds = 30.0,
    json: AsJson = False,
) -> None:
    """The same recording again and again, answered from the cache."""
    plan = RequestPlan(clients, requests, seconds, language, is_fresh=False)
    _requests("cached", [recording], _targets(url, api_key), plan, as_json_=json)


@bench_app.command("streams")
@reported
def streams(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    recordings: Recordings,
    url: Urls = None,
    api_key: Key = None,
    language: Language = None,
    speakers: Annotated[str, typer.Option(help="how many at once, one run for each")] = "1,2,4",
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="of each talk")] = 30.0,
    warm_up: Annotated[float, typer.Option(min=0, max=600, help="seconds that do not count")] = 3.0,
    json: AsJson = False,
) -> None:
    """People who speak at their own pace over WebSockets."""
    counts = [_speakers(part) for part in speakers.split(",")]
    targets = _targets(url, api_key)
    spoken = read_spoken(each.path for each in collect(recordings, recursive=False))
    talks = [make_talk(spoken, seconds=seconds, seed=number) for number in range(max(counts))]
    clock, runs = SystemClock(), []
    for target, count in itertools.product(targets, counts):
        err().print(f"{target.root}: {count} at once for {seconds:g} s")
        to = Microphone(target.root, language or "auto", target.key or "")
        heard = asyncio.run(speak_together(to, talks[:count], clock=clock))
        runs.append(figures_of(target.root, heard, warm_up_seconds=warm_up))
    _tell("streams", runs, lambda: show_streams(runs), as_json_=json)


def _requests(
    kind: str, recordings: list[str], targets: Sequence[Target], plan: RequestPlan, *, as_json_: bool
) -> None:
    clips = read_clips(each.path for each in collect(recordings, recursive=False))
    clock = SystemClock()
    runs: list[RequestFigures] = []
    with _progress() as bars:
        for target in targets:
            bar = bars.add_task(target.base_url, total=plan.requests)

            advance = partial(bars.advance, bar)
            runs.append(asyncio.run(send_requests(target, clips, plan, clock=clock, on_done=advance)))
    _tell(kind, runs, lambda: show_requests(runs), as_json_=as_json_)


def _tell(
    kind: str, runs: Sequence[RequestFigures | StreamFigures], show: Callable[[], None], *, as_json_: bool
) -> None:
    if as_json_:
        typer.echo(json_format.dumps(as_json(kind, runs), ensure_ascii=False, indent=2))
    else:
        show()
    if any(run.failed for run in runs):
        raise typer.Exit(ExitCode.FAILED)


def _targets(urls: Sequence[str] | None, key: str | None) -> list[Target]:
    """The key goes to the first server only: a second one is somebody else's, or needs none."""
    given = urls or [DEFAULT_SERVER]
    return [Target.of(url, key=key if number == 0 else None) for number, url in enumerate(given)]


def _speakers(part: str) -> int:
    if not part.strip().isdecimal() or not 1 <= int(part.strip()[:6]) <= MAX_SPEAKERS:
        raise InvalidOption("--speakers", f"{part[:20]!r} is no number from 1 to {MAX_SPEAKERS}")
    return int(part)


def _progress() -> Progress:
    """Bars on stderr while a person watches."""
    console = err()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
