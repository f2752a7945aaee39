"""`lingting chat` with a bot of tones and a model that reads from a script."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.domain.errors import ChatUnavailable, SettingsInvalid
from talk_house import TalkHouse

pytestmark = pytest.mark.unit


class BotHouse:
    """Opens one bot; keeps what was wished."""

    def __init__(self, talks: TalkHouse | None = None) -> None:
        self._talks = talks
        self.wishes: list[object] = []

    @asynccontextmanager
    async def bot(self, wishes: object, *, hears: bool):
        self.wishes.append((wishes, hears))
        if self._talks is None:
            raise SettingsInvalid("no language model is set up: give --base-url and --model", param="chat.base_url")
        yield SimpleNamespace(talks=self._talks.hub, live=None)


@pytest.fixture
def typed(monkeypatch):
    """Gives the command lines as a pipe would."""
    given = []

    def give(text: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        given.append(os.fdopen(reading))
        monkeypatch.setattr(sys, "stdin", given[-1])

    yield give
    for each in given:
        each.close()


def test_what_is_typed_is_answered_line_by_line(typed, capsys) -> None:
    typed("hello\n\nand now?\n")
    house = BotHouse(TalkHouse(["It is ", "noon."], ["Now it is one."]))
    app(["chat", "--text", "--timings"], obj=house, standalone_mode=False)
    said = capsys.readouterr()
    assert [line.strip() for line in said.out.splitlines()] == ["bot  It is noon.", "bot  Now it is one."]
    assert "first word" in said.err
    assert "first sound" not in said.err
    assert house.wishes[0][1] is False


def test_a_spoken_reply_to_typed_words_is_written(typed, tmp_path, capsys) -> None:
    typed("hello\n")
    app(
        ["chat", "--text", "--voice", "-o", str(tmp_path / "reply.wav")],
        obj=BotHouse(TalkHouse(["Yes."])),
        standalone_mode=False,
    )
    assert (tmp_path / "reply.wav").stat().st_size > 1_000


def test_a_model_that_is_down_is_said_and_apologised_for(typed, capsys) -> None:
    typed("hello\n")
    app(["chat", "--text"], obj=BotHouse(TalkHouse(ChatUnavailable("nobody is there"))), standalone_mode=False)
    said = capsys.readouterr()
    assert "chat_unavailable: nobody is there" in said.err
    assert "bot" in said.out


def test_no_model_is_said_with_the_way_out(typed) -> None:
    typed("")
    result = CliRunner().invoke(app, ["chat", "--text"], obj=BotHouse())
    assert result.exit_code == 2
    assert "--base-url" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", "--from", "a.wav"], "--from: is for spoken conversations"),
        (["--text", "--wake", "hey"], "--wake: is for spoken conversations"),
        (["--text", "--push-to-talk"], "--push-to-talk: is for spoken conversations"),
        (["--voice"], "--voice: is for --text"),
        (["--from", "a.wav", "--push-to-talk"], "--push-to-talk: is for the microphone"),
        (["--output", "a.mp3"], "does not end in .wav"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["chat", *arguments], obj=BotHouse())
    assert result.exit_code == 2
    assert words in result.output
