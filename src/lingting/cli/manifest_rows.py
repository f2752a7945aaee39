"""The rows of a manifest, whatever its form: JSON Lines, or CSV or TSV with a header first."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lingting.domain.errors import InvalidInput, InvalidOption

__all__ = ["manifest_rows"]

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def manifest_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:  # Any: what a row holds
    """Where each row stands, for messages, and its cells that are not empty.

    raises    InvalidOption for a file that cannot be read; InvalidInput for a row that is none
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidOption("manifest", f"{path} cannot be read as UTF-8 text: {type(problem).__name__}") from problem
    delimiter = _DELIMITERS.get(path.suffix.lower())
    rows = _json_rows(path, text) if delimiter is None else _table_rows(text, delimiter)
    for number, row in rows:
        yield f"{path}, line {number}", {name: value for name, value in row.items() if value not in (None, "")}


def _table_rows(text: str, delimiter: str) -> Iterator[tuple[int, Mapping[str, Any]]]:  # Any: as above
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    for row in reader:
        yield reader.line_num, {str(name): value for name, value in row.items()}


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:  # Any: as above
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            raise InvalidInput(f"{path}, line {number}: not JSON") from problem
        if not isinstance(row, dict):
            raise InvalidInput(f"{path}, line {number}: no JSON object")
        yield number, row
