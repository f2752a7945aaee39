"""Answers of pieces become one transcript: times run on, sentences are cut, invented text is withheld."""

import numpy as np
import pytest

from lingting.domain import SAMPLE_RATE_HZ, Audio, ChannelMode, Hypothesis, MoodLabel, RecognizeOptions, Span, Word
from lingting.engines.base import Capabilities
from lingting.recognition.assembly import Assembly
from lingting.recognition.engine_doors import EngineDoor
from lingting.recognition.long_audio import Piece

pytestmark = pytest.mark.unit

CAPABILITIES = Capabilities(
    sample_rate_hz=SAMPLE_RATE_HZ,
    max_audio_seconds=30.0,
    languages=frozenset({"zh", "en"}),
    streaming=False,
    word_times=True,
    hotwords=False,
    max_batch=8,
    thread_safe=False,
)


class Reasons:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def suppressed(self, reason: str) -> None:
        self.heard.append(reason)


def assembly(observer: Reasons, **options) -> Assembly:
    door = EngineDoor("fake", "fake-model", CAPABILITIES, scheduler=None)
    return Assembly(RecognizeOptions(**options), door, observer)


def piece(start_seconds: float, end_seconds: float, channel: int | None = None) -> Piece:
    span = Span(int(start_seconds * SAMPLE_RATE_HZ), int(end_seconds * SAMPLE_RATE_HZ))
    audio = Audio(np.zeros(span.length_samples, dtype=np.float32))
    return Piece(audio, span, end_seconds - start_seconds, channel)


def test_times_of_words_run_on_across_pieces() -> None:
    work = assembly(Reasons())
    work.add(piece(0, 4), Hypothesis(" One.", "en", words=(Word(" One.", 0.5, 1.0, 1.0),)))
    work.add(piece(10, 14), Hypothesis(" Two.", "en", words=(Word(" Two.", 0.5, 1.0, 1.0),)))
    transcript = work.transcript(20.0)
    assert [word.start_seconds for word in transcript.words] == [0.5, 10.5]
    assert transcript.text == "One. Two."
    assert [segment.id for segment in transcript.segments] == [0, 1]


def test_a_word_never_ends_after_its_piece() -> None:
    work = assembly(Reasons())
    work.add(piece(2, 4), Hypothesis(" One", "en", words=(Word(" One", 0.5, 9.0, 1.0),)))
    assert work.transcript(4.0).words[0].end_seconds == 4.0


def test_one_piece_gives_a_segment_for_each_sentence() -> None:
    words = (Word("你好。", 0.0, 1.0, 1.0), Word("再见。", 1.2, 2.0, 1.0))
    made = assembly(Reasons()).add(piece(5, 8), Hypothesis("你好。再见。", "zh", words=words))
    assert [(segment.text, segment.start_seconds) for segment in made] == [("你好。", 5.0), ("再见。", 6.2)]


def test_invented_text_is_withheld_counted_and_told() -> None:
    observer = Reasons()
    work = assembly(observer)
    made = work.add(piece(3, 6), Hypothesis("字幕由Amara.org社群提供", "zh", no_speech_prob=0.9, avg_logprob=-1.2))
    transcript = work.transcript(6.0)
    assert made == ()
    assert transcript.text == ""
    assert [(s.start_seconds, s.reason) for s in transcript.suppressed] == [(3.0, observer.heard[0])]


def test_the_guard_can_be_switched_off() -> None:
    work = assembly(Reasons(), guard=False)
    work.add(piece(3, 6), Hypothesis("字幕由Amara.org社群提供", "zh", no_speech_prob=0.9, avg_logprob=-1.2))
    assert work.transcript(6.0).text


def test_chinese_comes_out_simplified() -> None:
    work = assembly(Reasons())
    work.add(piece(0, 3), Hypothesis("軟體開發", "zh"))
    assert work.transcript(3.0).text == "软体开发"


def test_channels_interleave_by_time() -> None:
    work = assembly(Reasons())
    work.add(piece(4, 6, channel=0), Hypothesis(" Later", "en"))
    work.add(piece(1, 3, channel=1), Hypothesis(" Sooner", "en"))
    transcript = work.transcript(6.0)
    assert [(s.text, s.channel) for s in transcript.segments] == [("Sooner", 1), ("Later", 0)]


def test_the_language_is_that_of_most_speech() -> None:
    work = assembly(Reasons())
    work.add(piece(0, 2), Hypothesis(" Hello", "en", language_probability=0.9))
    work.add(piece(2, 9), Hypothesis("你好", "zh", language_probability=0.8))
    transcript = work.transcript(9.0)
    assert (transcript.language, transcript.language_probability) == ("zh", 0.8)


def test_a_split_channel_has_the_name_its_caller_gave_it_or_its_number() -> None:
    work = assembly(Reasons(), channel_mode=ChannelMode.SPLIT, channel_names=("agent",))
    work.add(piece(0, 2, channel=0), Hypothesis("Hello.", "en"))
    work.add(piece(2, 4, channel=1), Hypothesis("Hi.", "en"))
    assert [segment.speaker for segment in work.transcript(4.0).segments] == ["agent", "Channel 2"]


def test_segments_have_a_mood_where_one_was_asked_for() -> None:
    work = assembly(Reasons(), mood=True)
    work.add(piece(0, 2), Hypothesis("This is terrible.", "en"))
    assert work.transcript(2.0).segments[0].mood.label is MoodLabel.NEGATIVE
