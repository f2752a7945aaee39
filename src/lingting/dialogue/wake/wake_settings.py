"""How a sleeping bot is woken, and what sends it to sleep again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SLEEP_WORDS", "WakeSettings", "WakeWish"]

SLEEP_WORDS = (
    *("再见", "拜拜", "晚安", "休息吧", "去休息吧", "睡吧", "去睡觉吧", "退下吧", "没事了"),
    *("goodbye", "bye", "bye bye", "good night", "go to sleep", "go back to sleep", "that's all"),
)


@dataclass(frozen=True, slots=True)
class WakeSettings:
    """Without phrases and words the bot is always awake."""

    phrases: tuple[str, ...] = ()
    """Any, in Chinese or in the letters a to z; found by their sound in what was recognised."""
    words: tuple[str, ...] = ()
    """Fixed ones that a small model hears without any recognition, by the names of `audio.wake_words`."""
    sleep_seconds: float = 30.0
    """Without speech or a reply; 0 never."""
    sleep_words: tuple[str, ...] = SLEEP_WORDS
    """Said alone, they send the bot to sleep."""

    @property
    def is_on(self) -> bool:
        return bool(self.phrases or self.words)


@dataclass(frozen=True, slots=True)
class WakeWish:
    """What a client says of it; None leaves that to the settings."""

    phrases: tuple[str, ...] | None = None
    words: tuple[str, ...] | None = None
    sleep_seconds: float | None = None
    sleep_words: tuple[str, ...] | None = None

    def over(self, settings: WakeSettings) -> WakeSettings:
        """The settings, but for what the client says."""
        return WakeSettings(
            settings.phrases if self.phrases is None else self.phrases,
            settings.words if self.words is None else self.words,
            settings.sleep_seconds if self.sleep_seconds is None else self.sleep_seconds,
            settings.sleep_words if self.sleep_words is None else self.sleep_words,
        )
