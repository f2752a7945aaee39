"""Recall of hotwords with and without a list of them, and the harm where none is said.

Each recording is recognised without the list and with it in the prompt, at temperature 0 so that no run draws lots;
both answers are told as they are and corrected.

The terms are a rule's, not chosen: of every second reference text, the Chinese words of three characters and more (as
SnowNLP cuts it, without numerals) and the English words of six letters and more that no other reference has. Recordings
without any of them tell the harm. `--pack` takes a shipped pack instead, of which nothing is said: harm only.

usage: python benchmarks/hotwords.py [--group "zh speech"] [--pack medical]
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein
from rich.progress import track
from snownlp import SnowNLP

from corpus import Recording, recordings, scorer
from lingting.audio.decode import AudioSource
from lingting.domain import Hotword, Hotwords, RecognizeOptions, Transcript
from lingting.domain.hotwords import prompt_of
from lingting.server import open_recognition
from lingting.settings import load_settings
from lingting.text.hotwords.correction import rewrite_hotwords
from lingting.text.hotwords.packs import load_shipped

IN_FLIGHT = 8
MAX_SECONDS = 60.0
NUMERALS = re.compile("[零一二三四五六七八九十百千万亿年月日]")
NOT_HAN = re.compile("[^\u4e00-\u9fff]")
ENGLISH_TERM = re.compile("[a-z]{6,}")
SCORER = scorer()


@dataclass(frozen=True, slots=True)
class Score:
    """Of some recordings in one language."""

    hits: int = 0
    terms: int = 0
    errors_with: int = 0
    tokens_with: int = 0
    errors_without: int = 0
    tokens_without: int = 0


def terms_of(language: str, text: str) -> set[str]:
    if language == "en":
        return set(ENGLISH_TERM.findall(text.lower()))
    words = SnowNLP(NOT_HAN.sub("", text)).words if NOT_HAN.sub("", text) else []
    return {word for word in words if len(word) >= 3 and not NUMERALS.search(word)}


def rare_terms(rows: Iterable[Recording], language: str) -> list[str]:
    """By the rule above; the same recording in other qualities counts once."""
    references = sorted({row.transcript for row in rows if row.language == language})
    found = [terms_of(language, text) for text in references]
    counts = Counter(term for terms in found for term in terms)
    return sorted({term for terms in found[::2] for term in terms if counts[term] == 1})


def says(language: str, text: str, term: str) -> bool:
    if language == "en":
        return f" {term} " in f" {' '.join(re.findall('[a-z]+', text.lower()))} "
    return term in text


def scored(rows: Iterable[Recording], said: Mapping[str, str], language: str, terms: list[str]) -> Score:
    score = Score()
    for row in rows:
        if row.language != language:
            continue
        reference, heard = (SCORER.tokens(language, text) for text in (row.transcript, said[row.id]))
        errors = Levenshtein.distance(reference, heard)
        wanted = terms_of(language, row.transcript).intersection(terms)
        if wanted:
            score = replace(
                score,
                hits=score.hits + sum(says(language, said[row.id], term) for term in wanted),
                terms=score.terms + len(wanted),
                errors_with=score.errors_with + errors,
                tokens_with=score.tokens_with + len(reference),
            )
        else:
            score = replace(
                score,
                errors_without=score.errors_without + errors,
                tokens_without=score.tokens_without + len(reference),
            )
    return score


async def hear(rows: list[Recording], lists: Mapping[str, Hotwords], *, prompted: bool) -> dict[str, Transcript]:
    """With the list in the prompt or without, corrected by neither."""
    said: dict[str, Transcript] = {}
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with open_recognition(load_settings()) as services:

        async def one(row: Recording) -> None:
            async with gate:
                prompt = prompt_of(lists[row.language], row.language) if prompted else ""
                options = RecognizeOptions(language=row.language, word_times=True, temperatures=(0.0,), prompt=prompt)
                said[row.id] = await services.pipeline.transcribe(AudioSource(path=row.path), options)

        tasks = [asyncio.create_task(one(row)) for row in rows]
        for task in track(tasks, "with the prompt" if prompted else "without", console=None):
            await task
    return said


def corrected(transcript: Transcript, hotwords: Hotwords) -> str:
    segments = rewrite_hotwords(transcript.segments, RecognizeOptions(hotwords=hotwords))
    return replace(transcript, segments=tuple(segments)).text


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", action="append", help="of score.py; may be repeated")
    parser.add_argument("--pack", help="a shipped pack instead of the rule's terms")
    args = parser.parse_args()
    rows = [row for row in recordings() if row.transcript and not row.weak and row.seconds <= MAX_SECONDS]
    rows = [row for row in rows if row.language in ("zh", "en") and (not args.group or row.group in args.group)]
    terms = {language: [] if args.pack else rare_terms(rows, language) for language in ("zh", "en")}
    lists = {language: Hotwords(tuple(map(Hotword, words))) for language, words in terms.items()}
    if args.pack:
        pack = Hotwords(load_shipped()[args.pack].words)
        lists = dict.fromkeys(terms, pack)
    print(f"{len(rows)} recordings, {sum(row.seconds for row in rows):.0f} s of audio")
    for prompted in (False, True):
        heard = asyncio.run(hear(rows, lists, prompted=prompted))
        tell(rows, {id_: each.text for id_, each in heard.items()}, lists, terms, "prompt" if prompted else "nothing")
        languages = {row.id: row.language for row in rows}
        mended = {id_: corrected(each, lists[languages[id_]]) for id_, each in heard.items()}
        tell(rows, mended, lists, terms, "both" if prompted else "corrections")


def tell(
    rows: list[Recording],
    said: Mapping[str, str],
    lists: Mapping[str, Hotwords],
    terms: Mapping[str, list[str]],
    way: str,
) -> None:
    for language, words in terms.items():
        score = scored(rows, said, language, words)
        print(
            f"{way:12} {language}: {len(lists[language].words)} hotwords, recall {score.hits}/{score.terms} "
            f"({percent(score.hits, score.terms)}); errors with them "
            f"{percent(score.errors_with, score.tokens_with)}, without "
            f"{percent(score.errors_without, score.tokens_without)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
