"""Finds a model's files in its folder and reads what they say of themselves, before sherpa-onnx does.

Promises: what is missing, damaged or not what the family needs is `ModelCorrupt`; sherpa-onnx would end the process.
Each file is opened once more for it, without being optimised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.errors import ModelCorrupt, SettingsInvalid
from lingting.engines.sherpa.families import VOICES, Family, Part

__all__ = ["FoundModel", "Vocabulary", "family_of", "find_marks", "find_model", "find_voices"]

MAX_TOKENS_BYTES = 32 << 20
MAX_LIST_VALUE = 1_000_000
"""Of the sizes in a file's metadata, from which memory is taken."""
FEATURES = 80
"""That sherpa-onnx makes of a frame of sound, for every family here but Whisper's and Moonshine's."""
MARKS = frozenset("_，。？、")
"""That a model for them has to know; _ is none."""
VOICE_FRAMEWORKS = ("wespeaker", "3d-speaker")
_TRIAL_FRAMES = 160
"""Of the sound that a voice model is tried on: 1.6 s."""
_NUMBER = re.compile(r"\d{1,9}")
_LIST = re.compile(r"-?\d[\d.eE+-]*(?:,-?\d[\d.eE+-]*)*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")
_QUIET = 4
"""Of onnxruntime's log: fatal errors only; what is wrong is told by the error raised."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a model can write."""

    symbols: frozenset[str]
    """With "▁" for a space before."""

    @property
    def shouts(self) -> bool:
        """Whether it knows the Latin letters in capitals only."""
        letters = "".join(symbol for symbol in self.symbols if symbol.isascii() and not symbol.startswith("<"))
        return letters.upper() == letters and letters.lower() != letters

    @property
    def characters(self) -> frozenset[str]:
        return frozenset("".join(symbol for symbol in self.symbols if not symbol.startswith("<")))


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A folder's model, looked through."""

    family: Family
    files: Mapping[str, str]
    """Paths by role, and of "tokens"."""
    vocabulary: Vocabulary
    bpe_vocabulary: str = ""
    """The path of `bpe.vocab`, by which words are cut into tokens; empty where the model has none."""


def family_of(families: Mapping[str, Family], name: str) -> Family:
    """raises    SettingsInvalid, naming those there are"""
    if name not in families:
        said = f"{name[:40]!r} is unknown" if name else "say which kind of model it is"
        raise SettingsInvalid(f"family: {said}; one of {', '.join(sorted(families))}", param="family")
    return families[name]


def find_model(folder: Path, family: Family) -> FoundModel:
    """raises    ModelCorrupt"""
    files: dict[str, str] = {}
    for part in family.parts:
        path = _file(folder, part.pattern)
        files[part.role] = str(path)
        _require_loadable(path, part)
    path = _file(folder, "*tokens.txt")
    files["tokens"], vocabulary = str(path), _vocabulary(path)
    if family.tokens and vocabulary.symbols.isdisjoint(family.tokens):
        raise _damaged(path, f"it has no {' or '.join(family.tokens)}")
    if family.has_base64 and not all(_BASE64.fullmatch(symbol) for symbol in vocabulary.symbols):
        raise _damaged(path, "not all of its tokens are base64")
    bpe = folder / "bpe.vocab"
    return FoundModel(family, files, vocabulary, str(bpe) if bpe.is_file() else "")


def find_marks(folder: Path, family: Family) -> Path:
    """The file of a model that gives marks.

    raises    ModelCorrupt
    """
    part = family.parts[0]
    path = _file(folder, part.pattern)
    metadata = _require_loadable(path, part)
    if len(metadata["tokens"].split("|")) != int(metadata["vocab_size"]):
        raise _damaged(path, "it has not as many tokens as its metadata says")
    if metadata["unk_symbol"] not in metadata["tokens"].split("|"):
        raise _damaged(path, "its tokens lack the one for what is unknown")
    if missing := MARKS - set(metadata["punctuations"].split("|")):
        raise _damaged(path, f"its marks lack {' '.join(sorted(missing))}")
    return path


def find_voices(folder: Path) -> Path:
    """The file of a model that tells voices apart, after it was tried on silence.

    raises    ModelCorrupt
    """
    part = VOICES.parts[0]
    path = _file(folder, part.pattern)
    session = _opened(path)
    metadata = _require_parts(path, part, session)
    if metadata["framework"] not in VOICE_FRAMEWORKS:
        raise _damaged(path, f"'framework' of its metadata is none of {', '.join(VOICE_FRAMEWORKS)}")
    if metadata.get("feature_normalize_type", "") not in {"", "global-mean"}:
        raise _damaged(path, "'feature_normalize_type' of its metadata is not global-mean")
    if int(metadata["sample_rate"]) != SAMPLE_RATE_HZ:
        raise _damaged(path, f"'sample_rate' of its metadata is not {SAMPLE_RATE_HZ}")
    silence = np.zeros((1, _TRIAL_FRAMES, FEATURES), np.float32)
    try:
        answer = session.run(None, {session.get_inputs()[0].name: silence})[0]
    except Exception as problem:  # onnxruntime's own errors share no class
        raise _damaged(path, f"it cannot hear {FEATURES} features ({type(problem).__name__})") from problem
    if np.shape(answer) != (1, int(metadata["output_dim"])) or answer.dtype != np.float32:
        raise _damaged(path, "what it gives is no voice of the size that 'output_dim' of its metadata says")
    return path


def _file(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern), key=lambda path: ("int8" not in path.name, path.name))
    if not found:
        raise ModelCorrupt(f"{folder.name}: no file {pattern} is in it; fetch the model again")
    return found[0]


def _damaged(path: Path, what: str) -> ModelCorrupt:
    return ModelCorrupt(f"{path.parent.name}/{path.name}: {what}; fetch the model again")


def _require_loadable(path: Path, part: Part) -> Mapping[str, str]:
    """Its form, what it takes, and its metadata, which is given back."""
    return _require_parts(path, part, _opened(path))


def _opened(path: Path) -> Any:  # Any: onnxruntime has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime's own errors share no class
        raise _damaged(path, f"onnxruntime cannot load it ({type(problem).__name__})") from problem


def _require_parts(path: Path, part: Part, session: Any) -> Mapping[str, str]:  # Any: onnxruntime has no types
    metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    if len(session.get_inputs()) < part.inputs:
        raise _damaged(path, f"it takes {len(session.get_inputs())} inputs where {part.inputs} are given")
    kind = metadata.get("model_type", "")
    if part.kinds and kind not in part.kinds:
        raise _damaged(path, f"its model_type is none of {', '.join(part.kinds)}")
    lists = (*part.lists, *part.kinds.get(kind, ()))
    for key in (*part.numbers, *lists, *part.texts):
        if not metadata.get(key):
            raise _damaged(path, f"its metadata has no {key!r}")
    _require_values(path, part, lists, metadata)
    return metadata


def _require_values(path: Path, part: Part, lists: Sequence[str], metadata: Mapping[str, str]) -> None:
    for key in part.numbers:
        if not _NUMBER.fullmatch(metadata[key]):
            raise _damaged(path, f"{key!r} of its metadata is no whole number")
    lengths = {}
    for key in lists:
        if not _LIST.fullmatch(metadata[key].replace(" ", "")):
            raise _damaged(path, f"{key!r} of its metadata is no list of numbers")
        values = [float(value) for value in metadata[key].split(",")]
        lengths[key] = len(values)
        if any(abs(value) > MAX_LIST_VALUE for value in values):
            raise _damaged(path, f"{key!r} of its metadata has a value over {MAX_LIST_VALUE}")
    if len(set(lengths.values())) > 1:
        raise _damaged(path, f"{', '.join(lengths)} of its metadata differ in length")
    if "neg_mean" in lengths and lengths["neg_mean"] != FEATURES * int(metadata["lfr_window_size"]):
        raise _damaged(path, "'neg_mean' of its metadata has another length than its window of features")


def _vocabulary(path: Path) -> Vocabulary:
    """Lines of a token and its number; a line with only a number means the space."""
    if path.stat().st_size > MAX_TOKENS_BYTES:
        raise _damaged(path, "it is too long")
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as problem:
        raise _damaged(path, "it is no UTF-8 text") from problem
    symbols: set[str] = set()
    numbers: set[str] = set()
    for line in filter(None, (line.strip() for line in lines)):
        *symbol, number = line.split()
        if len(symbol) > 1 or not _NUMBER.fullmatch(number) or number in numbers:
            raise _damaged(path, "a line of it is no token with a number of its own")
        symbols.add(symbol[0] if symbol else " ")
        numbers.add(number)
    if not symbols:
        raise _damaged(path, "it is empty")
    return Vocabulary(frozenset(symbols))
