"""The small decisions behind other vendors' doors: containers by their first bytes, bare words, times of tokens."""

import pytest

from lingting.api.deepgram.answers import bare
from lingting.api.http.fields import Fields
from lingting.api.ws.aliyun.wishes import text_options
from lingting.api.ws.funasr.funasr_times import stamp_sentences, timestamp, tokens_of
from lingting.api.ws.hints import hinted
from lingting.audio.live_formats import container_of
from lingting.domain import Hotword, Hotwords, RecognizeOptions, Word
from lingting.domain.errors import InvalidOption
from lingting.text.hotwords.packs import load_shipped
from lingting.text.hotwords.shelf import HotwordShelf

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"RIFF\x00\x00", "wav"),
        (b"OggS", "ogg"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"fLaC", "flac"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"\xff\xf3\x40\x00", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xfd\x00\x00", None),
        (b"\xff\xff\xff\xff", None),
        (b"\x00\x00\x00\x00", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head, container) -> None:
    assert container_of(head) == container


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, World!", "hello world"),
        ("it's O'Neill's well-known", "it's o'neill's well-known"),
        ("U.S. - 3.5 %", "u.s 3.5"),
        ("你好，世界。", "你好世界"),
        ("…", ""),
    ],
)
def test_a_bare_text_keeps_marks_inside_words_only(text, said) -> None:
    assert bare(text) == said


def test_characters_share_the_time_of_their_word_and_spaced_words_have_their_own() -> None:
    words = [Word("你好，", 0.0, 0.6, 1.0), Word("hello", 0.6, 1.0, 1.0), Word(" there.", 1.0, 1.5, 1.0)]
    tokens = tokens_of(words)
    assert [(token.text, token.mark) for token in tokens] == [("你", ""), ("好", "，"), ("hello", ""), ("there", ".")]
    assert timestamp(tokens) == "[[0,300],[300,600],[600,1000],[1000,1500]]"
    first, second = stamp_sentences(tokens)
    assert (first["text_seg"], first["punc"], first["end"]) == ("你 好", "，", 600)
    assert (second["text_seg"], second["punc"], second["start"]) == ("hello there", ".", 600)


def test_marks_alone_are_no_tokens_and_an_unended_sentence_is_one() -> None:
    tokens = tokens_of([Word("「", 0.0, 0.1, 1.0), Word("是", 0.1, 0.2, 1.0), Word("...", 0.2, 0.3, 1.0)])
    assert [token.text for token in tokens] == ["是"]
    assert [sentence["punc"] for sentence in stamp_sentences(tokens)] == [""]
    assert stamp_sentences([]) == []


def test_hints_are_hotwords_as_far_as_they_can_be_and_packs_stay() -> None:
    before = Hotwords((Hotword("old"), Hotword("stent", pack="medical")))
    assert hinted(before, [" a ", "", "x" * 51, "\ud800", "b"], param="hotwords").texts == ("a", "b", "stent")
    assert len(hinted(Hotwords(), [f"w{i}" for i in range(2_000)], param="hotwords").words) == 1_000
    with pytest.raises(InvalidOption):
        hinted(before, [1], param="hotwords")


@pytest.mark.parametrize(("vocabulary", "packs"), [("car", {"car"}), ("a1b2c3d4", set()), (None, set())])
def test_a_vocabulary_of_aliyuns_clients_may_name_a_pack(vocabulary, packs) -> None:
    shelf = HotwordShelf(load_shipped().values())
    options = text_options(Fields({"vocabulary_id": vocabulary}), RecognizeOptions(), shelf)
    assert {word.pack for word in options.hotwords.words} == packs
