"""Personal data under tags: hidden from the model, given back to whom it belongs, however the reply is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.dialogue.chat.put_back import MAX_TAGS, TagBook
from lingting.domain import PiiKind
from lingting.text.privacy.pii_found import Found

pytestmark = pytest.mark.unit

PHONE, OTHER, MAIL = "13812345678", "13987654321", "ann@example.com"


def found_in(text: str, *data: tuple[str, PiiKind]) -> list[Found]:
    return [Found(text.index(value), text.index(value) + len(value), kind) for value, kind in data]


def book(*data: tuple[str, PiiKind], language: str = "en") -> tuple[TagBook, str]:
    made, text = TagBook(), " and ".join(value for value, _ in data)
    return made, made.hidden(text, found_in(text, *data), language)


def given_back(made: TagBook, *pieces: str) -> list[str]:
    reply = made.put_back()
    return [*(reply.push(piece) for piece in pieces), reply.finish()]


def test_each_of_the_data_has_a_tag_of_its_own_that_it_keeps() -> None:
    made, text = book((PHONE, PiiKind.PHONE), (OTHER, PiiKind.PHONE), (MAIL, PiiKind.EMAIL))
    assert text == "[PHONE_1] and [PHONE_2] and [EMAIL_1]"
    again = f"it is {OTHER}"
    assert made.hidden(again, found_in(again, (OTHER, PiiKind.PHONE)), "en") == "it is [PHONE_2]"


def test_tags_are_in_the_language_of_the_text() -> None:
    assert book((PHONE, PiiKind.PHONE), language="zh")[1] == "[电话_1]"


def test_the_data_comes_back_in_whatever_brackets_the_model_writes() -> None:
    made, _ = book((PHONE, PiiKind.PHONE))
    assert "".join(given_back(made, "[PHONE_1], 【phone_1】!")) == f"{PHONE}, {PHONE}!"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(PiiKind))
def test_every_kind_of_data_comes_back(kind: PiiKind, language: str) -> None:
    made, text = book((PHONE, kind), language=language)
    assert PHONE not in text
    assert "".join(given_back(made, text)) == PHONE


def test_a_tag_in_pieces_waits_and_what_is_none_does_not() -> None:
    made, _ = book((PHONE, PiiKind.PHONE))
    assert given_back(made, "Call [", "PHO", "NE_1", "] at [", "noon]") == [
        "Call ",
        "",
        "",
        f"{PHONE} at ",
        "[noon]",
        "",
    ]


def test_tags_of_nobody_and_tags_that_never_end_stay_as_they_are() -> None:
    made, _ = book((PHONE, PiiKind.PHONE))
    assert "".join(given_back(made, "[PHONE_2] [EMAIL_1] [PHONE_1")) == "[PHONE_2] [EMAIL_1] [PHONE_1"


def test_where_it_is_off_tags_stay() -> None:
    made, _ = book((PHONE, PiiKind.PHONE))
    reply = made.put_back(is_on=False)
    assert reply.push("[PHONE_1]") == reply.text == "[PHONE_1]"


def test_tags_of_a_conversation_that_was_resumed_are_not_given_again() -> None:
    made = TagBook()
    made.passed(["my number is [电话_3]", "【EMAIL_1】"])
    text = f"{PHONE} {MAIL}"
    assert made.hidden(text, found_in(text, (PHONE, PiiKind.PHONE)), "zh").startswith("[电话_4]")
    assert made.hidden(text, found_in(text, (MAIL, PiiKind.EMAIL)), "en").endswith("[EMAIL_2]")


def test_what_was_heard_of_a_reply_is_remembered_with_its_tags() -> None:
    made, _ = book((PHONE, PiiKind.PHONE), ("Ann Lee", PiiKind.NAME))
    assert made.hidden_again(f"Ann Lee, I call {PHONE} n") == "[NAME_1], I call [PHONE_1] n"
    assert made.hidden_again("I call 13812") == "I call "


def test_a_book_has_a_bound_and_tells_nothing_of_itself() -> None:
    made = TagBook()
    for i in range(MAX_TAGS + 1):
        last = made.hidden(f"{i:05}", [Found(0, 5, PiiKind.PHONE)], "en")
    assert last == "[PHONE]"
    assert repr(made) == f"TagBook({MAX_TAGS} tags)"


@given(st.lists(st.integers(0, 40), max_size=8))
def test_however_a_reply_is_cut_its_user_gets_the_same(cuts: list[int]) -> None:
    made, _ = book((PHONE, PiiKind.PHONE), (MAIL, PiiKind.EMAIL))
    reply = "[[PHONE_1] [EMAIL_1]【PHONE_1】[x] [EMAIL_"
    ends = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    pieces = [reply[start:end] for start, end in pairwise(ends)]
    assert "".join(given_back(made, *pieces)) == f"[{PHONE} {MAIL}{PHONE}[x] [EMAIL_"
