"""What a bot says of itself, in Chinese and English: the sentences that no model is asked for."""

from __future__ import annotations

from lingting.dialogue.turns.turn_news import Fixed
from lingting.text.script import CHINESE

__all__ = ["filler", "fixed_sentence"]

_SENTENCES = {
    Fixed.STILL_THERE: ("您还在吗？", "Are you still there?"),
    Fixed.GOODBYE: ("那我先挂了，再见。", "I will hang up now. Goodbye."),
    Fixed.TURNS_USED_UP: (
        "我们聊得够久了，下次再说吧，再见。",
        "We have talked for long enough. Until next time, goodbye.",
    ),
    Fixed.NOT_HEARD: ("抱歉，我没听清，请再说一遍。", "Sorry, I did not get that. Please say it again."),
    Fixed.MODEL_AWAY: (
        "抱歉，我现在回答不了，请稍后再试。",
        "Sorry, I cannot answer just now. Please try again later.",
    ),
    Fixed.MODEL_SLOW: ("抱歉，我想得太久了，请再问一次。", "Sorry, that took me too long. Please ask again."),
    Fixed.QUOTA_USED_UP: (
        "今天的对话额度已经用完，明天再聊吧。",
        "What may be said today is used up. Let us go on tomorrow.",
    ),
}


def fixed_sentence(what: Fixed, language: str) -> str:
    """In Chinese for every kind of Chinese, else in English."""
    return _SENTENCES[what][0 if language in CHINESE else 1]


def filler(language: str) -> str:
    """A word that says that the answer takes a moment."""
    return "我想一下。" if language in CHINESE else "One moment."
