"""From an engine's answer for a live segment to what may be shown of it: guard, text chain, times. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lingting.domain import (
    SAMPLE_RATE_HZ,
    Correction,
    Hypothesis,
    Mood,
    Punctuation,
    RecognizeOptions,
    Redacted,
    Segment,
    Span,
    Word,
)
from lingting.recognition.guard import Prompted, guarded
from lingting.text.chain import apply
from lingting.text.mood.sentiment import mood_of
from lingting.text.numbers.itn import open_number

__all__ = ["Spoken", "spoken"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said in a segment, as its client sees it."""

    text: str
    """Empty when nothing may be shown."""
    language: str = ""
    language_probability: float = 1.0
    words: tuple[Word, ...] = ()
    """Times from the start of the session."""
    avg_logprob: float = 0.0
    suppressed: str | None = None
    """Why text was withheld."""
    redacted: tuple[Redacted, ...] = ()
    """What `redacting.py` has hidden; nothing before it has seen it."""
    corrections: tuple[Correction, ...] = ()
    mood: Mood | None = None
    engine: str = ""
    model: str = ""
    attempts: tuple[str, ...] = ()
    """As the hypothesis has them."""
    draft: str = ""
    """The text as it is shown while more may follow: without the marks that only a whole sentence can be given."""
    open_characters: int = 0
    """At the end of the draft, what more speech would write otherwise: a number that may go on."""


def spoken(hypothesis: Hypothesis, options: RecognizeOptions, span: Span, *, is_cut: bool = False) -> Spoken:
    """Return what of a hypothesis for the sound in `span` was really said.

    is_cut    speech goes on at its end, without a pause
    """
    start_seconds, end_seconds = span.start_samples / SAMPLE_RATE_HZ, span.end_samples / SAMPLE_RATE_HZ
    reason: str | None = None
    if options.guard:
        seconds = end_seconds - start_seconds
        prompted = Prompted.by(options)
        hypothesis, reason = guarded(hypothesis, clip_seconds=seconds, speech_seconds=seconds, prompted=prompted)
    segment = Segment(
        id=0,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        text=hypothesis.text.strip(),
        language=hypothesis.language,
        words=tuple(word.moved(start_seconds, at_most_seconds=end_seconds) for word in hypothesis.words),
        is_cut=is_cut,
    )
    (shown,) = apply((segment,), options)
    (draft,) = apply((replace(segment, words=()),), replace(options, punctuation=Punctuation.OFF))
    return Spoken(
        text=shown.text,
        draft=draft.text,
        open_characters=open_number(draft.text, draft.language) if options.itn else 0,
        language=hypothesis.language,
        language_probability=hypothesis.language_probability,
        words=shown.words if options.word_times else (),
        avg_logprob=hypothesis.avg_logprob,
        suppressed=reason,
        corrections=shown.corrections,
        mood=mood_of(shown.text, shown.language) if options.mood else None,
        engine=hypothesis.engine,
        model=hypothesis.model,
        attempts=hypothesis.attempts,
    )
