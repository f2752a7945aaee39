"""What is parted over segments, what waits, and what a draft may show."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain import PiiKind, Redaction, RedactMode, Segment
from lingting.text.privacy.redaction import find
from lingting.text.privacy.redaction_window import MAX_HELD, RedactionWindow

pytestmark = pytest.mark.unit

MASK = Redaction(RedactMode.MASK)
NUMBERS = Redaction(RedactMode.MASK, (PiiKind.PHONE, PiiKind.ID_CARD))


def _segment(number: int, text: str, language: str = "zh") -> Segment:
    return Segment(number, float(number), number + 1.0, text, language)


def _texts(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments]


def test_a_number_over_two_segments_is_hidden_in_both() -> None:
    window = RedactionWindow(MASK)
    assert window.take([_segment(0, "我的电话是138。")]) == []
    assert _texts(window.take([_segment(1, "0013 8000，再见。")])) == ["我的电话是***。", "*********，再见。"]


def test_what_nothing_can_follow_is_given_at_once() -> None:
    window = RedactionWindow(MASK)
    assert _texts(window.take([_segment(0, "你好。")])) == ["你好。"]
    assert _texts(window.take([_segment(1, "电话13800138000。")])) == ["电话***********。"]


def test_an_ordinary_number_at_an_end_is_given_whole_with_the_next_segment() -> None:
    window = RedactionWindow(MASK)
    assert window.take([_segment(0, "一共是138")]) == []
    assert _texts(window.take([_segment(1, "好的。")])) == ["一共是138", "好的。"]


def test_digits_that_are_let_go_while_they_may_go_on_are_hidden() -> None:
    window = RedactionWindow(MASK)
    window.take([_segment(0, "是138")])
    assert _texts(window.let_go()) == ["是***"]
    assert _texts(window.take([_segment(1, "00138000吧。")])) == ["********吧。"]


def test_the_end_leaves_an_ordinary_number_as_it_is() -> None:
    window = RedactionWindow(MASK)
    window.take([_segment(0, "一共是138")])
    assert _texts(window.finish()) == ["一共是138"]


def test_what_waits_is_bounded() -> None:
    window = RedactionWindow(MASK)
    given_back = [window.take([_segment(i, "零零")]) for i in range(MAX_HELD + 2)]
    assert any(given_back)


def test_a_name_announced_in_one_segment_and_said_in_the_next_is_hidden() -> None:
    window = RedactionWindow(MASK)
    window.take([_segment(0, "我叫")])
    assert _texts(window.take([_segment(1, "王小明。")])) == ["***。"]


def test_an_address_of_mail_over_two_segments_is_hidden() -> None:
    window = RedactionWindow(MASK)
    assert window.take([_segment(0, "write to john dot smith at", "en")]) == []
    done = window.take([_segment(1, "example dot com please", "en")])
    assert "smith" not in done[0].text
    assert "example" not in done[1].text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我的电话是138", "我的电话是"),
        ("我的电话是一三八零零", "我的电话是"),
        ("我的电话是13800138000然后", "我的电话是***********然后"),
        ("给我打138 0013 80", "给我打"),
        ("今天很好", "今天很好"),
    ],
)
def test_a_draft_ends_before_digits_that_may_go_on(text: str, shown: str) -> None:
    assert RedactionWindow(NUMBERS).draft(text, "zh") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("你好。我叫王小", "你好。"), ("我叫王小明，今", ""), ("我叫王小明。今天", "我叫***。")],
)
def test_a_draft_shows_whole_sentences_where_names_are_hidden(text: str, shown: str) -> None:
    assert RedactionWindow(MASK).draft(text, "zh") == shown


def test_a_draft_knows_what_was_said_before() -> None:
    window = RedactionWindow(NUMBERS)
    window.take([_segment(0, "电话138")])
    assert window.draft("00138000好的", "zh") == "********好的"


NUMBER = "13800138000"
fillers = st.sampled_from(["", "好。", "我的电话是", "嗯，", "谢谢。", "再见"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10), max_size=3, unique=True), fillers, fillers, st.sampled_from(["", "。", " ", "，"]))
def test_however_a_number_is_cut_no_part_is_shown(cuts: list[int], before: str, after: str, mark: str) -> None:
    edges = [0, *sorted(cuts), len(NUMBER)]
    parts = [NUMBER[low:high] + mark for low, high in pairwise(edges)]
    parts[0], parts[-1] = before + parts[0], parts[-1] + after
    window = RedactionWindow(NUMBERS)
    given_back = [done for i, part in enumerate(parts) for done in window.take([_segment(i, part)])]
    given_back += window.finish()
    assert [segment.id for segment in given_back] == list(range(len(parts)))
    assert not any(character.isdigit() for segment in given_back for character in segment.text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="我叫王小明电话138 零一幺，。是ab.@", max_size=40), st.integers(0, 40))
def test_a_draft_shows_no_part_of_what_the_whole_hides(text: str, length: int) -> None:
    """The draft of a beginning, cut anywhere, is a beginning of what the final shows, but for digits no final hides."""
    shown = RedactionWindow(MASK).draft(text[:length], "zh")
    for each in find(text, MASK.kinds):
        if each.end <= len(shown):
            assert shown[each.start : each.end] == "*" * (each.end - each.start)
