import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Segment, Word
from lingting.text.realign import Edit, applied, edits_between, realigned, respelled, rewritten

pytestmark = pytest.mark.unit


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, float(i), i + 0.5, 0.9 - 0.1 * i, (i,)) for i, text in enumerate(texts))


def spelled(given: tuple[Word, ...]) -> str:
    return "".join(word.text for word in given)


def test_a_respelled_word_keeps_its_times() -> None:
    after = realigned(words("half", " past"), [Edit(5, 9, "PAST")])
    assert after.words == (words("half", " past")[0], Word(" PAST", 1.0, 1.5, 0.8, (1,)))
    assert after.merges == ()


def test_joined_words_span_from_the_first_to_the_last_and_are_as_sure_as_the_least() -> None:
    after = realigned(words("in", " twenty", " five", " days"), [Edit(3, 14, "25")])
    assert [word.text for word in after.words] == ["in", " 25", " days"]
    assert after.words[1] == Word(" 25", 1.0, 2.5, pytest.approx(0.7), (1, 2))
    assert after.merges == ((1, 2),)


def test_an_edit_inside_a_word_joins_nothing() -> None:
    assert spelled(realigned(words("二零二六年"), [Edit(0, 4, "2026")]).words) == "2026年"


def test_an_edit_of_a_part_of_two_words_joins_them() -> None:
    after = realigned(words("共二", "十三个"), [Edit(1, 4, "23")])
    assert [word.text for word in after.words] == ["共23个"]


def test_a_mark_goes_to_the_word_before_and_a_space_to_the_word_after() -> None:
    after = realigned(words("用", "Python", "写"), [Edit(1, 1, " "), Edit(7, 7, "，")])
    assert [word.text for word in after.words] == ["用", " Python，", "写"]


def test_a_mark_at_the_beginning_goes_to_the_first_word() -> None:
    assert [word.text for word in realigned(words("hola"), [Edit(0, 0, "¡")]).words] == ["¡hola"]


def test_a_word_of_which_nothing_is_left_joins_its_neighbour() -> None:
    assert [word.text for word in realigned(words("well", " um", " yes"), [Edit(4, 7, "")]).words] == ["well", " yes"]
    assert [word.text for word in realigned(words("um", " yes"), [Edit(0, 2, "")]).words] == [" yes"]


def test_only_the_text_is_needed() -> None:
    after = respelled(words(" three", " hundred", " people"), "300 people")
    assert [word.text for word in after.words] == [" 300", " people"]


def test_words_that_did_not_spell_the_text_do_afterwards() -> None:
    segment = Segment(0, 0.0, 3.0, "共二十三个", "zh", words("共", "二"))
    after = rewritten(segment, lambda _: [Edit(1, 4, "23")])
    assert after.text == "共23个"
    assert spelled(after.words).strip() == "共23个"


def test_a_segment_without_words_has_only_its_text_changed() -> None:
    assert rewritten(Segment(0, 0.0, 1.0, "ab", "en"), lambda _: [Edit(0, 1, "c")]).text == "cb"


def test_a_segment_without_edits_is_the_same() -> None:
    segment = Segment(0, 0.0, 1.0, "ab", "en", words("ab"))
    assert rewritten(segment, lambda _: []) is segment


@given(st.text(max_size=40), st.text(max_size=40))
def test_edits_between_two_texts_make_one_of_the_other(before: str, after: str) -> None:
    assert applied(before, edits_between(before, after)) == after


@st.composite
def edited(draw: st.DrawFn) -> tuple[tuple[Word, ...], list[Edit]]:
    texts = draw(st.lists(st.text(max_size=5), min_size=1, max_size=8))
    cuts = sorted(draw(st.lists(st.integers(0, sum(map(len, texts))), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return words(*texts), [Edit(low, high, draw(st.text(max_size=4))) for low, high in pairs]


def test_what_is_inserted_twice_at_one_place_stays_in_order() -> None:
    after = realigned(words("", ""), [Edit(0, 0, "\r"), Edit(0, 0, "0")])
    assert spelled(after.words) == "\r0"


@given(edited())
def test_the_words_spell_the_edited_text(case: tuple[tuple[Word, ...], list[Edit]]) -> None:
    before, edits = case
    assert spelled(realigned(before, edits).words) == applied(spelled(before), edits)


@given(edited())
def test_times_run_forward_and_cover_the_same(case: tuple[tuple[Word, ...], list[Edit]]) -> None:
    before, edits = case
    after = realigned(before, edits).words
    starts = [word.start_seconds for word in after]
    assert starts == sorted(starts)
    assert all(word.start_seconds <= word.end_seconds for word in after)
    assert (after[0].start_seconds, after[-1].end_seconds) == (before[0].start_seconds, before[-1].end_seconds)


@given(edited())
def test_every_word_is_accounted_for(case: tuple[tuple[Word, ...], list[Edit]]) -> None:
    before, edits = case
    after = realigned(before, edits)
    lost = sum(last - first for first, last in after.merges)
    assert len(after.words) + lost == len(before)
    assert [token for word in after.words for token in word.tokens] == [word.tokens[0] for word in before]


@given(st.lists(st.text(max_size=6), min_size=1, max_size=8), st.text(max_size=30))
def test_any_text_can_be_respelled(texts: list[str], text: str) -> None:
    assert spelled(respelled(words(*texts), text).words).strip() == text.strip()
