"""The steps a recognised text goes through, in order, and the reason for the order.

1. script       first, so that every later step sees one script and full-width marks, and needs one table, not two;
                widths with it, for the same reason.
2. hotwords     before marks are put, which could part one, and before numbers, which have no sound to be found by.
3. punctuation  before numbers, since it needs the pauses between the words as they were said.
4. itn          after it, so that marks part two numbers that are not one.
5. spacing      last, since the digits that want a space are there only then.

Personal data is hidden after these, by `redaction_window.py`, which looks over several segments and may hold some back.

A step takes segments and options and gives segments: as many, in the same order, with the same times. Words may become
one (`realign.py`); they go on spelling the text of their segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lingting.domain import RecognizeOptions, Segment
from lingting.text.hotwords.correction import rewrite_hotwords
from lingting.text.numbers.itn import rewrite_numbers
from lingting.text.punctuation import restore_marks
from lingting.text.script import rewrite_script
from lingting.text.spacing import rewrite_spaces, rewrite_widths

__all__ = ["STEPS", "Step", "apply"]

Step = Callable[[Sequence[Segment], RecognizeOptions], Sequence[Segment]]

STEPS: tuple[Step, ...] = (
    *(rewrite_script, rewrite_widths, rewrite_hotwords),
    *(restore_marks, rewrite_numbers, rewrite_spaces),
)


def apply(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """The segments as the caller shall see them.

    keeps     number, order and times of segments; words spell their segment, in order, joined where a number is
    cost      about a millisecond for a minute of speech; safe from several threads
    """
    for step in STEPS:
        segments = step(segments, options)
    return tuple(segments)
