"""Models of Hugging Face's form that are made in a moment: real classes, real files, random weights, a few words.

Their embeddings are stretched, so that they are as sure of what they say as trained ones: an unsure answer would be
decoded again and again.
"""

from __future__ import annotations

import json
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

__all__ = ["LETTERS", "make_ctc", "make_whisper"]

WORDS = [f"\u0120{first}{last}" for first in "bdfgklmn" for last in ("ala", "eri", "ino", "ovu")]
"""Each with the space before it, as byte-level vocabularies write it."""
MARKS = [
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
    "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>", *(f"<|{0.02 * step:.2f}|>" for step in range(1_501)),
]  # fmt: skip
LETTERS = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4} | {letter: 5 + i for i, letter in enumerate("AEIOKLMN")}
POSITIONS = 24


def make_whisper(folder: Path, *, alignment_heads: bool = True) -> Path:
    """Whisper with two layers of 16."""
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: token for token, text in enumerate([*alphabet, *WORDS])}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(MARKS)
    end = len(vocabulary)
    torch.manual_seed(5)
    config = WhisperConfig(
        vocab_size=end + len(MARKS), d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_target_positions=POSITIONS,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=end + 1,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    with torch.no_grad():
        model.model.decoder.embed_tokens.weight *= 60.0
        model.model.decoder.embed_positions.weight.normal_(std=2.0)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {"is_multilingual": True, "suppress_tokens": list(range(len(alphabet)))}
    heads = {"alignment_heads": [[0, 1], [1, 0]]} if alignment_heads else {}
    (folder / "generation_config.json").write_text(json.dumps(told | heads))
    return folder


def make_ctc(folder: Path, *, kind: str = "Wav2Vec2", masks: bool = True) -> Path:
    """wav2vec2, HuBERT or WavLM with two layers of 16, and a letter for each 20 ms."""
    import torch
    import transformers

    torch.manual_seed(7)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(LETTERS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        conv_dim=(16,) * 7, feat_extract_norm="layer" if masks else "group", do_stable_layer_norm=masks,
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    model = getattr(transformers, f"{kind}ForCTC")(config)
    with torch.no_grad():
        model.lm_head.weight.normal_(std=3.0)
        model.lm_head.bias[:4] = -20.0
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(LETTERS))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"do_normalize": True, "return_attention_mask": masks, "sampling_rate": 16_000})
    )
    return folder
