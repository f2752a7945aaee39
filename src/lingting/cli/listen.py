"""`lingting listen`: live speech in, text as it is said out, through a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape

from lingting.cli.ears import Call, Ears, Source
from lingting.cli.listening import listen_to, stop_on_signal
from lingting.cli.live_display import Display, displayed
from lingting.cli.live_record import Record
from lingting.cli.opening import Opener
from lingting.cli.reporting import err, out, reported
from lingting.client import Event, Final, ServerUnreachable
from lingting.domain.errors import InvalidOption

__all__ = ["listen"]

DEFAULT_URL = "ws://127.0.0.1:8000"


@reported
def listen(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="a recording to play; the microphone when none is given")] = None,
    url: Annotated[str, typer.Option(help="of the server; see lingting serve")] = DEFAULT_URL,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    device: Annotated[str | None, typer.Option(help="number of a microphone, or a part of its name")] = None,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="show the microphones and end")] = False,
    room: Annotated[str | None, typer.Option(help="show the text to the viewers of this subtitle room")] = None,
    room_token: Annotated[str | None, typer.Option(help="to publish in the room")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="every event, one JSON object a line")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="FILE.srt, FILE.vtt or FILE.txt")] = None,
    key: Annotated[
        str | None,
        typer.Option("--api-key", "--key", envvar="LINGTING_API_KEY", help="of the server, if it asks for one"),
    ] = None,
) -> None:
    """Write down what is said, while it is said; Ctrl-C ends it."""
    ears = cast("Opener", context.obj).ears()
    if list_devices:
        _print_devices(ears)
        return
    if file is not None and device is not None:
        raise InvalidOption("--device", "is a microphone; leave it out to play a recording")
    wishes = {"language": language, "room": room, "room_token": room_token}
    plan = _Plan(
        url=url,
        key=key,
        options={name: value for name, value in wishes.items() if value is not None},
        as_json=as_json,
        record=None if output is None else Record(output),
    )
    source = ears.file(file) if file is not None else ears.microphone(device)
    try:
        asyncio.run(_listen(ears, source, plan))
    except ServerUnreachable as problem:
        remedy = f"{problem.message} ({url}); start a server with: lingting serve"
        raise ServerUnreachable(remedy) from problem


@dataclass(frozen=True, slots=True)
class _Plan:
    """Who is asked for what, and what is done with the answer."""

    url: str
    key: str | None
    options: Mapping[str, str]
    as_json: bool
    record: Record | None


async def _listen(ears: Ears, opening: AbstractContextManager[Source], plan: _Plan) -> None:
    stop = asyncio.Event()
    try:
        with opening as source, displayed(source.label, as_json=plan.as_json) as display, stop_on_signal(stop):
            async with ears.stream(Call(plan.url, source.rate_hz, plan.key, plan.options)) as stream:
                show = _shown_and_kept(display, plan.record)
                await listen_to(stream, source, show=show, hear=display.hear, stop=stop)
            lost_seconds = source.lost_seconds
    finally:
        if plan.record is not None:
            plan.record.save()
    if lost_seconds:
        err().print(f"[yellow]note[/yellow] {lost_seconds:.1f} s of sound were lost, for the connection was away")


def _shown_and_kept(display: Display, record: Record | None) -> Callable[[Event], None]:
    def show(event: Event) -> None:
        if record is not None and isinstance(event, Final):
            record.add(event)
        display.show(event)

    return show


def _print_devices(ears: Ears) -> None:
    for device in ears.devices():
        usual = "  (the usual one)" if device.is_default else ""
        out().print(f"{device.index:3}  {escape(device.name)}  {device.rate_hz} Hz{usual}")
