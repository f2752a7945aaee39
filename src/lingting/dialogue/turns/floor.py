"""Who may hold the floor, which changes of it there are, and how patient the bot is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lingting.dialogue.turns.patience import PatienceSettings

__all__ = ["ALLOWED", "Floor", "TurnSettings"]


class Floor(StrEnum):
    """Who holds it; the table is in the docstring of `turns.py`."""

    LISTENING = "listening"
    HEARING = "hearing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    DUCKED = "ducked"
    ENDED = "ended"


ALLOWED = {
    Floor.LISTENING: {Floor.HEARING, Floor.THINKING, Floor.ENDED},
    Floor.HEARING: {Floor.LISTENING, Floor.THINKING, Floor.ENDED},
    Floor.THINKING: set(Floor) - {Floor.THINKING},
    Floor.SPEAKING: set(Floor) - {Floor.SPEAKING, Floor.THINKING},
    Floor.DUCKED: set(Floor) - {Floor.DUCKED, Floor.THINKING},
    Floor.ENDED: set[Floor](),
}


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """How patient the bot is."""

    patience: PatienceSettings = field(default_factory=PatienceSettings)
    duck_seconds: float = 2.5
    """So long a reply is quieter for speech of which no word has come."""
    fill_seconds: float = 2.0
    """A model that has said nothing for so long is covered by a filler; 0 never."""
    model_seconds: float = 15.0
    """One that says nothing, or nothing more, for so long is given up."""
    no_input_seconds: float = 8.0
    """Of silence before the user is asked whether they are there; 0 waits for ever."""
    max_no_inputs: int = 2
    """So often; then the conversation ends."""
    max_turns: int = 100
    is_automatic: bool = True
    """Whether the bot decides when the user's turn is over; else only `Turns.ask` does."""
    may_interrupt: bool = True
    """Whether words of the user end a reply; else they wait for its end. `Turns.ask` and `Stop` end it anyway."""
