"""`lingting transcribe`: what is asked of the pipeline, where results go, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_doubles import ScriptedHouse
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.domain import ChannelMode, PcmFormat, Script, Task
from lingting.domain.errors import AudioUndecodable, ModelMissing

pytestmark = pytest.mark.unit
runner = CliRunner()


@pytest.fixture
def house(tmp_path: Path) -> ScriptedHouse:
    return ScriptedHouse(models_dir=tmp_path / "models")


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    folder = tmp_path / "audio"
    (folder / "below").mkdir(parents=True)
    for name in ("a.wav", "b.mp3", "below/c.ogg", "notes.md"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_one_recording_gives_its_text_and_nothing_else(house: ScriptedHouse, audio: Path) -> None:
    result = runner.invoke(app, ["transcribe", str(audio / "a.wav")], obj=house)
    assert result.exit_code == 0
    assert result.stdout == "a.wav has 5 bytes\n"
    assert result.stderr == ""


def test_several_recordings_are_told_apart_and_keep_their_order(house: ScriptedHouse, audio: Path) -> None:
    result = runner.invoke(app, ["transcribe", str(audio / "b.mp3"), str(audio / "a.wav")], obj=house)
    lines = result.stdout.splitlines()
    assert lines[0] == f"==> {audio / 'b.mp3'} <=="
    assert lines[2] == f"==> {audio / 'a.wav'} <=="


def test_a_folder_gives_its_recordings_only(house: ScriptedHouse, audio: Path) -> None:
    runner.invoke(app, ["transcribe", str(audio)], obj=house)
    assert [source.path.name for source, _ in house.asked if source.path] == ["a.wav", "b.mp3"]


def test_recursive_looks_below(house: ScriptedHouse, audio: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = runner.invoke(app, ["transcribe", "-r", str(audio), "-o", str(out), "-f", "srt"], obj=house)
    assert result.exit_code == 0
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert written == ["a.srt", "b.srt", "below/c.srt"]


def test_several_formats_go_to_an_output_folder(house: ScriptedHouse, audio: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["transcribe", str(audio / "a.wav"), "-o", str(out), "-f", "vtt", "-f", "json"]
    assert runner.invoke(app, command, obj=house).exit_code == 0
    assert json.loads((out / "a.json").read_text(encoding="utf-8"))["text"] == "a.wav has 5 bytes"
    assert (out / "a.vtt").read_text(encoding="utf-8").startswith("WEBVTT")


def test_recordings_of_the_same_stem_do_not_overwrite_each_other(
    house: ScriptedHouse, audio: Path, tmp_path: Path
) -> None:
    (audio / "a.mp3").write_bytes(b"x")
    out = tmp_path / "out"
    runner.invoke(app, ["transcribe", str(audio), "-o", str(out)], obj=house)
    assert sorted(path.name for path in out.iterdir()) == ["a.mp3.txt", "a.wav.txt", "b.txt"]


def test_options_reach_the_pipeline(house: ScriptedHouse, audio: Path) -> None:
    command = ["transcribe", str(audio / "a.wav"), "--language", "zh-CN", "--words", "--translate", "--prompt", "聆听"]
    command += [
        "--beam-size",
        "1",
        "--channel",
        "1",
        "--denoise",
        "--script",
        "traditional",
        "--model",
        "whisper-small",
    ]
    assert runner.invoke(app, command, obj=house).exit_code == 0
    _, options = house.asked[0]
    assert (options.language, options.word_times, options.task) == ("zh", True, Task.TRANSLATE)
    assert (options.prompt, options.beam_size, options.denoise) == ("聆听", 1, True)
    assert (options.channel_mode, options.channel, options.script) == (ChannelMode.PICK, 1, Script.TRADITIONAL)
    assert house.wishes[0].model == "whisper-small"


def test_subtitles_are_cut_by_word_times(house: ScriptedHouse, audio: Path) -> None:
    runner.invoke(app, ["transcribe", str(audio / "a.wav"), "-f", "srt"], obj=house)
    assert house.asked[0][1].word_times


def test_channels_can_be_split(house: ScriptedHouse, audio: Path) -> None:
    runner.invoke(app, ["transcribe", str(audio / "a.wav"), "--channel", "split"], obj=house)
    assert house.asked[0][1].channel_mode is ChannelMode.SPLIT


def test_headerless_audio_is_declared(house: ScriptedHouse, audio: Path) -> None:
    runner.invoke(app, ["transcribe", str(audio / "a.wav"), "--pcm", "mulaw:8000"], obj=house)
    assert house.asked[0][0].pcm == PcmFormat(encoding="mulaw", rate_hz=8000, channels=1)


def test_standard_input_is_a_recording(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["transcribe", "-"], obj=house, input=b"12345678")
    assert result.stdout == "standard input has 8 bytes\n"


def test_an_empty_standard_input_is_refused(house: ScriptedHouse) -> None:
    result = runner.invoke(app, ["transcribe", "-"], obj=house, input=b"")
    assert result.exit_code == 1
    assert "invalid_input" in result.stderr


def test_no_more_recordings_are_in_hand_than_asked(house: ScriptedHouse, audio: Path) -> None:
    for number in range(9):
        (audio / f"more{number}.wav").write_bytes(b"x")
    runner.invoke(app, ["transcribe", str(audio), "--jobs", "3"], obj=house)
    assert house.most_at_once == 3


def test_one_failure_leaves_the_others_and_ends_with_one(house: ScriptedHouse, audio: Path) -> None:
    house.problems["a.wav"] = AudioUndecodable("not audio")
    result = runner.invoke(app, ["transcribe", str(audio)], obj=house)
    assert result.exit_code == 1
    assert "b.mp3 has 5 bytes" in result.stdout
    assert f"{audio / 'a.wav'}: audio_undecodable not audio" in result.stderr
    assert "1 of 2 recordings failed" in result.stderr


def test_a_missing_model_ends_with_three_and_the_command_to_run(house: ScriptedHouse, audio: Path) -> None:
    house.refuses_to_open = ModelMissing("model 'x' is not here; lingting models pull x")
    result = runner.invoke(app, ["transcribe", str(audio)], obj=house)
    assert result.exit_code == 3
    assert result.stderr == "error model_missing model 'x' is not here; lingting models pull x\n"


def test_an_interrupt_ends_with_130(house: ScriptedHouse, audio: Path) -> None:
    house.problems["a.wav"] = KeyboardInterrupt()
    result = runner.invoke(app, ["transcribe", str(audio / "a.wav")], obj=house)
    assert result.exit_code == 130


def test_a_mistake_of_ours_is_one_line_without_a_trace(house: ScriptedHouse, audio: Path) -> None:
    house.problems["a.wav"] = ZeroDivisionError("secret text")
    result = runner.invoke(app, ["transcribe", str(audio / "a.wav")], obj=house)
    assert result.exit_code == 1
    assert "internal_error" in result.stderr
    assert "secret text" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.wav"],
        ["{audio}/a.wav", "--channel", "left"],
        ["{audio}/a.wav", "--language", "klingon"],
        ["{audio}/a.wav", "--format", "docx"],
        ["{audio}/a.wav", "--beam-size", "0"],
        ["{audio}/a.wav", "--pcm", "mp3"],
        ["{audio}/a.wav", "--pcm", "s16le:x"],
        ["{audio}/a.wav", "-f", "srt", "-f", "vtt"],
        ["{audio}", "-f", "srt"],
        ["-", "{audio}/a.wav"],
        [],
    ],
)
def test_wrong_usage_ends_with_two_before_anything_is_opened(
    house: ScriptedHouse, audio: Path, arguments: list[str]
) -> None:
    result = runner.invoke(app, ["transcribe", *(word.format(audio=audio) for word in arguments)], obj=house)
    assert result.exit_code == 2
    assert not house.wishes


def test_a_folder_without_recordings_says_how_to_look_deeper(house: ScriptedHouse, tmp_path: Path) -> None:
    result = runner.invoke(app, ["transcribe", str(tmp_path)], obj=house)
    assert result.exit_code == 1
    assert "--recursive" in result.stderr


def test_an_output_folder_that_cannot_be_written_is_named(house: ScriptedHouse, audio: Path) -> None:
    result = runner.invoke(app, ["transcribe", str(audio / "a.wav"), "-o", str(audio / "b.mp3")], obj=house)
    assert result.exit_code == 2
    assert "--output-dir" in result.stderr
