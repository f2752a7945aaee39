"""Tokens in, text and words out: everything of Whisper's vocabulary that does not need the weights.

Uses faster-whisper's tokenizer, one per language, because where words begin depends on the language.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import tokenizers
from faster_whisper.tokenizer import Tokenizer

from lingting.domain.errors import ModelCorrupt, UnsupportedLanguage
from lingting.domain.hotwords import prompt_of
from lingting.domain.languages import LANGUAGES
from lingting.domain.options import RecognizeOptions, Task

__all__ = ["Vocabulary"]

MAX_PROMPT_TOKENS = 223
"""Half of the decoder's 448 positions, less the mark in front. Source: openai/whisper, decoding.py."""


class Vocabulary:
    """One model's tokens; safe to share between threads."""

    def __init__(self, tokenizer_file: Path, *, multilingual: bool, chinese_prompt: str = "") -> None:
        try:
            self._encoding = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:
            raise ModelCorrupt(f"{tokenizer_file.name} cannot be read; pull the model again") from error
        self._multilingual = multilingual
        self._chinese_prompt = chinese_prompt
        self._lock = threading.Lock()
        self._tokenizers: dict[tuple[str, Task], Tokenizer] = {}
        self.languages = self._known_languages()
        any_language = self._tokenizer("en", Task.TRANSCRIBE)
        self.end_of_text: int = any_language.eot
        self.suppressed = _suppressed(any_language)

    def check_language(self, language: str) -> None:
        """raises UnsupportedLanguage"""
        if language not in self.languages:
            raise UnsupportedLanguage(language, sorted(self.languages))

    def prompt(self, language: str, options: RecognizeOptions, *, timestamps: bool = False) -> list[int]:
        """Return what the decoder reads before it writes: style, hotwords, the caller's words, language, task."""
        tokenizer = self._tokenizer(language, options.task)
        style = self._chinese_prompt if language == "zh" and options.task is Task.TRANSCRIBE else ""
        listed = prompt_of(options.hotwords, language) if options.hotword_prompt else ""
        before = self.encode(" ".join(part for part in (style, listed, options.prompt.strip()) if part))
        marked = [tokenizer.sot_prev, *before[-MAX_PROMPT_TOKENS:]] if before else []
        opening = [*marked, *tokenizer.sot_sequence]
        return opening if timestamps else [*opening, tokenizer.no_timestamps]

    def start_sequence(self, language: str, task: Task) -> list[int]:
        """Return the tokens that open a transcript, as alignment wants them."""
        return list(self._tokenizer(language, task).sot_sequence)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; none for none."""
        return self._tokenizer("en", Task.TRANSCRIBE).encode(f" {text}") if text else []

    def text_tokens(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens that stand for text, without marks of any kind."""
        return tuple(token for token in tokens if token < self.end_of_text)

    def text(self, tokens: Sequence[int]) -> str:
        """Return what the tokens say."""
        return str(self._encoding.decode(list(tokens), skip_special_tokens=True)).strip()

    def words(self, tokens: Sequence[int], language: str, task: Task) -> tuple[list[str], list[list[int]]]:
        """Return the words and each word's tokens; the last word is the end mark."""
        written = "en" if task is Task.TRANSLATE else language
        words, pieces = self._tokenizer(written, task).split_to_word_tokens([*tokens, self.end_of_text])
        return list(words), [list(piece) for piece in pieces]

    def _known_languages(self) -> frozenset[str]:
        if not self._multilingual:
            return frozenset({"en"})
        return frozenset(code for code in LANGUAGES if self._encoding.token_to_id(f"<|{code}|>") is not None)

    def _tokenizer(self, language: str, task: Task) -> Tokenizer:
        with self._lock:
            if (language, task) not in self._tokenizers:
                self._tokenizers[language, task] = Tokenizer(
                    self._encoding, self._multilingual, task=task.value, language=language
                )
            return self._tokenizers[language, task]


def _suppressed(tokenizer: Tokenizer) -> list[int]:
    """Return tokens never to be written: speaker marks, music signs, and the marks of the prompt.

    source    faster_whisper/transcribe.py, get_suppressed_tokens
    """
    marks = {
        tokenizer.transcribe,
        tokenizer.translate,
        tokenizer.sot,
        tokenizer.sot_prev,
        tokenizer.sot_lm,
        tokenizer.no_speech,
    }
    return sorted({*tokenizer.non_speech_tokens, *(mark for mark in marks if mark is not None)})
