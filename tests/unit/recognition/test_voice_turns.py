"""Words find their speakers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Word
from lingting.recognition.voice_turns import Turn, by_speaker, main_speaker

pytestmark = pytest.mark.unit


def words(*said: tuple[str, float, float]) -> list[Word]:
    return [Word(text, start, end, 1.0) for text, start, end in said]


TWO = (Turn(0.0, 2.0, "Speaker 1"), Turn(2.0, 4.0, "Speaker 2"))


def told(said, turns) -> list[tuple[str | None, str]]:
    return [(who, "".join(word.text for word in run)) for who, run in by_speaker(said, turns)]


def test_a_word_belongs_to_the_turn_its_middle_is_in() -> None:
    said = words((" Hello", 0.2, 0.8), (" there", 1.0, 1.8), (" hi", 2.4, 3.0))
    assert told(said, TWO) == [("Speaker 1", " Hello there"), ("Speaker 2", " hi")]


def test_words_change_hands_at_the_end_of_a_sentence_near_the_change() -> None:
    said = words(
        (" How", 0.9, 1.2), (" are", 1.2, 1.5), (" you?", 1.5, 2.4), (" Fine", 2.4, 2.8), (" thanks", 2.8, 3.2)
    )
    assert told(said, (Turn(0, 1.9, "Speaker 1"), Turn(1.9, 4, "Speaker 2"))) == [
        ("Speaker 1", " How are you?"),
        ("Speaker 2", " Fine thanks"),
    ]


def test_words_change_hands_at_a_pause_near_the_change() -> None:
    said = words(("你", 1.0, 1.2), ("好", 1.2, 1.4), ("我", 1.9, 2.1), ("在", 2.1, 2.3), ("听", 2.3, 2.5))
    assert told(said, (Turn(0, 2.15, "Speaker 1"), Turn(2.15, 4, "Speaker 2")))[0] == ("Speaker 1", "你好")


def test_a_word_outside_all_turns_goes_to_the_nearest() -> None:
    assert told(words((" late", 5.0, 6.0)), TWO) == [("Speaker 2", " late")]


def test_without_turns_nobody_speaks() -> None:
    assert told(words((" Hello", 0.2, 0.8)), ()) == [(None, " Hello")]


def test_the_main_speaker_is_who_speaks_longest() -> None:
    assert main_speaker((Turn(0, 1, "a"), Turn(1, 4, "b"), Turn(4, 5, "a"))) == "b"


times = st.lists(st.floats(0.05, 2.0), min_size=1, max_size=12)


@given(times, times)
def test_every_word_is_kept_once_in_order(lengths, turns) -> None:
    at, said, spoken = 0.0, [], []
    for index, length in enumerate(lengths):
        said.append(Word(f" {index}", at, at + length, 1.0))
        at += length
    at = 0.0
    for index, length in enumerate(turns):
        spoken.append(Turn(at, at + length, f"Speaker {index % 3}"))
        at += length
    assert [word for _, run in by_speaker(said, spoken) for word in run] == said
