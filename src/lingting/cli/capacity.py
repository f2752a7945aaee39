"""`lingting capacity`: from figures of `lingting bench` to how many servers a wanted load needs."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lingting.cli.bench_tables import show_table
from lingting.cli.reporting import out, reported
from lingting.domain.errors import InvalidOption
from lingting.proof.capacity import Measured, Plan, Wanted, plan_for

__all__ = ["capacity", "read_figures"]

LONGEST_FINAL_SECONDS = 1.5
"""After the end of speech, at p95: a live run with a longer wait counts as too much for the server."""


@reported
def capacity(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    figures: Annotated[list[Path], typer.Argument(help="what lingting bench --json printed; several are joined")],
    per_day: Annotated[float, typer.Option(help="requests a day")] = 0.0,
    peak_factor: Annotated[float, typer.Option(help="the busiest hour, by the mean of the day")] = 3.0,
    per_second: Annotated[float, typer.Option(help="requests a second, instead of --per-day")] = 0.0,
    audio_seconds: Annotated[float, typer.Option(help="of one request")] = 10.0,
    cached_ratio: Annotated[float, typer.Option(help="how many ask for what is known, 0 to 1")] = 0.0,
    speakers: Annotated[int, typer.Option(help="live speakers at once")] = 0,
    utilisation: Annotated[float, typer.Option(help="how much of what a server can do is planned with")] = 0.6,
    spare: Annotated[int, typer.Option(help="servers that may be away")] = 1,
    json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """How many servers like the measured one a load needs."""
    measured = read_figures(figures)
    if bool(per_day) == bool(per_second) and (per_day or not speakers):
        raise InvalidOption("--per-day", "give one of --per-day, --per-second, or --speakers")
    wanted = Wanted(
        requests_per_second=per_second or Wanted.peak(per_day, peak_factor),
        audio_seconds=audio_seconds,
        cached_ratio=cached_ratio,
        speakers=speakers,
        utilisation=utilisation,
        spare=spare,
    )
    plan = plan_for(wanted, measured)
    if json:
        body = {"wanted": asdict(wanted), "measured": asdict(measured), "plan": asdict(plan)}
        typer.echo(json_format.dumps(body, indent=2))
        return
    _show(wanted, measured, plan)


def read_figures(files: Sequence[Path]) -> Measured:
    """The best that one server did in all these runs.

    raises    InvalidOption for a file that `lingting bench --json` has not written
    """
    found: dict[str, float] = {}
    for file in files:
        try:
            body = json_format.loads(file.read_text(encoding="utf-8"))
            for run in body["runs"]:
                _take(found, body["kind"], run)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            wrong = f"{file} is not what lingting bench --json prints: {type(problem).__name__}"
            raise InvalidOption("figures", wrong) from problem
    return Measured(
        found.get("audio"), found.get("cached"), int(found.get("speakers", 0)) or None, found.get("latency", 0.0)
    )


def _take(found: dict[str, float], kind: str, run: dict[str, Any]) -> None:  # Any: JSON
    if kind == "streams":
        late = run["final"]["p95"] is None or float(run["final"]["p95"]) > LONGEST_FINAL_SECONDS
        if not late and not run["failed"]:
            found["speakers"] = max(found.get("speakers", 0), int(run["speakers"]))
    elif kind == "cached":
        found["cached"] = max(found.get("cached", 0.0), float(run["requests_per_second"]))
    elif kind == "http":
        if float(run["audio_per_second"]) > found.get("audio", 0.0):
            found["audio"], found["latency"] = float(run["audio_per_second"]), float(run["latency"]["p50"] or 0)
    else:
        raise ValueError(kind)


def _show(wanted: Wanted, measured: Measured, plan: Plan) -> None:
    rows = [
        ("requests in the busiest second", f"{wanted.requests_per_second:.4g}"),
        ("of them recognised anew, cached", f"{plan.fresh_per_second:.4g}, {plan.cached_per_second:.4g}"),
        ("sound of the former, by time", f"{plan.fresh_per_second * wanted.audio_seconds:.4g} s a second"),
        ("live speakers", f"{wanted.speakers}"),
        ("one server: sound, cached answers, speakers", _measured(measured)),
        ("requests in hand at once (Little)", f"{plan.in_hand:.1f}"),
        ("servers' whole time that it takes", f"{plan.busy_servers:.2f}"),
        (f"servers, {wanted.utilisation:.0%} busy, {wanted.spare} to spare", f"{plan.servers}"),
    ]
    show_table(("", ""), rows)
    out().print("\nOf servers like the measured one, with such recordings; docs/capacity.md says what this leaves out.")


def _measured(measured: Measured) -> str:
    audio = "–" if measured.audio_per_second is None else f"{measured.audio_per_second:.4g} s/s"
    cached = "–" if measured.cached_per_second is None else f"{measured.cached_per_second:.4g}/s"
    return f"{audio}, {cached}, {measured.speakers or '–'}"
