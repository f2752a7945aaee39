"""Chinese and English text as the sounds that Kokoro was trained on: misaki for Chinese, hibari's for English words."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

__all__ = ["KokoroSounds"]

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:[ '’-]+[A-Za-z\u00c0-\u024f]+)*")


class KokoroSounds:
    """Text to sounds. Loads dictionaries when it is made, about a second."""

    def __init__(self, scratch: Path) -> None:
        """scratch    a folder of our own: jieba would else share its dictionary with whoever can write to /tmp"""
        import jieba
        from hibari.g2p import G2P
        from misaki.zh import ZHG2P

        jieba.setLogLevel(logging.WARNING)
        scratch.mkdir(parents=True, exist_ok=True)
        jieba.dt.tmp_dir = str(scratch)
        jieba.initialize()
        self._chinese: Any = ZHG2P()  # Any: no types
        self._english: Any = G2P(british=False)

    def of(self, text: str) -> str:
        """The sounds of a clause, with its marks, which are said as pauses."""
        parts, position = [], 0
        for match in _LATIN.finditer(text):
            parts += [self._said(text[position : match.start()]), " ", self._spelt(match[0]), " "]
            position = match.end()
        sounds = "".join([*parts, self._said(text[position:])])
        return re.sub(r"\s+", " ", sounds).strip()

    def _said(self, text: str) -> str:
        if not text.strip():
            return text
        space = " " if text[0].isspace() else ""
        return space + str(self._chinese(text)[0])

    def _spelt(self, words: str) -> str:
        return str(self._english(words)).rstrip(".")
