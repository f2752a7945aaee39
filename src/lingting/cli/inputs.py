"""Which recordings a command line means, and where each result goes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lingting.domain.errors import AudioTooLarge, InvalidInput, InvalidOption

__all__ = ["STDIN", "Recording", "collect", "target_names", "written_to_disk"]

STDIN = "-"
# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".aac", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".g722", ".m4a", ".m4b", ".mka", ".mkv", ".mov",
    ".mp2", ".mp3", ".mp4", ".mpga", ".oga", ".ogg", ".opus", ".silk", ".slk", ".spx", ".wav", ".wave", ".webm",
    ".wma", ".wmv",
})
# fmt: on
"""What counts as a recording when a folder is given; a file that is named outright is always tried."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recording:
    """One thing to transcribe."""

    path: Path
    label: str
    """What people are shown: the path as it was given."""
    relative: Path
    """Where the result goes below the output folder, without its last suffix changed yet."""


def collect(given: Sequence[str], *, recursive: bool) -> list[Recording]:
    """Return the recordings, folders expanded in name order; the same file given twice counts once.

    raises    InvalidOption for a path that is not there; InvalidInput for a folder without recordings
    """
    found: dict[Path, Recording] = {}
    for name in given:
        for recording in _expand(Path(name), recursive=recursive):
            found.setdefault(recording.path.resolve(), recording)
    return list(found.values())


def target_names(recordings: Iterable[Recording], suffix: str) -> list[Path]:
    """Return where each result goes below the output folder; `a.wav` and `a.mp3` side by side keep their suffixes."""
    relatives = [recording.relative for recording in recordings]
    stems = Counter(relative.with_suffix("") for relative in relatives)
    return [
        relative.with_name(f"{relative.stem if stems[relative.with_suffix('')] == 1 else relative.name}{suffix}")
        for relative in relatives
    ]


@contextmanager
def written_to_disk(stream: BinaryIO, *, max_bytes: int) -> Iterator[Path]:
    """Keep what comes from a pipe in a file while it is needed, so that memory stays flat.

    raises    AudioTooLarge; InvalidInput when nothing came
    """
    with tempfile.NamedTemporaryFile(prefix="lingting-stdin-") as file:
        size_bytes = 0
        while chunk := stream.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise AudioTooLarge(max_bytes)
            file.write(chunk)
        if not size_bytes:
            raise InvalidInput("nothing came from standard input; pipe a recording in or name a file")
        file.flush()
        yield Path(file.name)


def _expand(path: Path, *, recursive: bool) -> list[Recording]:
    if path.is_dir():
        names = path.rglob("*") if recursive else path.iterdir()
        files = sorted(name for name in names if name.suffix.lower() in AUDIO_SUFFIXES and name.is_file())
        if not files:
            hint = "" if recursive else "; use --recursive to look into the folders below"
            raise InvalidInput(f"{path} holds no recordings{hint}")
        return [Recording(path=file, label=str(file), relative=file.relative_to(path)) for file in files]
    if not path.exists():
        raise InvalidOption("file", f"{path} is not there; check the name")
    return [Recording(path=path, label=str(path), relative=Path(path.name))]
