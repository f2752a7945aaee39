"""`lingting say`: a text as a sound file, by the voices of this machine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np
import typer

from lingting.cli.opening import Opener
from lingting.cli.reporting import out, reported
from lingting.domain import ANYBODY, Audio
from lingting.domain.errors import InvalidOption
from lingting.domain.principal import Call

if TYPE_CHECKING:  # else --help would load the codecs
    from lingting.audio.encode import AudioFormat
    from lingting.speech.hub import SpeechAsk

__all__ = ["say"]

CALL = Call(ANYBODY, "cli")


@reported
def say(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="what to say; - reads standard input")] = None,
    output: Annotated[Path, typer.Option("--out", "-o", help=".wav, .mp3, .opus, .flac or .aac")] = Path("speech.wav"),
    voice: Annotated[str | None, typer.Option(help="see --list; the language chooses when not given")] = None,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; found out when not given")] = None,
    speed: Annotated[float, typer.Option(help="0.25 to 4")] = 1.0,
    is_list: Annotated[bool, typer.Option("--list", help="say which voices there are")] = False,
) -> None:
    """Write what a voice makes of a text."""
    from lingting.audio.encode import AudioFormat
    from lingting.speech.hub import SpeechAsk

    opener = cast("Opener", context.obj)
    if is_list:
        asyncio.run(_list(opener))
        return
    if text is None:
        raise InvalidOption("text", "is missing; give what is to be said, or - for standard input")
    suffix = output.suffix.lower().lstrip(".")
    if suffix not in list(AudioFormat):
        raise InvalidOption("--out", f"{output.name!r} ends in none of {', '.join('.' + form for form in AudioFormat)}")
    said = sys.stdin.read() if text == "-" else text
    ask = SpeechAsk(said, voice=voice, language=language, speed=speed)
    asyncio.run(_write(opener, ask, output, AudioFormat(suffix)))
    out().print(str(output), highlight=False)


async def _list(opener: Opener) -> None:
    async with opener.speech() as hub:
        for voice in hub.roster.voices:
            out().print(f"{voice.name:14} {voice.engine:8} {','.join(voice.languages[:4]):12} {voice.note}".rstrip())


async def _write(opener: Opener, ask: SpeechAsk, output: Path, form: AudioFormat) -> None:
    """Whole, since a file's head holds its length; in one step, so that half a file is never taken for one."""
    from lingting.audio.encode import encode
    from lingting.speech.hub import SPEECH_RATE_HZ

    async with opener.speech() as hub:
        speech = await hub.prepare(ask, CALL)
        blocks = [block async for block in speech.sound]
    draft = output.with_name(f".{output.name}.tmp")
    try:
        draft.write_bytes(encode(Audio(np.concatenate(blocks), SPEECH_RATE_HZ), form))
        draft.replace(output)
    except OSError as problem:
        raise InvalidOption("--out", f"cannot write {output}: {problem.strerror}") from problem
