"""A reply that comes word by word is given on clause by clause: the first is heard while the rest is made. Pure."""

from __future__ import annotations

from lingting.speech.clauses import clauses

__all__ = ["ClauseCutter"]

MAX_HELD_CHARACTERS = 400
"""Of a text without marks, before a part of it is given on."""


class ClauseCutter:
    """Promises: what it gives, put together, is what it was given; each piece ends at a mark, but for the last."""

    def __init__(self) -> None:
        self._held = ""
        self._is_start = True

    def push(self, text: str) -> list[str]:
        """The clauses that are whole now: the last one may still grow, and is held."""
        self._held += text
        pieces = clauses(self._held, eager=True, is_start=self._is_start)
        if len(pieces) < 2 and len(self._held) < MAX_HELD_CHARACTERS:
            return []
        whole = pieces[:-1] or pieces
        self._is_start = False
        self._held = self._held[sum(map(len, whole)) :]
        return whole

    def finish(self) -> list[str]:
        """The rest."""
        rest, self._held = self._held, ""
        return [piece for piece in clauses(rest, eager=True, is_start=self._is_start) if piece.strip()]
