"""Who holds the floor in a conversation between a user and a bot, without sockets, sound, models or a clock of its own.

    state       who holds the floor                            left for
    listening   nobody; the user is awaited                    hearing, thinking (a fixed sentence), ended
    hearing     the user speaks, or paused and may go on       thinking (the turn is over), listening (it was nothing)
    thinking    the bot; nothing of its reply sounds yet       speaking, ducked, hearing (the user goes on), listening
    speaking    the bot; its reply sounds                      ducked, hearing (interrupted), listening, thinking
    ducked      the bot, quieter: somebody speaks over it      speaking, hearing, listening, thinking
    ended       nobody; nothing is said any more

Promises: at most one reply is in hand; every StartReply, Say and Resume is followed by exactly one Cancel or Finished
of that reply, and every Duck by an Unduck or by that end; a cough, a sign of listening or the bot's own echo ends no
reply; words of the user's own end it in the same step as they are heard, or, where replies may not be interrupted, are
answered after it; no End comes twice, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lingting.dialogue.turns.floor import ALLOWED, Floor, TurnSettings
from lingting.dialogue.turns.overlap import Overlap
from lingting.dialogue.turns.patience import Patience
from lingting.dialogue.turns.playback import joined
from lingting.dialogue.turns.turn_news import (
    APOLOGIES,
    Cancel,
    Clause,
    Command,
    Cut,
    Duck,
    End,
    EndReason,
    Failed,
    Fill,
    Finished,
    Fixed,
    Likely,
    Measured,
    News,
    Played,
    Resume,
    Say,
    StartReply,
    Stop,
    Token,
    TurnTimes,
    Unduck,
)
from lingting.dialogue.turns.turn_reply import Heard, Replies, Reply
from lingting.domain import Closed, CloseReason, Event, Final, Partial, SpeechEnded, SpeechStarted
from lingting.domain.events import SegmentFailed

__all__ = ["Turns"]


class Turns:
    """One conversation's floor. Every method gives what is to be done, in order.

    Times are any clock's that does not go back, the same for all calls.
    """

    def __init__(self, settings: TurnSettings, *, now_seconds: float = 0.0, language: str = "zh") -> None:
        self._settings = settings
        self._patience = Patience(settings.patience)
        self._language = language
        self.floor = Floor.LISTENING
        self._quiet_from_seconds = now_seconds
        self._segments: dict[int, Heard] = {}
        self._said: list[str] = []
        self._noted: list[str] = []
        self._turn_due_seconds: float | None = None
        self._times = TurnTimes()
        self._replies = Replies()
        self._cut_text = ""
        """What an interruption kept from being heard, until it is known to be none."""
        self._could_not_hear = False
        self._turns = self._no_inputs = 0
        self._out: list[Command] = []

    @property
    def due_seconds(self) -> float | None:
        """When `tick` is to be called if nothing else happens; None where there is nothing to wait for."""
        return min((due for due, _ in self._deadlines()), default=None)

    def hear(self, event: Event, *, now_seconds: float, silent_seconds: float | None = None) -> list[Command]:
        """What the live session says of the user.

        silent_seconds    with SpeechEnded: when the user fell silent; None for now
        """
        self._settle(now_seconds)
        if self.floor is not Floor.ENDED:
            if isinstance(event, SpeechStarted):
                self._begin_segment(event.segment, now_seconds)
            elif isinstance(event, Partial):
                self._draft(event, now_seconds)
            elif isinstance(event, SpeechEnded) and event.segment in self._segments:
                heard = self._segments[event.segment]
                heard.ended_seconds, heard.silent_seconds = now_seconds, silent_seconds or now_seconds
            elif isinstance(event, Final):
                self._language = event.language or self._language if event.text.strip() else self._language
                self._final(event.segment, event.text.strip(), now_seconds)
            elif isinstance(event, SegmentFailed):
                self._could_not_hear = True
                self._final(event.segment, "", now_seconds)
            elif isinstance(event, Closed):
                hung_up = event.reason is CloseReason.FINISHED
                self._end(EndReason.HUNG_UP if hung_up else EndReason.LOST, now_seconds)
        return self._given(now_seconds)

    def tell(self, news: News, *, now_seconds: float) -> list[Command]:
        """What the model, the voice and the loudspeaker say of the reply in hand; of any other it is old news."""
        self._settle(now_seconds)
        reply = self._replies.in_hand
        if isinstance(news, Likely):
            if news.segment in self._segments:
                self._segments[news.segment].probability = news.probability
        elif reply is not None and reply.number == news.reply:
            if isinstance(news, Token):
                reply.times = replace(reply.times, first_token_seconds=now_seconds)
            elif isinstance(news, Clause):
                self._sound(reply, news, now_seconds)
            elif isinstance(news, Measured):
                reply.playback.measure(news.sound_seconds)
            elif isinstance(news, Stop):
                reply.failure = None
                self._cut_off(reply, now_seconds)
            elif isinstance(news, Played):
                reply.playback.report(news.played_seconds, now_seconds=now_seconds)
            else:
                reply.is_handed_over = True
                reply.failure = news.code if isinstance(news, Failed) else None
        return self._given(now_seconds)

    def ask(self, text: str, *, now_seconds: float) -> list[Command]:
        """The turn is over, whatever is heard: by a message in writing, or since the client says so.

        text    in writing, after what was said; nothing is asked where there is neither
        """
        self._settle(now_seconds)
        reply = self._replies.in_hand
        may_ask = self.floor is not Floor.ENDED and bool(text or self._said or self._noted)
        if may_ask and (reply is None or self._interrupt(reply, now_seconds)):
            if text:
                self._said.append(text)
                self._times = TurnTimes()
            self._ask(now_seconds)
        return self._given(now_seconds)

    def foresee(self, segment: int, text: str, language: str, *, now_seconds: float) -> StartReply | None:
        """What will be asked if the open segment ends with this; None where nothing will, or not soon."""
        heard, settings = self._segments.get(segment), self._settings
        is_next = self.floor is Floor.HEARING and self._replies.in_hand is None and settings.is_automatic
        if heard is None or len(self._segments) > 1 or not is_next or self._turns >= settings.max_turns:
            return None
        is_theirs = self._replies.is_theirs(heard, text, now_seconds, was_cut=bool(self._cut_text))
        if not is_theirs or not self._patience.may_be_over(text):
            return None
        asked_text = joined([*self._noted, *self._said, text])
        return StartReply(self._replies.begun + 1, asked_text, language or self._language)

    def note(self, text: str, *, now_seconds: float, language: str | None = None) -> list[Command]:
        """Something in writing that goes with what is asked next, and asks nothing itself."""
        self._settle(now_seconds)
        if self.floor is not Floor.ENDED:
            self._noted.append(text)
            self._language = language or self._language
        return self._given(now_seconds)

    def configure(self, settings: TurnSettings, *, now_seconds: float) -> list[Command]:
        """Other settings from here on; what is due by those before is done first."""
        self._settle(now_seconds)
        self._settings, self._patience = settings, Patience(settings.patience)
        return self._given(now_seconds)

    def heard_of(self, reply: int, played_seconds: float) -> str | None:
        """What so much of the sound of a reply that is over says; None where that was too long ago."""
        return self._replies.heard_of(reply, played_seconds)

    def tick(self, *, now_seconds: float) -> list[Command]:
        """Time has passed."""
        return self._given(now_seconds)

    def _begin_segment(self, number: int, now_seconds: float) -> None:
        reply = self._replies.in_hand
        self._segments[number] = Heard(now_seconds, None if reply is None else reply.number)
        if self.floor is Floor.LISTENING:
            self._to(Floor.HEARING)
        elif self.floor is Floor.SPEAKING and reply is not None:
            self._duck(reply, now_seconds)
        self._turn_due_seconds = None

    def _draft(self, event: Partial, now_seconds: float) -> None:
        heard, reply = self._segments.get(event.segment), self._replies.in_hand
        if heard is None or reply is None or not self._settings.may_interrupt:
            return
        found = self._replies.judged(heard, event.text, now_seconds, is_final=False)
        if found is Overlap.WISH:
            self._interrupt(reply, now_seconds)
        elif found is Overlap.ECHO:
            self._unduck(reply)

    def _final(self, number: int, text: str, now_seconds: float) -> None:
        heard = self._segments.pop(number, None)
        if heard is None:
            return
        is_theirs = self._replies.is_theirs(heard, text, now_seconds, was_cut=bool(self._cut_text))
        reply = self._replies.in_hand
        if reply is not None and is_theirs and self._settings.may_interrupt:
            is_theirs = self._interrupt(reply, now_seconds)
        elif reply is not None and not self._segments:
            self._unduck(reply)
        if is_theirs:
            self._said.append(text)
            self._cut_text = ""
            silent_seconds = now_seconds if heard.silent_seconds is None else heard.silent_seconds
            self._times = TurnTimes(speech_ended_seconds=silent_seconds, final_seconds=now_seconds)
        if self.floor is Floor.HEARING and not self._segments:
            self._pause(heard, now_seconds)

    def _pause(self, heard: Heard, now_seconds: float) -> None:
        """The user is silent: for good, for a while, or was never heard at all."""
        if self._said and not self._settings.is_automatic:
            self._listen(now_seconds)
        elif self._said:
            wait_seconds = self._patience.after(self._said[-1], over_probability=heard.probability)
            since_seconds = now_seconds if heard.silent_seconds is None else heard.silent_seconds
            self._turn_due_seconds = max(now_seconds, since_seconds + wait_seconds)
        elif self._cut_text:
            text, self._cut_text = self._cut_text, ""
            reply = self._new_reply(now_seconds)
            self._out.append(Resume(reply.number, text, reply.language))
        elif self._could_not_hear:
            self._say(Fixed.NOT_HEARD, now_seconds)
        else:
            self._listen(now_seconds)
        self._could_not_hear = False

    def _interrupt(self, reply: Reply, now_seconds: float) -> bool:
        """Give the user the floor; what was asked before anything of the answer sounded is asked again with the rest.

        Says whether they got it: a last word is not interrupted.
        """
        if reply.then_end is EndReason.MAX_TURNS:
            self._unduck(reply)
            return False
        if not reply.playback.has_begun and reply.asked_text:
            self._said.insert(0, reply.asked_text)
            self._turns -= 1
        self._cut_text = reply.playback.unheard(now_seconds)
        self._out.append(Cancel(reply.number, reply.playback.heard(now_seconds), reply.ended(now_seconds)))
        self._replies.end()
        self._to(Floor.HEARING)
        return True

    def _sound(self, reply: Reply, clause: Clause, now_seconds: float) -> None:
        if not reply.playback.has_begun:
            reply.times = replace(reply.times, first_audio_seconds=now_seconds)
            self._to(Floor.SPEAKING)
        reply.playback.add(clause.text, clause.sound_seconds, now_seconds=now_seconds)
        if self._segments and not reply.is_ducked and reply.times.first_audio_seconds == now_seconds:
            self._duck(reply, now_seconds)

    def _duck(self, reply: Reply, now_seconds: float) -> None:
        if reply.is_ducked or not self._settings.may_interrupt:
            return
        reply.is_ducked, reply.ducked_until_seconds = True, now_seconds + self._settings.duck_seconds
        self._out.append(Duck(reply.number))
        self._to(Floor.DUCKED)

    def _unduck(self, reply: Reply) -> None:
        if not reply.is_ducked:
            return
        reply.is_ducked = False
        self._out.append(Unduck(reply.number))
        self._to(Floor.SPEAKING)

    def _ask(self, now_seconds: float) -> None:
        text = joined([*self._noted, *self._said])
        self._noted, self._said, self._turn_due_seconds, self._cut_text = [], [], None, ""
        self._no_inputs = 0
        if self._turns >= self._settings.max_turns:
            self._say(Fixed.TURNS_USED_UP, now_seconds, then_end=EndReason.MAX_TURNS)
            return
        self._turns += 1
        reply = self._new_reply(now_seconds, asked_text=text)
        reply.times = replace(self._times, asked_seconds=now_seconds)
        self._out.append(StartReply(reply.number, text, reply.language))

    def _say(self, what: Fixed, now_seconds: float, *, then_end: EndReason | None = None) -> None:
        reply = self._new_reply(now_seconds, fixed=what, then_end=then_end)
        self._out.append(Say(reply.number, what, reply.language))

    def _new_reply(
        self, now_seconds: float, *, asked_text: str = "", fixed: Fixed | None = None, then_end: EndReason | None = None
    ) -> Reply:
        times = TurnTimes(asked_seconds=now_seconds)
        reply = Reply(self._replies.begun + 1, self._language, asked_text, now_seconds, fixed, then_end, times=times)
        self._replies.begin(reply)
        self._to(Floor.THINKING)
        return reply

    def _finish(self, now_seconds: float) -> None:
        """The reply has sounded, or never will."""
        reply = self._replies.in_hand
        assert reply is not None, "a reply is in hand"
        self._out.append(Finished(reply.number, reply.playback.heard(now_seconds), reply.ended(now_seconds)))
        self._give_floor(reply, now_seconds)

    def _give_up(self, now_seconds: float) -> None:
        """The model says nothing, or nothing more."""
        reply = self._replies.in_hand
        assert reply is not None, "a reply is in hand"
        reply.failure = "model_slow"
        self._cut_off(reply, now_seconds)

    def _cut_off(self, reply: Reply, now_seconds: float) -> None:
        heard_text = reply.playback.heard(now_seconds)
        self._out.append(Cancel(reply.number, heard_text, reply.ended(now_seconds), reply.failure, Cut.STOPPED))
        self._give_floor(reply, now_seconds)

    def _give_floor(self, reply: Reply, now_seconds: float) -> None:
        self._replies.end()
        if reply.then_end is not None:
            self._end(reply.then_end, now_seconds)
        elif reply.failure and reply.fixed is None and not reply.playback.has_begun and not self._segments:
            self._listen(now_seconds)
            self._say(APOLOGIES.get(reply.failure, Fixed.MODEL_AWAY), now_seconds)
        elif self._segments:
            self._to(Floor.HEARING)
        elif self._said and self._settings.is_automatic:
            self._to(Floor.HEARING)
            self._turn_due_seconds = now_seconds
        else:
            self._listen(now_seconds)

    def _listen(self, now_seconds: float) -> None:
        self._quiet_from_seconds = now_seconds
        self._to(Floor.LISTENING)

    def _end(self, reason: EndReason, now_seconds: float) -> None:
        reply = self._replies.in_hand
        if reply is not None:
            heard_text = reply.playback.heard(now_seconds)
            self._out.append(Cancel(reply.number, heard_text, reply.ended(now_seconds), why=Cut.LEFT))
            self._replies.end()
        self._segments.clear()
        self._to(Floor.ENDED)
        self._out.append(End(reason))

    def _deadlines(self) -> list[tuple[float, Callable[[float], None]]]:
        settings, reply = self._settings, self._replies.in_hand
        due: list[tuple[float, Callable[[float], None]]] = []
        if self.floor is Floor.HEARING and self._turn_due_seconds is not None:
            due.append((self._turn_due_seconds, self._ask))
        if self.floor is Floor.LISTENING and settings.no_input_seconds:
            due.append((self._quiet_from_seconds + settings.no_input_seconds, self._miss))
        if reply is None:
            return due
        sounds_until_seconds = reply.playback.ends_seconds or reply.asked_seconds
        if reply.is_ducked:
            due.append((reply.ducked_until_seconds, lambda _: self._unduck(reply)))
        if reply.is_handed_over:
            due.append((sounds_until_seconds, self._finish))
        else:
            due.append((sounds_until_seconds + settings.model_seconds, self._give_up))
        if settings.fill_seconds and reply.may_be_filled:
            due.append((reply.asked_seconds + settings.fill_seconds, lambda _: self._fill(reply)))
        return due

    def _settle(self, now_seconds: float) -> None:
        """Do what is due, the earliest first."""
        while (due := min(self._deadlines(), key=lambda each: each[0], default=None)) and due[0] <= now_seconds:
            due[1](now_seconds)

    def _given(self, now_seconds: float) -> list[Command]:
        self._settle(now_seconds)
        given, self._out = self._out, []
        return given

    def _fill(self, reply: Reply) -> None:
        reply.has_filled = True
        if reply.fixed is None:
            self._out.append(Fill(reply.number))

    def _miss(self, now_seconds: float) -> None:
        """Nobody has spoken for too long."""
        self._no_inputs += 1
        if self._no_inputs > self._settings.max_no_inputs:
            self._say(Fixed.GOODBYE, now_seconds, then_end=EndReason.NO_INPUT)
        else:
            self._say(Fixed.STILL_THERE, now_seconds)

    def _to(self, floor: Floor) -> None:
        if floor is self.floor:
            return
        assert floor in ALLOWED[self.floor], f"{self.floor} to {floor}"
        self.floor = floor
