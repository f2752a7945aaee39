"""Whether the files of a model are the bytes they should be, without hashing gigabytes at every start.

Beside the files lies a record of what was verified: digest, size, modification time and inode of each. While the last
three still match, the digest is taken as read; otherwise the file is hashed again. The record is written last, by
rename, so a folder without one is not finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from lingting.domain.errors import ModelCorrupt
from lingting.engines.catalog_entries import ModelEntry, ModelFile

__all__ = [
    "RECORD_NAME",
    "FileState",
    "FileStatus",
    "Record",
    "Stamp",
    "check_files",
    "matches_stamp",
    "read_record",
    "require_sound",
    "sha256_of",
    "stamp_file",
    "write_record",
]

RECORD_NAME = "lingting-verified.json"
_CHUNK_BYTES = 1 << 20


class FileState(StrEnum):
    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"
    UNRECORDED = "unrecorded"
    """There, but neither the catalog nor a record says what it should be."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What verifying found out about one file."""

    name: str
    state: FileState
    sha256: str | None = None
    """Of the bytes on disk; None when the file is missing."""
    is_pinned: bool = True
    """True when the catalog holds the digest, False when it was recorded at the first pull."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One verified file, and how to see cheaply that nobody has touched it since."""

    sha256: str
    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Record:
    """What was verified in one model's folder."""

    source: str
    """Where the bytes came from, for people."""
    stamps: Mapping[str, Stamp]


def sha256_of(path: Path, *, on_bytes: Callable[[int], None] | None = None) -> str:
    """Return the file's digest in hex; `on_bytes` hears the size of each piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()


def stamp_file(path: Path, sha256: str) -> Stamp:
    seen = path.stat()
    return Stamp(sha256=sha256, size_bytes=seen.st_size, mtime_ns=seen.st_mtime_ns, inode=seen.st_ino)


def matches_stamp(path: Path, stamp: Stamp) -> bool:
    """True when size, modification time and inode are those of the verified file."""
    try:
        return stamp_file(path, stamp.sha256) == stamp
    except OSError:
        return False


def read_record(folder: Path) -> Record | None:
    """Return what was verified in `folder`; None when nothing was, or the record cannot be understood."""
    try:
        raw = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        return Record(source=str(raw["source"]), stamps={name: Stamp(**stamp) for name, stamp in raw["files"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_record(folder: Path, record: Record) -> None:
    """Replace the record in one step; a folder that cannot be written keeps none and is hashed at each load."""
    content = {"source": record.source, "files": {name: asdict(stamp) for name, stamp in record.stamps.items()}}
    draft = folder / f"{RECORD_NAME}.{os.getpid()}.tmp"
    try:
        draft.write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")
        draft.replace(folder / RECORD_NAME)
    except OSError:
        with contextlib.suppress(OSError):  # where the whole file system is read-only
            draft.unlink()


def check_files(entry: ModelEntry, folder: Path, *, trust_stamps: bool) -> list[FileStatus]:
    """Compare every file of the model with its digest, and renew the record when all is well.

    trust_stamps   skip hashing files whose stamp still matches
    """
    record = read_record(folder)
    stamps = dict(record.stamps) if record is not None else {}
    statuses = [_check(file, folder / file.name, stamps.get(file.name), trust_stamps) for file in entry.files]
    if all(status.state is FileState.OK for status in statuses):
        fresh = {status.name: stamp_file(folder / status.name, status.sha256 or "") for status in statuses}
        if fresh != stamps:
            write_record(folder, Record(source=record.source if record else str(folder), stamps=fresh))
    return statuses


def _check(file: ModelFile, path: Path, stamp: Stamp | None, trust_stamp: bool) -> FileStatus:
    expected = file.sha256 or (stamp.sha256 if stamp is not None else None)
    is_pinned = file.sha256 is not None
    if not path.is_file():
        return FileStatus(file.name, FileState.MISSING, is_pinned=is_pinned)
    if trust_stamp and stamp is not None and stamp.sha256 == expected and matches_stamp(path, stamp):
        return FileStatus(file.name, FileState.OK, stamp.sha256, is_pinned)
    seen = sha256_of(path)
    if expected is None:
        return FileStatus(file.name, FileState.UNRECORDED, seen, is_pinned)
    return FileStatus(file.name, FileState.OK if seen == expected else FileState.CORRUPT, seen, is_pinned)


def require_sound(entry: ModelEntry, statuses: Iterable[FileStatus]) -> None:
    """raises    ModelCorrupt, naming the files and the command that mends them"""
    bad = [status.name for status in statuses if status.state is not FileState.OK]
    if bad:
        raise ModelCorrupt(
            f"model {entry.name!r}: {', '.join(bad)}: not the bytes that were promised, so it is not loaded; "
            f"fetch it again: lingting models pull {entry.name}"
        )
