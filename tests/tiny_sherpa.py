"""Models small enough to be made in a test, of the forms that sherpa-onnx loads: they hear how loud it is, and write a
word for each loudness. So the real loading and decoding run, on weights of nothing.

The names of inputs, outputs and metadata are those of sherpa-onnx's own exporters.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["FLOAT", "INT32", "MAKERS", "make_sense_voice", "make_streaming_transducer", "save", "without_metadata"]

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
OPSET, IR_VERSION = 17, 8
WORDS = ("▁yes", "▁no", "ho", "你", "好")
UNSCALED_LOUDNESS = (8.0, 1.2)
"""Mean log energy over the mel bands of the first word, and from one word to the next; of 16-bit samples."""
SCALED_LOUDNESS = (-12.8, 1.2)
"""The same of samples between -1 and 1, which sherpa-onnx gives to Zipformers."""
LANGUAGES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
WINDOW = 7 * 80
Value = tuple[str, int, Sequence[int | str]]


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    values: tuple[Sequence[Value], Sequence[Value]],
    constants: Mapping[str, np.ndarray],
    metadata: Mapping[str, object] | None = None,
) -> None:
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(*value) for value in values[0]],
        [helper.make_tensor_value_info(*value) for value in values[1]],
        initializer=[numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {key: str(value) for key, value in (metadata or {}).items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def without_metadata(path: Path, key: str) -> None:
    """The same file, but for one key."""
    model = onnx.load(str(path))
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != key}
    del model.metadata_props[:]
    helper.set_model_props(model, kept)
    onnx.save(model, str(path))


def _write_tokens(folder: Path, tokens: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.txt").write_text("".join(f"{token} {i}\n" for i, token in enumerate(tokens)), encoding="utf-8")


def _centers(tokens: Sequence[str], loudness: tuple[float, float], *, silence: str | None) -> np.ndarray:
    """The loudness at which each token is likeliest; far away for those that are no words."""
    first, step = loudness
    places = {word: first + step * i for i, word in enumerate(WORDS)}
    places |= {silence: first - step} if silence else {}
    return np.array([places.get(token, -1e3) for token in tokens], dtype=np.float32)


def _likeness(loudness: str, result: str) -> list[onnx.NodeProto]:
    """Scores by how near a loudness lies to each of the `centers`; softer than the first is silence all the same."""
    return [
        helper.make_node("Max", [loudness, "softest"], [f"{result}_heard"]),
        helper.make_node("Sub", [f"{result}_heard", "centers"], [f"{result}_far"]),
        helper.make_node("Mul", [f"{result}_far", f"{result}_far"], [f"{result}_square"]),
        helper.make_node("Neg", [f"{result}_square"], [result]),
    ]


def _means(size: int = WINDOW) -> dict[str, str]:
    return {"neg_mean": ",".join(["0"] * size), "inv_stddev": ",".join(["1"] * size)}


def _softest(loudness: tuple[float, float]) -> np.ndarray:
    return np.array(loudness[0] - loudness[1], dtype=np.float32)


def make_sense_voice(folder: Path) -> None:
    marks = [f"<|{language}|>" for language in ("zh", "en", "ja", "ko", "yue")] + ["<|HAPPY|>", "<|Speech|>"]
    tokens = ["<unk>", *marks, "<|withitn|>", "<|woitn|>", *WORDS]
    _write_tokens(folder, tokens)
    languages = np.full((16, len(tokens)), -1e3, dtype=np.float32)
    for language, number in LANGUAGES.items():
        languages[number, tokens.index(f"<|{'zh' if language == 'auto' else language}|>")] = 0.0
    norms = np.full((16, len(tokens)), -1e3, dtype=np.float32)
    norms[14, tokens.index("<|withitn|>")] = norms[15, tokens.index("<|woitn|>")] = 0.0
    moods = np.full((1, 2, len(tokens)), -1e3, dtype=np.float32)
    moods[0, 0, tokens.index("<|HAPPY|>")] = moods[0, 1, tokens.index("<|Speech|>")] = 0.0
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["loudness"], axes=[2], keepdims=1),
        *_likeness("loudness", "words"),
        helper.make_node("Gather", ["languages", "language"], ["told_flat"], axis=0),
        helper.make_node("Unsqueeze", ["told_flat", "second"], ["told"]),
        helper.make_node("Gather", ["norms", "text_norm"], ["norm_flat"], axis=0),
        helper.make_node("Unsqueeze", ["norm_flat", "second"], ["norm"]),
        helper.make_node("Shape", ["language"], ["count"]),
        helper.make_node("Concat", ["count", "ones"], ["times"], axis=0),
        helper.make_node("Tile", ["moods", "times"], ["felt"]),
        helper.make_node("Concat", ["told", "felt", "norm", "words"], ["logits"], axis=1),
    ]
    inputs = [("x", FLOAT, ["N", "T", WINDOW]), ("x_length", INT32, ["N"])]
    inputs += [("language", INT32, ["N"]), ("text_norm", INT32, ["N"])]
    constants = {
        "centers": _centers(tokens, UNSCALED_LOUDNESS, silence="<unk>").reshape(1, 1, -1),
        "softest": _softest(UNSCALED_LOUDNESS),
        "languages": languages,
        "norms": norms,
        "moods": moods,
        "second": np.array([1], dtype=np.int64),
        "ones": np.array([1, 1], dtype=np.int64),
    }
    metadata = {"vocab_size": len(tokens), "lfr_window_size": 7, "lfr_window_shift": 6, "normalize_samples": 0}
    metadata |= {"with_itn": 14, "without_itn": 15} | {f"lang_{name}": i for name, i in LANGUAGES.items()}
    outputs = [("logits", FLOAT, ["N", "L", len(tokens)])]
    save(folder / "model.int8.onnx", nodes, (inputs, outputs), constants, metadata | _means())


def make_paraformer(folder: Path) -> None:
    tokens = ["<blank>", "<s>", "</s>", *(word.strip("▁") for word in WORDS), "<unk>"]
    _write_tokens(folder, tokens)
    centers = np.full(len(tokens), -1e3, dtype=np.float32)
    centers[3 : 3 + len(WORDS)] = [UNSCALED_LOUDNESS[0] + UNSCALED_LOUDNESS[1] * i for i in range(len(WORDS))]
    nodes = [
        helper.make_node("Slice", ["speech", "first", "last", "axis", "step"], ["some"]),
        helper.make_node("ReduceMean", ["some"], ["loudness"], axes=[2], keepdims=1),
        *_likeness("loudness", "logits"),
        helper.make_node("Identity", ["speech_lengths"], ["token_num"]),
    ]
    constants = {
        "centers": centers.reshape(1, 1, -1),
        "softest": _softest(UNSCALED_LOUDNESS),
        "first": np.array([0], dtype=np.int64),
        "last": np.array([1 << 30], dtype=np.int64),
        "axis": np.array([1], dtype=np.int64),
        "step": np.array([8], dtype=np.int64),
    }
    inputs = [("speech", FLOAT, ["N", "T", WINDOW]), ("speech_lengths", INT32, ["N"])]
    outputs = [("logits", FLOAT, ["N", "L", len(tokens)]), ("token_num", INT32, ["N"])]
    metadata = {"vocab_size": len(tokens), "lfr_window_size": 7, "lfr_window_shift": 6} | _means()
    save(folder / "model.int8.onnx", nodes, (inputs, outputs), constants, metadata)


def _subsampled(frames: int | str) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """The loudness of every fourth frame of `x`, shape (N, T, 1).

    frames    how many of `x` count, at most
    """
    nodes = [
        helper.make_node("Slice", ["x", "first", "last", "axis", "step"], ["some"]),
        helper.make_node("ReduceMean", ["some"], ["loudness"], axes=[2], keepdims=1),
    ]
    constants = {
        "first": np.array([0], dtype=np.int64),
        "last": np.array([frames if isinstance(frames, int) else 1 << 30], dtype=np.int64),
        "axis": np.array([1], dtype=np.int64),
        "step": np.array([4], dtype=np.int64),
    }
    return nodes, constants


CHUNK, SHIFT = 45, 32
DIMENSIONS, HEADS, HEAD_SIZE, LEFT, KERNEL = 4, 1, 4, 8, 3
ZIPFORMER = {
    "encoder_dims": DIMENSIONS,
    "num_encoder_layers": 1,
    "cnn_module_kernels": KERNEL,
    "left_context_len": LEFT,
    "query_head_dims": HEAD_SIZE,
    "value_head_dims": HEAD_SIZE,
    "num_heads": HEADS,
    "T": CHUNK,
    "decode_chunk_len": SHIFT,
}


def _states() -> tuple[list[onnx.NodeProto], list[Value], list[Value]]:
    """Those of a Zipformer of one layer, given back as they came."""
    size = HEADS * HEAD_SIZE
    shapes: list[tuple[int, list[int | str]]] = [
        (FLOAT, [LEFT, "N", size]),
        (FLOAT, [1, "N", LEFT, 3 * DIMENSIONS // 4]),
        (FLOAT, [LEFT, "N", size]),
        (FLOAT, [LEFT, "N", size]),
        (FLOAT, ["N", DIMENSIONS, KERNEL // 2]),
        (FLOAT, ["N", DIMENSIONS, KERNEL // 2]),
        (FLOAT, ["N", 128, 3, 19]),
        (INT64, ["N"]),
    ]
    nodes = [helper.make_node("Identity", [f"state_{i}"], [f"new_state_{i}"]) for i in range(len(shapes))]
    inputs: list[Value] = [(f"state_{i}", kind, shape) for i, (kind, shape) in enumerate(shapes)]
    outputs: list[Value] = [(f"new_state_{i}", kind, shape) for i, (kind, shape) in enumerate(shapes)]
    return nodes, inputs, outputs


CTC_TOKENS = ("<blk>", "<sos/eos>", "<unk>", *WORDS)


def make_streaming_ctc(folder: Path) -> None:
    _write_tokens(folder, CTC_TOKENS)
    nodes, constants = _subsampled(SHIFT)
    states, inputs, outputs = _states()
    constants["centers"] = _centers(CTC_TOKENS, SCALED_LOUDNESS, silence="<blk>").reshape(1, 1, -1)
    constants["softest"] = _softest(SCALED_LOUDNESS)
    nodes += [*_likeness("loudness", "logits"), helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2)]
    save(
        folder / "model.int8.onnx",
        nodes + states,
        (
            [("x", FLOAT, ["N", CHUNK, 80]), *inputs],
            [("log_probs", FLOAT, ["N", SHIFT // 4, len(CTC_TOKENS)]), *outputs],
        ),
        constants,
        ZIPFORMER | {"model_type": "zipformer2", "version": 1},
    )


def make_zipformer_ctc(folder: Path) -> None:
    _write_tokens(folder, CTC_TOKENS)
    nodes, constants = _subsampled("T")
    constants["centers"] = _centers(CTC_TOKENS, SCALED_LOUDNESS, silence="<blk>").reshape(1, 1, -1)
    constants["softest"] = _softest(SCALED_LOUDNESS)
    constants |= {"three": np.array(3, dtype=np.int64), "four": np.array(4, dtype=np.int64)}
    nodes += [
        *_likeness("loudness", "logits"),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2),
        helper.make_node("Add", ["x_lens", "three"], ["more"]),
        helper.make_node("Div", ["more", "four"], ["log_probs_len"]),
    ]
    inputs = [("x", FLOAT, ["N", "T", 80]), ("x_lens", INT64, ["N"])]
    outputs = [("log_probs", FLOAT, ["N", "L", len(CTC_TOKENS)]), ("log_probs_len", INT64, ["N"])]
    save(folder / "model.int8.onnx", nodes, (inputs, outputs), constants, {"model_type": "zipformer2_ctc"})


def _make_decoder_and_joiner(folder: Path) -> None:
    """The decoder gives the last token; the joiner does not write it twice, and writes nothing far from any word."""
    nodes = [
        helper.make_node("Slice", ["y", "first", "last", "axis"], ["before"]),
        helper.make_node("Cast", ["before"], ["decoder_out"], to=FLOAT),
    ]
    ends = {"first": [1], "last": [2], "axis": [1]}
    save(
        folder / "decoder.onnx",
        nodes,
        ([("y", INT64, ["N", 2])], [("decoder_out", FLOAT, ["N", 1])]),
        {name: np.array(value, dtype=np.int64) for name, value in ends.items()},
        {"context_size": 2, "vocab_size": len(CTC_TOKENS)},
    )
    count = len(CTC_TOKENS)
    blank = np.full((1, count), -1e9, dtype=np.float32)
    blank[0, 0] = -((SCALED_LOUDNESS[1] / 2) ** 2)
    nodes = [
        *_likeness("encoder_out", "near"),
        helper.make_node("Max", ["near", "blank"], ["scores"]),
        helper.make_node("Sub", ["numbers", "decoder_out"], ["other"]),
        helper.make_node("Abs", ["other"], ["away"]),
        helper.make_node("Min", ["away", "one"], ["differs"]),
        helper.make_node("Sub", ["differs", "one"], ["repeats"]),
        helper.make_node("Mul", ["repeats", "much"], ["penalty"]),
        helper.make_node("Add", ["scores", "penalty"], ["logit"]),
    ]
    constants = {
        "centers": _centers(CTC_TOKENS, SCALED_LOUDNESS, silence=None).reshape(1, -1),
        "softest": _softest(SCALED_LOUDNESS),
        "blank": blank,
        # The blank is never the last token: it may come again and again.
        "numbers": np.array([[-9, *range(1, count)]], dtype=np.float32),
        "one": np.array(1, dtype=np.float32),
        "much": np.array(1e3, dtype=np.float32),
    }
    inputs = [("encoder_out", FLOAT, ["N", 1]), ("decoder_out", FLOAT, ["N", 1])]
    save(folder / "joiner.onnx", nodes, (inputs, [("logit", FLOAT, ["N", count])]), constants)


def make_streaming_transducer(folder: Path) -> None:
    _write_tokens(folder, CTC_TOKENS)
    nodes, constants = _subsampled(SHIFT)
    states, inputs, outputs = _states()
    nodes.append(helper.make_node("Identity", ["loudness"], ["encoder_out"]))
    save(
        folder / "encoder.onnx",
        nodes + states,
        ([("x", FLOAT, ["N", CHUNK, 80]), *inputs], [("encoder_out", FLOAT, ["N", SHIFT // 4, 1]), *outputs]),
        constants,
        ZIPFORMER | {"model_type": "zipformer2", "version": 1},
    )
    _make_decoder_and_joiner(folder)


def make_transducer(folder: Path) -> None:
    _write_tokens(folder, CTC_TOKENS)
    nodes, constants = _subsampled("T")
    constants |= {"three": np.array(3, dtype=np.int64), "four": np.array(4, dtype=np.int64)}
    nodes += [
        helper.make_node("Identity", ["loudness"], ["encoder_out"]),
        helper.make_node("Add", ["x_lens", "three"], ["more"]),
        helper.make_node("Div", ["more", "four"], ["encoder_out_lens"]),
    ]
    inputs = [("x", FLOAT, ["N", "T", 80]), ("x_lens", INT64, ["N"])]
    outputs = [("encoder_out", FLOAT, ["N", "L", 1]), ("encoder_out_lens", INT64, ["N"])]
    save(folder / "encoder.onnx", nodes, (inputs, outputs), constants, {"model_type": "zipformer2"})
    _make_decoder_and_joiner(folder)


PLAIN = tuple(word.strip("▁") for word in WORDS)


def make_whisper(folder: Path) -> None:
    """It writes one word, in the decoder's first step, and ends in the second."""
    marks = ("<sot>", "<eot>", "<en>", "<zh>", "<transcribe>", "<translate>", "<notimes>", "<nospeech>")
    _write_tokens(folder, [base64.b64encode(word.encode()).decode() for word in PLAIN])
    tokens = [*PLAIN, *marks]
    number = {mark: len(PLAIN) + i for i, mark in enumerate(marks)}
    metadata = {
        "n_mels": 80,
        "n_text_layer": 1,
        "n_text_ctx": 32,
        "n_text_state": 1,
        "n_vocab": len(tokens),
        "sot": number["<sot>"],
        "eot": number["<eot>"],
        "blank_id": number["<nospeech>"],
        "is_multilingual": 1,
        "translate": number["<translate>"],
        "transcribe": number["<transcribe>"],
        "no_timestamps": number["<notimes>"],
        "no_speech": number["<nospeech>"],
        "sot_sequence": ",".join(str(number[mark]) for mark in ("<sot>", "<en>", "<transcribe>")),
        "all_language_tokens": f"{number['<en>']},{number['<zh>']}",
        "all_language_codes": "en,zh",
        "model_type": "whisper-tiny",
    }
    nodes = [
        helper.make_node("ReduceMean", ["mel"], ["loudness"], axes=[1, 2], keepdims=1),
        helper.make_node("Unsqueeze", ["loudness", "front"], ["cross_k"]),
        helper.make_node("Identity", ["cross_k"], ["cross_v"]),
    ]
    outputs = [(name, FLOAT, [1, "N", 1, 1]) for name in ("cross_k", "cross_v")]
    front = {"front": np.array([0], dtype=np.int64)}
    save(folder / "tiny-encoder.onnx", nodes, ([("mel", FLOAT, ["N", 80, "T"])], outputs), front, metadata)
    word, end = (np.full((1, 1, len(tokens)), -1e3, dtype=np.float32) for _ in range(2))
    word[0, 0, : len(PLAIN)] = np.linspace(1.0, 0.0, len(PLAIN))
    word[0, 0, number["<zh>"]] = -1.0
    end[0, 0, number["<eot>"]] = 1.0
    nodes = [
        helper.make_node("Greater", ["offset", "zero"], ["is_late"]),
        helper.make_node("Where", ["is_late", "end", "word"], ["one_step"]),
        helper.make_node("Shape", ["tokens"], ["shape"]),
        helper.make_node("Concat", ["shape", "one"], ["times"], axis=0),
        helper.make_node("Tile", ["one_step", "times"], ["logits"]),
        helper.make_node("Identity", ["in_k"], ["out_k"]),
        helper.make_node("Identity", ["in_v"], ["out_v"]),
    ]
    cache: list[int | str] = [1, "N", 32, 1]
    inputs: list[Value] = [("tokens", INT64, ["N", "L"]), ("in_k", FLOAT, cache), ("in_v", FLOAT, cache)]
    inputs += [("cross_k", FLOAT, [1, "N", 1, 1]), ("cross_v", FLOAT, [1, "N", 1, 1]), ("offset", INT64, [1])]
    given: list[Value] = [("logits", FLOAT, ["N", "L", len(tokens)]), ("out_k", FLOAT, cache), ("out_v", FLOAT, cache)]
    constants = {"word": word, "end": end, "zero": np.array([0], np.int64), "one": np.array([1], np.int64)}
    save(folder / "tiny-decoder.onnx", nodes, (inputs, given), constants)


def make_moonshine(folder: Path) -> None:
    """It writes one word, by how loud the sound is, and ends."""
    tokens = ["<unk>", "<s>", "</s>", *WORDS]
    _write_tokens(folder, tokens)
    nodes = [
        helper.make_node("Unsqueeze", ["audio", "last"], ["sound"]),
        helper.make_node("Slice", ["sound", "first", "end", "axis", "step"], ["features"]),
    ]
    integers = {"last": [2], "first": [0], "end": [1 << 30], "axis": [1], "step": [384]}
    constants = {name: np.array(value, dtype=np.int64) for name, value in integers.items()}
    sound: list[int | str] = [1, "T", 1]
    save(folder / "preprocess.onnx", nodes, ([("audio", FLOAT, [1, "L"])], [("features", FLOAT, sound)]), constants)
    values: tuple[list[Value], list[Value]] = ([("x", FLOAT, sound), ("n", INT32, [1])], [("out", FLOAT, sound)])
    save(folder / "encode.int8.onnx", [helper.make_node("Identity", ["x"], ["out"])], values, {})
    word, end = (np.full((1, 1, len(tokens)), -1e3, dtype=np.float32) for _ in range(2))
    word[0, 0, 3] = end[0, 0, 2] = 1.0
    given: list[Value] = [("logits", FLOAT, [1, 1, len(tokens)]), ("state", FLOAT, sound)]
    taken: list[Value] = [("tokens", INT32, [1, 1]), ("encoded", FLOAT, sound), ("seq_len", INT32, [1])]
    nodes = [helper.make_node("Identity", ["word"], ["logits"]), helper.make_node("Identity", ["encoded"], ["state"])]
    save(folder / "uncached_decode.int8.onnx", nodes, (taken, given), {"word": word})
    nodes = [helper.make_node("Identity", ["end"], ["logits"]), helper.make_node("Identity", ["before"], ["state"])]
    save(folder / "cached_decode.int8.onnx", nodes, ([*taken, ("before", FLOAT, sound)], given), {"end": end})


def make_streaming_paraformer(folder: Path) -> None:
    """Every third frame is a token, silence none: its embedding is the features', without their mean."""
    tokens = ["<blank>", "<s>", "</s>", *PLAIN, "<unk>"]
    _write_tokens(folder, tokens)
    nodes = [
        helper.make_node("Identity", ["speech"], ["enc"]),
        helper.make_node("Identity", ["speech_lengths"], ["enc_len"]),
        helper.make_node("ReduceMean", ["speech"], ["loudness"], axes=[2], keepdims=0),
        helper.make_node("Mul", ["loudness", "none"], ["zeros"]),
        helper.make_node("Add", ["zeros", "third"], ["alphas"]),
    ]
    inputs = [("speech", FLOAT, [1, "T", WINDOW]), ("speech_lengths", INT32, [1])]
    outputs = [("enc", FLOAT, [1, "T", WINDOW]), ("enc_len", INT32, [1]), ("alphas", FLOAT, [1, "T"])]
    constants = {"none": np.array(0, dtype=np.float32), "third": np.array(0.34, dtype=np.float32)}
    metadata = {"vocab_size": len(tokens), "lfr_window_size": 7, "lfr_window_shift": 6} | _means()
    # Features are scaled by its square root.
    metadata |= {"encoder_output_size": 1, "decoder_num_blocks": 1, "decoder_kernel_size": 3}
    save(folder / "encoder.int8.onnx", nodes, (inputs, outputs), constants, metadata)
    centers = np.full(len(tokens), -1e3, dtype=np.float32)
    centers[3 : 3 + len(WORDS)] = [UNSCALED_LOUDNESS[0] + UNSCALED_LOUDNESS[1] * i for i in range(len(WORDS))]
    centers[0] = UNSCALED_LOUDNESS[0] - UNSCALED_LOUDNESS[1]
    nodes = [
        helper.make_node("ReduceMean", ["embeds"], ["mean"], axes=[2], keepdims=1),
        *_likeness("mean", "logits"),
        helper.make_node("ArgMax", ["logits"], ["sample_ids"], axis=2, keepdims=0),
        helper.make_node("Identity", ["cache"], ["new_cache"]),
    ]
    taken: list[Value] = [("enc", FLOAT, [1, "T", WINDOW]), ("enc_len", INT32, [1])]
    taken += [("embeds", FLOAT, [1, "L", WINDOW]), ("embeds_len", INT32, [1]), ("cache", FLOAT, [1, 1, 2])]
    given: list[Value] = [("logits", FLOAT, [1, "L", len(tokens)]), ("sample_ids", INT64, [1, "L"])]
    given += [("new_cache", FLOAT, [1, 1, 2])]
    constants = {"centers": centers.reshape(1, 1, -1), "softest": _softest(UNSCALED_LOUDNESS)}
    save(folder / "decoder.int8.onnx", nodes, (taken, given), constants)


MAKERS = {
    ("sherpa", "sense-voice"): make_sense_voice,
    ("sherpa", "paraformer"): make_paraformer,
    ("sherpa", "zipformer-ctc"): make_zipformer_ctc,
    ("sherpa", "transducer"): make_transducer,
    ("sherpa", "moonshine"): make_moonshine,
    ("sherpa", "whisper"): make_whisper,
    ("sherpa-online", "paraformer"): make_streaming_paraformer,
    ("sherpa-online", "transducer"): make_streaming_transducer,
    ("sherpa-online", "zipformer2-ctc"): make_streaming_ctc,
}
"""By engine and family."""
