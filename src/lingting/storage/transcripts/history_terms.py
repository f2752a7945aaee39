"""What a transcript can be found by, without its text being kept: keyed hashes of words and of pairs of characters.

Text and query go through the same folding: compatibility forms, case and accents count for nothing. Scripts that are
written without spaces are cut into pairs of neighbouring characters, and into single ones for queries of one. Whoever
has the database but not the master key sees which transcripts of one owner share a term, and how many, but no term.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

from lingting.crypto import Vault
from lingting.domain.errors import InvalidOption

__all__ = ["Query", "fold", "hash_terms", "parse_query", "terms_of"]

MAX_TERMS = 20_000
"""Of one transcript: two hours of speech; what comes later in a longer one is not found by its words."""
MAX_QUERY_CHARACTERS = 200
MAX_QUERY_TERMS = 32
TERM_BYTES, SPARE_BITS = 8, 1
"""What a BIGINT holds without its sign."""

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # hiragana, katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # ideographs
    "\uac00-\ud7af"  # hangul: its particles are written onto the words
)
_RUNS = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|(?P<word>[^\W_{UNSPACED}]+)")
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: each phrase, somewhere in the text."""

    phrases: tuple[str, ...]
    """Folded; words of one follow each other."""
    terms: tuple[str, ...]

    def matches(self, folded: str) -> bool:
        """folded    by `fold`"""
        return all(phrase in folded for phrase in self.phrases)


def fold(text: str) -> str:
    """The text in which phrases are looked for: a space round each word, none inside unspaced scripts."""
    runs = _runs(text)
    if not runs:
        return ""
    joined = "".join(run.text if run.is_unspaced else f" {run.text} " for run in runs)
    return joined.replace("  ", " ")


def terms_of(text: str) -> list[str]:
    """Each term once, in the order of the text, so that a bound cuts the end off."""
    terms = (term for run in _runs(text) for term in (*run.pairs(), *(run.text if run.is_unspaced else ())))
    return list(islice(dict.fromkeys(terms), MAX_TERMS))


def parse_query(given: str) -> Query:
    """Words and "phrases in quotes", all of which must be there.

    raises    InvalidOption
    """
    if len(given) > MAX_QUERY_CHARACTERS:
        raise InvalidOption("q", f"is longer than {MAX_QUERY_CHARACTERS} characters")
    parts = [quoted or bare for quoted, bare in _PARTS.findall(given)]
    terms = [term for part in parts for run in _runs(part) for term in run.pairs() or (run.text,)]
    if not terms:
        raise InvalidOption("q", "holds no word to look for")
    phrases = dict.fromkeys(phrase for phrase in map(fold, parts) if phrase)
    return Query(tuple(phrases), tuple(dict.fromkeys(terms))[:MAX_QUERY_TERMS])


@dataclass(frozen=True, slots=True)
class _Run:
    """A word, or characters of unspaced scripts, which punctuation and spaces do not part."""

    text: str
    is_unspaced: bool

    def pairs(self) -> tuple[str, ...]:
        """The terms but for single characters: none of a run that is one."""
        if not self.is_unspaced:
            return (self.text,)
        return tuple(self.text[i : i + 2] for i in range(len(self.text) - 1))


def _runs(text: str) -> list[_Run]:
    runs: list[_Run] = []
    unspaced: list[str] = []
    for match in _RUNS.finditer(_plain(text)):
        if match.lastgroup == "unspaced":
            unspaced.append(match[0])
            continue
        runs += _joined(unspaced)
        unspaced = []
        runs.append(_Run(match[0], is_unspaced=False))
    return runs + _joined(unspaced)


def _joined(unspaced: list[str]) -> list[_Run]:
    return [_Run("".join(unspaced), is_unspaced=True)] if unspaced else []


def _plain(text: str) -> str:
    """Without compatibility forms, case and accents of alphabets; the marks of kana stay."""
    parted = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", parted))


def hash_terms(vault: Vault, owner: str, terms: list[str]) -> list[int]:
    """As the table has them; the same word is another number for another owner. Each once."""
    values = (f"{owner}\0{term}".encode("utf-8", "surrogatepass") for term in terms)
    macs = vault.macs("term", values)
    return list(dict.fromkeys(int.from_bytes(mac[:TERM_BYTES], "big") >> SPARE_BITS for mac in macs))
