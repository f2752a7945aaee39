"""Rewriter: writes hotwords where a text has what sounds like them, and reports each.

Promises: words keep their times; a word becomes part of a longer one only where the number of words differs, and takes
the times of all; any Unicode will do; the same text gives the same answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

from lingting.domain import Correction, Hotwords, RecognizeOptions, Script, Segment
from lingting.text.hotwords.matching import Match, Matcher
from lingting.text.hotwords.units import Unit, units_of
from lingting.text.realign import Edit, rewritten
from lingting.text.script import CHINESE, to_script
from lingting.text.spoken import Spoken

__all__ = ["corrected", "load_hotwords", "rewrite_hotwords"]

LISTS_REMEMBERED = 16
SCORE_DIGITS = 3
_known: WeakValueDictionary[tuple[str, str], Matcher] = WeakValueDictionary()
"""By list and language; as long as somebody who uses one holds it, or it is among the latest."""
_latest: deque[Matcher] = deque(maxlen=LISTS_REMEMBERED)


def load_hotwords(hotwords: Hotwords) -> Sequence[Matcher]:
    """Make ready what the step needs, to be held while it is used. Blocking.

    cost    the first time half a second, to load the pinyin; a list of a thousand words some 30 ms
    """
    if not hotwords:
        return ()
    matchers = [_matcher(hotwords, language) for language in ("", *_languages_of(hotwords))]
    matchers[0].find("准备", units_of("准备"), (None, None), "zh")
    return matchers


def _languages_of(hotwords: Hotwords) -> Sequence[str]:
    return sorted({word.language for word in hotwords.words if word.language})


def _matcher(hotwords: Hotwords, language: str) -> Matcher:
    """language    of a text; those that no word names share a matcher"""
    key = (hotwords.digest, language if language in _languages_of(hotwords) else "")
    matcher = _known.get(key)
    if matcher is None:
        matcher = _known[key] = Matcher(hotwords, key[1])
        _latest.append(matcher)
    return matcher


def rewrite_hotwords(segments: Sequence[Segment], options: RecognizeOptions) -> Sequence[Segment]:
    """Step of the chain: `options.hotwords`."""
    if not options.hotwords:
        return segments
    return tuple(corrected(segment, options) for segment in segments)


def corrected(segment: Segment, options: RecognizeOptions) -> Segment:
    units = units_of(_plain(segment.text, segment.language, options.script))
    if not units:
        return segment
    spoken = Spoken(segment)
    sure = tuple(spoken.probability(unit.start, unit.end) for unit in units)
    matches = _matcher(options.hotwords, segment.language).find(segment.text, units, sure, segment.language)
    edits: list[Edit] = []
    corrections: list[Correction] = []
    for match in matches:
        first, last = units[match.first], units[match.last]
        written = match.hotword.text
        if segment.language in CHINESE:
            written = to_script(written, options.script)
        heard = segment.text[first.start : last.end]
        if heard == written:
            continue
        made = _edits(units[match.first : match.last + 1], written)
        edits += [edit for edit in made if segment.text[edit.start : edit.end] != edit.text]
        corrections.append(_correction(match, spoken.seconds(first.start, last.end), heard, written))
    if not edits:
        return segment
    rewriting = rewritten(segment, lambda _text: edits)
    return replace(rewriting, corrections=(*segment.corrections, *corrections))


def _correction(match: Match, seconds: tuple[float, float], heard: str, written: str) -> Correction:
    return Correction(*seconds, heard, written, round(match.score, SCORE_DIGITS), match.hotword.pack)


def _edits(heard: Sequence[Unit], written: str) -> list[Edit]:
    """Unit by unit where there are as many, so that each word keeps its own times; otherwise as one."""
    wanted = units_of(written)
    is_even = len(wanted) == len(heard) and wanted[0].start == 0 and wanted[-1].end == len(written)
    if not is_even or any(unit.is_han != other.is_han for unit, other in zip(wanted, heard, strict=True)):
        return [Edit(heard[0].start, heard[-1].end, written)]
    edits = [
        Edit(other.start, other.end, written[unit.start : unit.end]) for unit, other in zip(wanted, heard, strict=True)
    ]
    gaps = [
        Edit(left.end, right.start, written[one.end : other.start])
        for left, right, one, other in zip(heard, heard[1:], wanted, wanted[1:], strict=False)
    ]
    return sorted((*edits, *gaps), key=lambda edit: (edit.start, edit.end))


def _plain(text: str, language: str, script: Script) -> str:
    """In the script in which hotwords are compared, character by character."""
    if script is Script.SIMPLIFIED or language not in CHINESE:
        return text
    plain = to_script(text, Script.SIMPLIFIED)
    return plain if len(plain) == len(text) else text
