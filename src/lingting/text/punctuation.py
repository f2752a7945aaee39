"""Gives marks and capitals to text that came without any: by pauses, particles, and the words that clauses begin with.

Promises: text that has a mark of its own is not touched, nor is text too short to be missing one; words keep their
number and their times, and only gain marks (and, in English, a capital). Chinese and English; other languages stay.
Whisper gives marks to most of its text, but a long stretch of Chinese often has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import partial
from itertools import zip_longest

from lingting.domain import Punctuation, RecognizeOptions, Segment
from lingting.text.numbers.numerals_zh import NUMERALS
from lingting.text.punctuation_words import (
    ASKING_EN,
    AUXILIARIES_EN,
    CLINGING_ZH,
    EMBEDDING_ZH,
    LINKS_ZH,
    OPEN_ENDS_ZH,
    QUESTIONS_ZH,
    SUBJECTS_EN,
)
from lingting.text.realign import Edit, rewritten
from lingting.text.script import CHINESE

__all__ = ["restore_marks"]

COMMA_SECONDS = 0.2
"""A pause between two words that a reader would mark; engines that align words leave none inside a clause."""
SENTENCE_SECONDS = 0.5
SOON_SECONDS = 0.3
"""A segment that is followed sooner was cut inside a sentence, and ends with a comma."""
MIN_CHARACTERS, MIN_WORDS = 10, 8
"""From which on text without a mark is missing one; what is shorter is as often a name or a command."""
MAX_ASKED_WORDS = 5
"""How long what is asked about may be: how many people are."""
MIN_CLAUSE_CHARACTERS, MIN_CLAUSE_WORDS = 4, 3
"""On either side of a mark that parts."""

_MARK = re.compile(r"[^\w\s'’\-%‰℃°$€£¥+/&@#*_]")
"""Anything that parts or ends; apostrophes, hyphens and signs do not."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_LINK = re.compile("|".join(LINKS_ZH))
_QUESTION, _EMBEDDED = re.compile(QUESTIONS_ZH), re.compile(EMBEDDING_ZH)
_ASKS = re.compile("吗(?!啡|丁)")
_LONE_I = re.compile(r"\bi(?='(?:m|ll|ve|d|s)\b|\b(?!'))")


class _Ending(Enum):
    """What the end of a segment is the end of."""

    SENTENCE = "sentence"
    CLAUSE = "clause"
    NONE = "none"


def restore_marks(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """The segments with marks where one came without any; the last one ends a sentence, unless it was cut short."""
    if options.punctuation is not Punctuation.AUTO:
        return tuple(segments)
    following = [segment.start_seconds for segment in segments[1:]]
    return tuple(_restored(segment, after) for segment, after in zip_longest(segments, following))


def _restored(segment: Segment, next_seconds: float | None) -> Segment:
    if _MARK.search(segment.text):
        return segment
    ending = _ending(segment, next_seconds)
    pauses = _pauses(segment)
    if segment.language in CHINESE and len(_HAN.findall(segment.text)) >= MIN_CHARACTERS:
        return rewritten(segment, partial(_edits_zh, pauses=pauses, ending=ending))
    if segment.language == "en" and len(segment.text.split()) >= MIN_WORDS:
        return rewritten(segment, partial(_edits_en, pauses=pauses, ending=ending))
    return segment


def _ending(segment: Segment, next_seconds: float | None) -> _Ending:
    if segment.is_cut:
        return _Ending.NONE
    is_soon = next_seconds is not None and next_seconds - segment.end_seconds < SOON_SECONDS
    return _Ending.CLAUSE if is_soon else _Ending.SENTENCE


def _pauses(segment: Segment) -> dict[int, float]:
    """Silence in seconds by the position in the text that it follows; none where words do not spell the text."""
    spelled = "".join(word.text for word in segment.words)
    if spelled.strip() != segment.text:
        return {}
    reached, pauses = len(spelled.lstrip()) - len(spelled), {}
    for word, following in zip(segment.words, segment.words[1:], strict=False):
        reached += len(word.text)
        pauses[reached] = following.start_seconds - word.end_seconds
    return pauses


def _edits_zh(text: str, *, pauses: dict[int, float], ending: _Ending) -> list[Edit]:
    edits, begun = [], 0
    for position in sorted(_places_zh(text, pauses)):
        is_inside = position - begun >= MIN_CLAUSE_CHARACTERS and position <= len(text) - MIN_CLAUSE_CHARACTERS
        if not is_inside or _is_bound(text, position):
            continue
        ends = pauses.get(position, 0.0) >= SENTENCE_SECONDS
        edits.append(Edit(position, position, _mark_zh(text[begun:position], ends=ends)))
        begun = position
    if ending is _Ending.NONE:
        return edits
    return [*edits, Edit(len(text), len(text), _mark_zh(text[begun:], ends=ending is _Ending.SENTENCE))]


def _places_zh(text: str, pauses: dict[int, float]) -> set[int]:
    """Where a mark may stand: after a pause or a question particle, before a word that links clauses."""
    places = {position for position, seconds in pauses.items() if seconds >= COMMA_SECONDS}
    places |= {asks.end() for asks in _ASKS.finditer(text)}
    return places | {link.start() for link in _LINK.finditer(text)}


def _is_bound(text: str, position: int) -> bool:
    """Whether what stands before the place hangs on to what stands after it."""
    before, after = text[:position].rstrip(), text[position:].lstrip()
    if before.endswith(OPEN_ENDS_ZH) or after.startswith(CLINGING_ZH):
        return True
    return _is_numeral(before[-1:]) and _is_numeral(after[:1])


def _is_numeral(character: str) -> bool:
    return character.isdigit() or (bool(character) and character in NUMERALS)


def _mark_zh(clause: str, *, ends: bool) -> str:
    if clause.endswith("吗"):
        return "？"
    if not ends:
        return "，"
    return "？" if _QUESTION.search(clause) and not _EMBEDDED.search(clause) else "。"


def _edits_en(text: str, *, pauses: dict[int, float], ending: _Ending) -> list[Edit]:
    words = list(re.finditer(r"\S+", text))
    edits = [Edit(found.start(), found.end(), "I") for found in _LONE_I.finditer(text)]
    clause = sentence = 0
    for i, word in enumerate(words, start=1):
        pause = pauses.get(word.end(), 0.0)
        is_last = i == len(words)
        is_inside = i - clause >= MIN_CLAUSE_WORDS and i <= len(words) - MIN_CLAUSE_WORDS
        if not is_last and (pause < COMMA_SECONDS or not is_inside):
            continue
        clause, mark = i, ","
        if ending is _Ending.SENTENCE if is_last else pause >= SENTENCE_SECONDS:
            mark = _mark_en([each[0].lower() for each in words[sentence:i]])
        if not is_last or ending is not _Ending.NONE:
            edits.append(Edit(word.end(), word.end(), mark))
        if mark != "," or is_last:
            edits += _capital(text, words[sentence].start())
            sentence = i
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def _capital(text: str, position: int) -> list[Edit]:
    first = text[position]
    if not first.islower() or _LONE_I.match(text, position):
        return []
    return [Edit(position, position + 1, first.upper())]


def _mark_en(words: Sequence[str]) -> str:
    if words[0] in AUXILIARIES_EN:
        return "?" if words[1:2] and words[1] in SUBJECTS_EN else "."
    return "?" if words[0] in ASKING_EN and _inverts(words) else "."


def _inverts(words: Sequence[str]) -> bool:
    """Whether a verb comes before the subject: "what time does it", but not "what he does"."""
    for word in words[1:MAX_ASKED_WORDS]:
        if word in SUBJECTS_EN:
            return False
        if word in AUXILIARIES_EN:
            return True
    return False
