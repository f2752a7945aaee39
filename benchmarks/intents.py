"""Commands: held-out phrasings, ordinary speech taken for one, and the spoken commands of ../shared/speech from audio.

python benchmarks/intents.py [--embeddings] [--audio]
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import yaml

import corpus
from lingting.audio.decode import AudioSource
from lingting.domain import RecognizeOptions
from lingting.text.commands.intent_match import Matcher
from lingting.text.commands.intent_packs import load_folder, load_shipped
from lingting.text.commands.intent_recall import NearestExamples

HELD_OUT = Path(__file__).parents[1] / "tests" / "data" / "intents"
OWN = Path(__file__).parent / "packs"


def held_out(matchers: dict[str, Matcher], file: str) -> None:
    right, whole, seconds = 0, 0, 0.0
    for pack, languages in yaml.safe_load((HELD_OUT / file).read_text(encoding="utf-8")).items():
        for rows in languages.values():
            for text, intent, slots in rows:
                began = time.perf_counter()
                match = matchers[pack].match(text)
                seconds += time.perf_counter() - began
                whole += 1
                is_right = match.intent == intent and {slot.name: slot.value for slot in match.slots} == slots
                right += is_right
                if not is_right:
                    print(f"  {pack}: {text}: {match.intent} {match.score}")
    print(f"{file}: {right} of {whole}, {100 * right / whole:.1f} %; {1_000 * seconds / whole:.2f} ms each")


def ordinary(matchers: dict[str, Matcher]) -> None:
    texts = {row.transcript for row in corpus.recordings() if row.transcript and row.group and not _is_command(row)}
    for name, matcher in matchers.items():
        taken = [text for text in texts if matcher.match(text).intent]
        print(f"ordinary speech, {name}: {len(taken)} of {len(texts)} taken for a command")


def _is_command(row: corpus.Recording) -> bool:
    return row.id.startswith(
        ("en_fsdd", "en_digits", "en_ps_", "en_sr_", "en_vosk_digits", "zh_hskword", "zh_aishell2_IT0011W0001")
    )


async def spoken() -> None:
    """Right where the words as recognised give what the reference words give."""
    from lingting.cli.house import House
    from lingting.cli.opening import Wishes

    matcher = Matcher(load_folder(OWN)["spoken"])
    rows = [row for row in corpus.recordings() if row.transcript and _is_command(row) and "hskword" not in row.id]
    wanted = {row.id: matcher.match(row.transcript) for row in rows}
    right = whole = 0
    async with House().pipeline(Wishes()) as pipeline:
        for row in rows:
            want = wanted[row.id]
            if want.intent is None:
                continue
            options = RecognizeOptions(language=row.language)
            said = (await pipeline.transcribe(AudioSource(path=row.path, name=row.path.name), options)).text
            got = matcher.match(said)
            is_right = got.intent == want.intent and [s.value for s in got.slots] == [s.value for s in want.slots]
            whole, right = whole + 1, right + is_right
            print(f"  {row.id}: {row.transcript!r} heard {said!r}: {got.intent}{'' if is_right else '  WRONG'}")
    print(f"spoken: {right} of {whole}")


def main() -> None:
    packs = load_shipped()
    recaller = NearestExamples.opened(list(packs.values())) if "--embeddings" in sys.argv else None
    matchers = {name: Matcher(pack, recaller) for name, pack in packs.items()}
    for file in sorted(path.name for path in HELD_OUT.glob("heldout*.yaml")):
        held_out(matchers, file)
    ordinary(matchers)
    if "--audio" in sys.argv:
        asyncio.run(spoken())


if __name__ == "__main__":
    main()
