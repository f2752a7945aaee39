import json
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from subtitle_parsers import parse_srt, parse_vtt

from lingting.domain import Segment, Suppression, Transcript, Word
from lingting.domain.errors import InvalidOption
from lingting.text.pieces import columns
from lingting.text.subtitles import SubtitleOptions, TranscriptFormat, render

pytestmark = pytest.mark.unit

ENGLISH = (
    "He hoped there would be stew for dinner, turnips and carrots and bruised potatoes and fat mutton pieces "
    "to be ladled out in thick, peppered, flour-fattened sauce."
)
CHINESE = "我国的经济处在爬坡过坎的重要关口必须完善土地承包经营权流转市场同时也要注意到房地产市场的平稳健康发展"


def segment(
    text: str, start: float = 0.0, end: float = 5.0, *, words: tuple[Word, ...] = (), **more: object
) -> Segment:
    return Segment(0, start, end, text, "zh", words, **more)  # type: ignore[arg-type]


def transcript(*segments: Segment, seconds: float = 60.0) -> Transcript:
    return Transcript(segments, "zh", seconds)


def one_word_each(
    text: str, *, step: float = 0.25, pause_after: int | None = None, pause: float = 0.0
) -> tuple[Word, ...]:
    parts = [f" {part}" for part in text.split()] if " " in text else list(text)
    late = [pause if pause_after is not None and i >= pause_after else 0.0 for i in range(len(parts))]
    return tuple(Word(part, i * step + late[i], (i + 1) * step + late[i], 0.9) for i, part in enumerate(parts))


def test_text_is_the_transcript_and_a_newline() -> None:
    assert render(transcript(segment(" Hello,"), segment("world. ")), TranscriptFormat.TEXT) == "Hello, world.\n"
    assert render(transcript(segment("你好"), segment("世界")), TranscriptFormat.TEXT) == "你好世界\n"


@pytest.mark.parametrize("format", [TranscriptFormat.TEXT, TranscriptFormat.SRT])
def test_no_speech_is_an_empty_document(format: TranscriptFormat) -> None:  # noqa: A002
    assert render(transcript(), format) == ""


def test_no_speech_is_an_empty_but_valid_webvtt_and_tsv() -> None:
    assert render(transcript(), TranscriptFormat.VTT) == "WEBVTT\n"
    assert render(transcript(), TranscriptFormat.TSV) == "start\tend\ttext\n"


def test_text_of_several_voices_has_a_line_for_each_turn() -> None:
    turns = transcript(segment("你好", channel=0), segment("在吗", channel=0), segment("hi", channel=1))
    assert render(turns, TranscriptFormat.TEXT) == "Channel 1: 你好在吗\nChannel 2: hi\n"


def test_tsv_gives_milliseconds_and_keeps_its_columns() -> None:
    rows = render(transcript(segment("a\tb\nc", 0.5, 1.25)), TranscriptFormat.TSV)
    assert rows == "start\tend\ttext\n500\t1250\ta b c\n"


def test_json_is_readable_chinese() -> None:
    answer = render(transcript(segment("你好")), TranscriptFormat.JSON)
    assert "你好" in answer
    assert json.loads(answer) == {"text": "你好", "language": "zh", "duration_seconds": 60.0}


def test_verbose_json_tells_everything() -> None:
    spoken = Segment(0, 0.0, 1.0, "hi", "en", (Word("hi", 0.1234567, 0.5, 0.98765),), avg_logprob=-0.25, channel=1)
    whole = Transcript(
        (spoken,), "en", 3.0, 0.9, 1.2, (Suppression(1.0, 3.0, "repetition"),), "whisper", "base", ("compression",)
    )
    answer = json.loads(render(whole, TranscriptFormat.VERBOSE_JSON))
    assert answer["segments"][0]["words"] == [
        {"text": "hi", "start_seconds": 0.123, "end_seconds": 0.5, "probability": 0.988}
    ]
    assert answer["suppressed"] == [{"start_seconds": 1.0, "end_seconds": 3.0, "reason": "repetition"}]
    assert (answer["engine"], answer["model"], answer["attempts"]) == ("whisper", "base", ["compression"])
    assert answer["segments"][0]["channel"] == 1


def test_srt_is_numbered_and_timed() -> None:
    document = render(transcript(segment("Hello.", 3600.5, 3602.0), seconds=4000), TranscriptFormat.SRT)
    assert document == "1\n01:00:00,500 --> 01:00:02,000\nHello.\n"


def test_long_english_is_cut_at_marks_into_lines_of_42() -> None:
    cues = parse_srt(render(transcript(segment(ENGLISH, 0, 10)), TranscriptFormat.SRT))
    assert " ".join(cue.text for cue in cues) == ENGLISH
    assert all(len(cue.lines) <= 2 and len(line) <= 42 for cue in cues for line in cue.lines)
    assert cues[0].lines[0].endswith("dinner,")


def test_long_chinese_without_marks_is_cut_at_its_pauses() -> None:
    words = one_word_each(CHINESE, step=0.2, pause_after=31, pause=0.7)
    cues = parse_srt(render(transcript(segment(CHINESE, 0, 20, words=words)), TranscriptFormat.SRT))
    assert "".join("".join(cue.lines) for cue in cues) == CHINESE
    assert all(columns(line) <= 36 for cue in cues for line in cue.lines)
    assert any("".join(cue.lines).endswith("流转市场") for cue in cues)


def test_a_long_pause_begins_another_cue() -> None:
    words = one_word_each("打开客厅的灯关上窗户", pause_after=6, pause=2.0)
    cues = parse_srt(render(transcript(segment("打开客厅的灯关上窗户", 0, 5, words=words)), TranscriptFormat.SRT))
    assert [cue.text for cue in cues] == ["打开客厅的灯", "关上窗户"]
    assert cues[1].start_ms == 3500


@pytest.mark.parametrize("count", [19, 37, 38, 55, 73])
def test_no_cue_and_no_line_is_left_with_one_character(count: int) -> None:
    text = (CHINESE * 2)[:count]
    cues = parse_srt(render(transcript(segment(text, 0, count * 0.15)), TranscriptFormat.SRT))
    assert min(len(line) for cue in cues for line in cue.lines) > 1


def test_a_mark_never_begins_a_line() -> None:
    text = "今天的天气非常好我们一起去公园里散步看花吧，然后回家吃饭。" * 3
    cues = parse_srt(render(transcript(segment(text, 0, 18)), TranscriptFormat.SRT))
    assert not any(line[0] in "，。" for cue in cues for line in cue.lines)


def test_a_word_longer_than_a_line_is_broken() -> None:
    cues = parse_srt(render(transcript(segment("x" * 100, 0, 5)), TranscriptFormat.SRT))
    assert [len(line) for cue in cues for line in cue.lines] == [42, 42, 16]


def test_a_cue_is_never_longer_than_allowed() -> None:
    words = (Word("一", 0.0, 30.0, 0.9), Word("二", 30.0, 31.0, 0.9))
    cues = parse_srt(render(transcript(segment("一二", 0, 31, words=words)), TranscriptFormat.SRT))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 7000), (30000, 31000)]


def test_a_short_cue_stays_for_a_second_where_there_is_room() -> None:
    cues = parse_srt(render(transcript(segment("嗯", 1.0, 1.2), segment("好", 1.5, 1.7)), TranscriptFormat.SRT))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(1000, 1500), (1500, 2500)]


def test_hostile_text_stays_text_in_webvtt() -> None:
    text = "</v> 00:00:01.000 --> 00:00:02.000 <script>a & b"
    cues = parse_vtt(render(transcript(segment(f"{text}\n\nNOTE x\r\n\r\n1", 0, 5)), TranscriptFormat.VTT))
    assert " ".join(cue.text for cue in cues) == f"{text} NOTE x 1"


def test_hostile_text_cannot_end_a_cue_in_srt() -> None:
    cues = parse_srt(render(transcript(segment("a\n\n2\n00:00:01,000 --> 00:00:09,000\nb")), TranscriptFormat.SRT))
    assert len(cues) == 1
    assert "→" in cues[0].text


def test_voices_are_named() -> None:
    both = transcript(segment("你好", 0, 2, channel=0), segment("喂", 1, 3, speaker="A & B>", channel=1))
    assert [cue.voice for cue in parse_vtt(render(both, TranscriptFormat.VTT))] == ["Channel 1", "A & B>"]
    assert [cue.text for cue in parse_srt(render(both, TranscriptFormat.SRT))] == ["Channel 1: 你好", "A & B>: 喂"]


def test_voices_may_speak_at_the_same_time() -> None:
    both = transcript(segment("你好", 0, 4, channel=0), segment("喂", 1, 3, channel=1))
    assert [cue.end_ms for cue in parse_vtt(render(both, TranscriptFormat.VTT))] == [4000, 3000]


def test_webvtt_marks_each_word_while_it_is_said() -> None:
    spoken = transcript(segment("turn it on", 0, 0.75, words=one_word_each("turn it on")))
    document = render(spoken, TranscriptFormat.VTT, SubtitleOptions(highlight_words=True))
    assert "<c>turn</c><00:00:00.250><c> it</c><00:00:00.500><c> on</c>" in document
    assert parse_vtt(document)[0].text == "turn it on"


def test_srt_underlines_each_word_while_it_is_said() -> None:
    words = (Word(" turn", 0.0, 0.4, 1.0), Word(" on", 0.6, 1.0, 1.0))
    spoken = transcript(segment("turn on", 0, 1.0, words=words))
    cues = parse_srt(render(spoken, TranscriptFormat.SRT, SubtitleOptions(highlight_words=True)))
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in cues] == [
        (0, 400, "<u>turn</u> on"),
        (400, 600, "turn on"),
        (600, 1000, "turn <u>on</u>"),
    ]


def test_nothing_is_highlighted_without_word_times() -> None:
    spoken = transcript(segment("turn on", 0, 1.0))
    for format in (TranscriptFormat.SRT, TranscriptFormat.VTT):  # noqa: A001
        plain = render(spoken, format)
        assert render(spoken, format, SubtitleOptions(highlight_words=True)) == plain


@pytest.mark.parametrize("wrong", [{"max_seconds": 0}, {"min_seconds": 9}, {"max_lines": 0}, {"latin_columns": 3}])
def test_senseless_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidOption, match="is outside"):
        SubtitleOptions(**wrong)  # type: ignore[arg-type]


def test_every_format_and_subtitle_option_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    names = [*TranscriptFormat, *(field.name for field in fields(SubtitleOptions))]
    assert [name for name in names if f"| `{name}` |" not in page] == []


WORD = st.one_of(
    st.text("abcXYZ.,!?<>&'-é", min_size=1, max_size=9).map(lambda text: f" {text}"),
    st.text("你好世界。，「」３", min_size=1, max_size=4),
    st.sampled_from([" -->", " 1", "\n\n", "\u2028x", "e\u0301", " <b>", "😀"]),
)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    clock, segments = 0.0, []
    for _ in range(draw(st.integers(0, 4))):
        words = []
        for text in draw(st.lists(WORD, max_size=40)):
            clock += draw(st.sampled_from([0.0, 0.0, 0.1, 0.4, 1.5, 9.0]))
            start, clock = clock, clock + draw(st.sampled_from([0.0, 0.05, 0.2, 0.6, 8.0]))
            words.append(Word(text, start, clock, 0.5))
        text = "".join(word.text for word in words).strip()
        start = words[0].start_seconds if words else clock
        kept = tuple(words) if draw(st.booleans()) else ()
        segments.append(Segment(len(segments), start, clock, text, "zh", kept))
    return Transcript(tuple(segments), "zh", clock + 1.0)


@settings(max_examples=150, deadline=None)
@given(transcripts(), st.booleans())
def test_every_subtitle_parses_holds_each_word_once_and_stays_in_time(spoken: Transcript, highlight: bool) -> None:
    cues = parse_vtt(render(spoken, TranscriptFormat.VTT, SubtitleOptions(highlight_words=highlight)))
    expected = "".join("".join(part.text.split()) for part in spoken.segments)
    assert "".join("".join(cue.text.split()) for cue in cues) == expected
    for cue in cues:
        assert len(cue.lines) <= 2
        assert all(columns(line) <= 42 for line in cue.lines)
        assert cue.end_ms - cue.start_ms <= 7001
    for before, after in pairwise(cues):
        assert before.end_ms <= after.start_ms
    if cues:
        assert cues[-1].end_ms <= spoken.duration_seconds * 1000 + 1


@settings(max_examples=50, deadline=None)
@given(transcripts())
def test_srt_shows_the_same_cues_as_webvtt(spoken: Transcript) -> None:
    shown = parse_srt(render(spoken, TranscriptFormat.SRT))
    timed = parse_vtt(render(spoken, TranscriptFormat.VTT))
    assert [(cue.start_ms, cue.end_ms) for cue in shown] == [(cue.start_ms, cue.end_ms) for cue in timed]
    assert [cue.text for cue in shown] == [cue.text.replace("-->", "→") for cue in timed]


def test_hours_of_words_are_cut_quickly_and_in_order() -> None:
    words = one_word_each("word " * 5000, step=0.3)
    long = transcript(segment("word " * 5000, 0, 1500, words=words), seconds=1500)
    cues = parse_srt(render(long, TranscriptFormat.SRT))
    assert sum(len(cue.text.split()) for cue in cues) == 5000
