"""Lists of hotwords as callers write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Hotword, Hotwords
from lingting.domain.errors import InvalidOption
from lingting.domain.hotwords import MAX_PROMPT_CHARACTERS, prompt_of
from lingting.text.hotwords.reading import read_hotwords

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given_as", "texts"),
    [
        ("血压:3, stent", [("血压", 3.0), ("stent", 1.0)]),
        (
            "血压：不是权重、支架，stent\nedema",
            [("血压：不是权重", 1.0), ("支架", 1.0), ("stent", 1.0), ("edema", 1.0)],
        ),
        (["血压:2.5", "blood pressure"], [("血压", 2.5), ("blood pressure", 1.0)]),
        ('["血压", {"text": "stent", "weight": 2}]', [("血压", 1.0), ("stent", 2.0)]),
        ({"血压": 3, "stent": 0.5}, [("血压", 3), ("stent", 0.5)]),
        ('{"血压": 3}', [("血压", 3)]),
        ([], []),
    ],
)
def test_every_way_to_write_a_list_is_read(given_as, texts) -> None:
    assert [(word.text, word.weight) for word in read_hotwords(given_as)] == texts


@pytest.mark.parametrize(
    ("given_as", "reason"),
    [
        (3, "is neither a text nor a list"),
        ([3], "entry 1: is neither a text nor an object"),
        (["ok", "血压:11"], "entry 2: weight 11.0 is outside 0.1 to 10"),
        (["ok", {"text": "x", "weight": "2"}], "entry 2: weight is no number"),
        ([{"text": "x", "weight": True}], "entry 1: weight is no number"),
        ([{"text": "x", "colour": "red"}], "entry 1: 'colour' is unknown"),
        ([{"text": "stent", "replaces": "stunt"}], "entry 1: replaces is no list of texts"),
        ([{"text": "stent", "replaces": ["x"] * 21}], "entry 1: replaces has 21 entries; at most 20"),
        ([{"weight": 2}], "entry 1: text is missing"),
        ([{"text": "stent", "language": "xx"}], "entry 1: "),
        (["x" * 51], "entry 1: a word of 51 characters; at most 50"),
        (["\ud800"], "entry 1: a word has letters"),
        (["a\x00b"], "entry 1: a word has letters"),
        (["..."], "entry 1: a word has letters"),
        (["w"] * 1_001, "more than 1000 words"),
        ("[", "begins like JSON"),
        ("[" * 100_000, "begins like JSON"),
        ("a" * 200_001, "at most 200000"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_number(given_as, reason) -> None:
    with pytest.raises(InvalidOption) as refused:
        read_hotwords(given_as)
    assert refused.value.param == "hotwords"
    assert reason in refused.value.message


@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.floats(), st.lists, max_leaves=5)))
def test_whatever_is_sent_is_read_or_refused(given_as) -> None:
    with contextlib.suppress(InvalidOption):
        assert all(word.text for word in read_hotwords(given_as))


def test_lists_that_ask_for_the_same_are_equal() -> None:
    one, other = (Hotwords((Hotword("stent", 2.0), Hotword("stent", 2.0))) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert len(one.words) == 1
    assert one != Hotwords((Hotword("stent"),))


def test_a_list_with_its_packs_is_bounded() -> None:
    with pytest.raises(InvalidOption, match="3001 words with those of the packs; at most 3000"):
        Hotwords(tuple(Hotword(f"word{i}") for i in range(3_001)))


def test_a_prompt_has_the_heaviest_words_last_and_none_that_the_language_does_not_write() -> None:
    words = Hotwords((Hotword("血压"), Hotword("stent", 3.0), Hotword("支架", 2.0), Hotword("Herz", language="de")))
    assert prompt_of(words, "zh") == "血压、支架、stent。"
    assert prompt_of(words, "en") == "stent."
    assert prompt_of(words, "de") == "Herz, stent."
    many = Hotwords(tuple(Hotword(f"{'长' * 20}{i}") for i in range(50)))
    assert 0 < len(prompt_of(many, "zh")) <= MAX_PROMPT_CHARACTERS + 1
