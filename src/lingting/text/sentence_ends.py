"""Tells the full stop that ends a sentence from the one that ends an abbreviation. Pure."""

from __future__ import annotations

import re

__all__ = ["ends_sentence"]

_CLOSING = "\"'\u2019\u201d\u00bb)]\u300d\u300f\u300b\uff09 "
_MARKS = frozenset("!?\u2026\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u1362")
"""Latin, Chinese and Japanese, Arabic, Urdu, Hindi, Amharic."""
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:[^\W\d_]|(?:[^\W\d_]\.)+[^\W\d_]|mr|mrs|ms|mx|dr|prof|rev|hon|gen|col|capt|lt|sgt|sen|rep|gov"
    r"|st|mt|jr|sr|vs|approx|fig|vol|pp|ca|bzw|z\.b|usw|mme|mlle|sra|dra|sig)\.$",
    re.IGNORECASE,
)
"""Titles, initials and the like: "Mr.", "J.", "e.g.", and a few of German, French, Spanish and Italian."""


def ends_sentence(before: str, after: str = "") -> bool:
    """True when the text `before` ends a sentence, given the text that follows it."""
    text = before.rstrip(_CLOSING)
    if text[-1:] in _MARKS and text:
        return True
    if not text.endswith("."):
        return False
    goes_on = after[:1].isalnum() or after.lstrip()[:1].islower()
    return not goes_on and not (after and _ABBREVIATION.search(text))
