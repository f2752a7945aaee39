"""A broken pack is refused with its file, its line and the reason, and what ships is sound."""

from pathlib import Path

import pytest

from lingting.domain import Hotword, Punctuation, RecognizeOptions, Segment
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.text.chain import apply
from lingting.text.hotwords.packs import HotwordPack, load_folder, load_shipped, pack_to_toml, read_pack
from lingting.text.hotwords.shelf import HotwordSettings, HotwordShelf

pytestmark = pytest.mark.unit

MANY = ", ".join(f'"word{i}"' for i in range(1_001))
BROKEN_TOML = [
    ("", 1, "holds no words"),
    ("title = 'a'\nwords = [\n", 3, "is not TOML"),
    ("words = ['stent']\nwords = ['x']\n", 2, "is not TOML"),
    ("title = 3\nwords = ['stent']\n", 1, "title has up to"),
    ("\nsurprise = 1\nwords = ['stent']\n", 2, "'surprise' is unknown"),
    ("words = 'stent'\n", 1, "words is no list"),
    ("words = [3]\n", 1, "word 1 is neither a text nor a table"),
    ("words = [\n  'ok',\n  '!!!',\n]\n", 3, "letters or digits"),
    ("words = [\n  'stent',\n  'ok', 'stent'\n]\n", 2, "'stent' stands here twice"),
    ("[[words]]\ntext = 'stent'\n\n[[words]]\ntext = 'edema'\nweight = 11\n", 4, "weight 11 is outside 0.1 to 10"),
    ("[[words]]\ntext = 'stent'\nweight = 'heavy'\n", 1, "weight 'heavy' is no number"),
    ("[[words]]\ntext = 'stent'\nweight = nan\n", 1, "outside"),
    ("[[words]]\ntext = 'stent'\nreplaces = 'x'\n", 1, "replaces is no list"),
    ("[[words]]\nweight = 2\n", 1, "text is missing"),
    ("[[words]]\ntext = 'stent'\ncolour = 'red'\n", 1, "'colour' is unknown"),
    ("[[words]]\ntext = 'stent'\nlanguage = 'klingon'\n", 1, "is not supported"),
    ("words = ['" + "x" * 51 + "']\n", 1, "51 characters; at most 50"),
    (f"words = [{MANY}]\n", 1, "more than 1000 words"),
    ("a = " + "[" * 5_000, 1, "is"),
]
BROKEN_CSV = [
    ("", 1, "the first line names the columns"),
    ("stent\n", 1, "the first line names the columns"),
    ("text,colour\nstent,red\n", 1, "the first line names the columns"),
    ("text,weight\nstent,2\nedema,many\n", 3, "weight 'many' is no number"),
    ("text,weight\nstent,0.01\n", 2, "outside 0.1 to 10"),
    ("text\nstent,2\n", 2, "more fields"),
    ("text\nstent\nstent\n", 3, "stands here twice"),
    ("text,weight\n,2\n", 2, "text is missing"),
    ('text\n"stent\n', 2, "is not CSV"),
]


@pytest.mark.parametrize(("content", "line", "reason"), BROKEN_TOML)
def test_what_is_wrong_in_toml_is_told_with_its_line(content, line, reason) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_pack(content.encode(), "mine.toml")
    assert refused.value.message.startswith(f"mine.toml:{line}: ")
    assert reason in refused.value.message


@pytest.mark.parametrize(("content", "line", "reason"), BROKEN_CSV)
def test_what_is_wrong_in_csv_is_told_with_its_line(content, line, reason) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_pack(content.encode(), "mine.csv")
    assert refused.value.message.startswith(f"mine.csv:{line}: ")
    assert reason in refused.value.message


@pytest.mark.parametrize("name", ["Mine.toml", "my pack.csv", "x" * 41 + ".toml"])
def test_a_files_name_is_the_packs(name) -> None:
    with pytest.raises(SettingsInvalid, match="names the pack"):
        read_pack(b"words = ['stent']", name)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match=r"mine\.csv:2: is not UTF-8"):
        read_pack(b"text\n\xff\xfe", "mine.csv")


def test_toml_and_csv_say_the_same() -> None:
    table = read_pack("text,weight,replaces,language\n高血压,2,高雪压|高血鸭,zh\nstent,,,\n".encode(), "mine.csv")
    written = pack_to_toml(HotwordPack("mine", "Mine", table.words))
    assert read_pack(written.encode(), "mine.toml").words == table.words
    assert table.words[0] == Hotword("高血压", 2.0, ("高雪压", "高血鸭"), "zh", "mine")


def test_a_folders_pack_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "car.csv").write_text("text\nteleport\n")
    shelf = HotwordShelf.opened(HotwordSettings(tmp_path, ("car",)))
    assert [pack.name for pack in shelf.packs] == ["car", "customer_service", "medical"]
    assert [word.text for word in shelf.usual.words] == ["teleport"]


def test_two_files_for_one_pack_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nstent\n")
    (tmp_path / "a.toml").write_text("words = ['stent']")
    with pytest.raises(SettingsInvalid, match="another file here gives the pack 'a'"):
        load_folder(tmp_path)


def test_a_folder_that_is_not_there_and_a_pack_that_is_not_there_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"hotwords\.folder"):
        HotwordShelf.opened(HotwordSettings(tmp_path / "none"))
    with pytest.raises(SettingsInvalid, match="'boat' is no pack of hotwords here; use some of car"):
        HotwordShelf.opened(HotwordSettings(packs=("boat",)))


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b"text\n" + b"x" * 600_000)
    with pytest.raises(SettingsInvalid, match="more than 524288 bytes"):
        load_folder(tmp_path)


@pytest.mark.parametrize("pack", load_shipped().values(), ids=lambda pack: pack.name)
def test_what_a_shipped_pack_writes_no_later_step_writes_otherwise(pack) -> None:
    options = RecognizeOptions(itn=True, punctuation=Punctuation.OFF)
    for word in pack.words:
        for language in ("zh", "en"):
            (segment,) = apply((Segment(0, 0.0, 1.0, word.text, language),), options)
            assert segment.text == word.text


def test_words_and_packs_are_chosen_apart() -> None:
    shelf = HotwordShelf(load_shipped().values(), ("car",))
    with_words = shelf.chosen(shelf.usual, words=[Hotword("Lingting")])
    assert len(with_words.words) == len(shelf.usual.words) + 1
    other = shelf.chosen(with_words, packs=["medical"])
    assert [word.text for word in other.own] == ["Lingting"]
    assert {word.pack for word in other.of_packs} == {"medical"}
    assert shelf.chosen(other, words=[], packs=["none"]).words == ()


def test_too_many_packs_are_refused() -> None:
    with pytest.raises(InvalidOption, match="at most 10"):
        HotwordShelf(()).require([f"p{i}" for i in range(11)])
