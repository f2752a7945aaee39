"""How long a pause ends the user's turn, by what was said before it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Patience", "PatienceSettings"]

ENDING_MARKS = "。？！.?!"
PAUSING_MARKS = "，,、；;：:…—-"
_HAN_WORDS = (
    "因为 所以 但是 可是 不过 然后 还有 就是 那个 这个 如果 要是 而且 或者 并且 以及 比如 和 跟 就是说 我想 帮我 请"
)
_OTHER_WORDS = "and but or so because if the a an to of for with um uh er that then than my your i"
HAN_GOES_ON = tuple(_HAN_WORDS.split())
GOES_ON = frozenset(_OTHER_WORDS.split())
"""Words after which something is missing."""
ASKS = ("吗", "呢", "吧", "谢谢", "thanks", "thank you", "please")
"""Words after which nothing is, even where no mark was written."""
IS_OVER, IS_NOT_OVER = 0.7, 0.3
"""What a model of turns must be sure of."""


@dataclass(frozen=True, slots=True)
class PatienceSettings:
    """Seconds of silence since the user's last sound; the words are known half a second after that at the soonest."""

    finished_seconds: float = 0.5
    """After a sentence that is whole."""
    plain_seconds: float = 0.9
    unfinished_seconds: float = 2.0
    """After a comma, or a word such as "and" or 因为."""


class Patience:
    """Says how long to wait."""

    def __init__(self, settings: PatienceSettings) -> None:
        self._settings = settings

    def after(self, text: str, *, over_probability: float | None = None) -> float:
        """Seconds of silence that end the turn after this text.

        over_probability    what a model that listens to the voice says; None where there is none, or it is unsure
        """
        settings = self._settings
        if over_probability is not None and over_probability >= IS_OVER:
            return settings.finished_seconds
        if not self.may_be_over(text):
            return settings.unfinished_seconds
        said = text.strip()
        bare = said.rstrip(ENDING_MARKS + PAUSING_MARKS + " ").lower()
        is_finished = said.endswith(tuple(ENDING_MARKS)) or bare.endswith(ASKS)
        if over_probability is not None and over_probability <= IS_NOT_OVER:
            return settings.plain_seconds if is_finished else settings.unfinished_seconds
        return settings.finished_seconds if is_finished else settings.plain_seconds

    def may_be_over(self, text: str) -> bool:
        """Whether nothing is known to be missing after it."""
        said = text.strip()
        bare = said.rstrip(ENDING_MARKS + PAUSING_MARKS + " ").lower()
        return not (_goes_on(bare) or said.endswith(("...", *PAUSING_MARKS)))


def _goes_on(bare: str) -> bool:
    last = re.search(r"[a-z']+$", bare)
    return last.group() in GOES_ON if last else bare.endswith(HAN_GOES_ON)
