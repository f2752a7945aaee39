"""Widths of digits and letters, and the spaces between Chinese and what else stands in it.

Promises: words keep their number and their times and go on spelling their segment; spaces between two Latin words stay,
and so does text in other languages. Full-width marks are `script.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lingting.domain import RecognizeOptions, Script, Segment, Spacing
from lingting.text.realign import Edit, rewritten
from lingting.text.script import CHINESE

__all__ = ["rewrite_spaces", "rewrite_widths"]

_FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_TO_HALF = 0xFF10 - 0x30
"""Between a full-width digit or letter and its usual form. Source: Unicode block Halfwidth and Fullwidth Forms."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LEFT, _RIGHT = "A-Za-z0-9%‰℃°", "A-Za-z0-9$€£¥+-"
"""What of other scripts may stand before an ideograph, and after one."""
_SEAM = re.compile(f"(?<=[{_HAN}])(?:[+-]?[$€£¥]?(?=[A-Za-z0-9]))|(?<=[{_LEFT}])(?=[{_HAN}])")
_GAP = re.compile(f"(?<=[{_HAN}]) +(?=[{_RIGHT}])|(?<=[{_LEFT}]) +(?=[{_HAN}])")


def rewrite_widths(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """The segments with full-width digits and Latin letters in their usual width, unless script is as_is."""
    if options.script is Script.AS_IS:
        return tuple(segments)
    return tuple(rewritten(segment, _narrowed) for segment in segments)


def rewrite_spaces(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """Chinese segments with a space, or with none, wherever an ideograph meets a Latin letter or a digit."""
    if options.spacing is Spacing.AS_IS:
        return tuple(segments)
    edits_of = _spaced if options.spacing is Spacing.SPACED else _tight
    return tuple(rewritten(segment, edits_of) if segment.language in CHINESE else segment for segment in segments)


def _narrowed(text: str) -> list[Edit]:
    return [
        Edit(*run.span(), "".join(chr(ord(character) - _TO_HALF) for character in run[0]))
        for run in _FULL_WIDTH.finditer(text)
    ]


def _spaced(text: str) -> list[Edit]:
    return [Edit(seam.start(), seam.start(), " ") for seam in _SEAM.finditer(text)]


def _tight(text: str) -> list[Edit]:
    return [Edit(*gap.span(), "") for gap in _GAP.finditer(text)]
