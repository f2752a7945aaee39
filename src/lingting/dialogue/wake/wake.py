"""Whether the bot is asleep or awake: a filter between a live session and turn-taking, without sound or a clock.

    state     what passes                                                 left for
    asleep    nothing but `Closed`, `Notice` and `Committed`              awake, by a phrase or a word
    awake     everything of segments that began then, and of the one      asleep, by words of leave, or after
              that woke it, without the phrase                            `sleep_seconds` without speech or a reply

Promises: of what is said while it sleeps nothing passes; of what is said while it is awake nothing is lost; each
segment of which anything passes does so from its SpeechStarted to its one Final or SegmentFailed; Woke comes before
what was said with the phrase, and Slept after all that was said before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lingting.dialogue.wake.wake_cuts import final_from, partial_from
from lingting.dialogue.wake.wake_leave import LeaveWords
from lingting.dialogue.wake.wake_phrases import PhraseMatcher
from lingting.dialogue.wake.wake_settings import WakeSettings
from lingting.domain import Event, Final, Partial, SpeechEnded, SpeechStarted
from lingting.domain.events import SegmentFailed

__all__ = ["Passed", "SleepReason", "Slept", "Wake", "Woke"]

SURE_EASE = 0.2
"""Taken off the bounds of likeness where the phrase was heard before, and is only to be found again."""
DRAFT_SCORE = 0.9
"""A partial that was so much alike keeps the bot awake though the final has lost the phrase: of a lone phrase the final
is sometimes the worse of the two (benchmarks/README.md)."""
WORD_SLACK_SECONDS = 1.0
"""A word may be heard so much after its segment ended; and so much before the segment in which it was said began."""


class SleepReason(StrEnum):
    """Why the bot fell asleep."""

    SAID = "said"
    """The user took leave."""
    QUIET = "quiet"
    DOUBTED = "doubted"
    """What woke it was somewhat alike in a partial, and is not in the final; that passes empty."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The user called the bot. What was said after the phrase follows, as speech like any other."""

    phrase: str
    segment: int | None = None
    """None for a word of which no segment has begun."""
    score: float = 1.0
    """How alike it sounds, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Slept:
    """The bot fell asleep."""

    reason: SleepReason


Passed = Event | Woke | Slept


@dataclass(slots=True)
class _Segment:
    """One that is open, or whose final is awaited."""

    started: SpeechStarted
    is_passed: bool
    partial: Partial | None = None
    ended: SpeechEnded | None = None
    was_called: bool = False
    """Whether it holds what woke the bot."""
    is_sure: bool = False
    """Whether that was heard by its sound, and needs no words to prove it."""
    score: float = 0.0
    """Of the phrase in the partial that woke the bot."""
    stable: str = ""
    """The last that was shown."""


class Wake:
    """One conversation's. Every method gives what passes, in order; times are any clock's that does not go back."""

    def __init__(self, settings: WakeSettings, *, now_seconds: float = 0.0, is_awake: bool = False) -> None:
        """
        is_awake    whether the conversation begins awake; without phrases and words it always is
        raises      InvalidOption
        """
        self._settings = settings
        self._phrases = PhraseMatcher(settings.phrases)
        spelled = [word.replace("_", " ") for word in settings.words]
        self._sounds = PhraseMatcher(spelled, param="talk.wake_words", may_be_short=True)
        self._leave = LeaveWords(settings.sleep_words)
        self.is_awake = is_awake or not settings.is_on
        self._segments: dict[int, _Segment] = {}
        self._heard_until_seconds: float | None = None
        """Where in the audio a word was heard of which no segment had begun."""
        self._is_replying = False
        self._wants_sleep = False
        self._active_seconds = now_seconds

    @property
    def words(self) -> tuple[str, ...]:
        """Fixed ones that somebody has to listen for in the sound."""
        return self._settings.words

    @property
    def due_seconds(self) -> float | None:
        """When `tick` is to be called if nothing else happens; None where there is nothing to wait for."""
        is_busy = self._is_replying or any(segment.is_passed for segment in self._segments.values())
        if not (self.is_awake and self._settings.is_on and self._settings.sleep_seconds) or is_busy:
            return None
        return self._active_seconds + self._settings.sleep_seconds

    def filter(self, event: Event, now_seconds: float) -> list[Passed]:
        """What of a live event may be heard."""
        if not self._settings.is_on:
            return [event]
        given: list[Passed] = self.tick(now_seconds)
        if isinstance(event, SpeechStarted):
            return given + self._begin(event, now_seconds)
        if not isinstance(event, Partial | SpeechEnded | Final | SegmentFailed):
            return [*given, event]
        segment = self._segments.get(event.segment)
        return given if segment is None else given + self._follow(segment, event, now_seconds)

    def spotted(self, word: str, at_seconds: float, *, now_seconds: float) -> list[Passed]:
        """A fixed word was heard.

        at_seconds    where in the session's audio it ended
        """
        given: list[Passed] = self.tick(now_seconds)
        if self.is_awake:
            self._active_seconds = now_seconds
            return given
        found = [segment for segment in self._segments.values() if _holds(segment, at_seconds)]
        self._heard_until_seconds = None if found else at_seconds
        number = found[0].started.segment if found else None
        given.append(self._woken(Woke(word, number), now_seconds))
        for segment in found:
            segment.was_called = segment.is_sure = True
            given += self._released(segment)
        return given

    def replying(self, *, is_replying: bool, now_seconds: float) -> None:
        """A reply has begun to be made, or has been heard to its end; no bot falls asleep over its own words."""
        self._is_replying = is_replying
        self._active_seconds = now_seconds

    def tick(self, now_seconds: float) -> list[Passed]:
        """Time has passed."""
        due = self.due_seconds
        if due is None or now_seconds < due:
            return []
        return [self._slept(SleepReason.QUIET)]

    def _begin(self, event: SpeechStarted, now_seconds: float) -> list[Passed]:
        heard_until, self._heard_until_seconds = self._heard_until_seconds, None
        was_called = heard_until is not None and event.start_seconds <= heard_until + WORD_SLACK_SECONDS
        segment = _Segment(event, self.is_awake, was_called=was_called, is_sure=was_called)
        self._segments[event.segment] = segment
        if not segment.is_passed:
            return []
        self._active_seconds = now_seconds
        return [event]

    def _follow(
        self, segment: _Segment, event: Partial | SpeechEnded | Final | SegmentFailed, now_seconds: float
    ) -> list[Passed]:
        if isinstance(event, Partial):
            return self._draft(segment, event, now_seconds)
        if isinstance(event, SpeechEnded):
            segment.ended = event
            return [event] if segment.is_passed else []
        return self._close(segment, event, now_seconds)

    def _draft(self, segment: _Segment, event: Partial, now_seconds: float) -> list[Passed]:
        segment.partial = event
        if segment.is_passed:
            return [self._shown(segment, event)]
        said = self._phrases.find(event.text)
        if said is None:
            return []
        segment.was_called, segment.score = True, said.score
        return [*self._call(Woke(said.phrase, event.segment, said.score), now_seconds), *self._released(segment)]

    def _close(self, segment: _Segment, event: Final | SegmentFailed, now_seconds: float) -> list[Passed]:
        del self._segments[event.segment]
        given: list[Passed] = []
        if isinstance(event, Final) and not segment.is_passed:
            said = self._phrases.find(event.text)
            if said is not None:
                segment.was_called, segment.partial = True, None
                given += self._call(Woke(said.phrase, event.segment, said.score), now_seconds)
                given += self._released(segment)
        if not segment.is_passed:
            return []
        self._active_seconds = now_seconds
        if isinstance(event, Final):
            return [*given, *self._spoken(segment, event)]
        return [*given, event, *self._leaving()]

    def _spoken(self, segment: _Segment, event: Final) -> list[Passed]:
        if not segment.was_called:
            self._note_leave(event.text)
            return [event, *self._leaving()]
        end = self._end_of_call(segment, event.text)
        if end is None:
            self._wants_sleep = False
            empty = final_from(event, len(event.text), stable=segment.stable)
            is_doubted = segment.score < DRAFT_SCORE and not self._is_heard()
            return [empty, *([self._slept(SleepReason.DOUBTED)] if is_doubted else [])]
        rest = final_from(event, end, stable=segment.stable)
        self._note_leave(rest.text)
        return [rest, *self._leaving()]

    def _end_of_call(self, segment: _Segment, text: str) -> int | None:
        """Where in the text of a segment that woke the bot its words begin; None where it did not, after all."""
        matcher = self._sounds if segment.is_sure else self._phrases
        said = matcher.find(text, ease=SURE_EASE)
        if said is not None:
            return said.end
        return 0 if segment.is_sure else None

    def _shown(self, segment: _Segment, event: Partial) -> Partial:
        if segment.was_called:
            event = partial_from(event, self._end_of_call(segment, event.text) or 0)
        segment.stable = event.stable
        return event

    def _released(self, segment: _Segment) -> list[Passed]:
        """What was held back of a segment."""
        segment.is_passed = True
        drafted = [] if segment.partial is None else [self._shown(segment, segment.partial)]
        ended = [] if segment.ended is None else [segment.ended]
        return [segment.started, *drafted, *ended]

    def _call(self, woke: Woke, now_seconds: float) -> list[Passed]:
        return [] if self.is_awake else [self._woken(woke, now_seconds)]

    def _woken(self, woke: Woke, now_seconds: float) -> Woke:
        self.is_awake, self._wants_sleep, self._active_seconds = True, False, now_seconds
        return woke

    def _note_leave(self, text: str) -> None:
        """Who takes leave and goes on talking stays."""
        if text.strip():
            self._wants_sleep = self._leave.are(text)

    def _leaving(self) -> list[Passed]:
        return [self._slept(SleepReason.SAID)] if self._wants_sleep and not self._is_heard() else []

    def _is_heard(self) -> bool:
        """Whether any segment that passes is not over."""
        return any(segment.is_passed for segment in self._segments.values())

    def _slept(self, reason: SleepReason) -> Slept:
        self.is_awake = self._wants_sleep = False
        return Slept(reason)


def _holds(segment: _Segment, at_seconds: float) -> bool:
    """Whether a word that ended there was said in the segment."""
    end_seconds = at_seconds if segment.ended is None else segment.ended.end_seconds
    return segment.started.start_seconds <= at_seconds <= end_seconds + WORD_SLACK_SECONDS
