"""Whisper's weights on torch, behind the verbs of `whisper_decode.py`. Knows arrays and tokens only.

One thread at a time: to see what the decoder attends to, the model's way of attending is changed and changed back.
Calls that fail raise RuntimeError or ValueError; `whisper_work.py` turns those into ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingting.engines.hf_transformers.loading import Loaded
from lingting.engines.hf_transformers.warping import likeliest_path
from lingting.engines.whisper_align import Alignment
from lingting.engines.whisper_decode import FRAMES_PER_SECOND, SAMPLES_WHEN_WARM, Generated, SearchOptions

__all__ = ["TorchWhisper", "WhisperMarks"]

STEPS_PER_FRAME = 0.5
"""The encoder halves the features' rate."""
MEDIAN_WIDTH = 7
"""Source: openai/whisper, timing.py."""
LEAST_SPREAD = 1e-9
SEED = 1
"""Of what is drawn at temperatures above 0: the same sound gives the same text."""


@dataclass(frozen=True, slots=True)
class WhisperMarks:
    """The tokens that are no text, and what is never written."""

    start: int
    end_of_text: int
    no_speech: int
    no_timestamps: int
    languages: Mapping[str, int]
    suppressed: tuple[int, ...]
    suppressed_first: tuple[int, ...]
    """A transcript does not begin with these."""
    alignment_heads: tuple[tuple[int, int], ...]
    """Layer and head; empty where the model does not say."""


class TorchWhisper:
    """One set of weights."""

    def __init__(self, loaded: Loaded, marks: WhisperMarks) -> None:
        from transformers import GenerationConfig

        self._torch, self._model = loaded.torch, loaded.model
        self._device, self._dtype = loaded.device, loaded.dtype
        self._marks = marks
        self._max_positions = int(self._model.config.max_target_positions)
        # The folder's own would fill in whatever a search leaves open.
        self._model.generation_config = GenerationConfig()

    def encode(self, features: NDArray[np.float32]) -> Any:  # torch.Tensor
        with self._torch.inference_mode():
            heard = self._torch.from_numpy(features).to(self._device, self._dtype)
            return self._model.get_encoder()(heard).last_hidden_state

    def detect(
        self, encoded: Any, positions: Sequence[int], among: Sequence[Collection[str]]
    ) -> list[tuple[str, float]]:
        """Return each clip's likeliest language and its probability, shared among those that are possible."""
        logits = self._first_logits(encoded, positions, [[self._marks.start]] * len(positions))
        found = []
        for row, possible in zip(logits, among, strict=True):
            codes = [code for code in self._marks.languages if not possible or code in possible]
            shares = self._torch.softmax(row[[self._marks.languages[code] for code in codes]], dim=-1)
            best = int(shares.argmax())
            found.append((codes[best], float(shares[best])))
        return found

    def generate(
        self, encoded: Any, positions: Sequence[int], prompts: Sequence[list[int]], search: SearchOptions
    ) -> list[Generated]:
        before = [prompt[: prompt.index(self._marks.start) + 1] for prompt in prompts]
        silent = self._torch.softmax(self._first_logits(encoded, positions, before), dim=-1)[:, self._marks.no_speech]
        if search.temperature == 0:
            written = self._written(self._rows(encoded, positions), prompts, search)
        else:  # one by one, so that no clip's dice are thrown by its neighbours
            written = [
                self._drawn(self._rows(encoded, [position]), prompt, search)
                for position, prompt in zip(positions, prompts, strict=True)
            ]
        return [
            Generated(tokens, avg_logprob, float(no_speech))
            for (tokens, avg_logprob), no_speech in zip(written, silent, strict=True)
        ]

    def align(
        self, encoded: Any, positions: Sequence[int], start: Sequence[int], texts: Sequence[Sequence[int]],
        seconds: Sequence[float],
    ) -> list[Alignment]:  # fmt: skip
        """Return when each token was said; `seconds` is each clip's length without padding."""
        opening = [*start, self._marks.no_timestamps]
        self._model.set_attn_implementation("eager")
        try:
            return [
                self._aligned(self._rows(encoded, [position]), opening, list(text), length)
                for position, text, length in zip(positions, texts, seconds, strict=True)
            ]
        finally:
            self._model.set_attn_implementation("sdpa")

    def close(self) -> None:
        self._model = None

    def _rows(self, encoded: Any, positions: Sequence[int]) -> Any:
        return encoded[list(positions)]

    def _first_logits(self, encoded: Any, positions: Sequence[int], prompts: Sequence[list[int]]) -> Any:
        """What may follow each prompt, before anything is written; prompts of one length."""
        with self._torch.inference_mode():
            heard = self._model(
                encoder_outputs=(self._rows(encoded, positions),),
                decoder_input_ids=self._torch.tensor(list(prompts), device=self._device),
                use_cache=False,
            )
            return heard.logits[:, -1].float()

    def _written(
        self, heard: Any, prompts: Sequence[list[int]], search: SearchOptions, **changes: object
    ) -> list[tuple[tuple[int, ...], float]]:
        """The tokens and mean log-probability for each prompt, or for each that was drawn."""
        from transformers import GenerationConfig, GenerationMixin, LogitsProcessorList
        from transformers import WhisperTimeStampLogitsProcessor as TimeMarks
        from transformers.modeling_outputs import BaseModelOutput

        marks, length = self._marks, len(prompts[0])
        writes_times = prompts[0][-1] != marks.no_timestamps
        suppressed = [token for token in marks.suppressed if not writes_times or token <= marks.no_timestamps]
        asked = {
            "max_new_tokens": max(1, min(search.max_tokens, self._max_positions - length)),
            "num_beams": search.beam_size,
            "do_sample": False,
            "suppress_tokens": suppressed,
            "begin_suppress_tokens": list(marks.suppressed_first) or None,
            "no_timestamps_token_id": marks.no_timestamps,
            "decoder_start_token_id": prompts[0][0],
            "eos_token_id": marks.end_of_text,
            "pad_token_id": marks.end_of_text,
            "bos_token_id": marks.end_of_text,
            "return_dict_in_generate": True,
            "output_scores": True,
            **changes,
        }
        with self._torch.inference_mode():
            config = GenerationConfig(**asked)
            # Whisper's own `generate` has one prompt for all clips, and its own ideas of when to try again.
            said = GenerationMixin.generate(
                self._model,
                encoder_outputs=BaseModelOutput(last_hidden_state=heard),
                attention_mask=self._torch.ones(heard.shape[:2], dtype=self._torch.long, device=self._device),
                decoder_input_ids=self._torch.tensor(list(prompts), device=self._device),
                generation_config=config,
                logits_processor=LogitsProcessorList([TimeMarks(config, length)] if writes_times else []),
            )
            scores = self._model.compute_transition_scores(
                said.sequences, said.scores, getattr(said, "beam_indices", None), normalize_logits=True
            )
        rows = zip(said.sequences[:, length:].tolist(), scores.float().tolist(), strict=True)
        return [self._until_end(tokens, logprobs) for tokens, logprobs in rows]

    def _drawn(self, heard: Any, prompt: list[int], search: SearchOptions) -> tuple[tuple[int, ...], float]:
        """The likeliest of several that are drawn."""
        devices = [self._device] if self._device.type == "cuda" else []
        changes = {
            "do_sample": True,
            "num_beams": 1,
            "temperature": search.temperature,
            "top_k": 0,
            "num_return_sequences": SAMPLES_WHEN_WARM,
        }
        with self._torch.random.fork_rng(devices=devices):
            self._torch.manual_seed(SEED)
            found = self._written(heard, [prompt], search, **changes)
        return max(found, key=lambda each: each[1])

    def _until_end(self, tokens: Sequence[int], logprobs: Sequence[float]) -> tuple[tuple[int, ...], float]:
        """The text, and the mean with the end mark, which counts as one more."""
        end = self._marks.end_of_text
        length = tokens.index(end) if end in tokens else len(tokens)
        known = [one for one in logprobs[: length + 1] if np.isfinite(one)]
        return tuple(tokens[:length]), sum(known) / (length + 1)

    def _aligned(self, heard: Any, opening: Sequence[int], text: list[int], seconds: float) -> Alignment:
        """Source: openai/whisper, timing.py: the heads that follow the sound, normalised, smoothed and warped."""
        torch = self._torch
        tokens = [*opening, *text]
        with torch.inference_mode():
            said = self._model(
                encoder_outputs=(heard,),
                decoder_input_ids=torch.tensor([tokens], device=self._device),
                output_attentions=True,
                use_cache=False,
            )
            steps = max(2, round(seconds * FRAMES_PER_SECOND * STEPS_PER_FRAME))
            looks = torch.stack([said.cross_attentions[layer][0, head] for layer, head in self._marks.alignment_heads])
            looks = looks[:, :, :steps].float()
            looks = (looks - looks.mean(dim=-2, keepdim=True)) / (
                looks.std(dim=-2, keepdim=True, unbiased=False) + 1e-9
            )
            smooth = _median(torch, looks).mean(dim=0)[len(opening) - 1 :]
            first, last = len(opening) - 1, len(tokens) - 1
            chances = torch.softmax(said.logits[0, first:last, : self._marks.end_of_text].float(), dim=-1)
            sure = chances[torch.arange(len(text)), text].tolist()
        return Alignment(likeliest_path(-smooth.cpu().numpy()), tuple(sure))


def _median(torch: Any, looks: Any) -> Any:
    side = MEDIAN_WIDTH // 2
    if looks.shape[-1] <= side:
        return looks
    wide = torch.nn.functional.pad(looks, (side, side), mode="reflect")
    return wide.unfold(-1, MEDIAN_WIDTH, 1).median(dim=-1).values
