"""Replies that are given again to who asks the same, in the same words or in others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.dialogue.chat.asking import plain_question
from lingting.dialogue.chat.like_questions import LikeQuestions
from lingting.domain import Call
from lingting.storage.caching.cached_results import CachedResults

__all__ = ["KeptReplies", "KeptReply", "ReplyKey"]


@dataclass(frozen=True, slots=True)
class ReplyKey:
    """Where the reply to a question is kept."""

    name: str
    scope: str
    """What else than the question is in the name."""
    question: str
    language: str


@dataclass(frozen=True, slots=True)
class KeptReply:
    """One that was found."""

    text: str
    is_alike: bool = False
    """Whether it was kept for the question in other words."""


class KeptReplies:
    """Those of a server. Belongs to one event loop.

    alike    finds questions in other words; None asks for the same ones
    """

    def __init__(self, results: CachedResults, alike: LikeQuestions | None) -> None:
        self._results = results
        self._alike = alike

    def key(self, question: str, language: str, agreed: Sequence[object]) -> ReplyKey:
        """
        agreed    what must be the same beside the question: whose it is, the model, the prompt; plain JSON
        """
        name = self._results.name("chat", json.dumps([*agreed, plain_question(question)]))
        return ReplyKey(name, self._results.name("chat scope", json.dumps(agreed)), question, language)

    async def find(self, key: ReplyKey) -> KeptReply | None:
        kept = await self._results.get_text(key.name)
        if kept is not None:
            return KeptReply(kept)
        name = None if self._alike is None else await self._alike.nearest(key.scope, key.question, key.language)
        kept = None if name is None else await self._results.get_text(name)
        return None if kept is None else KeptReply(kept, is_alike=True)

    async def keep(self, key: ReplyKey, text: str, call: Call) -> None:
        await self._results.put_text(key.name, text, call)
        if self._alike is not None:
            self._alike.add(key.scope, key.question, key.language, name=key.name)

    def forget_questions(self) -> None:
        """Those known in other words; the replies are erased where they are kept."""
        if self._alike is not None:
            self._alike.clear()
