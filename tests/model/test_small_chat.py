"""Our client against a real language model: llama.cpp's server with SmolLM2, 135 million parameters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from lingting.dialogue.chat.chat_models import Message, Role
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.openai_chat import OpenAIChat

pytestmark = pytest.mark.model

QUESTION = [Message(Role.USER, "What is the capital of France?")]


@pytest.fixture
async def model(small_model: str) -> AsyncIterator[OpenAIChat]:
    model = OpenAIChat(ChatSettings(base_url=small_model, model="small", max_tokens=12, temperature=0.0))
    yield model
    await model.aclose()


async def test_a_real_model_answers_word_by_word_and_says_what_it_took(model: OpenAIChat) -> None:
    async with aclosing(model.reply(QUESTION)) as reply:
        deltas = [delta async for delta in reply]
    assert len([delta for delta in deltas if delta.text]) > 3
    assert "".join(delta.text for delta in deltas).isprintable()
    tokens = deltas[-1].tokens
    assert tokens is not None
    assert tokens.read > 5
    assert 3 < tokens.written <= 12


async def test_who_leaves_a_real_model_in_the_middle_is_served_again(model: OpenAIChat) -> None:
    async with aclosing(model.reply(QUESTION)) as reply:
        assert (await anext(reply)).text
    async with aclosing(model.reply(QUESTION)) as reply:
        assert [delta async for delta in reply][-1].tokens is not None
