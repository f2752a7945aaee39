"""Run by `piper` as a program: says texts by Piper's voices until its input ends. Imports nothing of ours.

In: a line of JSON for each text, with the voice's file, the folder beside it, and the length scale. Out: frames, each a
rate, a size and so many bytes: of sound at a rate, the end of a text at rate 0, what went wrong at rate -1.
"""

import json
import struct
import sys
from pathlib import Path

from piper import PiperVoice, SynthesisConfig

FRAME = struct.Struct("<iI")
voices: dict[str, PiperVoice] = {}


def tell(rate_hz: int, data: bytes) -> None:
    sys.stdout.buffer.write(FRAME.pack(rate_hz, len(data)) + data)
    sys.stdout.buffer.flush()


def say(model: str, text: str, speed: float) -> None:
    if model not in voices:
        voices[model] = PiperVoice.load(model, download_dir=Path(model).parent)
    voice = voices[model]
    config = SynthesisConfig(length_scale=voice.config.length_scale / speed)
    for chunk in voice.synthesize(text, config):
        tell(chunk.sample_rate, chunk.audio_int16_bytes)


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        try:
            say(**json.loads(line))
            tell(0, b"")
        except Exception as problem:  # noqa: BLE001 - whoever waits is answered
            tell(-1, type(problem).__name__.encode())
