"""What is shown of a live stream: at a terminal the text as it grows, elsewhere lines of finals, or JSON for machines.

Finals go to standard output. What a person should know of the connection goes to standard error.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Protocol

import numpy as np
import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from lingting.cli.reporting import err, out
from lingting.client import (
    AudioLost,
    Disconnected,
    Event,
    Final,
    Notice,
    Partial,
    Ready,
    Refused,
    SegmentError,
    SessionRestarted,
)
from lingting.domain import Samples

__all__ = ["Display", "clock", "displayed", "remark_on"]

METER_WIDTH = 12
METER_FLOOR_DB = -60.0
METER_FALL_DB = 4.0
"""For each block, as the needle of a meter falls."""


class Display(Protocol):
    """Shows events, and how loud it is."""

    def show(self, event: Event) -> None: ...

    def hear(self, block: Samples, seconds: float) -> None:
        """A block was sent; the stream is `seconds` long with it."""
        ...


@contextmanager
def displayed(label: str, *, as_json: bool) -> Iterator[Display]:
    """The display that suits where the output goes."""
    if as_json:
        yield _JsonDisplay()
    elif not out().is_terminal:
        yield _LineDisplay()
    else:
        # A rich console draws over what others write meanwhile, unless it may pass that on.
        with Live(
            console=out(), auto_refresh=False, transient=True, redirect_stderr=sys.stderr.isatty(), redirect_stdout=True
        ) as live:
            yield TerminalDisplay(live, label)


def remark_on(event: Event) -> str | None:  # noqa: PLR0911 - one for each event
    """What a person should be told of an event that is not text; None for the others."""
    match event:
        case Notice(_, _, message):
            return message
        case Disconnected(reason, retry_seconds):
            return f"not connected ({reason}); trying again in {retry_seconds:.1f} s"
        case Ready(resumed=True):
            return "connected again"
        case Ready(ignored=ignored) if ignored:
            return f"the server does not know: {', '.join(ignored)}"
        case SessionRestarted(reason, from_seconds):
            return f"the session had ended ({reason}); another one goes on from {clock(from_seconds)}"
        case AudioLost(start_seconds, end_seconds):
            return (
                f"{end_seconds - start_seconds:.1f} s of sound from {clock(start_seconds)} on were lost in the outage"
            )
        case SegmentError(_, start_seconds, _, code, message):
            return f"{clock(start_seconds)}: {code} {message}"
        case Refused(code, message):
            return f"{code} {message}"
    return None


def clock(seconds: float) -> str:
    whole = int(seconds)
    return (
        f"{whole // 3_600}:{whole // 60 % 60:02}:{whole % 60:02}"
        if whole >= 3_600
        else f"{whole // 60:02}:{whole % 60:02}"
    )


class _LineDisplay:
    """A line for each final."""

    def show(self, event: Event) -> None:
        if isinstance(event, Final) and event.text:
            typer.echo(event.text)
        _remark(event)

    def hear(self, block: Samples, seconds: float) -> None:
        pass


class _JsonDisplay:
    """A JSON object for each event, with its `type` in small letters."""

    def show(self, event: Event) -> None:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
        fields = asdict(event)
        for word in fields.get("words", ()):
            del word["tokens"]
        typer.echo(json.dumps({"type": kind, **fields}, ensure_ascii=False))

    def hear(self, block: Samples, seconds: float) -> None:
        pass


class TerminalDisplay:
    """Finals scroll up; below them what is being said, bold as far as it is settled, and a meter."""

    def __init__(self, live: Live, label: str) -> None:
        self._live = live
        self._label = label
        self._open: dict[int, Partial] = {}
        self._seconds = 0.0
        self._level_db = METER_FLOOR_DB
        self._state = "connecting"

    def show(self, event: Event) -> None:
        match event:
            case Partial():
                self._open[event.segment] = event
            case Final():
                self._open.pop(event.segment, None)
                self._draw(refresh=False)
                if event.text:
                    self._live.console.print(f"[dim]{clock(event.start_seconds)}[/dim]  {escape(event.text)}")
            case SegmentError():
                self._open.pop(event.segment, None)
            case SessionRestarted():
                self._open.clear()
            case Ready():
                self._state = ""
            case Disconnected():
                self._state = "not connected"
        _remark(event)
        self._draw()

    def hear(self, block: Samples, seconds: float) -> None:
        power = float(np.mean(np.square(block))) if len(block) else 0.0
        heard_db = 10.0 * math.log10(power + 1e-12)
        self._level_db = max(METER_FLOOR_DB, heard_db, self._level_db - METER_FALL_DB)
        self._seconds = seconds
        self._draw()

    def _draw(self, *, refresh: bool = True) -> None:
        self._live.update(Group(*self._lines()), refresh=refresh)

    def _lines(self) -> Iterator[Text]:
        for partial in self._open.values():
            yield Text.assemble((partial.stable, "bold"), (partial.tail, "dim"))
        filled = round(METER_WIDTH * (1.0 - self._level_db / METER_FLOOR_DB))
        meter = "█" * filled + "·" * (METER_WIDTH - filled)
        state = f"  {self._state}" if self._state else ""
        yield Text(
            f"{clock(self._seconds)}  {meter}  {self._label}{state}", style="cyan", no_wrap=True, overflow="ellipsis"
        )


def _remark(event: Event) -> None:
    remark = remark_on(event)
    if remark:
        err().print(f"[yellow]note[/yellow] {escape(remark)}")
