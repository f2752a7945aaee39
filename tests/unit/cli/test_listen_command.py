"""`lingting listen`: what is shown where, what is kept, and how it ends."""

import asyncio
import io
import json
import signal
from pathlib import Path

import numpy as np
import pytest
from listen_doubles import ListeningHouse, ScriptedEars, ScriptedLine, ScriptedSource, final
from rich.console import Console
from rich.live import Live
from typer.testing import CliRunner

from lingting.cli.ears import played
from lingting.cli.live_display import TerminalDisplay, clock, remark_on
from lingting.cli.live_record import Record
from lingting.cli.main import app
from lingting.cli.microphone import Device, MicrophoneUnavailable
from lingting.client import Disconnected, Final, Partial, Ready, SessionRestarted
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit
runner = CliRunner()

SAID = [
    {"type": "PARTIAL", "seq": 1, "segment": 1, "start_ms": 0, "end_ms": 900, "transcript": "how is", "stable": "how"},
    final(2, 1, "How is it?"),
    final(3, 2, "", suppressed="noise"),
    {"type": "NOTICE", "seq": 4, "notice": "lagging", "lag_ms": 900, "message": "text comes late just now"},
    final(5, 3, "Good."),
]


@pytest.fixture
def house(tmp_path: Path) -> ListeningHouse:
    return ListeningHouse(models_dir=tmp_path / "models", hears=ScriptedEars([ScriptedLine(SAID)]))


def listen(house: ListeningHouse, *arguments: str):
    return runner.invoke(app, ["listen", *arguments], obj=house)


def test_finals_are_lines_and_notices_go_elsewhere(house) -> None:
    result = listen(house, "talk.wav")
    assert result.exit_code == 0
    assert result.stdout == "How is it?\nGood.\n"
    assert "text comes late just now" in result.stderr
    assert house.hears.opened == [Path("talk.wav")]


def test_without_a_file_it_is_the_microphone(house) -> None:
    listen(house, "--device", "usb")
    assert house.hears.opened == ["usb"]


def test_what_is_asked_of_the_server(house) -> None:
    house.hears.source.rate_hz = 48_000
    arguments = ["--language", "zh", "--room", "hall", "--room-token", "t", "--key", "k", "--url", "ws://elsewhere"]
    listen(house, *arguments)
    (call,) = house.hears.calls
    assert (call.url, call.rate_hz, call.key) == ("ws://elsewhere", 48_000, "k")
    config = house.hears.lines[0].init["config"]
    assert {"sample_rate": 48_000, "language": "zh", "room": "hall", "room_token": "t"}.items() <= config.items()


def test_machines_get_every_event(house) -> None:
    lines = [json.loads(line) for line in listen(house, "--json").stdout.splitlines()]
    assert [line["type"] for line in lines] == ["ready", "partial", "final", "final", "notice", "final", "ended"]
    assert lines[2]["text"] == "How is it?"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "How is it?\nGood.\n"),
        ("a.srt", "1\n00:01:00,000 --> 00:01:01,500\nHow is it?\n\n2\n00:03:00,000 --> 00:03:01,500\nGood.\n"),
        ("a.VTT", "WEBVTT\n\n00:01:00.000 --> 00:01:01.500\nHow is it?\n\n00:03:00.000 --> 00:03:01.500\nGood.\n"),
    ],
)
def test_what_was_said_is_kept(house, tmp_path, name, text) -> None:
    assert listen(house, "--output", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.doc", "nowhere/a.srt"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_said(house, tmp_path, name) -> None:
    result = listen(house, "--output", str(tmp_path / name))
    assert result.exit_code == 2
    assert "--output" in result.stderr
    assert house.hears.calls == []


def test_a_server_that_is_not_there_names_the_command_that_starts_one(house) -> None:
    house.hears.lines = []
    result = listen(house, "talk.wav")
    assert result.exit_code == 1
    assert "server_unreachable" in result.stderr
    assert "lingting serve" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_error_of_the_server_is_one_line(house) -> None:
    house.hears.lines = [
        ScriptedLine([{"type": "CLOSED", "seq": 1, "reason": "idle", "audio_ms": 0, "message": "quiet"}])
    ]
    result = listen(house, "talk.wav")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["error idle quiet"]


def test_a_lost_connection_is_told_and_goes_on(house) -> None:
    house.hears.lines = [ScriptedLine([final(1, 1, "One."), 1006]), ScriptedLine([final(2, 2, "Two.")])]
    result = listen(house, "talk.wav")
    assert result.exit_code == 0
    assert result.stdout == "One.\nTwo.\n"
    assert "not connected" in result.stderr
    assert "connected again" in result.stderr


def test_a_microphone_that_breaks_off_gives_what_was_said_and_then_the_error(house, tmp_path) -> None:
    house.hears.source = ScriptedSource(problem=MicrophoneUnavailable("unplugged"))
    result = listen(house, "--output", str(tmp_path / "a.txt"))
    assert result.exit_code == 1
    assert result.stdout == "How is it?\nGood.\n"
    assert "microphone_unavailable unplugged" in result.stderr
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").count("\n") == 2


def test_ctrl_c_ends_the_sound_and_waits_for_the_last_text(house) -> None:
    class Interrupted(ScriptedSource):
        async def blocks(self):
            async for block in super().blocks():
                yield block
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()

    before = signal.getsignal(signal.SIGINT)
    house.hears.source = Interrupted()
    result = listen(house)
    assert result.exit_code == 0
    assert result.stdout == "How is it?\nGood.\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_interrupts(house) -> None:
    class Impatient(ScriptedSource):
        async def blocks(self):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            yield np.zeros(1_600, np.float32)

    house.hears.source = Impatient()
    assert listen(house).exit_code == 130


def test_sound_that_was_lost_is_told(house) -> None:
    house.hears.source.lost_seconds = 2.5
    assert "2.5 s of sound were lost" in listen(house).stderr


def test_devices_are_listed(house) -> None:
    house.hears.found = [
        Device(2, "USB [x]", 1, 48_000, is_default=True),
        Device(4, "Line", 2, 44_100, is_default=False),
    ]
    result = listen(house, "--list-devices")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["  2  USB [x]  48000 Hz  (the usual one)", "  4  Line  44100 Hz"]


def test_a_file_and_a_microphone_do_not_go_together(house) -> None:
    assert listen(house, "talk.wav", "--device", "1").exit_code == 2


def test_it_explains_itself(house) -> None:
    assert "microphone" in listen(house, "--help").stdout


class Screen:
    """A terminal display, and what is on it."""

    def __init__(self) -> None:
        console = Console(file=io.StringIO(), force_terminal=True, width=60, highlight=False, soft_wrap=True)
        self._console = console
        self.display = TerminalDisplay(Live(console=console, auto_refresh=False), "talk.wav")

    def below(self) -> list[tuple[str, str]]:
        """The texts that change, with their style, and the last line."""
        lines = list(self.display._lines())
        return [(line.plain[span.start : span.end], str(span.style)) for line in lines for span in line.spans]

    @property
    def status(self) -> str:
        return list(self.display._lines())[-1].plain

    @property
    def printed(self) -> str:
        assert isinstance(self._console.file, io.StringIO)
        return self._console.file.getvalue()


def test_at_a_terminal_what_is_settled_is_bold_and_the_rest_dim() -> None:
    screen = Screen()
    screen.display.show(Partial(1, 0.0, 1.0, "how is it", "how"))
    assert screen.below() == [("how", "bold"), (" is it", "dim")]


def test_a_final_scrolls_up_with_its_time() -> None:
    screen = Screen()
    screen.display.show(Partial(1, 61.0, 62.0, "how", ""))
    screen.display.show(Final(1, 61.0, 62.0, "[How] is it?"))
    assert screen.below() == []
    assert "01:01" in screen.printed
    assert "[How] is it?" in screen.printed


def test_the_meter_follows_the_sound_and_falls_slowly() -> None:
    screen = Screen()
    screen.display.hear(np.full(1_600, 1.0, np.float32), 0.1)
    assert "█" * 12 in screen.status
    screen.display.hear(np.zeros(1_600, np.float32), 0.2)
    assert 0 < screen.status.count("█") < 12
    for _ in range(20):
        screen.display.hear(np.zeros(1_600, np.float32), 3_725.0)
    assert "█" not in screen.status
    assert screen.status.startswith("1:02:05")


def test_the_state_of_the_connection_is_shown() -> None:
    screen = Screen()
    assert "connecting" in screen.status
    screen.display.show(Ready("s"))
    assert "connecting" not in screen.status
    screen.display.show(Partial(1, 0.0, 1.0, "how", ""))
    screen.display.show(Disconnected("code 1006", 1.0))
    assert "not connected" in screen.status
    screen.display.show(SessionRestarted("shutting_down", 1.0))
    assert screen.below() == []


def test_only_what_matters_is_remarked_on() -> None:
    assert remark_on(Ready("s")) is None
    assert remark_on(Ready("s", ignored=("colour",))) == "the server does not know: colour"
    assert remark_on(Partial(1, 0.0, 1.0, "how", "")) is None
    assert "goes on from 01:05" in (remark_on(SessionRestarted("too_long", 65.0)) or "")


def test_times_are_short_until_they_are_long() -> None:
    assert [clock(seconds) for seconds in (0.9, 59.9, 60.0, 3_600.0, 36_061.0)] == [
        "00:00",
        "00:59",
        "01:00",
        "1:00:00",
        "10:01:01",
    ]


async def test_a_recording_is_played_at_its_own_pace() -> None:
    now = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pieces = iter([np.arange(2_000, dtype=np.float32)[None, :], np.arange(2_000, 4_000, dtype=np.float32)[None, :]])
    heard = [(len(block), round(now - 100.0, 3)) async for block in played(pieces, now=lambda: now, sleep=sleep)]
    assert heard == [(1_600, 0.1), (1_600, 0.2), (800, 0.2)]


def test_a_long_talk_is_saved_while_it_goes_on(tmp_path) -> None:
    now = 0.0
    path = tmp_path / "a.txt"
    record = Record(path, now=lambda: now)
    record.add(Final(1, 0.0, 1.0, "One."))
    assert path.read_text(encoding="utf-8") == ""
    now = 11.0
    record.add(Final(2, 1.0, 2.0, "Two\nlines."))
    assert path.read_text(encoding="utf-8") == "One.\nTwo lines.\n"


def test_a_place_that_cannot_be_written_is_an_error(tmp_path) -> None:
    with pytest.raises(InvalidOption):
        Record(tmp_path / "no" / "a.srt")
