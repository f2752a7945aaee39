"""What can be set of spoken conversations."""

from __future__ import annotations

from dataclasses import dataclass

from lingting.dialogue.turns.floor import TurnSettings
from lingting.dialogue.turns.patience import PatienceSettings
from lingting.dialogue.wake.wake_settings import SLEEP_WORDS, WakeSettings

__all__ = ["TALK_RANGES", "TalkSettings"]


@dataclass(frozen=True, slots=True)
class TalkSettings:
    """How patient the bot is, and how many may talk with it."""

    max_talks: int = 50
    """At once; more are refused."""
    ahead_seconds: float = 8.0
    """How much of a reply may be made before it is played: what an interruption wastes."""
    finished_seconds: float = 0.5
    """Of silence after a sentence that is whole, before the user's turn is over."""
    plain_seconds: float = 0.9
    """The same after anything else."""
    unfinished_seconds: float = 2.0
    """The same after a comma, or a word such as "and"."""
    duck_seconds: float = 2.5
    """So long a reply is quieter for speech of which no word has come."""
    fill_seconds: float = 2.0
    """A model that has said nothing for so long is covered by a word; 0 never."""
    model_seconds: float = 15.0
    """One that says nothing, or nothing more, for so long is given up."""
    no_input_seconds: float = 8.0
    """Of silence before the user is asked whether they are there; 0 waits for ever."""
    max_no_inputs: int = 2
    """So often; then the conversation ends."""
    max_turns: int = 100
    turn_model: str = ""
    """That listens for the end of a turn: "smart-turn"; empty goes by the words alone."""
    preemptive: bool = True
    """Begin to make a reply while the pause after the user's words is waited out. Where they go on it is dropped, its
    tokens are used up. Not where a reply may act, by a tool or a pack of commands, nor for a bot that is called."""
    wake_phrases: tuple[str, ...] = ()
    """That wake the bot of a client which names none itself; without these and words it is always awake."""
    wake_words: tuple[str, ...] = ()
    """The same, of the fixed ones that are heard in the sound."""
    sleep_seconds: float = 30.0
    """Without speech or a reply, and a bot that is to be called falls asleep; 0 never."""
    sleep_words: tuple[str, ...] = SLEEP_WORDS
    """Said alone, they send it to sleep."""

    @property
    def wake(self) -> WakeSettings:
        """Of conversations whose client says nothing of it."""
        return WakeSettings(self.wake_phrases, self.wake_words, self.sleep_seconds, self.sleep_words)

    def turns(self, *, is_automatic: bool = True, may_interrupt: bool = True, asks_back: bool = True) -> TurnSettings:
        """As turn-taking takes them.

        is_automatic    False for a client that says itself when a turn is over; nobody is then asked for words
        asks_back       whether a user who is silent is asked for words
        """
        return TurnSettings(
            patience=PatienceSettings(self.finished_seconds, self.plain_seconds, self.unfinished_seconds),
            duck_seconds=self.duck_seconds,
            fill_seconds=self.fill_seconds,
            model_seconds=self.model_seconds,
            no_input_seconds=self.no_input_seconds if is_automatic and asks_back else 0.0,
            max_no_inputs=self.max_no_inputs,
            max_turns=self.max_turns,
            is_automatic=is_automatic,
            may_interrupt=may_interrupt,
        )


TALK_RANGES = {
    "max_talks": (1, 100_000),
    "ahead_seconds": (0.5, 60.0),
    "finished_seconds": (0.0, 5.0),
    "plain_seconds": (0.0, 10.0),
    "unfinished_seconds": (0.0, 20.0),
    "duck_seconds": (0.1, 30.0),
    "fill_seconds": (0.0, 60.0),
    "model_seconds": (0.5, 600.0),
    "no_input_seconds": (0.0, 3_600.0),
    "max_no_inputs": (0, 100),
    "max_turns": (1, 100_000),
    "sleep_seconds": (0.0, 86_400.0),
}
