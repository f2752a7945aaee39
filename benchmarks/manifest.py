"""The recorded speech as a manifest for `lingting eval`, with the groups of its scorer.

usage: python benchmarks/manifest.py [--each 20] > recorded.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict

from corpus import Recording, recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10_000, help="recordings of each group, at most")
    parser.add_argument("--longest", type=float, default=10_000.0, help="seconds of a recording, at most")
    args = parser.parse_args()
    groups: dict[str, list[Recording]] = defaultdict(list)
    for row in recordings():
        if row.transcript and not row.weak and row.seconds <= args.longest:
            groups[row.group].append(row)
    for _, rows in sorted(groups.items()):
        for row in rows[:: -(-len(rows) // args.each)]:
            print(json.dumps(_cells(row), ensure_ascii=False))


def _cells(row: Recording) -> dict[str, object]:
    return {
        "id": row.id,
        "path": str(row.path),
        "language": row.language,
        "seconds": row.seconds,
        "text": row.transcript,
        "group": row.group,
    }


if __name__ == "__main__":
    main()
