"""`lingting redact-audio`: a recording without what tells who somebody is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer

from lingting.audio.beep import beeped
from lingting.audio.decode import AudioSource, Decoder, DecodeSettings
from lingting.audio.encode import AudioFormat, encode
from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import out, reported
from lingting.domain import SAMPLE_RATE_HZ, Audio, PiiKind, RecognizeOptions, Redaction, RedactMode, Transcript
from lingting.domain.errors import InvalidOption
from lingting.domain.redaction import ALL_KINDS

__all__ = ["redact_audio"]

MAX_SECONDS = 7_200.0
"""The whole of it is held in memory, 460 MB at most."""
FORMATS = {".wav": AudioFormat.WAV, ".flac": AudioFormat.FLAC}


@reported
def redact_audio(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    recording: Annotated[Path, typer.Argument(help="any recording")],
    output: Annotated[Path, typer.Option("--output", "-o", help="a .wav or .flac to write")],
    kind: Annotated[list[PiiKind] | None, typer.Option(help="may be repeated; all unless named")] = None,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    silence: Annotated[bool, typer.Option("--silence", help="instead of a tone")] = False,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
) -> None:
    """Write a recording again with a tone over telephone numbers, names and the like."""
    form = FORMATS.get(output.suffix.lower())
    if form is None:
        raise InvalidOption("--output", f"{output.name!r} ends in neither .wav nor .flac")
    if not recording.is_file():
        raise InvalidOption("recording", f"{recording} is not a file; check the name")
    redaction = Redaction(RedactMode.TAG, tuple(kind or ALL_KINDS))
    options = RecognizeOptions(language=language, word_times=True, itn=False, redaction=redaction)
    transcript = asyncio.run(_recognised(cast("Opener", context.obj), Wishes(model=model), recording, options))
    found = [gone for segment in transcript.segments for gone in segment.redacted]
    covered = beeped(_decoded(recording), [(each.start_seconds, each.end_seconds) for each in found], is_silent=silence)
    _write(output, encode(covered, form))
    for each in found:
        out().print(f"{each.start_seconds:9.2f} {each.end_seconds:9.2f} {each.kind}", highlight=False)


async def _recognised(opener: Opener, wishes: Wishes, recording: Path, options: RecognizeOptions) -> Transcript:
    async with opener.pipeline(wishes) as pipeline:
        return await pipeline.transcribe(AudioSource(path=recording, name=recording.name), options)


def _decoded(recording: Path) -> Audio:
    settings = DecodeSettings(max_seconds=MAX_SECONDS)
    with Decoder(settings) as decoder, decoder.open(AudioSource(path=recording, name=recording.name)) as blocks:
        parts = [block[0] for block in blocks]
    return Audio(np.concatenate(parts) if parts else np.zeros(0, np.float32), SAMPLE_RATE_HZ)


def _write(target: Path, data: bytes) -> None:
    """In one step, so that a half-written file is never taken for a covered one."""
    draft = target.with_name(f".{target.name}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(target)
    except OSError as problem:
        raise InvalidOption("--output", f"cannot write {target}: {problem.strerror}") from problem
