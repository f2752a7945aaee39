"""What is learnt about a call while it is worked on: for its audit row, and for the headers of its answer.

The frame round a call makes the note; whoever knows something writes it there, without passing it along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

__all__ = ["CallNote", "Scalar", "audit_note", "noting", "tell_left"]

Scalar = str | int | float | bool


@dataclass(slots=True)
class CallNote:
    """Of one call; filled while it is worked on."""

    audio_seconds: float = 0.0
    action: str = ""
    """What it is called in the audit log, where the route says too little."""
    subject: str = ""
    """The id of what it was done to."""
    code: str = ""
    """Of the error that ended it."""
    detail: dict[str, Scalar] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """What is left to the caller."""


_in_hand: ContextVar[CallNote | None] = ContextVar("call_note", default=None)


@contextmanager
def noting(note: CallNote) -> Iterator[CallNote]:
    """Everything that is done inside writes to this note, tasks begun there among it."""
    token = _in_hand.set(note)
    try:
        yield note
    finally:
        _in_hand.reset(token)


def audit_note(
    *, audio_seconds: float = 0.0, action: str = "", subject: str = "", code: str = "", **detail: Scalar
) -> None:
    """Add to the note of the call in hand, where there is one.

    audio_seconds   adds up
    subject         an id; never a name that somebody chose
    detail          numbers, flags and words of ours; never text, file names or user references
    """
    note = _in_hand.get()
    if note is None:
        return
    note.audio_seconds += audio_seconds
    note.action = action or note.action
    note.subject = subject or note.subject
    note.code = code or note.code
    note.detail.update(detail)


def tell_left(headers: Mapping[str, str]) -> None:
    """Put what is left to the caller into the headers of the answer."""
    note = _in_hand.get()
    if note is not None:
        note.headers.update(headers)
