"""Words that a recording may hold and an engine may not know: as a caller lists them, and what became of them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from lingting.domain.errors import InvalidOption
from lingting.domain.languages import normalize_language

__all__ = [
    "MAX_HOTWORDS",
    "MAX_HOTWORD_CHARACTERS",
    "MAX_REPLACES",
    "Correction",
    "Hotword",
    "Hotwords",
    "prompt_of",
]

MAX_HOTWORDS = 1_000
"""In one list, be it a request's or a pack's."""
MAX_ALL_HOTWORDS = 3_000
"""In a request with its packs."""
MAX_HOTWORD_CHARACTERS = 50
MAX_REPLACES = 20
MIN_WEIGHT, MAX_WEIGHT = 0.1, 10.0
MAX_PROMPT_CHARACTERS = 240
"""Of the list in a prompt: some 200 tokens of Chinese, fewer of English; Whisper takes 223."""
PROMPTS_REMEMBERED = 256
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Hotword:
    """One word or short phrase.

    raises    InvalidOption
    """

    text: str
    """As it is to be written."""
    weight: float = 1.0
    """How ready the correction is to hear it, 0.1 to 10; 1 is usual."""
    replaces: tuple[str, ...] = ()
    """Written instead of it again and again; each is replaced wherever it stands."""
    language: str | None = None
    """In which it is said; None for any."""
    pack: str = ""
    """Where it comes from; empty for the caller's own list."""

    def __post_init__(self) -> None:
        if not isinstance(self.weight, int | float) or not MIN_WEIGHT <= self.weight <= MAX_WEIGHT:
            raise InvalidOption("hotwords", f"weight {self.weight} is outside {MIN_WEIGHT} to {MAX_WEIGHT:g}")
        _require_word(self.text)
        if len(self.replaces) > MAX_REPLACES:
            raise InvalidOption("hotwords", f"replaces has {len(self.replaces)} entries; at most {MAX_REPLACES}")
        for replaced in self.replaces:
            _require_word(replaced)
        if self.language is not None:
            object.__setattr__(self, "language", normalize_language(self.language))


def _require_word(text: str) -> None:
    if len(text) > MAX_HOTWORD_CHARACTERS:
        raise InvalidOption("hotwords", f"a word of {len(text)} characters; at most {MAX_HOTWORD_CHARACTERS}")
    if not text.isprintable() or not any(character.isalnum() for character in text) or text != text.strip():
        raise InvalidOption("hotwords", "a word has letters or digits, printable ones only, and no space around it")


@dataclass(frozen=True, slots=True, eq=False)
class Hotwords:
    """A list of them, equal to another that asks for the same; the digest of it is made once.

    raises    InvalidOption for too many
    """

    words: tuple[Hotword, ...] = ()
    digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        unique = tuple(dict.fromkeys(self.words))
        if len(unique) > MAX_ALL_HOTWORDS:
            raise InvalidOption("hotwords", f"{len(unique)} words with those of the packs; at most {MAX_ALL_HOTWORDS}")
        object.__setattr__(self, "words", unique)
        rows = [(word.text, word.weight, word.replaces, word.language, word.pack) for word in unique]
        object.__setattr__(self, "digest", hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else "")

    def __bool__(self) -> bool:
        return bool(self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hotwords) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @property
    def own(self) -> tuple[Hotword, ...]:
        """Those that the caller listed, not a pack."""
        return tuple(word for word in self.words if not word.pack)

    @property
    def of_packs(self) -> tuple[Hotword, ...]:
        return tuple(word for word in self.words if word.pack)


@dataclass(frozen=True, slots=True)
class Correction:
    """What was heard, and the hotword that was written in its place."""

    start_seconds: float
    end_seconds: float
    heard: str
    """Empty where personal data is hidden in the answer."""
    written: str
    """Empty where it was hidden."""
    score: float
    """How alike both sound, 0 to 1; 1 for what the hotword names to be replaced."""
    pack: str = ""
    """Empty for the caller's own list."""


@lru_cache(PROMPTS_REMEMBERED)
def prompt_of(hotwords: Hotwords, language: str | None) -> str:
    """The heaviest words as a list, for an engine that is biased by what it reads before it writes.

    It ends like a sentence, since a model that reads one without marks writes without marks (benchmarks/README.md).
    The heaviest stand last, since an engine whose prompt is too long drops its beginning. A language that is not
    written in Chinese characters gets no words with such.
    """
    has_han = language in (None, "zh", "yue", "ja")
    fit = [word for word in hotwords.words if word.language in (None, language)]
    fit = [word for word in fit if has_han or not _HAN.search(word.text)]
    mark, mark_end = ("、", "。") if has_han and any(_HAN.search(word.text) for word in fit) else (", ", ".")
    chosen: list[str] = []
    left = MAX_PROMPT_CHARACTERS
    for word in sorted(fit, key=lambda word: -word.weight):
        left -= len(word.text) + len(mark)
        if left < 0:
            break
        chosen.append(word.text)
    return mark.join(reversed(chosen)) + mark_end if chosen else ""
