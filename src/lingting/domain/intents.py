"""What a sentence asks for: an intent with its slots, or none."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Guess", "IntentMatch", "Slot", "SlotValue"]

SlotValue = str | int | float


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that a command names, such as the temperature."""

    name: str
    type: str
    value: SlotValue
    """Normalised: 26 for 二十六度, "15:30" for half past three in the afternoon."""
    text: str
    """As it was said."""


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent that a sentence may have, and how sure that is."""

    intent: str
    score: float
    """0..1; 1 where a template fits the whole sentence."""


@dataclass(frozen=True, slots=True)
class IntentMatch:
    """The answer for one sentence."""

    pack: str
    intent: str | None
    """None where nothing reaches the threshold, or two intents are as likely."""
    score: float
    """Of the intent, or of the likeliest where there is none."""
    slots: tuple[Slot, ...] = ()
    runner_up: Guess | None = None
    """The next likeliest; where there is no intent, the likeliest."""
    by: str = ""
    """What found it: rules, likeness or embeddings."""
