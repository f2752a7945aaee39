"""What hiding personal data costs for a sentence, and how often ordinary sentences are touched.

    python benchmarks/redaction.py [--rounds 20]

Reads the tables of the tests: each sentence with everything found in it, the answers not remembered.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "text"))

from test_redaction import HIDDEN_EN, HIDDEN_ZH, STAYS_EN, STAYS_ZH

from lingting.domain.redaction import ALL_KINDS
from lingting.text.privacy import pii_library
from lingting.text.privacy.redaction import find


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    started = time.perf_counter()
    pii_library.warm_up()
    print(f"loading the library: {time.perf_counter() - started:.2f} s, once in a process")
    for language, table in (("zh", HIDDEN_ZH + STAYS_ZH), ("en", HIDDEN_EN + STAYS_EN)):
        sentences = [line.replace("<", "").replace(">", "") for line in table.strip().splitlines()]
        costs = [_cost_ms(sentence) for _ in range(rounds) for sentence in sentences]
        ordered = sorted(costs)
        print(
            f"{language}: {len(sentences)} sentences, median {statistics.median(costs):.2f} ms, "
            f"99 in 100 under {ordered[int(len(ordered) * 0.99)]:.2f} ms, mean {statistics.fmean(costs):.2f} ms"
        )


def _cost_ms(sentence: str) -> float:
    pii_library.forget()
    started = time.perf_counter()
    find(sentence, ALL_KINDS)
    return (time.perf_counter() - started) * 1_000


if __name__ == "__main__":
    main()
