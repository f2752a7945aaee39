"""What `lingting eval` measures with: a manifest of recordings, their languages and what is said in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lingting.cli.manifest_rows import manifest_rows
from lingting.domain.errors import InvalidInput
from lingting.proof.accuracy.hearing import Utterance

__all__ = ["read_manifest", "spread"]

PATHS = ("path", "file", "audio", "audio_path", "audio_filepath")
TEXTS = ("text", "transcript", "reference", "sentence")
LANGUAGES = ("language", "lang", "locale")
LENGTHS = ("seconds", "duration")
LONGEST_SECONDS = 24 * 3_600.0


def read_manifest(path: Path, *, language: str | None) -> list[Utterance]:
    """Every row that has a text; paths are relative to the manifest, and the group is the language where none is named.

    language  of rows that name none
    raises    InvalidOption, InvalidInput
    """
    found = [_utterance(where, path.parent, row, language) for where, row in manifest_rows(path)]
    labelled = [one for one in found if one.text.strip()]
    if not labelled:
        raise InvalidInput(f"{path}: no row has a text; name the column one of {', '.join(TEXTS)}")
    return labelled


def spread(utterances: Sequence[Utterance], limit: int) -> list[Utterance]:
    """So many of them, evenly from beginning to end."""
    if limit >= len(utterances):
        return list(utterances)
    return [utterances[index * len(utterances) // limit] for index in range(limit)]


def _utterance(where: str, folder: Path, row: Mapping[str, Any], language: str | None) -> Utterance:  # Any: JSON
    name = _first(row, PATHS)
    if name is None:
        raise InvalidInput(f"{where}: no recording; name its column one of {', '.join(PATHS)}")
    spoken = _first(row, LANGUAGES) or language
    if spoken is None:
        raise InvalidInput(f"{where}: no language; give a column language, or --language for all rows")
    file = folder / name
    if not file.is_file():
        raise InvalidInput(f"{where}: {file} is not there")
    return Utterance(
        id=str(row.get("id", name)),
        path=file,
        language=spoken,
        text=_first(row, TEXTS) or "",
        group=str(row.get("group", spoken)),
        seconds=_length(where, _first(row, LENGTHS)),
    )


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str | None:  # Any: as above
    return next((str(row[name]) for name in names if name in row), None)


def _length(where: str, given: str | None) -> float:
    try:
        seconds = float(given or 0)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise InvalidInput(f"{where}: {given!r} is no length in seconds")
    return seconds
