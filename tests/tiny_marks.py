"""A CT-transformer small enough to be made in a test: it gives each token always the same mark."""

from pathlib import Path

import numpy as np
from onnx import helper

from tiny_sherpa import FLOAT, INT32, save

__all__ = ["make_punctuation"]

MARKS = ("<unk>", "_", "，", "。", "？", "、")


def make_punctuation(folder: Path) -> None:
    """Of a CT-transformer: a comma after 你, a full stop after 好, a question mark after 吗, nothing after the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["<blank>", "<unk>", "你", "好", "吗", "yes", "no"]
    marks = np.full((len(tokens), len(MARKS)), -1e3, dtype=np.float32)
    marks[:, MARKS.index("_")] = 0.0
    for token, mark in (("你", "，"), ("好", "。"), ("吗", "？"), ("yes", "，")):
        marks[tokens.index(token), MARKS.index(mark)] = 1.0
    nodes = [helper.make_node("Gather", ["marks", "inputs"], ["logits"], axis=0)]
    inputs = [("inputs", INT32, ["N", "T"]), ("text_lengths", INT32, ["N"])]
    metadata = {"tokens": "|".join(tokens), "vocab_size": len(tokens)}
    metadata |= {"punctuations": "|".join(MARKS), "unk_symbol": "<unk>", "model_type": "ct_transformer"}
    outputs = [("logits", FLOAT, ["N", "T", len(MARKS)])]
    save(folder / "model.int8.onnx", nodes, (inputs, outputs), {"marks": marks}, metadata)
