"""Hides what is parted over several segments: a number of which half is said before a pause and half after it.

One window follows one voice. Segments go in as they are recognised and come out, in order, when what follows cannot
change what is hidden in them. Promises: every segment comes out once, at the latest when the window ends; what a window
holds is bounded; nothing of a find is left on either side of a seam.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.domain import PiiKind, Redaction, Segment
from lingting.text.privacy.pii_forms import open_email
from lingting.text.privacy.pii_found import Found, settled
from lingting.text.privacy.pii_numbers import NUMBER_KINDS, open_digits
from lingting.text.privacy.redaction import Sealer, find, hidden_text, hide

__all__ = ["RedactionWindow"]

SEAM = "\n"
"""Between segments; counts as a gap between digits, and as the end of everything else."""
CONTEXT_CHARACTERS = 80
"""Of what was said before, kept to know what a segment goes on with; a whole segment at least."""
_SEAM_MARKS = " 。．.,，、;；"
MAX_HELD = 8
"""Segments; more are let go, their open end hidden."""
_FEWEST_OPEN = 3
"""Digits at an end that is let go while it may go on: fewer tell nothing, and are mostly an ordinary number."""
_WORD_BOUND = frozenset({PiiKind.NAME, PiiKind.ADDRESS})
"""Kinds that later words of the same sentence may tell."""
_SENTENCE_END = re.compile(r"[。！？!?；;](?=\s*\S)|(?<![A-Z])(?<![A-Z][a-z])\.(?=\s+\S)")
"""With more after it: a mark at the end of a draft is a guess."""
_LONG_RUN = re.compile(r"(?:[\d零〇一二三四五六七八九幺][\s\-.,，、]{0,2}){5,}")


@dataclass(frozen=True, slots=True)
class _Joined:
    """What was said before and the segments that wait, as one text."""

    text: str
    starts: tuple[int, ...]
    """Of each segment."""


class RedactionWindow:
    """Belongs to one caller at a time."""

    def __init__(self, redaction: Redaction, sealer: Sealer | None = None) -> None:
        self._redaction = redaction
        self._sealer = sealer
        self._context: list[str] = []
        self._held: list[Segment] = []

    @property
    def is_holding(self) -> bool:
        return bool(self._held)

    def take(self, segments: Sequence[Segment]) -> list[Segment]:
        """Give those, of all that wait, which later words cannot change any more."""
        self._held += segments
        joined = self._join()
        found = find(joined.text, self._redaction.kinds)
        opened = self._open_from(joined, found)
        ready = sum(
            start + len(segment.text) <= opened for start, segment in zip(joined.starts, self._held, strict=True)
        )
        given = self._give(ready, joined, found)
        if len(self._held) > MAX_HELD:
            given += self.let_go()
        return given

    def let_go(self) -> list[Segment]:
        """Give what waits though it may go on: digits at its end are hidden, in case they do."""
        joined = self._join()
        found = find(joined.text, self._redaction.kinds)
        wanted = [kind for kind in self._redaction.kinds if kind in NUMBER_KINDS]
        tail = open_digits(joined.text, found) if wanted else None
        if tail is not None and tail[1] >= _FEWEST_OPEN:
            found = settled([*found, Found(tail[0], len(joined.text.rstrip(" 。．.,，、;；!！?？")), wanted[0])])
        return self._give(len(self._held), joined, found)

    def finish(self) -> list[Segment]:
        """Give what waits: nothing follows."""
        joined = self._join()
        return self._give(len(self._held), joined, find(joined.text, self._redaction.kinds))

    def draft(self, text: str, language: str) -> str:
        """What may be shown of the beginning of a segment that is still being said.

        It ends before digits that may go on, and, where names or addresses are hidden, after its last whole sentence:
        a word later in the sentence may tell that an earlier one is a name.
        """
        before = SEAM.join([*self._context, *(segment.text for segment in self._held), ""])
        found = [
            Found(max(0, each.start - len(before)), each.end - len(before), each.kind)
            for each in find(before + text, self._redaction.kinds)
            if each.end > len(before)
        ]
        end = self._draft_end(before, text, found)
        kept = [each for each in found if each.end <= end]
        return hidden_text(text[:end], kept, language=language, mode=self._redaction.mode, sealer=self._sealer).rstrip()

    def _draft_end(self, before: str, text: str, found: Sequence[Found]) -> int:
        kinds = self._redaction.kinds
        ends = [len(text)]
        if _WORD_BOUND.intersection(kinds):
            ends.append(max((match.end() for match in _SENTENCE_END.finditer(text)), default=0))
        if NUMBER_KINDS.intersection(kinds):
            tail = open_digits(before + text)
            ends += [] if tail is None else [max(0, tail[0] - len(before))]
            for run in _LONG_RUN.finditer(text):
                if not any(each.start <= run.start() and run.end() - 2 <= each.end for each in found):
                    ends.append(run.start())
        if PiiKind.EMAIL in kinds and (begins := open_email(text)) is not None:
            ends.append(begins)
        end = min(ends)
        cut = next((each.start for each in found if each.start < end < each.end), end)
        if NUMBER_KINDS.intersection(kinds) and (tail := open_digits(text[:cut], found)) is not None:
            cut = min(cut, tail[0])
        return cut

    def _open_from(self, joined: _Joined, found: Sequence[Found]) -> int:
        """Where in the joined text begins what may go on; its end where nothing does."""
        ends = [len(joined.text)]
        if NUMBER_KINDS.intersection(self._redaction.kinds):
            tail = open_digits(joined.text, found)
            ends += [] if tail is None else [tail[0]]
        if PiiKind.EMAIL in self._redaction.kinds:
            begins = open_email(joined.text)
            ends += [] if begins is None else [begins]
        return min(ends)

    def _join(self) -> _Joined:
        text = "".join(each + SEAM for each in self._context)
        starts = []
        for segment in self._held:
            starts.append(len(text))
            text += segment.text + SEAM
        return _Joined(text[: -len(SEAM)] if self._held else text, tuple(starts))

    def _give(self, count: int, joined: _Joined, found: Sequence[Found]) -> list[Segment]:
        given = []
        for start, segment in zip(joined.starts[:count], self._held[:count], strict=True):
            own = [part for each in found if (part := _part(each, start, segment.text)) is not None]
            given.append(hide(segment, own, self._redaction, self._sealer))
            self._context.append(segment.text)
        del self._held[:count]
        while len(self._context) > 1 and sum(map(len, self._context[1:])) >= CONTEXT_CHARACTERS:
            del self._context[0]
        return given


def _part(found: Found, start: int, text: str) -> Found | None:
    """What of a find lies in a segment that begins at `start`; a mark at the seam is not of the number."""
    low, high = max(found.start - start, 0), min(found.end - start, len(text))
    while found.end - start > len(text) and low < high and text[high - 1] in _SEAM_MARKS:
        high -= 1
    while found.start < start and low < high and text[low] in _SEAM_MARKS:
        low += 1
    return Found(low, high, found.kind) if low < high else None
