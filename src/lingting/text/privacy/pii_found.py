"""What a search for personal data gives: stretches of a text with their kinds, and how overlaps are settled. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lingting.domain.redaction import PiiKind

__all__ = ["Found", "settled"]


@dataclass(frozen=True, slots=True)
class Found:
    """In a text, what lies from `start` up to `end`."""

    start: int
    end: int
    kind: PiiKind


def settled(found: Iterable[Found]) -> list[Found]:
    """In order, none touching another's text: those that overlap become one, of the longer one's kind."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda found: (found.start, -found.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
            continue
        last = kept[-1]
        longer = each if each.end - each.start > last.end - last.start else last
        kept[-1] = Found(last.start, max(last.end, each.end), longer.kind)
    return kept
