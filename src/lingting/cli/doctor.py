"""`lingting doctor`: what is installed, what is missing, and the line that mends it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, cast

import typer
from rich.markup import escape

from lingting.cli.doctor_checks import Finding, Level, examine
from lingting.cli.opening import Opener
from lingting.cli.reporting import ExitCode, out, reported

__all__ = ["doctor"]

_MARKS = {Level.OK: "[green]ok  [/green]", Level.NOTE: "[yellow]note[/yellow]", Level.BAD: "[red]bad [/red]"}


@reported
def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Check this machine; ends with 1 when something must be mended before it can transcribe."""
    findings = examine(cast("Opener", context.obj))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            _print(finding)
    if any(finding.level is Level.BAD for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _print(finding: Finding) -> None:
    console = out()
    console.print(f"{_MARKS[finding.level]} [bold]{escape(finding.subject)}[/bold]  {escape(finding.seen)}")
    if finding.remedy:
        console.print(f"       → {escape(finding.remedy)}")
