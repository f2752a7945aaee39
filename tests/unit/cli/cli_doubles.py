"""A house that answers from a script, for tests of the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lingting.audio.decode import AudioSource
from lingting.cli.doctor_checks import Finding
from lingting.cli.opening import Wishes
from lingting.domain import Priority, Progress, RecognizeOptions, Segment, Transcript
from lingting.domain.errors import LingtingError
from lingting.engines.catalog import Catalog


def transcript(text: str) -> Transcript:
    segment = Segment(id=0, start_seconds=0.0, end_seconds=1.0, text=text, language="en")
    return Transcript(segments=(segment,), language="en", duration_seconds=1.0)


@dataclass
class ScriptedHouse:
    """Answers each recording with its file name, or with the error that is set for that name."""

    models_dir: Path
    problems: dict[str, LingtingError | BaseException] = field(default_factory=dict)
    refuses_to_open: LingtingError | None = None
    asked: list[tuple[AudioSource, RecognizeOptions]] = field(default_factory=list)
    wishes: list[Wishes] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def platform(self) -> list[Finding]:
        return []

    @asynccontextmanager
    async def pipeline(self, wishes: Wishes) -> AsyncIterator[ScriptedHouse]:
        self.wishes.append(wishes)
        if self.refuses_to_open is not None:
            raise self.refuses_to_open
        yield self

    def catalog(self, wishes: Wishes) -> Catalog:
        return Catalog.load(models_dir=self.models_dir, offline=True)

    def default_model(self) -> str:
        return "whisper-tiny"

    def describe_settings(self) -> str:
        return "built-in defaults"

    def serve(self, wishes: Wishes) -> None:
        self.wishes.append(wishes)

    async def transcribe(
        self,
        source: AudioSource,
        options: RecognizeOptions,
        *,
        priority: Priority = Priority.REQUEST,
        on_segments: Callable[[Sequence[Segment]], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Transcript:
        self.asked.append((source, options))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if on_progress is not None:
            on_progress(Progress(0.5, 1.0))
        name = Path(source.name).name
        if name in self.problems:
            raise self.problems[name]
        data = source.path.read_bytes() if source.path is not None else source.data or b""
        return transcript(f"{name} has {len(data)} bytes")
