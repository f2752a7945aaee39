"""What the `config` of a voice connection says of calling the bot: phrases, fixed words and sleep, or a key."""

from __future__ import annotations

from lingting.api.http.fields import Fields, is_encodable
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain.errors import InvalidOption

__all__ = ["WAKE_FIELDS", "as_asked", "read_wake"]

WAKE_FIELDS = ("wake", "wake_words", "sleep_seconds", "sleep_words", "push_to_talk")
MOST_PHRASES, MOST_SLEEP_WORDS = 8, 40
MOST_CHARACTERS = 60
"""Of each."""
MAX_SLEEP_SECONDS = 86_400.0
NO_CALLING = "cannot go with `wake` or `wake_words`: the key says when the user speaks; leave one of them out"
SETTING_FIELDS = {"talk.wake_phrases": "wake", "talk.wake_words": "wake_words", "talk.sleep_words": "sleep_words"}
"""How the client calls what has a name in the settings."""


def read_wake(fields: Fields) -> WakeWish | None:
    """None where a key says when the user speaks. How phrases sound, and which words there are, is looked at later.

    raises    InvalidOption
    """
    wish = WakeWish(
        _texts(fields, "wake", MOST_PHRASES),
        _texts(fields, "wake_words", MOST_PHRASES),
        _sleep_seconds(fields),
        _texts(fields, "sleep_words", MOST_SLEEP_WORDS),
    )
    if fields.flag("push_to_talk"):
        if wish.phrases or wish.words:
            raise InvalidOption("push_to_talk", NO_CALLING)
        return None
    return wish


def as_asked(problem: InvalidOption) -> InvalidOption:
    """The same, of the field that the client gave."""
    name = problem.param or ""
    return InvalidOption(SETTING_FIELDS.get(name, name), problem.message.removeprefix(f"{name}: "))


def _texts(fields: Fields, name: str, most: int) -> tuple[str, ...] | None:
    given = fields.value(name)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise InvalidOption(name, 'is not a list of texts, such as ["hey lingting"]')
    if len(given) > most:
        raise InvalidOption(name, f"has {len(given)} entries; at most {most}")
    if any(len(text) > MOST_CHARACTERS or not is_encodable(text) for text in given):
        raise InvalidOption(name, f"has an entry of more than {MOST_CHARACTERS} characters, or with half a character")
    return tuple(given)


def _sleep_seconds(fields: Fields) -> float | None:
    seconds = fields.number("sleep_seconds")
    if seconds is not None and not 0 <= seconds <= MAX_SLEEP_SECONDS:
        raise InvalidOption("sleep_seconds", f"{seconds:g} is outside 0 (never) to {MAX_SLEEP_SECONDS:g}")
    return seconds
