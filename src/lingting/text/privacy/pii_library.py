"""What argus-redact finds: names and street addresses, which need its dictionaries.

The only file that imports it. It is loaded at its first use, which takes half a second; `warm_up` does it ahead. Its
own replacements, networks and files are not used. Its answer for a sentence does not depend on other sentences here:
each is asked about alone, so that what a draft of live speech shows is what its final shows.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

__all__ = ["addresses", "forget", "persons", "warm_up"]

_SENTENCE = re.compile(r"[^。！？!?；;\n]+(?:[。！？!?；;\n]+|$)|[。！？!?；;\n]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
"""Halves of pairs, which it does not take."""
_HAN = re.compile("[\u3400-\u9fff]")
_REMEMBERED = 512
"""Sentences: a live draft has the ones before it, again and again."""


@lru_cache(1)
def warm_up() -> None:
    """Load it and have it read both languages once; later calls do nothing. Blocking, half a second."""
    _matches("我叫王小明，住在北京市朝阳区建国路88号。")
    _matches("My name is John Smith and I live at 12 Main Street.")


def forget() -> None:
    """Remember no sentence any more; for measuring."""
    _matches.cache_clear()


def persons(text: str) -> Iterator[tuple[int, int]]:
    """Names of persons, in order."""
    return _of_kind(text, "person")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Addresses of houses, in order; often without what follows the house's number."""
    return _of_kind(text, "address")


def _of_kind(text: str, kind: str) -> Iterator[tuple[int, int]]:
    for sentence in _SENTENCE.finditer(text):
        for found, start, end in _matches(sentence[0]):
            if found == kind:
                yield sentence.start() + start, sentence.start() + end


@lru_cache(_REMEMBERED)
def _matches(sentence: str) -> tuple[tuple[str, int, int], ...]:
    if not any(character.isalpha() for character in sentence):
        return ()
    from argus_redact import redact

    _hush()
    language = "zh" if _HAN.search(sentence) else "en"
    # Any: its report is typed loosely
    report: Any = redact(_SURROGATES.sub("\ufffd", sentence), lang=language, mode="fast", report=True)
    return tuple((each["type"], each["start"], each["end"]) for each in report.entities)


def _hush() -> None:
    """It warns of what its replacements may do, and nobody here uses those; the category is its own and hides no other.

    At every call, as whoever leaves a `warnings.catch_warnings` in any thread takes the filter away.
    """
    from argus_redact.exceptions import SecurityWarning

    if not any(category is SecurityWarning for _, _, category, _, _ in warnings.filters):
        warnings.simplefilter("ignore", SecurityWarning)
