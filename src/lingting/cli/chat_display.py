"""What a person sees of a conversation: who says what, and with `--timings` how long each stage of a turn took.

What is said goes to standard output, everything else to standard error.
"""

from __future__ import annotations

from rich.markup import escape

from lingting.cli.reporting import err, out
from lingting.dialogue.talk.talk_events import (
    BotCalled,
    BotSlept,
    FloorTaken,
    ReplyEnded,
    ReplyStarted,
    ReplyText,
    TalkEnded,
    TalkEvent,
    TalkProblem,
)
from lingting.domain import Event, Final, Partial
from lingting.domain.conversation import TurnStages
from lingting.domain.events import SegmentFailed

__all__ = ["ChatDisplay", "stages_in_words"]

SOUND = "first sound"
STAGES = (
    ("recognised", "final_seconds"),
    ("asked", "asked_seconds"),
    ("first word", "first_token_seconds"),
    (SOUND, "first_audio_seconds"),
    ("ended", "ended_seconds"),
)


class ChatDisplay:
    """Lines of both sides as they come; at a terminal also what the user seems to say, until it is known."""

    def __init__(self, *, has_timings: bool, has_sound: bool = True) -> None:
        self._has_timings, self._has_sound = has_timings, has_sound
        self._is_terminal = err().is_terminal
        self._is_replying = False

    def hear(self, event: Event) -> None:
        """What the live session says of the user."""
        if isinstance(event, Partial) and self._is_terminal and not self._is_replying:
            err().print(f"\r\x1b[2K[dim]you  {escape((event.stable + event.tail)[-60:])}[/dim]", end="")
        elif isinstance(event, Final):
            self._clear()
            if event.text:
                self._end_line()
                out().print(f"[bold]you[/bold]  {escape(event.text)}")
        elif isinstance(event, SegmentFailed):
            self.note(f"not understood: {event.message}")

    def tell(self, event: TalkEvent) -> None:
        """What the bot does."""
        match event:
            case ReplyText(_, text):
                self._clear()
                if not self._is_replying:
                    self._is_replying = True
                    out().print("[bold cyan]bot[/bold cyan]  ", end="")
                out().print(escape(text), end="")
            case ReplyEnded():
                self._ended(event)
            case TalkProblem(_, code, message):
                self.note(f"{code}: {message}")
            case BotCalled(phrase):
                self.note(f"called by {phrase!r}; it listens")
            case BotSlept():
                self.note("it sleeps until it is called")
            case TalkEnded(reason):
                self.note(f"the conversation is over ({reason.value.replace('_', ' ')})")
            case FloorTaken() | ReplyStarted() | _:
                pass

    def prompt(self) -> None:
        """It is the user's turn to type; said to a person only."""
        if self._is_terminal:
            err().print("[bold]you[/bold]  ", end="")

    def unprompt(self) -> None:
        """Nothing more is typed: what follows begins on a line of its own."""
        if self._is_terminal:
            err().print()

    def note(self, text: str) -> None:
        """Something that the person should know."""
        self._clear()
        self._end_line()
        err().print(f"[yellow]note[/yellow] {escape(text)}")

    def _ended(self, event: ReplyEnded) -> None:
        if self._is_replying and event.was_cut:
            out().print(" [dim]— cut[/dim]", end="")
        self._end_line()
        if self._has_timings:
            err().print(f"[dim]     {stages_in_words(event.stages, has_sound=self._has_sound)}[/dim]")

    def _end_line(self) -> None:
        if self._is_replying:
            self._is_replying = False
            out().print()

    def _clear(self) -> None:
        if self._is_terminal and not self._is_replying:
            err().print("\r\x1b[2K", end="")


def stages_in_words(stages: TurnStages, *, has_sound: bool) -> str:
    """Seconds from the end of speech, as far as a turn came."""
    given = [(name, getattr(stages, field)) for name, field in STAGES if has_sound or name != SOUND]
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in given if seconds is not None)
