"""Writes Chinese in the script that was asked for, and without the spaces that a recogniser puts between characters.

Promises: the number of words and all their times stay; words go on spelling the text of their segment; text in
other languages, and Latin words inside Chinese, are not touched. What it leaves to others: marks (punctuation),
numbers.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import opencc

from lingting.domain import RecognizeOptions, Script, Segment

__all__ = ["CHINESE", "rewrite_script", "to_script"]

CHINESE = frozenset({"zh", "yue"})
"""Languages this step works on. Japanese shares characters, but not their simplification."""

_CONFIGS = {Script.SIMPLIFIED: "tw2s", Script.TRADITIONAL: "s2t"}
"""OpenCC's tables for characters only: the vocabulary of a region (軟體, 软件) is the speaker's own. Taiwan's table
knows the particle 著 (沿著) from the 著 of 著名; t2s leaves both."""

_WIDE = "\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
"""Ideographs and full-width marks, for use inside a character class."""
_SPACE_BETWEEN_WIDE = re.compile(f"(?<=[{_WIDE}])[ \u3000]+(?=[{_WIDE}])")
_HALF_MARK = re.compile(f"(?<=[{_WIDE}])(?:[,?!;:](?= *$| *[{_WIDE}])|[.](?= *$))")
"""A narrow mark between wide characters or at the end; a full stop only there, since it also parts names."""
_FULL_MARKS = {",": "\uff0c", "?": "\uff1f", "!": "\uff01", ";": "\uff1b", ":": "\uff1a", ".": "\u3002"}
_LOCK = threading.Lock()


def to_script(text: str, script: Script) -> str:
    """Chinese text in another script; characters that both scripts share, and other languages, stay.

    cost      the first call for a script loads its tables, about 20 ms; safe from several threads
    """
    return text if script is Script.AS_IS else _converter(script).convert(text)


def _converter(script: Script) -> opencc.OpenCC:
    with _LOCK:
        return _load(_CONFIGS[script])


@cache
def _load(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


def rewrite_script(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """The segments in the script of the options; those in other languages as they were."""
    return tuple(_rewrite(segment, options.script) if segment.language in CHINESE else segment for segment in segments)


def _rewrite(segment: Segment, script: Script) -> Segment:
    texts = [word.text for word in segment.words]
    rewritten = _rewrite_texts(texts, script)
    words = tuple(replace(word, text=text) for word, text in zip(segment.words, rewritten, strict=True))
    if words and "".join(texts).strip() == segment.text.strip():
        return replace(segment, text="".join(rewritten).strip(), words=words)
    return replace(segment, text=_rewrite_texts([segment.text], script)[0], words=words)


def _rewrite_texts(texts: Sequence[str], script: Script) -> list[str]:
    """Each part rewritten in the context of the whole, which decides between 发 as 發 and as 髮."""
    converted = _deal_out(to_script("".join(texts), script), texts)
    if converted is None:
        converted = [to_script(text, script) for text in texts]
    marked = _HALF_MARK.sub(lambda mark: _FULL_MARKS[mark[0]], "".join(converted))
    spaces = [i for gap in _SPACE_BETWEEN_WIDE.finditer(marked) for i in range(*gap.span())]
    return _deal_out_without(marked, converted, frozenset(spaces))


def _deal_out(whole: str, texts: Sequence[str]) -> list[str] | None:
    """The whole in parts as long as `texts`; None if it has another length."""
    if len(whole) != sum(map(len, texts)):
        return None
    return _deal_out_without(whole, texts, frozenset())


def _deal_out_without(whole: str, texts: Sequence[str], dropped: frozenset[int]) -> list[str]:
    parts, start = [], 0
    for text in texts:
        end = start + len(text)
        parts.append("".join(whole[i] for i in range(start, end) if i not in dropped))
        start = end
    return parts
