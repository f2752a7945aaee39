"""What `lingting batch` is to hand in: files and folders, or a manifest that says more about each recording.

A manifest is JSON Lines (one object a line) or CSV (a header first). Each row has `file`, relative to the manifest, or
`url`; `output`, the name of its results without a suffix; all other columns are fields of docs/jobs.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from lingting.cli.inputs import collect, target_names
from lingting.cli.manifest_rows import manifest_rows
from lingting.domain.errors import InvalidInput

__all__ = ["BatchItem", "collect_items", "key_of"]

MANIFESTS = (".jsonl", ".ndjson", ".csv")
FIELDS = frozenset({
    "language", "prompt", "task", "script", "channel", "words", "beam_size", "temperature", "denoise", "format",
    "sample_rate", "channels", "per_segment_language", "priority", "metadata", "user", "store", "callback_url",
    "callback_include_result",
})  # fmt: skip
KEY_VERSION = "lingting-batch-1"
HASH_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One recording to hand in."""

    label: str
    """What people are shown."""
    target: Path
    """Where its results go below the output folder, without a suffix."""
    path: Path | None = None
    url: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


def collect_items(given: Sequence[str], fields: Mapping[str, object], *, recursive: bool) -> list[BatchItem]:
    """The recordings of files, folders and manifests; `fields` hold where a manifest says nothing.

    raises    InvalidOption, InvalidInput
    """
    items: list[BatchItem] = []
    plain = [name for name in given if Path(name).suffix.lower() not in MANIFESTS]
    if plain:
        found = collect(plain, recursive=recursive)
        names = target_names(found, "")
        items += [BatchItem(each.label, name, each.path, None, fields) for each, name in zip(found, names, strict=True)]
    for name in given:
        if name not in plain:
            items += _manifest(Path(name), fields)
    taken: dict[Path, str] = {}
    for item in items:
        other = taken.setdefault(item.target, item.label)
        if other is not item.label:
            raise InvalidInput(f"{other} and {item.label} have the same output name {str(item.target)!r}")
    return items


def key_of(item: BatchItem, *, salt: str = "") -> str:
    """The same for the same recording and wishes, so that a run which was broken off finds its jobs again. Blocking.

    raises    OSError
    """
    name = item.url if item.path is None else item.path.name
    asked = json.dumps([KEY_VERSION, name, dict(item.fields), salt], sort_keys=True)
    digest = hashlib.sha256(asked.encode())
    if item.path is not None:
        with item.path.open("rb") as file:
            while data := file.read(HASH_BYTES):
                digest.update(data)
    return digest.hexdigest()


def _manifest(path: Path, fields: Mapping[str, object]) -> Iterator[BatchItem]:
    for where, given in manifest_rows(path):
        yield _item(where, path.parent, given, fields)


def _item(where: str, folder: Path, row: dict[str, Any], fields: Mapping[str, object]) -> BatchItem:  # Any: as above
    name, url, output = row.pop("file", None), row.pop("url", None), row.pop("output", None)
    unknown = sorted(row.keys() - FIELDS)
    if unknown:
        raise InvalidInput(f"{where}: {unknown[0][:40]!r} is unknown; use file, url, output and the fields of a job")
    if (name is None) == (url is None):
        raise InvalidInput(f"{where}: give either file or url")
    path = None if name is None else folder / str(name)
    if path is not None and not path.is_file():
        raise InvalidInput(f"{where}: {path} is not there")
    source = str(name) if name is not None else urlsplit(str(url)).path or "recording"
    target = _safe(where, str(output)) if output is not None else Path(PurePosixPath(source.replace("\\", "/")).stem)
    return BatchItem(str(name or url), target, path, None if url is None else str(url), {**fields, **row})


def _safe(where: str, output: str) -> Path:
    """A manifest must not write outside the output folder."""
    target = Path(output)
    if target.is_absolute() or ".." in target.parts or not target.name:
        raise InvalidInput(f"{where}: output must be a name below the output folder")
    return target
