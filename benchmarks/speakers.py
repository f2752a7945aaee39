"""Diarization error rate on conversations joined from recordings of known speakers, and what it costs.

Nobody says who speaks but the clock: recordings follow each other at random with pauses of 0.1 to 0.9 s, so that the
truth is known. Errors are counted outside 0.25 s of each change, as is usual; nothing overlaps.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus import recordings
from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.vad import SpeechDetector
from lingting.audio.vad_models import SileroModel
from lingting.domain import SAMPLE_RATE_HZ, RecognizeOptions, VadOptions
from lingting.engines.voices import VoiceModel
from lingting.recognition.long_audio import Planner, plan_for
from lingting.recognition.voice_clusters import VoiceRules, speakers_of
from lingting.server.engine import load_catalog
from lingting.server.voices import load_voices
from lingting.settings import load_settings

SPEAKERS = (
    (re.compile(r"zh_aishell1_BAC009(S\d{4})W\d{4}"), "zh"),
    (re.compile(r"en_ls_(\d+)-\d+-\d+"), "en"),
    (re.compile(r"en_libritts_(\d+)_[\d_]+"), "en"),
    (re.compile(r"en_(lj)_LJ\d+-\d+"), "en"),
    (re.compile(r"en_sb_(spk\d)_snt\d"), "en"),
)
"""Which clean recordings are whose, by their names."""
FRAME_HZ = 100
COLLAR_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Talk:
    samples: np.ndarray
    turns: tuple[tuple[float, float, str], ...]


def by_speaker(language: str) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for row in recordings():
        for pattern, spoken in SPEAKERS:
            if (match := pattern.fullmatch(row.id)) and language in (spoken, "mixed"):
                found[match[1]].append(row.path)
    return found


def talks(language: str, speakers: int, count: int, seed: int, decoder: Decoder) -> Iterator[Talk]:
    rng = random.Random(seed)
    pool = {name: paths for name, paths in by_speaker(language).items() if len(paths) >= 2}
    for _ in range(count):
        who = rng.sample(sorted(pool), speakers)
        left = {name: rng.sample(pool[name], min(len(pool[name]), 8)) for name in who}
        order = [name for name in who for _ in range(min(len(left[name]), 5))]
        rng.shuffle(order)
        parts, turns, at = [], [], 0.0
        for name in order:
            sound = _trimmed(_read(left[name].pop(), decoder))
            pause = np.zeros(int(rng.uniform(0.1, 0.9) * SAMPLE_RATE_HZ), np.float32)
            seconds = len(sound) / SAMPLE_RATE_HZ
            turns.append((at, at + seconds, name))
            parts += [sound, pause]
            at += seconds + len(pause) / SAMPLE_RATE_HZ
        yield Talk(np.concatenate(parts), tuple(turns))


def _read(path: Path, decoder: Decoder) -> np.ndarray:
    with decoder.open(AudioSource(path=path)) as opened:
        return np.concatenate([block[0] for block in opened])


def _trimmed(sound: np.ndarray) -> np.ndarray:
    """Without the silence at its ends, at the same level as the others."""
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    sound = sound[max(loud[0] - 800, 0) : loud[-1] + 800]
    return (sound * 0.07 / max(float(np.sqrt(np.mean(sound**2))), 1e-6)).astype(np.float32)


def heard(talk: Talk, vad: SileroModel, model: VoiceModel, count: int) -> tuple[list[tuple[float, float, int]], float]:
    planner = Planner(SpeechDetector(vad.scorer(), VadOptions()), plan_for(RecognizeOptions()))
    pieces = planner.accept(talk.samples) + planner.finish()
    started = time.process_time()
    prints = [model.prints(piece.audio.samples) for piece in pieces]
    rules = VoiceRules(model.same_voice, model.change_cost, count)
    labels, _ = speakers_of(prints, rules)
    spent = time.process_time() - started
    turns = [
        (piece.span.start_samples / SAMPLE_RATE_HZ + start, piece.span.start_samples / SAMPLE_RATE_HZ + end, int(label))
        for piece, found, who in zip(pieces, prints, labels, strict=True)
        for (start, end), label in zip(found.spans, who, strict=True)
    ]
    return turns, spent


def errors(talk: Talk, found: Sequence[tuple[float, float, int]]) -> tuple[float, float]:
    """Seconds that are missed or another's, with the best naming, and seconds counted."""
    frames = round(talk.turns[-1][1] * FRAME_HZ) + 1
    names = sorted({name for _, _, name in talk.turns})
    truth, said, counts = np.full(frames, -1), np.full(frames, -1), np.ones(frames, bool)
    for start, end, name in talk.turns:
        truth[round(start * FRAME_HZ) : round(end * FRAME_HZ)] = names.index(name)
    for start, end, label in found:
        said[round(start * FRAME_HZ) : round(end * FRAME_HZ)] = label
    for edge in itertools.chain.from_iterable((start, end) for start, end, _ in talk.turns):
        counts[max(round((edge - COLLAR_SECONDS) * FRAME_HZ), 0) : round((edge + COLLAR_SECONDS) * FRAME_HZ)] = False
    speech = counts & (truth >= 0)
    table = np.zeros((len(names), max(said.max() + 1, len(names))), int)
    np.add.at(table, (truth[speech & (said >= 0)], said[speech & (said >= 0)]), 1)
    right = _best_naming(table)
    extra = int((counts & (truth < 0) & (said >= 0)).sum())
    return (int(speech.sum()) - right + extra) / FRAME_HZ, int(speech.sum()) / FRAME_HZ


def _best_naming(table: np.ndarray) -> int:
    best = {frozenset(): 0}
    for row in table:
        longer: dict[frozenset[int], int] = {}
        for used, right in best.items():
            for column in range(table.shape[1]):
                if column not in used:
                    key = used | {column}
                    longer[key] = max(longer.get(key, 0), right + int(row[column]))
        best = longer
    return max(best.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--talks", type=int, default=8, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    settings = load_settings()
    model, vad = load_voices(load_catalog(settings), settings.voices.model), SileroModel()
    print("| language | speakers | talks | minutes | error, found out | speakers found | error, number given | cost |")
    print("|---|---|---|---|---|---|---|---|")
    with Decoder() as decoder:
        for language, speakers in (("zh", 2), ("zh", 3), ("zh", 4), ("en", 2), ("en", 3), ("mixed", 3), ("mixed", 4)):
            wrong, all_seconds, spent, counts = [0.0, 0.0], 0.0, 0.0, []
            for talk in talks(language, speakers, given.talks, given.seed, decoder):
                for index, count in enumerate((0, speakers)):
                    turns, seconds = heard(talk, vad, model, count)
                    missed, counted = errors(talk, turns)
                    wrong[index] += missed
                    spent += seconds / 2
                    if not count:
                        counts.append(len({label for _, _, label in turns}))
                        all_seconds += counted
            found_out, number_given = (f"{100 * each / all_seconds:.1f} %" for each in wrong)
            row = [language, speakers, given.talks, f"{all_seconds / 60:.1f}", found_out, " ".join(map(str, counts))]
            print("|", *(f"{each} |" for each in (*row, number_given, f"{spent / all_seconds:.3f}")), flush=True)


if __name__ == "__main__":
    main()
