"""`lingting transcribe`: recordings in, text or subtitles out."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer

from lingting.audio.decode import DecodeSettings
from lingting.cli.hotwords import HotwordOption, PackOption, read_hotword_options
from lingting.cli.inputs import STDIN, Recording, collect, target_names, written_to_disk
from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import ExitCode, err, reported
from lingting.cli.transcripts import Outcome, Plan, Task, transcribe_all
from lingting.domain import (
    ChannelMode,
    PcmFormat,
    PiiKind,
    Punctuation,
    RecognizeOptions,
    Redaction,
    RedactMode,
    Script,
    Spacing,
    Transcript,
)
from lingting.domain import Task as Job
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import InvalidOption
from lingting.domain.options import MAX_SPEAKERS
from lingting.domain.redaction import ALL_KINDS
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["transcribe"]

SUFFIXES = {
    TranscriptFormat.TEXT: ".txt",
    TranscriptFormat.JSON: ".json",
    TranscriptFormat.VERBOSE_JSON: ".verbose.json",
    TranscriptFormat.SRT: ".srt",
    TranscriptFormat.VTT: ".vtt",
    TranscriptFormat.TSV: ".tsv",
}
SUBTITLES = frozenset({TranscriptFormat.SRT, TranscriptFormat.VTT})
"""Made with word times whether asked or not: without them a cue can only guess where its words are."""
_ENCODINGS = ("s16le", "f32le", "mulaw", "alaw")


@dataclass(frozen=True, slots=True)
class _Output:
    """Where transcripts go: one folder, or standard output."""

    formats: tuple[TranscriptFormat, ...]
    folder: Path | None
    names: tuple[tuple[Path, ...], ...]
    """Per recording, the file below the folder for each format."""

    def write(self, index: int, outcome: Outcome) -> None:
        if outcome.transcript is None:
            return
        if self.folder is None:
            _print(outcome.transcript, self.formats[0], heading=outcome.task.label if len(self.names) > 1 else "")
            return
        for format_, name in zip(self.formats, self.names[index], strict=True):
            _write(self.folder / name, render(outcome.transcript, format_))


@reported
def transcribe(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    context: typer.Context,
    recordings: Annotated[list[str], typer.Argument(metavar="FILE|DIR|-...", help="recordings; - is standard input")],
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    format_: Annotated[
        list[TranscriptFormat] | None, typer.Option("--format", "-f", help="may be repeated with --output-dir")
    ] = None,
    output_dir: Annotated[Path | None, typer.Option("--output-dir", "-o", help="one file per recording")] = None,
    words: Annotated[
        bool, typer.Option("--words", help="word times, for verbose_json; subtitles always have them")
    ] = False,
    translate: Annotated[bool, typer.Option("--translate", help="into English")] = False,
    prompt: Annotated[str, typer.Option(help="names and terms the recording may hold")] = "",
    hotword: HotwordOption = None,
    pack: PackOption = None,
    hotword_prompt: Annotated[bool, typer.Option("--hotword-prompt", help="put them into the prompt, too")] = False,
    beam_size: Annotated[int, typer.Option(min=1, max=10, help="1 is fastest")] = 5,
    engine: Annotated[str | None, typer.Option(help="see lingting doctor")] = None,
    model: Annotated[str | None, typer.Option(help="see lingting models list")] = None,
    channel: Annotated[str, typer.Option(help="mix, split, or the number of one channel")] = "mix",
    speakers: Annotated[str | None, typer.Option(help="tell persons apart by voice: how many at most, or auto")] = None,
    denoise: Annotated[bool, typer.Option("--denoise", help="rarely helps recognition")] = False,
    script: Annotated[Script, typer.Option(help="of Chinese text")] = Script.SIMPLIFIED,
    itn: Annotated[bool, typer.Option("--itn", help="numbers, dates and sums in digits")] = False,
    spacing: Annotated[Spacing, typer.Option(help="between Chinese and Latin or digits")] = Spacing.AS_IS,
    punctuation: Annotated[Punctuation, typer.Option(help="for text that has none")] = Punctuation.AUTO,
    redact: Annotated[RedactMode, typer.Option(help="hide personal data; token needs a server")] = RedactMode.OFF,
    redact_kind: Annotated[list[PiiKind] | None, typer.Option(help="may be repeated; all unless named")] = None,
    mood: Annotated[bool, typer.Option("--mood", help="how each segment sounds, in verbose_json")] = False,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="look into folders below")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="recordings at once")] = 4,
    pcm: Annotated[str | None, typer.Option(help="headerless input, e.g. s16le:16000:1")] = None,
) -> None:
    """Turn recordings into text, JSON or subtitles."""
    mode, number = _channel(channel)
    formats = tuple(format_ or [TranscriptFormat.TEXT])
    options = RecognizeOptions(
        language=language,
        task=Job.TRANSLATE if translate else Job.TRANSCRIBE,
        prompt=prompt,
        hotwords=read_hotword_options(hotword, pack),
        hotword_prompt=hotword_prompt,
        beam_size=beam_size,
        word_times=words or not SUBTITLES.isdisjoint(formats),
        script=script,
        itn=itn,
        spacing=spacing,
        punctuation=punctuation,
        redaction=Redaction(redact, tuple(redact_kind or ALL_KINDS)),
        mood=mood,
        speakers=_speakers(speakers),
        channel_mode=mode,
        channel=number,
        denoise=denoise,
    )
    plan = Plan(options=options, pcm=_pcm(pcm), max_at_once=jobs)
    opener = cast("Opener", context.obj)
    with ExitStack() as stack:
        found = _recordings(recordings, recursive=recursive, stack=stack)
        output = _output(found, formats, output_dir)
        outcomes = asyncio.run(_run(opener, Wishes(engine=engine, model=model), found, plan, output))
    failed = sum(outcome.transcript is None for outcome in outcomes)
    if failed:
        if len(outcomes) > 1:
            err().print(f"{failed} of {len(outcomes)} recordings failed")
        raise typer.Exit(ExitCode.FAILED)


async def _run(opener: Opener, wishes: Wishes, found: list[Recording], plan: Plan, output: _Output) -> list[Outcome]:
    async with opener.pipeline(wishes) as pipeline:
        tasks = [Task(recording.path, recording.label) for recording in found]
        return await transcribe_all(pipeline, tasks, plan, on_outcome=output.write)


def _recordings(given: list[str], *, recursive: bool, stack: ExitStack) -> list[Recording]:
    if STDIN not in given:
        return collect(given, recursive=recursive)
    if given != [STDIN]:
        raise InvalidOption("file", "- (standard input) stands alone; give files in another command")
    limit_bytes = DecodeSettings().max_bytes
    path = stack.enter_context(written_to_disk(sys.stdin.buffer, max_bytes=limit_bytes))
    return [Recording(path=path, label="standard input", relative=Path("stdin"))]


def _output(found: list[Recording], formats: tuple[TranscriptFormat, ...], folder: Path | None) -> _Output:
    if folder is None and len(formats) > 1:
        raise InvalidOption("--format", "several formats need --output-dir")
    if folder is None and len(found) > 1 and formats[0] not in {TranscriptFormat.TEXT, TranscriptFormat.JSON}:
        raise InvalidOption("--format", f"{formats[0]} of several recordings needs --output-dir")
    if folder is not None:
        _make_folder(folder)
    columns = [target_names(found, SUFFIXES[format_]) for format_ in formats]
    return _Output(formats=formats, folder=folder, names=tuple(zip(*columns, strict=True)))


def _print(transcript: Transcript, format_: TranscriptFormat, *, heading: str) -> None:
    if heading and format_ is TranscriptFormat.TEXT:
        typer.echo(f"==> {heading} <==")
    typer.echo(render(transcript, format_).rstrip("\n"))


def _write(target: Path, text: str) -> None:
    """Put the result in place in one step, so that a half-written file is never seen."""
    _make_folder(target.parent)
    try:
        draft = target.with_name(f".{target.name}.tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as problem:
        raise InvalidOption("--output-dir", f"cannot write {target}: {problem.strerror}") from problem


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InvalidOption("--output-dir", f"cannot make {folder}: {problem.strerror}") from problem


def _channel(given: str) -> tuple[ChannelMode, int]:
    if given in {ChannelMode.MIX, ChannelMode.SPLIT}:
        return ChannelMode(given), 0
    if given.isdecimal():
        return ChannelMode.PICK, int(given)
    raise InvalidOption("--channel", f"{given!r} is not mix, split or a number counted from 0")


def _speakers(given: str | None) -> int | None:
    if given is None:
        return None
    if given == "auto":
        return 0
    if given.isdecimal() and 1 <= int(given[:4]) <= MAX_SPEAKERS:
        return int(given)
    raise InvalidOption("--speakers", f"{given[:40]!r} is neither auto nor a number from 1 to {MAX_SPEAKERS}")


def _pcm(given: str | None) -> PcmFormat | None:
    if given is None:
        return None
    encoding, *numbers = given.split(":")
    if encoding not in _ENCODINGS or len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise InvalidOption("--pcm", f"{given!r} is not ENCODING[:RATE[:CHANNELS]] with {', '.join(_ENCODINGS)}")
    rate_hz, channels = (int(number) for number in [*numbers, *("16000", "1")[len(numbers) :]])
    return PcmFormat(encoding=cast("PcmEncoding", encoding), rate_hz=rate_hz, channels=channels)
