"""Our client against a real language model: llama.cpp's server with SmolLM2, 135 million parameters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from absent import absent
from lingting.dialogue.chat_models import Message, Role
from lingting.dialogue.chat_settings import ChatSettings
from lingting.dialogue.openai_chat import OpenAIChat

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "small-model"
QUESTION = [Message(Role.USER, "What is the capital of France?")]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if not (FOLDER / "xllamacpp").is_dir():
        absent("the small language model is not installed; make test installs it")
    command = [sys.executable, str(ROOT / "tests" / "small_model.py"), str(FOLDER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            yield f"{running.stdout.readline().strip()}/v1"
        finally:
            running.stdin.close()
            running.kill()


@pytest.fixture
async def model(url: str) -> AsyncIterator[OpenAIChat]:
    model = OpenAIChat(ChatSettings(base_url=url, model="small", max_tokens=12, temperature=0.0))
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
