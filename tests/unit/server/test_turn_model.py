"""The model of the ends of turns is looked for when the server starts, not at the first pause."""

from __future__ import annotations

import pytest

from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.server.chat import open_talks
from lingting.settings import load_settings
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit


async def opened(tmp_path, name: str):
    settings = load_settings()
    talk = settings.talk.model_copy(update={"turn_model": name})
    settings = settings.model_copy(update={"talk": talk, "models_dir": tmp_path, "offline": True})
    chat = speech = object()  # not looked at before somebody talks
    return await open_talks(settings, chat, speech, clock=SystemClock(), telemetry=Telemetry())


async def test_a_name_that_is_none_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsInvalid, match=r"talk\.turn_model: 'clever' is not known; use 'smart-turn'"):
        await opened(tmp_path, "clever")


async def test_without_it_the_words_decide(tmp_path) -> None:
    assert await opened(tmp_path, "") is not None
