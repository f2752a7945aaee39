"""The recorded speech beside the project, and its scorer; every benchmark reads it through here."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2] / "shared" / "speech"


@dataclass(frozen=True, slots=True)
class Recording:
    id: str
    path: Path
    language: str
    seconds: float
    transcript: str
    group: str
    weak: bool


def recordings() -> list[Recording]:
    """All rows of the manifest, labelled or not."""
    if not ROOT.exists():
        raise SystemExit("this benchmark needs the recorded speech in ../shared/speech, beside the project")
    score = scorer()
    with (ROOT / "manifest.tsv").open(encoding="utf-8") as lines:
        return [
            Recording(
                row["id"],
                ROOT / row["path"],
                row["language"],
                float(row["seconds"]),
                row["transcript"],
                score.group(row),
                "WEAK" in row["notes"],
            )
            for row in csv.DictReader(lines, delimiter="\t")
        ]


def scorer() -> ModuleType:
    """../shared/speech/score.py as a module."""
    spec = importlib.util.spec_from_file_location("score", ROOT / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_rates(said: Mapping[str, str], among: Iterable[Recording]) -> dict[str, tuple[int, int, int]]:
    """Files, errors and reference tokens by group."""
    from rapidfuzz.distance import Levenshtein

    score = scorer()
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in among:
        if row.id not in said or not row.transcript or row.weak:
            continue
        reference, hypothesis = (score.tokens(row.language, text) for text in (row.transcript, said[row.id]))
        total = sums[row.group]
        total[0] += 1
        total[1] += Levenshtein.distance(reference, hypothesis)
        total[2] += len(reference)
    return {name: (total[0], total[1], total[2]) for name, total in sorted(sums.items())}
