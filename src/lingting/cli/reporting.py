"""What a person at a terminal sees: results on stdout, everything else on stderr, one line per error, never a trace.

Exit codes: 0 all went well, 1 something failed, 2 wrong usage or settings, 3 a model is missing or damaged,
130 interrupted.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from enum import IntEnum
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lingting.domain.errors import InvalidOption, LingtingError, ModelCorrupt, ModelMissing, SettingsInvalid

__all__ = ["ExitCode", "err", "exit_code_of", "out", "print_error", "print_page", "reported"]

P = ParamSpec("P")
R = TypeVar("R")

LEVEL_VARIABLE = "LINGTING_LOG__LEVEL"
"""The setting log.level, read here as well because a mistake may come before the settings."""


PIPED_WIDTH = 240
"""Characters of a line that no terminal bounds."""


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    MODEL_MISSING = 3
    INTERRUPTED = 130
    """128 + SIGINT, as shells count."""


def out() -> Console:
    """Results go here; made anew each time, so that a redirected stream is seen."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Progress, notes and errors go here."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_page(table: Table, *, has_more: bool) -> None:
    """A table of rows that may not be all there are."""
    console = out()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(table)
    if has_more:
        err().print("there are more; raise --limit, or narrow it down")


def exit_code_of(problem: LingtingError) -> ExitCode:
    if isinstance(problem, ModelMissing | ModelCorrupt):
        return ExitCode.MODEL_MISSING
    if isinstance(problem, InvalidOption | SettingsInvalid):
        return ExitCode.USAGE
    return ExitCode.FAILED


def print_error(problem: LingtingError, *, about: str = "") -> None:
    """Print one line: the subject, if there is one, the stable code and the message."""
    message = " ".join(problem.message.split())
    subject = f"{about}: " if about else ""
    err().print(f"[red]error[/red] {escape(subject)}[bold]{problem.code}[/bold] {escape(message)}")


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever a command raises into one line and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LingtingError as problem:
            print_error(problem)
            raise typer.Exit(exit_code_of(problem)) from problem
        except KeyboardInterrupt:
            err().print("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as problem:
            if os.environ.get(LEVEL_VARIABLE) == "debug":
                raise
            hint = f"this is a mistake of ours; run again with {LEVEL_VARIABLE}=debug to see where it happened"
            err().print(f"[red]error[/red] [bold]internal_error[/bold] {type(problem).__name__}: {hint}")
            raise typer.Exit(ExitCode.FAILED) from problem

    return run
