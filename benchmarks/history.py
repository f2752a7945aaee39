"""What keeping transcripts costs: rows committed in a second, by so many callers at once, and how quickly one is found.

python benchmarks/history.py                        # SQLite in a folder of its own
python benchmarks/history.py --url postgresql://postgres@127.0.0.1/bench --rows 5000
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import ANYBODY, Call, Segment, SystemClock, Transcript, Word
from lingting.storage.db import Database, StorageSettings
from lingting.storage.transcripts.history import History
from lingting.storage.transcripts.history_records import HistoryFilter, HistorySettings
from lingting.storage.transcripts.history_search import search
from lingting.storage.transcripts.history_terms import parse_query
from lingting.telemetry import Telemetry

VOCABULARY = [f"word{i}" for i in range(5_000)]
WORDS = 25
"""About ten seconds of speech."""
CALL = Call(ANYBODY, "/recognize")


def sentence(dice: random.Random) -> Transcript:
    words = tuple(Word(f" {dice.choice(VOCABULARY)}", i * 0.4, i * 0.4 + 0.3, 0.9) for i in range(WORDS))
    text = "".join(word.text for word in words).strip()
    return Transcript(
        (Segment(0, 0.0, WORDS * 0.4, text, "en", words),), "en", WORDS * 0.4, engine="none", model="none"
    )


async def measure(url: str | None, rows: int, callers: int) -> None:
    dice = random.Random(1)
    transcripts = [sentence(dice) for _ in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        async with Database.opened(StorageSettings(url), Path(folder)) as database:
            vault = Vault(Keyring.parse([new_master_key()]))
            history = History(database, vault, SystemClock(), HistorySettings(), Telemetry().storage)
            waiting = iter(transcripts)
            took: list[float] = []

            async def caller() -> None:
                for transcript in waiting:
                    began = time.perf_counter()
                    await history.save(CALL, transcript, kind="file")
                    took.append(time.perf_counter() - began)

            began = time.perf_counter()
            await asyncio.gather(*(caller() for _ in range(callers)))
            seconds = time.perf_counter() - began
            took.sort()
            print(
                f"{database.kind}, {callers} callers: {rows / seconds:,.0f} rows/s, "
                f"p50 {took[len(took) // 2] * 1e3:.1f} ms, p95 {took[len(took) * 95 // 100] * 1e3:.1f} ms"
            )
            query = parse_query(" ".join(transcripts[rows // 2].text.split()[:2]))
            began = time.perf_counter()
            page = await search(history, HistoryFilter(""), query)
            print(f"two words in {rows} records: {len(page.records)} in {(time.perf_counter() - began) * 1e3:.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--callers", type=int, default=64)
    given = parser.parse_args()
    asyncio.run(measure(given.url, given.rows, given.callers))
