"""Who calls the bot wakes it, who takes leave sends it to sleep, and nothing said between passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.audio.wake_words import WAKE_WORDS
from lingting.dialogue.wake.wake import Passed, SleepReason, Slept, Wake, Woke
from lingting.dialogue.wake.wake_settings import WakeSettings
from lingting.domain import Closed, CloseReason, Event, Final, Partial, SpeechEnded, SpeechStarted, Word
from lingting.domain.errors import InvalidOption
from lingting.domain.events import SegmentFailed

pytestmark = pytest.mark.unit

ZH = WakeSettings(phrases=("小听小听", "hey lingting"), sleep_seconds=20.0)


def started(segment: int, at: float = 0.0) -> SpeechStarted:
    return SpeechStarted(0, segment, at)


def partial(segment: int, stable: str, tail: str = "") -> Partial:
    return Partial(0, segment, 0.0, 1.0, stable, tail, "zh")


def ended(segment: int, at: float = 0.0, end: float = 2.0) -> SpeechEnded:
    return SpeechEnded(0, segment, at, end)


def final(segment: int, text: str, words: Sequence[Word] = ()) -> Final:
    return Final(0, segment, 0.0, 2.0, text, "zh", words=tuple(words))


def said(segment: int, text: str) -> list[Event]:
    return [started(segment), partial(segment, text), ended(segment), final(segment, text)]


def heard(wake: Wake, events: Sequence[Event], now: float = 0.0) -> list[Passed]:
    return [passed for event in events for passed in wake.filter(event, now)]


def texts(passed: Sequence[Passed]) -> list[str]:
    return [each.text for each in passed if isinstance(each, Final)]


def test_what_is_said_to_a_sleeping_bot_does_not_pass() -> None:
    assert heard(Wake(ZH), said(1, "今天天气怎么样？")) == []


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("小听小听，今天天气怎么样？", "今天天气怎么样？"),
        ("小婷小婷今天天气怎么样", "今天天气怎么样"),
        ("嘿，小听小听。打开灯", "打开灯"),
        ("小听小听，小听小听，打开灯", "打开灯"),
        ("Xiaoting Xiaoting，打开灯", "打开灯"),
        ("Hey Lingting, what time is it?", "what time is it?"),
        ("Hey, Ling Ting. What time is it?", "What time is it?"),
        ("Hailing Ting, what time is it?", "what time is it?"),
        ("嘿玲婷，几点了", "几点了"),
        ("小听小听。", ""),
    ],
)
def test_words_after_the_phrase_are_the_first_question(text: str, question: str) -> None:
    passed = heard(Wake(ZH), [started(1), ended(1), final(1, text)])
    assert [type(each) for each in passed] == [Woke, SpeechStarted, SpeechEnded, Final]
    assert texts(passed) == [question]


@pytest.mark.parametrize(
    "text",
    [
        "我刚才说小听小听",
        "小心小心",
        "小声一点",
        "听小听小",
        "hey listen to me",
        "hey Lindsay",
        "小明同学",
        "小明小明",
        "",
        "。",
    ],
)
def test_other_words_and_the_phrase_later_in_the_sentence_do_not_wake_it(text: str) -> None:
    wake = Wake(ZH)
    assert heard(wake, said(1, text)) == []
    assert not wake.is_awake


def test_it_wakes_with_the_partial_and_shows_only_what_follows_the_phrase() -> None:
    wake = Wake(ZH)
    assert heard(wake, [started(1), partial(1, "", "小")]) == []
    first = heard(wake, [partial(1, "小听", "小听，今")])
    assert first == [Woke("小听小听", 1), started(1), partial(1, "", "今")]
    assert heard(wake, [partial(1, "小听小听，今天", "天气")]) == [partial(1, "今天", "天气")]
    closing = heard(wake, [ended(1), final(1, "小听小听，今天天气怎么样？")])
    assert closing[0] == ended(1)
    assert texts(closing) == ["今天天气怎么样？"]
    assert isinstance(closing[1], Final)
    assert closing[1].stable == "今天", "as it was shown"


def test_a_doubtful_partial_that_the_final_takes_back_wakes_nobody_for_long() -> None:
    wake = Wake(ZH)
    passed = heard(wake, [started(1), partial(1, "小丁小丁"), ended(1), final(1, "消息要停播了")])
    assert texts(passed) == [""]
    assert passed[-1] == Slept(SleepReason.DOUBTED)
    assert not wake.is_awake


def test_a_clear_call_is_one_though_the_final_has_lost_it() -> None:
    wake = Wake(ZH)
    assert texts(heard(wake, [started(1), partial(1, "小婷小婷"), ended(1), final(1, "小")])) == [""]
    assert wake.is_awake
    assert texts(heard(wake, said(2, "几点了"))) == ["几点了"]


def test_one_odd_character_before_a_clear_phrase_is_overheard() -> None:
    assert texts(heard(Wake(ZH), said(1, "一笑挺笑挺，几点了"))) == ["几点了"]
    assert heard(Wake(ZH), said(1, "一小丁小丁，几点了")) == []


def test_the_words_of_a_final_lose_the_phrase_and_keep_their_times() -> None:
    spelled = ["小听", "小", "听，今", "天"]
    words = [Word(text, i * 0.5, i * 0.5 + 0.5, 0.9) for i, text in enumerate(spelled)]
    (last,) = (
        each for each in heard(Wake(ZH), [started(1), final(1, "小听小听，今天", words)]) if isinstance(each, Final)
    )
    assert [(word.text, word.start_seconds) for word in last.words] == [("今", 1.0), ("天", 1.5)]
    english = [Word(text, i * 0.5, i * 0.5 + 0.5, 0.9) for i, text in enumerate([" Hey", " Lingting,", " what?"])]
    (last,) = (
        each
        for each in heard(Wake(ZH), [started(1), final(1, "Hey Lingting, what?", english)])
        if isinstance(each, Final)
    )
    assert [word.text.strip() for word in last.words] == ["what?"]


def test_once_awake_it_hears_everything_without_the_phrase() -> None:
    wake = Wake(ZH)
    heard(wake, said(1, "小听小听"))
    assert heard(wake, said(2, "明天呢？"), 5.0) == said(2, "明天呢？")


def test_what_began_before_the_phrase_stays_unheard() -> None:
    wake = Wake(ZH)
    passed = heard(
        wake, [started(1), started(2), partial(2, "小听小听"), final(1, "我们去吃饭吧"), final(2, "小听小听开灯")]
    )
    assert texts(passed) == ["开灯"]


def test_it_falls_asleep_after_a_silence_but_not_over_speech_or_a_reply() -> None:
    wake = Wake(ZH)
    heard(wake, said(1, "小听小听"), 1.0)
    assert wake.due_seconds == 21.0
    heard(wake, [started(2)], 20.0)
    assert wake.due_seconds is None
    heard(wake, [final(2, "讲个故事")], 22.0)
    wake.replying(is_replying=True, now_seconds=22.0)
    assert wake.tick(100.0) == []
    wake.replying(is_replying=False, now_seconds=100.0)
    assert wake.tick(119.0) == []
    assert wake.tick(120.0) == [Slept(SleepReason.QUIET)]
    assert wake.due_seconds is None


def test_speech_that_begins_after_the_silence_comes_too_late() -> None:
    wake = Wake(ZH, is_awake=True)
    assert heard(wake, said(1, "还有一件事"), 20.5) == [Slept(SleepReason.QUIET)]


def test_with_no_sleep_timer_it_stays_awake() -> None:
    wake = Wake(WakeSettings(phrases=("小听小听",), sleep_seconds=0.0), is_awake=True)
    assert wake.due_seconds is None
    assert wake.tick(1e9) == []


@pytest.mark.parametrize(
    "text",
    [
        "再见",
        "再见。",
        "好的，谢谢，再见！",
        "休息吧",
        "去休息吧",
        "Goodbye.",
        "Good bye!",
        "OK, thank you, bye bye",
        "go to sleep now",
    ],
)
def test_words_of_leave_pass_and_then_it_sleeps(text: str) -> None:
    wake = Wake(ZH, is_awake=True)
    passed = heard(wake, said(1, text))
    assert texts(passed) == [text]
    assert passed[-1] == Slept(SleepReason.SAID)
    assert heard(wake, said(2, "今天天气怎么样")) == []


@pytest.mark.parametrize(
    "text", ["怎么用英语说再见", "再见是什么意思", "say goodbye in Chinese", "好的", "停", "谢谢", ""]
)
def test_talk_about_leave_is_none(text: str) -> None:
    wake = Wake(ZH, is_awake=True)
    heard(wake, said(1, text))
    assert wake.is_awake


def test_who_takes_leave_and_goes_on_talking_is_heard() -> None:
    wake = Wake(ZH, is_awake=True)
    passed = heard(wake, [started(1), ended(1), started(2), final(1, "再见"), final(2, "等一下，几点了")])
    assert texts(passed) == ["再见", "等一下，几点了"]
    assert wake.is_awake
    passed = heard(wake, [started(3), ended(3), started(4), final(3, "再见"), final(4, "")])
    assert passed[-1] == Slept(SleepReason.SAID), "a cough is no more talk"


def test_a_failed_segment_closes_for_turn_taking_only_where_it_was_opened() -> None:
    failed = SegmentFailed(0, 1, 0.0, 1.0, "engine_failed", "it broke", retryable=True)
    assert heard(Wake(ZH), [started(1), failed]) == []
    assert heard(Wake(ZH, is_awake=True), [started(1), failed]) == [started(1), failed]
    assert heard(Wake(ZH), [started(1), partial(1, "小听小听"), failed])[-1] == failed


def test_the_end_of_the_session_passes_a_sleeping_bot() -> None:
    closed = Closed(0, CloseReason.FINISHED, 1.0)
    assert Wake(ZH).filter(closed, 0.0) == [closed]


WORDS = WakeSettings(words=("okay_nabu",), sleep_seconds=20.0)


def test_a_word_that_is_heard_by_its_sound_releases_the_segment_it_was_said_in() -> None:
    wake = Wake(WORDS)
    assert heard(wake, [started(1, 0.5)]) == []
    assert wake.spotted("okay_nabu", 1.4, now_seconds=1.5) == [Woke("okay_nabu", 1), started(1, 0.5)]
    assert texts(heard(wake, [final(1, "Okay, Nabu, what time is it?")])) == ["what time is it?"]


@pytest.mark.parametrize(
    ("text", "question"),
    [("OK, now boo. What time is it?", "What time is it?"), ("What time is it?", "What time is it?")],
)
def test_its_words_need_not_be_recognised(text: str, question: str) -> None:
    wake = Wake(WORDS)
    heard(wake, [started(1, 0.5)])
    wake.spotted("okay_nabu", 1.4, now_seconds=1.5)
    assert texts(heard(wake, [final(1, text)])) == [question]


def test_a_word_that_is_heard_before_its_segment_is_known_to_have_begun_counts_for_it() -> None:
    wake = Wake(WORDS)
    assert wake.spotted("okay_nabu", 1.4, now_seconds=1.4) == [Woke("okay_nabu")]
    assert texts(heard(wake, [started(1, 0.5), final(1, "Okay Nabu, lights on")])) == ["lights on"]


def test_every_fixed_word_that_there_is_can_be_listened_for() -> None:
    for word in WAKE_WORDS:
        assert Wake(WakeSettings(words=(word,))).spotted(word, 1.0, now_seconds=1.0) == [Woke(word)]


def test_the_phrase_in_the_text_does_not_wake_a_bot_that_listens_for_the_sound() -> None:
    assert heard(Wake(WORDS), said(1, "Okay Nabu, lights on")) == []


def test_without_phrases_and_words_it_is_always_awake() -> None:
    wake = Wake(WakeSettings())
    assert wake.is_awake
    assert wake.due_seconds is None
    assert heard(wake, said(1, "再见"), 1e6) == said(1, "再见")


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [("小听", "too short"), ("hi", "too short"), ("привет друг", "neither"), ("一" * 13, "at most 12")],
)
def test_a_phrase_that_cannot_work_is_refused_with_the_reason(phrase: str, problem: str) -> None:
    with pytest.raises(InvalidOption, match=problem):
        Wake(WakeSettings(phrases=(phrase,)))


def test_a_word_of_leave_without_letters_is_refused() -> None:
    with pytest.raises(InvalidOption, match="sleep_words"):
        Wake(WakeSettings(phrases=("小听小听",), sleep_words=("!?",)))


TEXTS = st.sampled_from(
    [
        "",
        "嗯",
        "小听小听",
        "小听小听，今天呢",
        "再见",
        "今天天气",
        "what about it",
        "hey lingting lights",
        "小心小心",
        "停",
    ]
)
SPOKEN = st.lists(
    st.tuples(TEXTS, TEXTS, st.sampled_from(["final", "failed"]), st.floats(0.0, 30.0), st.booleans()), max_size=10
)
CALLS = ("小听小听", "hey lingting")


@settings(max_examples=200, deadline=None)
@given(SPOKEN, st.booleans())
def test_asleep_it_lets_no_words_through_and_awake_it_loses_none(
    spoken: list[tuple[str, str, str, float, bool]], begins_awake: bool
) -> None:
    wake, now, open_segments = Wake(ZH, is_awake=begins_awake), 0.0, set()
    for number, (draft, text, kind, gap, is_replying) in enumerate(spoken, 1):
        now += gap
        given = wake.filter(started(number), now)
        was_awake = wake.is_awake
        given += wake.filter(partial(number, draft), now)
        last: Event = final(number, text)
        if kind == "failed":
            last = SegmentFailed(0, number, 0.0, 1.0, "engine_failed", "it broke", retryable=True)
        given += wake.filter(ended(number), now) + wake.filter(last, now)
        calls = draft.startswith(CALLS) or (kind == "final" and text.startswith(CALLS))
        if was_awake:
            assert [each for each in given if not isinstance(each, Slept)] == [
                *(started(number), partial(number, draft), ended(number), last)
            ]
        elif not calls:
            assert all(isinstance(each, Slept) for each in given)
        for each in given:
            if isinstance(each, SpeechStarted):
                open_segments.add(each.segment)
            elif isinstance(each, Final | SegmentFailed):
                open_segments.remove(each.segment)
            elif isinstance(each, Partial | SpeechEnded):
                assert each.segment in open_segments
            if isinstance(each, Final | Partial) and not was_awake:
                assert not each.text.startswith(CALLS)
        wake.replying(is_replying=is_replying and wake.is_awake, now_seconds=now)
    assert not open_segments
