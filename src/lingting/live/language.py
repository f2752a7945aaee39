"""Which language a live session speaks, when its client did not say. Pure."""

from __future__ import annotations

from collections import Counter

from lingting.domain import RecognizeOptions
from lingting.live.answers import Spoken

__all__ = ["LanguageVote"]

SURE_PROBABILITY = 0.8
SURE_SPEECH_SECONDS = 1.5
"""Shorter speech, such as "OK", sounds like many languages."""
ENOUGH_VOTES = 2
"""A session is long: one mistake at its beginning must not decide all of it."""


class LanguageVote:
    """Detects until the same language was heard surely often enough, then keeps it."""

    def __init__(self, options: RecognizeOptions) -> None:
        self.current = options.language
        """To be used for the next segment; None detects."""
        self._latest: str | None = None
        self._is_open = options.language is None and not options.per_segment_language
        self._votes: Counter[str] = Counter()

    def of_draft(self, heard_seconds: float) -> str | None:
        """The language of a draft: while too little is heard to tell, that of the final before."""
        if self.current is None and heard_seconds < SURE_SPEECH_SECONDS:
            return self._latest
        return self.current

    def hear(self, heard: Spoken, *, speech_seconds: float) -> None:
        """Count a final's language."""
        if not heard.text or speech_seconds < SURE_SPEECH_SECONDS or heard.language_probability < SURE_PROBABILITY:
            return
        self._latest = heard.language
        if not self._is_open:
            return
        self._votes[heard.language] += 1
        if self._votes[heard.language] >= ENOUGH_VOTES:
            self.current, self._is_open = heard.language, False
