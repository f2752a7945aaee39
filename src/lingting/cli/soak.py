"""`lingting soak`: a while of work for a running server, and whether it stays as it was."""

from __future__ import annotations

import asyncio
import json as json_format
from dataclasses import asdict
from typing import Annotated

import typer

from lingting.cli.batch import DEFAULT_SERVER, KEY_VARIABLE
from lingting.cli.bench_tables import show_table
from lingting.cli.inputs import collect
from lingting.cli.reporting import ExitCode, err, out, reported
from lingting.domain import SystemClock
from lingting.proof.endurance.looks import Look
from lingting.proof.endurance.verdict import Grown, judge
from lingting.proof.endurance.watch import Soaked, SoakPlan
from lingting.proof.endurance.watch import soak as run_soak
from lingting.proof.load.clips import read_clips, read_spoken
from lingting.proof.load.talks import make_talk
from lingting.proof.transcription_door import Target

__all__ = ["soak"]


@reported
def soak(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    recordings: Annotated[list[str], typer.Argument(metavar="FILE|DIR...", help="recordings with speech")],
    url: Annotated[str, typer.Option("--url", "-u", help="of a Lingting server")] = DEFAULT_SERVER,
    api_key: Annotated[str | None, typer.Option("--api-key", "--key", envvar=KEY_VARIABLE, show_default=False)] = None,
    minutes: Annotated[float, typer.Option(min=0.1, max=7 * 24 * 60)] = 10.0,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="speakers, and requests, in a round")] = 4,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    talk: Annotated[float, typer.Option(min=2, max=600, help="seconds of each talk")] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="all looks and the verdict")] = False,
) -> None:
    """Keep a server busy and watch its memory, files, threads and queue; 1 when something grows or fails."""
    target = Target.of(url, key=api_key)
    paths = [each.path for each in collect(recordings, recursive=False)]
    clips, spoken = read_clips(paths), read_spoken(paths)
    talks = [make_talk(spoken, seconds=talk, seed=number) for number in range(at_once)]
    plan = SoakPlan(minutes * 60, at_once, language)
    soaked = asyncio.run(run_soak(target, (talks, clips), plan, clock=SystemClock(), on_look=_note))
    grown = judge(soaked.looks)
    if json:
        body = {**asdict(soaked), "verdict": [asdict(one) | {"is_flat": one.is_flat} for one in grown]}
        typer.echo(json_format.dumps(body, indent=2))
    else:
        _show(soaked, grown)
    if soaked.failed or not grown or not all(one.is_flat for one in grown):
        raise typer.Exit(ExitCode.FAILED)


def _note(look: Look) -> None:
    err().print(
        f"{look.at_seconds:7.0f} s  {look.memory_bytes / 2**20:.0f} MiB, {look.open_files:.0f} files, "
        f"{look.threads:.0f} threads"
    )


def _show(soaked: Soaked, grown: tuple[Grown, ...]) -> None:
    failed = ", ".join(f"{count} {code}" for code, count in sorted(soaked.failed.items())) or "none"
    out().print(f"{soaked.rounds} rounds, {soaked.finals} finals, {soaked.answers} answers; failed: {failed}\n")
    if not grown:
        out().print("too few rounds for a verdict: let it run longer, or with shorter talks")
        return
    rows = [
        (one.name, f"{one.early:.1f}", f"{one.late:.1f}", f"{one.allowed:.1f}", "flat" if one.is_flat else "GROWN")
        for one in grown
    ]
    show_table(("", "first third", "last third", "allowed", ""), rows)
    out().print("flat" if all(one.is_flat for one in grown) else "not flat")
