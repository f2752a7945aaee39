"""A speaker embedding small enough to be made in a test: a voice is how loud each mel band is on the whole."""

from pathlib import Path

from onnx import helper

from tiny_sherpa import FLOAT, save

__all__ = ["make_voices"]

BANDS = 80


def make_voices(folder: Path, *, size: int = BANDS, **metadata: object) -> None:
    """Of 3D-Speaker's form; `metadata` replaces its own, `size` is what it says to be that of a voice."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["bands"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["bands"], ["loudness"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["bands", "loudness"], ["embedding"]),
    ]
    values = [("x", FLOAT, ["N", "T", BANDS])], [("embedding", FLOAT, ["N", BANDS])]
    says = {"framework": "wespeaker", "language": "English", "sample_rate": 16_000, "normalize_samples": 0}
    save(folder / "voices.onnx", nodes, values, {}, says | {"output_dim": size} | metadata)
