"""A live session without sockets, threads or time: heard frames and answers go in, events and asks come out.

It decides what a segment is, when to ask for a recognition and of which sound, what is shown of an answer, and in
which order. It never computes: an `Ask` says "recognise these samples", and the driver (`driver.py`) may batch the asks
of many sessions. Promises:

1. Every sample of speech heard is in exactly one segment, but for the tail that is kept after each.
2. Every segment gets exactly one Final or SegmentFailed, and they come in order.
3. The final of a segment is asked for as soon as a pause could be its end, so that it is often there when it ends.
4. Within a segment `Partial.stable` only grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lingting.audio.buffers import RingBuffer
from lingting.audio.vad_history import FRAME_SAMPLES
from lingting.domain import (
    SAMPLE_RATE_HZ,
    Audio,
    Closed,
    CloseReason,
    Committed,
    Event,
    Hypothesis,
    Notice,
    NoticeKind,
    Partial,
    RecognizeOptions,
    Samples,
    Span,
    SpeechEnded,
    SpeechStarted,
    StreamOptions,
)
from lingting.domain.errors import LingtingError
from lingting.live.answers import Spoken, spoken
from lingting.live.asks import Ask, AskKind, Drop, Foreseen, Output, Pace, for_draft, for_final
from lingting.live.endpointing import EARLY_PAUSE_SAMPLES, TAIL_SAMPLES, Endpointer, Mark, Turn
from lingting.live.language import LanguageVote
from lingting.live.redacting import HOLD_SECONDS, Redacting
from lingting.live.segments import CommitMark, LiveSegment, last_word

__all__ = ["Session"]

FIRST_DRAFT_SECONDS = 0.6
"""Of a segment, its pre-roll included; what is heard of less is mostly wrong."""
LONG_DRAFT_RATIO = 0.12
"""Of a segment's length, how long to wait for its next draft: each costs as much as the segment is long, and says
little more than the one before."""
RING_SLACK_SECONDS = 3.0
"""More than the sound of one call of `hear` and the pre-roll together."""
MAX_HEAR_SECONDS = 1.5


class Session:
    """One speaker's state. Belongs to one caller at a time; holds at most a segment of sound and its asks."""

    def __init__(self, options: StreamOptions, redacting: Redacting | None = None) -> None:
        self._options = options
        self._redacting = redacting or Redacting()
        self._wanted: StreamOptions | None = None
        self._endpointer = Endpointer(options)
        self._ring = _ring_for(options)
        self._language = LanguageVote(options.recognize)
        self._pace = Pace()
        self._seq = 0
        self._segments = 0
        self._commits = 0
        self._committed_to = 0
        self._asks = 0
        self._asked: dict[int, tuple[Ask, LiveSegment]] = {}
        self._open: LiveSegment | None = None
        self._pending: deque[LiveSegment | CommitMark] = deque()
        """What is over but not yet said, in order."""
        self._held: dict[int, LiveSegment] = {}
        """What is over and recognised, but may yet go on with what has to be hidden."""
        self._is_ending = False
        self._ended = False
        self._forgotten_seconds = 0.0
        self._foresees = False

    @property
    def last_seq(self) -> int:
        return self._seq

    @property
    def text(self) -> str:
        """What the open segment seems to say, or the one that waits for its final."""
        if self._open is not None:
            return self._open.stabilizer.text
        waiting = [segment for segment in self._pending if isinstance(segment, LiveSegment)]
        return waiting[-1].stabilizer.text if waiting else ""

    @property
    def heard_seconds(self) -> float:
        return self._forgotten_seconds or self._ring.end_samples / SAMPLE_RATE_HZ

    @property
    def is_open(self) -> bool:
        """Whether somebody speaks just now."""
        return self._open is not None

    @property
    def is_settled(self) -> bool:
        """Whether every segment that is over has had its final."""
        return not self._pending and not self._held

    @property
    def is_holding(self) -> bool:
        """Whether a final waits for what follows it."""
        return bool(self._held)

    def hear(self, samples: Samples, probabilities: Sequence[float], *, now_seconds: float) -> list[Output]:
        """Take whole frames of sound with the probability of speech in each; at most MAX_HEAR_SECONDS."""
        assert len(samples) == FRAME_SAMPLES * len(probabilities) <= MAX_HEAR_SECONDS * SAMPLE_RATE_HZ
        self._ring.push(samples)
        outputs: list[Output] = []
        for probability in probabilities:
            for mark in self._endpointer.accept(float(probability)):
                outputs += self._act_on(mark, now_seconds)
        return outputs + self._let_go_when_late(now_seconds) + self._maybe_draft()

    def answer(self, number: int, result: Hypothesis | LingtingError, *, now_seconds: float) -> list[Output]:
        """Take what became of an ask; nothing happens for one that was dropped."""
        ask, segment = self._asked.pop(number, (None, None))
        if ask is None or segment is None:
            return []
        heard = result if isinstance(result, LingtingError) else _spoken(ask, segment, result)
        if ask.kind is AskKind.DRAFT:
            segment.draft = None
            doubtful = isinstance(result, Hypothesis) and bool(result.attempts)
            return [] if doubtful else self._show(segment, heard)
        if number == segment.guess:
            segment.guess_answer = heard
            if segment.end is not None:
                return self._settle(segment, heard, now_seconds)
            return [*self._show(segment, heard), *self._foresee(segment, heard)]
        return []

    def foresee(self) -> None:
        """Say from now on, as `Foreseen`, what finals will say; shorter pauses are recognised for it."""
        self._foresees = True
        self._endpointer.pause_samples = EARLY_PAUSE_SAMPLES

    def commit(self, *, now_seconds: float) -> list[Output]:
        """End the open segment here; `Committed` follows when all before it is said."""
        outputs = self.end_segment(now_seconds=now_seconds)
        self._commits += 1
        here = self._endpointer.position_samples
        self._pending.append(CommitMark(self._commits, self._committed_to, here))
        self._committed_to = here
        return outputs + self._say_what_is_ready(now_seconds)

    def end_segment(self, *, now_seconds: float) -> list[Output]:
        """End the open segment here, if there is one."""
        mark = self._endpointer.end_now()
        return self._act_on(mark, now_seconds) if mark is not None else []

    def clear(self, *, now_seconds: float) -> list[Output]:
        """Forget what was heard since the last commit; its segments end with an empty final."""
        outputs = self.end_segment(now_seconds=now_seconds)
        nothing = Spoken("", suppressed="cleared")
        for segment in self._pending:
            if isinstance(segment, LiveSegment) and segment.start >= self._committed_to and segment.outcome is None:
                outputs += self._drop(segment)
                segment.outcome = nothing
        self._committed_to = self._endpointer.position_samples
        return outputs + self._say_what_is_ready(now_seconds)

    def configure(self, options: StreamOptions) -> None:
        """Other options, from the next segment on."""
        self._wanted = options
        self._apply_wanted()

    def set_pace(self, pace: Pace) -> None:
        self._pace = pace

    def notice(self, kind: NoticeKind, *, lag_seconds: float, message: str) -> list[Output]:
        return [] if self._ended else [Notice(self._next_seq(), kind, lag_seconds, message)]

    def finish(self, rest: Samples, *, now_seconds: float) -> list[Output]:
        """Take the last sound, less than a frame, and end what is open; finals follow, then the driver closes."""
        self._ring.push(rest)
        return self.wind_up(now_seconds=now_seconds)

    def wind_up(self, *, now_seconds: float) -> list[Output]:
        """End what is open; nothing more will be heard, so nothing waits for what follows it."""
        self._is_ending = True
        return self.end_segment(now_seconds=now_seconds) + self._say_what_is_ready(now_seconds)

    def rest(self, *, now_seconds: float) -> list[Output]:
        """End what is open, and let go of what waits: no sound comes just now."""
        return self.end_segment(now_seconds=now_seconds) + self._let_go(now_seconds, is_over=False)

    def close(self, reason: CloseReason, message: str = "") -> list[Output]:
        """Say that nothing follows; asks in hand are dropped."""
        if self._ended:
            return []
        self._ended = True
        outputs: list[Output] = [Drop(number) for number in self._asked]
        self._asked.clear()
        return [*outputs, Closed(self._next_seq(), reason, self.heard_seconds, message)]

    def forget(self) -> None:
        """Let go of the sound, once closed; what was said can still be asked about."""
        assert self._ended, "a session that goes on needs its sound"
        self._forgotten_seconds, self._ring = self.heard_seconds, RingBuffer(1)

    def _act_on(self, mark: Mark, now_seconds: float) -> list[Output]:
        if mark.turn is Turn.BEGAN:
            return self._begin(mark.at_samples)
        segment = self._open
        assert segment is not None, "the endpointer and the session agree on what is open"
        if mark.turn is Turn.PAUSED:
            return self._guess(segment, mark.at_samples) if self._pace.guesses else []
        if mark.turn is Turn.RESUMED:
            said = segment.guess_answer is not None and self._foresees
            return self._forget_guess(segment) + ([Foreseen(segment.number, "")] if said else [])
        outputs = self._end(segment, mark.at_samples, now_seconds, cut=mark.turn is Turn.CUT)
        return outputs + (self._begin(mark.at_samples) if mark.turn is Turn.CUT else [])

    def _begin(self, start: int) -> list[Output]:
        self._segments += 1
        self._open = LiveSegment(self._segments, start, self._options, drafted_to=start)
        return [SpeechStarted(self._next_seq(), self._segments, start / SAMPLE_RATE_HZ)]

    def _end(self, segment: LiveSegment, end: int, now_seconds: float, *, cut: bool) -> list[Output]:
        segment.end, segment.arrived_seconds, segment.is_cut = max(end, segment.start), now_seconds, cut
        self._open = None
        self._pending.append(segment)
        times = (segment.start / SAMPLE_RATE_HZ, segment.end / SAMPLE_RATE_HZ)
        outputs: list[Output] = [SpeechEnded(self._next_seq(), segment.number, *times)]
        if segment.guess is None or segment.guess_end != end:
            outputs += self._forget_guess(segment)
            outputs += self._guess(segment, end, tail=0 if cut else TAIL_SAMPLES)
        outputs += self._forget_draft(segment)
        self._apply_wanted()
        if segment.guess_answer is not None:
            outputs += self._settle(segment, segment.guess_answer, now_seconds)
        return outputs

    def _guess(self, segment: LiveSegment, end: int, *, tail: int = TAIL_SAMPLES) -> list[Output]:
        """Ask for what will be the final if the segment ends there."""
        outputs = [*self._forget_guess(segment), *self._forget_draft(segment)]
        audio = Audio(self._ring.read(segment.start, min(end + tail, self._ring.end_samples)))
        ask = self._ask(AskKind.FINAL, segment, audio, for_final(segment.options.recognize, self._language.current))
        segment.guess, segment.guess_end = ask.number, end
        return [*outputs, ask]

    def _forget_guess(self, segment: LiveSegment) -> list[Output]:
        number, segment.guess, segment.guess_answer = segment.guess, None, None
        return self._drop_ask(number)

    def _forget_draft(self, segment: LiveSegment) -> list[Output]:
        number, segment.draft = segment.draft, None
        return self._drop_ask(number)

    def _drop_ask(self, number: int | None) -> list[Output]:
        if number is None or self._asked.pop(number, None) is None:
            return []
        return [Drop(number)]

    def _foresee(self, segment: LiveSegment, heard: Spoken | LingtingError) -> list[Output]:
        """Nothing where what comes next may change what has to be hidden."""
        if not self._foresees or isinstance(heard, LingtingError) or segment.options.recognize.redaction.is_on:
            return []
        return [Foreseen(segment.number, heard.text.strip(), heard.language)] if heard.text.strip() else []

    def _maybe_draft(self) -> list[Output]:
        segment = self._open
        if segment is None or not self._options.partials or not self._pace.drafts:
            return []
        if segment.draft is not None or segment.guess is not None or self._endpointer.is_silent:
            return []
        here = self._endpointer.position_samples
        is_first = segment.drafted_to == segment.start
        heard_seconds = (here - segment.start) / SAMPLE_RATE_HZ
        usual_seconds = max(
            segment.options.partial_interval_seconds,
            LONG_DRAFT_RATIO * heard_seconds,
            self._pace.least_interval_seconds,
        )
        interval_seconds = FIRST_DRAFT_SECONDS if is_first else usual_seconds
        if here - segment.drafted_to < interval_seconds * SAMPLE_RATE_HZ:
            return []
        segment.drafted_to = here
        options = for_draft(segment.options.recognize, self._language.of_draft(heard_seconds))
        ask = self._ask(AskKind.DRAFT, segment, Audio(self._ring.read(segment.start, here)), options)
        segment.draft = ask.number
        return [ask]

    def _ask(self, kind: AskKind, segment: LiveSegment, audio: Audio, options: RecognizeOptions) -> Ask:
        self._asks += 1
        ask = Ask(self._asks, kind, segment.number, audio, options)
        self._asked[ask.number] = (ask, segment)
        return ask

    def _show(self, segment: LiveSegment, heard: Spoken | LingtingError) -> list[Output]:
        """Show what an open segment seems to say."""
        if isinstance(heard, LingtingError) or not heard.draft or segment.end is not None:
            return []
        if not segment.options.partials:
            return []
        segment.language = heard.language
        redaction = segment.options.recognize.redaction
        if redaction.is_on and self._pending:
            return []  # what comes before is not known yet, and may tell what this is
        draft = self._redacting.draft(heard.draft, heard.language, redaction)
        if not segment.stabilizer.update(draft, open_characters=heard.open_characters if draft == heard.draft else 0):
            return []
        stable, tail = segment.stabilizer.stable, segment.stabilizer.tail
        times = (segment.start / SAMPLE_RATE_HZ, self.heard_seconds)
        return [Partial(self._next_seq(), segment.number, *times, stable, tail, heard.language)]

    def _settle(self, segment: LiveSegment, heard: Spoken | LingtingError, now_seconds: float) -> list[Output]:
        segment.outcome = heard
        if isinstance(heard, Spoken):
            assert segment.end is not None
            self._language.hear(heard, speech_seconds=(segment.end - segment.start) / SAMPLE_RATE_HZ)
        return self._say_what_is_ready(now_seconds)

    def _drop(self, segment: LiveSegment) -> list[Output]:
        numbers = [number for number, (_, owner) in self._asked.items() if owner is segment]
        for number in numbers:
            del self._asked[number]
        return [Drop(number) for number in numbers]

    def _say_what_is_ready(self, now_seconds: float) -> list[Output]:
        outputs: list[Output] = []
        while self._pending:
            first = self._pending[0]
            if isinstance(first, CommitMark):
                outputs += self._let_go(now_seconds, is_over=False)
                start, end = first.start / SAMPLE_RATE_HZ, first.end / SAMPLE_RATE_HZ
                outputs.append(Committed(self._next_seq(), first.number, start, end))
            elif first.outcome is not None:
                outputs += self._say(first, first.outcome, now_seconds)
            else:
                break
            self._pending.popleft()
        if self._is_ending and not self._pending and self._open is None:
            outputs += self._let_go(now_seconds, is_over=True)
        return outputs

    def _last_word(self, segment: LiveSegment, heard: Spoken | LingtingError, now_seconds: float) -> Event:
        if isinstance(heard, Spoken) and not heard.language:
            heard = replace(heard, language=self._language.current or "")
        return last_word(segment, heard, seq=self._next_seq(), now_seconds=now_seconds)

    def _say(self, segment: LiveSegment, heard: Spoken | LingtingError, now_seconds: float) -> list[Output]:
        """Say the last of a segment, unless what follows may change what has to be hidden in it."""
        if isinstance(heard, LingtingError):
            return [*self._let_go(now_seconds, is_over=False), self._last_word(segment, heard, now_seconds)]
        self._held[segment.number] = segment
        redaction = segment.options.recognize.redaction
        ready = self._redacting.take(segment.number, segment.span_seconds, heard, redaction)
        return [self._last_word(self._held.pop(number), said, now_seconds) for number, said in ready]

    def _let_go(self, now_seconds: float, *, is_over: bool) -> list[Output]:
        ready = self._redacting.let_go(is_over=is_over)
        return [self._last_word(self._held.pop(number), said, now_seconds) for number, said in ready]

    def _let_go_when_late(self, now_seconds: float) -> list[Output]:
        is_late = self.is_holding and self.heard_seconds - self._redacting.held_since_seconds() > HOLD_SECONDS
        return self._let_go(now_seconds, is_over=False) if is_late else []

    def _apply_wanted(self) -> None:
        if self._wanted is None or self._open is not None:
            return
        options, self._wanted = self._wanted, None
        self._endpointer = self._endpointer.reconfigured(options)
        if options.recognize.language != self._options.recognize.language:
            self._language = LanguageVote(options.recognize)
        ring = _ring_for(options)
        start = max(0, self._ring.end_samples - ring.capacity_samples)
        ring.skip_to(start)
        ring.push(self._ring.read(start, self._ring.end_samples))
        self._ring, self._options = ring, options

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq


def _spoken(ask: Ask, segment: LiveSegment, hypothesis: Hypothesis) -> Spoken:
    span = Span(segment.start, segment.start + len(ask.audio.samples))
    return spoken(hypothesis, segment.options.recognize, span, is_cut=segment.is_cut)


def _ring_for(options: StreamOptions) -> RingBuffer:
    pad_seconds = options.recognize.vad.pad_seconds
    seconds = options.max_segment_seconds + pad_seconds + options.silence_seconds + RING_SLACK_SECONDS
    return RingBuffer(int(np.ceil(seconds * SAMPLE_RATE_HZ)))
