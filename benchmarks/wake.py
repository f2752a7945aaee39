"""Wake phrases and words: calls that are heard, and false alarms, on recorded speech and on phrases that voices say.

usage: python benchmarks/wake.py [--kept FOLDER] [--way plain|prompt|detect] [--part phrases|speech|words ...]

    phrases    spoken by the voices that are here, alone and with a question, and phrases that sound near; Whisper base
    speech     all of ../shared/speech, cut as a live session cuts it, by drafts of the first seconds and by finals
    words      the fixed words of pymicro-wakeword, in the sound of both

`--way prompt` gives Whisper the phrases to read, `detect` does not tell it the language. What was heard is kept in the
folder, so that a second run only scores. Bounds were tuned on these very phrases and recordings.
"""

from __future__ import annotations

import argparse
import asyncio
import pickle
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from corpus import recordings
from lingting.audio.decode import Decoder
from lingting.audio.wake_words import WAKE_WORDS, WordSpotter
from lingting.dialogue.wake.wake import SURE_EASE
from lingting.dialogue.wake.wake_phrases import PhraseMatcher
from lingting.domain import SAMPLE_RATE_HZ
from wake_heard import Heard, Line, Piece, hear, read, said, samples_of, segments_of

ZH, EN = ("小听小听", "你好聆听", "小灵同学"), ("hey lingting", "hello computer", "hi atlas")
NEAR_ZH = (
    "小心小心",
    "小明小明",
    "小天小天",
    "小明同学",
    "小丽同学",
    "你好经理",
    "你好李婷",
    "请听请听",
    "小声一点",
    "消停消停吧",
)
NEAR_EN = (
    *("hey listen to me", "hey Lindsay", "hello commuter", "hello there", "high at last", "hi Alice", "hey lifting"),
    *("a little thing", "yellow computer", "hello Peter"),
)
QUESTIONS = {
    "zh": ("今天天气怎么样", "把客厅的灯打开"),
    "en": ("what is the weather today", "turn on the kitchen light"),
}
PROMPTS = {"zh": "小听小听，你好聆听，小灵同学。", "en": "Hey Lingting, hello computer, hi Atlas."}
ZH_VOICES = (
    *(("zf_xiaobei", 1.0), ("zm_yunxi", 1.0), ("zf_xiaoyi", 1.2)),
    *(("zm_yunyang", 1.2), ("zf_xiaoni", 0.85), ("zm_yunjian", 1.0)),
)
NEAR_VOICES = (
    *("zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi"),
    *("zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang"),
)
EN_VOICES = tuple((voice, speed) for voice in ("heart", "espeak") for speed in (0.85, 1.0, 1.25))
ACCENTS = (("zf_xiaoni", 1.0), ("zm_yunxi", 1.0), ("jf_alpha", 1.0))
QUIET = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)


def calls(phrase: str, language: str, voices: Iterable[tuple[str, float]], group: str = "") -> list[Line]:
    """A phrase alone and before a question."""
    named = phrase[:1].upper() + phrase[1:]
    comma, stop, ask = ("，", "。", "？") if language == "zh" else (", ", ".", "?")
    lines = []
    for number, (voice, speed) in enumerate(voices):
        question = QUESTIONS[language][number % 2]
        lines.append(Line(named + stop, language, voice, speed, f"{group}alone {phrase}"))
        lines.append(Line(named + comma + question + ask, language, voice, speed, f"{group}asked {phrase}"))
    return lines


def phrase_lines() -> list[Line]:
    lines = [line for phrase in ZH for line in calls(phrase, "zh", ZH_VOICES)]
    lines += [line for phrase in EN for line in calls(phrase, "en", EN_VOICES)]
    lines += calls(EN[0], "en", ACCENTS)
    lines += [
        Line(f"{near}。", "zh", voice, 1.0, "near zh") for near in NEAR_ZH for voice in ("zf_xiaobei", "zm_yunxi")
    ]
    return lines + [Line(f"{near}.", "en", voice, 1.0, "near en") for near in NEAR_EN for voice in ("heart", "espeak")]


def word_lines() -> list[Line]:
    return [line for word in WAKE_WORDS for line in calls(word.replace("_", " "), "en", EN_VOICES, f"{word} ")]


def spoken(lines: Sequence[Line], kept: Path) -> list[Piece]:
    async def all_said() -> list[Piece]:
        return [piece async for piece in said(lines)]

    if not kept.exists():
        kept.write_bytes(pickle.dumps(asyncio.run(all_said())))
    pieces: list[Piece] = pickle.loads(kept.read_bytes())
    return pieces


def tell_phrases(heard: Iterable[Heard]) -> None:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    every = PhraseMatcher([*ZH, *EN])
    for one in heard:
        own = [phrase for phrase in (*ZH, *EN) if one.group.endswith(phrase)]
        matcher = PhraseMatcher(own) if own else every
        found = [matcher.find(text) is not None for text in one.texts]
        is_lost = any(found) and matcher.find(one.texts[-1], ease=SURE_EASE) is None
        tally = counts[one.group]
        for index, value in enumerate((True, found[-1], any(found), is_lost)):
            tally[index] += value
    print("| said | calls | in the final | in any | in a partial, not in the final |\n|---|---|---|---|---|")
    for group, (total, final, anywhere, lost) in sorted(counts.items()):
        print(f"| {group} | {total} | {final} | {anywhere} | {lost} |")


def tell_speech(heard: Sequence[Heard]) -> None:
    hours = sum(one.seconds for one in heard) / 3_600
    print(f"{len(heard)} segments, {hours:.2f} h of speech")
    for phrase in (*ZH, *EN):
        matcher = PhraseMatcher([phrase])
        finals = sum(matcher.find(one.texts[-1]) is not None for one in heard)
        drafts = sum(any(matcher.find(text) for text in one.texts[:-1]) for one in heard)
        print(f"| {phrase} | {finals} in finals | {drafts} in partials | {(finals + drafts) / hours:.1f} an hour |")


def tell_words(pieces: Iterable[Piece]) -> None:
    hits: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for piece in pieces:
        spotter = WordSpotter(WAKE_WORDS)
        found = {spotted.word for spotted in spotter.hear(np.concatenate([QUIET, piece.samples, QUIET]))}
        word, is_alone = piece.group.split(" ")[0], "alone" in piece.group
        tally = hits[f"{word}, {'alone' if is_alone else 'with a question'}"]
        tally[0] += word in found
        tally[1] += 1
    for name, (found_count, total) in hits.items():
        print(f"| {name} | {found_count} of {total} |")
    alarms: dict[str, int] = defaultdict(int)
    seconds = 0.0
    with Decoder() as decoder:
        for row in recordings():
            samples = samples_of(decoder, row)
            seconds += len(samples) / SAMPLE_RATE_HZ
            for spotted in WordSpotter(WAKE_WORDS).hear(samples):
                alarms[spotted.word] += 1
                print(f"false alarm: {spotted.word} in {row.id} at {spotted.at_seconds:.1f} s")
    for word in WAKE_WORDS:
        print(f"| {word} | {alarms[word]} false alarms in {seconds / 3_600:.2f} h |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=Path, help="folder for what was heard; without it nothing is kept")
    parser.add_argument("--way", choices=("plain", "prompt", "detect"), default="plain")
    parser.add_argument("--part", action="append", choices=("phrases", "speech", "words"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder: Path = args.kept or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        parts = args.part or ["phrases", "speech", "words"]
        if "phrases" in parts:
            pieces = spoken(phrase_lines(), folder / "phrases.pickle")
            asyncio.run(hear(pieces, args.way, prompts=PROMPTS, kept=folder / "phrases.jsonl"))
            tell_phrases([one for one in read(folder / "phrases.jsonl") if one.way == args.way])
        if "speech" in parts:
            asyncio.run(hear(segments_of(recordings()), args.way, prompts=PROMPTS, kept=folder / "speech.jsonl"))
            tell_speech([one for one in read(folder / "speech.jsonl") if one.way == args.way])
        if "words" in parts:
            tell_words(spoken(word_lines(), folder / "words.pickle"))


if __name__ == "__main__":
    main()
