"""The kinds of models that sherpa-onnx runs here: which files each has, and what those must say of themselves.

sherpa-onnx ends the process where a key is missing from a file's metadata, and reads past the end of a list that is too
short. So what it asks for is written down here, per family, from its sources (csrc/*-model.cc).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BLANKS", "OFFLINE", "ONLINE", "PUNCTUATION", "VOICES", "Family", "Part"]

BLANKS = ("<blk>", "<eps>", "<blank>")
"""As CTC models and transducers may call the token that says nothing; they need one of them."""
_LFR = ("lfr_window_size", "lfr_window_shift")
_MEANS = ("neg_mean", "inv_stddev")
_ZIPFORMER = ("num_encoder_layers", "encoder_dims", "cnn_module_kernels", "left_context_len")
_HEADS = ("query_head_dims", "value_head_dims", "num_heads")
_CHUNKS = ("T", "decode_chunk_len")
_TYPES = {"zipformer": ("attention_dims",), "zipformer2": _HEADS}


@dataclass(frozen=True, slots=True)
class Part:
    """One ONNX file of a model."""

    role: str
    """As `files` of a found model names it."""
    pattern: str
    """Of its name; where several fit, the one with "int8" in it is taken, then the first."""
    inputs: int
    """How many it must take at least: sherpa-onnx gives it so many without looking."""
    numbers: tuple[str, ...] = ()
    """Keys of its metadata whose values are one whole number, not negative."""
    lists: tuple[str, ...] = ()
    """Keys whose values are numbers with commas between; all as long as the first."""
    texts: tuple[str, ...] = ()
    """Keys that must be there."""
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By "model_type" of its metadata, further lists; another type is none of this family's. Empty where all fit."""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model."""

    name: str
    """As the catalog's `family` and the setting name it."""
    parts: tuple[Part, ...]
    tokens: tuple[str, ...] = ()
    """Of which its `tokens.txt` needs one."""
    has_base64: bool = False
    """Whether the tokens are written so."""
    has_times: bool = False
    """Whether it says when each token was said."""
    takes_language: bool = False
    """For each batch anew. SenseVoice is told one for good: sherpa-onnx forgets how its features are made when it is
    told another."""
    takes_hotwords: bool = False
    """In a beam search."""
    translates: bool = False


SENSE_VOICE = Family(
    "sense-voice",
    (
        Part(
            "model",
            "model*.onnx",
            inputs=4,
            numbers=(
                *("vocab_size", "normalize_samples", "with_itn", "without_itn", *_LFR),
                *("lang_auto", "lang_zh", "lang_en", "lang_ja", "lang_ko", "lang_yue"),
            ),
            lists=_MEANS,
        ),
    ),
    has_times=True,
)
PARAFORMER = Family(
    "paraformer",
    (Part("model", "model*.onnx", inputs=2, numbers=("vocab_size", *_LFR), lists=_MEANS),),
    tokens=("</s>",),
)
ZIPFORMER_CTC = Family(
    "zipformer-ctc", (Part("model", "*.onnx", inputs=2, texts=("model_type",)),), tokens=BLANKS, has_times=True
)
TRANSDUCER = Family(
    "transducer",
    (
        Part("encoder", "*encoder*.onnx", inputs=2),
        Part("decoder", "*decoder*.onnx", inputs=1, numbers=("vocab_size", "context_size")),
        Part("joiner", "*joiner*.onnx", inputs=2),
    ),
    tokens=BLANKS,
    has_times=True,
    takes_hotwords=True,
)
MOONSHINE = Family(
    "moonshine",
    (
        Part("preprocessor", "preprocess*.onnx", inputs=1),
        Part("encoder", "encode*.onnx", inputs=2),
        Part("uncached_decoder", "uncached_decode*.onnx", inputs=3),
        Part("cached_decoder", "cached_decode*.onnx", inputs=3),
    ),
)
WHISPER = Family(
    "whisper",
    (
        Part(
            "encoder",
            "*encoder*.onnx",
            inputs=1,
            numbers=(
                *("n_mels", "n_text_layer", "n_text_ctx", "n_text_state", "n_vocab", "sot", "eot", "blank_id"),
                *("translate", "transcribe", "is_multilingual", "no_timestamps", "no_speech"),
            ),
            lists=("sot_sequence",),
        ),
        Part("decoder", "*decoder*.onnx", inputs=6),
    ),
    has_base64=True,
    takes_language=True,
    translates=True,
)
STREAMING_TRANSDUCER = Family(
    "transducer",
    (
        Part("encoder", "*encoder*.onnx", inputs=2, numbers=_CHUNKS, lists=_ZIPFORMER, kinds=_TYPES),
        *TRANSDUCER.parts[1:],
    ),
    tokens=BLANKS,
    has_times=True,
    takes_hotwords=True,
)
STREAMING_ZIPFORMER_CTC = Family(
    "zipformer2-ctc",
    (Part("model", "*.onnx", inputs=3, numbers=_CHUNKS, lists=(*_ZIPFORMER, *_HEADS)),),
    tokens=BLANKS,
    has_times=True,
)
STREAMING_PARAFORMER = Family(
    "paraformer",
    (
        Part(
            "encoder",
            "*encoder*.onnx",
            inputs=2,
            numbers=("vocab_size", *_LFR, "encoder_output_size", "decoder_num_blocks", "decoder_kernel_size"),
            lists=_MEANS,
        ),
        Part("decoder", "*decoder*.onnx", inputs=5),
    ),
)
PUNCTUATION = Family(
    "ct-transformer",
    (
        Part(
            "model",
            "model*.onnx",
            inputs=2,
            numbers=("vocab_size",),
            texts=("tokens", "punctuations", "unk_symbol"),
        ),
    ),
)
"""That hears nothing: it gives marks to text."""
VOICES = Family(
    "voices",
    (
        Part(
            "model",
            "*.onnx",
            inputs=1,
            numbers=("output_dim", "sample_rate", "normalize_samples"),
            texts=("framework", "language"),
        ),
    ),
)
"""That hears no words: it tells voices apart. Source: sherpa-onnx, csrc/speaker-embedding-extractor-model.cc"""

OFFLINE: Mapping[str, Family] = {
    family.name: family for family in (SENSE_VOICE, PARAFORMER, ZIPFORMER_CTC, TRANSDUCER, MOONSHINE, WHISPER)
}
"""Of whole clips."""
ONLINE: Mapping[str, Family] = {
    family.name: family for family in (STREAMING_TRANSDUCER, STREAMING_ZIPFORMER_CTC, STREAMING_PARAFORMER)
}
"""That answer while they hear."""
