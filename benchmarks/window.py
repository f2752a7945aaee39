"""Compare window policies of the Whisper engine: cost and error rates over ../shared/speech.

usage: python benchmarks/window.py [--every N] [--policies TEXT] [--threads N] [--noise] [--speech FOLDER]

Prints one row for each policy: wall and CPU seconds for all clips of at most 26 s, how many were decoded more
than once, and the error rates by group as score.py of the speech folder counts them. With --noise: what is
written for sound without speech. `window.md` beside this file holds the tables that set the defaults.
"""

from __future__ import annotations

import argparse
import collections
import csv
import importlib.util
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import platformdirs
from faster_whisper.audio import decode_audio
from rapidfuzz.distance import Levenshtein

from lingting.domain import Audio, Hypothesis, RecognizeOptions
from lingting.engines.base import Clip
from lingting.engines.catalog import Catalog
from lingting.engines.whisper import WhisperEngine, WhisperSettings
from lingting.engines.whisper_window import DoubtLimits, WindowPolicy

MAX_CLIP_SECONDS = 26.0
MAX_NOISE_SECONDS = 30.0
GROUPS = (
    "en speech",
    "zh speech",
    "en command",
    "zh command",
    "en telephone",
    "zh telephone",
    "en noisy",
    "zh noisy",
)
SKETCH_LIMITS = DoubtLimits(max_repeated_share=2.0, max_echo_letters=1_000, first_min_avg_logprob=-1.0)
NO_MIDDLE = {"second_tail_seconds": 30.0}


@dataclass(frozen=True)
class Policy:
    """One row of the table."""

    name: str
    window: WindowPolicy
    adaptive: bool = True
    max_batch: int = 8
    beam_size: int = 5


POLICIES = (
    Policy("default", WindowPolicy()),
    Policy("full, one at a time", WindowPolicy(), adaptive=False, max_batch=1),
    Policy(
        "sketch: tail 5 (>= 8), then full",
        WindowPolicy(tail_seconds=5, min_seconds=8, limits=SKETCH_LIMITS, **NO_MIDDLE),
    ),
    Policy("tail 5 (>= 8), then full", WindowPolicy(tail_seconds=5, min_seconds=8, **NO_MIDDLE)),
    Policy("tail 4 (>= 6), 12 (>= 15), full", WindowPolicy(tail_seconds=4, min_seconds=6)),
    Policy("tail 2 (>= 4), 12 (>= 15), full", WindowPolicy(tail_seconds=2, min_seconds=4)),
    Policy("default, one at a time", WindowPolicy(), max_batch=1),
    Policy("default, greedy", WindowPolicy(), beam_size=1),
    Policy("full, batches of 8", WindowPolicy(), adaptive=False),
)


@dataclass(frozen=True)
class Recording:
    row: dict[str, str]
    audio: Audio


@dataclass(frozen=True)
class Outcome:
    answers: dict[str, Hypothesis]
    wall_seconds: float
    cpu_seconds: float


def main() -> None:
    arguments = parse_arguments()
    score = load_score(arguments.speech)
    models_dir = arguments.models or platformdirs.user_cache_path("lingting") / "models"
    model_dir = Catalog.load(models_dir=models_dir, offline=True).locate("whisper-base")
    if arguments.noise:
        print_noise(model_dir, arguments)
        return
    recordings = read_recordings(arguments.speech)[:: arguments.every]
    print(
        f"{len(recordings)} clips, {sum(r.audio.duration_seconds for r in recordings):.0f} s of audio,"
        f" {arguments.threads or 'all'} threads"
    )
    print("policy".ljust(34) + " wall_s  cpu_s again " + " ".join(short(group) for group in GROUPS), flush=True)
    for policy in POLICIES:
        if arguments.policies in policy.name:
            outcome = run(model_dir, policy, recordings, threads=arguments.threads)
            print(table_row(policy, outcome, recordings, score), flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, default=Path(__file__).parents[2] / "shared" / "speech")
    parser.add_argument("--models", type=Path, help="folder of models; the user's cache when left out")
    parser.add_argument("--every", type=int, default=1, help="take one clip in N")
    parser.add_argument("--policies", default="", help="only rows whose name contains this")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 for all")
    parser.add_argument("--noise", action="store_true", help="what is written where nothing is said")
    return parser.parse_args()


def load_score(speech: Path) -> ModuleType:
    """The scorer that lies beside the recordings."""
    spec = importlib.util.spec_from_file_location("speech_score", speech / "score.py")
    if spec is None or spec.loader is None or not (speech / "score.py").is_file():
        raise SystemExit(f"{speech} has no score.py; name the folder with --speech")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_recordings(speech: Path) -> list[Recording]:
    """English and Chinese clips with a trusted transcript, shortest first within a language."""
    recordings = [
        Recording(row, Audio(decode_audio(str(speech / row["path"]))))
        for row in manifest(speech)
        if row["language"] in ("en", "zh") and row["transcript"] and "WEAK" not in row["notes"]
        if float(row["seconds"]) <= MAX_CLIP_SECONDS
    ]
    return sorted(recordings, key=lambda r: (r.row["language"], len(r.audio.samples)))


def manifest(speech: Path) -> Iterator[dict[str, str]]:
    with (speech / "manifest.tsv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t")


def run(model_dir: Path, policy: Policy, recordings: Sequence[Recording], *, threads: int) -> Outcome:
    engine = WhisperEngine(
        model_dir, WhisperSettings(threads=threads, max_batch=policy.max_batch, window=policy.window)
    )
    answers: dict[str, Hypothesis] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    for language in ("en", "zh"):
        spoken = [r for r in recordings if r.row["language"] == language]
        options = RecognizeOptions(language=language, beam_size=policy.beam_size, adaptive_window=policy.adaptive)
        for start in range(0, len(spoken), policy.max_batch):
            batch = spoken[start : start + policy.max_batch]
            found = engine.finish(engine.compute(engine.prepare([Clip(r.audio, options) for r in batch])))
            answers.update(zip((r.row["id"] for r in batch), found, strict=True))
    outcome = Outcome(answers, time.perf_counter() - wall, time.process_time() - cpu)
    engine.close()
    return outcome


def table_row(policy: Policy, outcome: Outcome, recordings: Sequence[Recording], score: ModuleType) -> str:
    errors: collections.Counter[str] = collections.Counter()
    units: collections.Counter[str] = collections.Counter()
    for recording in recordings:
        row = recording.row
        reference = score.tokens(row["language"], row["transcript"])
        said = score.tokens(row["language"], outcome.answers[row["id"]].text)
        errors[score.group(row)] += Levenshtein.distance(reference, said)
        units[score.group(row)] += len(reference)
    again = sum(bool(answer.attempts) for answer in outcome.answers.values())
    rates = " ".join(f"{100 * errors[group] / max(1, units[group]):6.2f}" for group in GROUPS)
    return f"{policy.name:34} {outcome.wall_seconds:6.1f} {outcome.cpu_seconds:6.1f} {again:5} {rates}"


def short(group: str) -> str:
    language, kind = group.split()
    return f"{language}{kind[:4]}".rjust(6)


def print_noise(model_dir: Path, arguments: argparse.Namespace) -> None:
    """One line for each sound without speech and each language it may be taken for."""
    engine = WhisperEngine(model_dir, WhisperSettings(threads=arguments.threads))
    print("sound".ljust(22) + " lang  window  logprob  no_speech  ratio  temp  attempts  text")
    for name, audio in silent_sounds(arguments.speech):
        for language in (None, "en", "zh"):
            clip = Clip(audio, RecognizeOptions(language=language))
            (a,) = engine.finish(engine.compute(engine.prepare([clip])))
            print(
                f"{name:22} {language or '?' + a.language:5} {a.window_seconds:6.1f} {a.avg_logprob:8.2f} "
                f"{a.no_speech_prob:10.2f} {a.compression_ratio:6.1f} {a.temperature:5.1f}"
                f" {len(a.attempts):9}  {a.text[:50]}",
                flush=True,
            )
    engine.close()


def silent_sounds(speech: Path) -> Iterator[tuple[str, Audio]]:
    """Digital silence, hiss and hum of 1, 5 and 20 s, and the recordings without speech."""
    random = np.random.default_rng(0)
    for seconds in (1, 5, 20):
        samples = 16_000 * seconds
        hiss = random.standard_normal(samples)
        hum = np.sin(2 * np.pi * 50 * np.arange(samples) / 16_000)
        yield f"silence {seconds} s", Audio(np.zeros(samples, np.float32))
        yield f"hiss -60 dB {seconds} s", Audio((1e-3 * hiss).astype(np.float32))
        yield f"hiss -20 dB {seconds} s", Audio((0.1 * hiss).astype(np.float32))
        yield f"hum 50 Hz {seconds} s", Audio((0.1 * hum).astype(np.float32))
    for row in manifest(speech):
        if row["language"] == "none" and float(row["seconds"]) <= MAX_NOISE_SECONDS:
            yield row["id"], Audio(decode_audio(str(speech / row["path"])))


if __name__ == "__main__":
    main()
