"""Commands are found in sentences they were not written for, their values are read, and nothing else is a command."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain.errors import InvalidOption
from lingting.domain.intents import Guess
from lingting.text.commands.intent_match import Matcher
from lingting.text.commands.intent_packs import DEFAULT_THRESHOLD, load_shipped, read_pack
from lingting.text.commands.intent_recall import NearestExamples
from lingting.text.commands.intents import Intents

pytestmark = pytest.mark.unit
DATA = Path(__file__).parents[2] / "data" / "intents"
MATCHERS = {name: Matcher(pack) for name, pack in load_shipped().items()}


def share_right(file: str) -> float:
    results = []
    for pack, languages in yaml.safe_load((DATA / file).read_text(encoding="utf-8")).items():
        for text, intent, slots in (row for rows in languages.values() for row in rows):
            match = MATCHERS[pack].match(text)
            results.append(match.intent == intent and {slot.name: slot.value for slot in match.slots} == slots)
    return sum(results) / len(results)


@pytest.mark.parametrize("file", ["heldout.yaml", "heldout_second.yaml"])
def test_held_out_phrasings_are_found(file) -> None:
    assert share_right(file) >= 0.95


ORDINARY = [
    "好的", "谢谢", "我觉得今天天气不错", "他昨天去了北京", "这个问题很复杂", "不好意思", "没关系", "我们开会讨论一下",
    "你吃饭了吗", "价格有点高", "他关心的是质量", "声音艺术很有意思", "明天我有一个会", "窗外下着雨",
    "hello", "thank you very much", "i was thinking about the weekend", "he closed the deal last week",
    "the music festival was great", "what do you mean by that", "she opened a new shop in town", "it was a cold war",
    "turn left at the corner", "the light of the moon", "my phone was stolen", "that makes sense",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_speech_is_no_command(text) -> None:
    assert [match.intent for match in (matcher.match(text) for matcher in MATCHERS.values()) if match.intent] == []


VALUES = [
    ("car", "空调调到二十六度", "temperature", 26),
    ("car", "空调调到26度", "temperature", 26),
    ("car", "空調調到二十六度", "temperature", 26),
    ("car", "温度调到二十四度半", "temperature", 24.5),
    ("car", "set the temperature to seventy-two degrees", "temperature", 72),
    ("car", "音量调到百分之三十五", "percent", 35),
    ("car", "音量调到35%", "percent", 35),
    ("car", "Navigate to 10 Downing Street, please!", "place", "10 Downing Street"),
    ("car", "dial one three eight double zero", "number", "13800"),
    ("home", "定一个半小时的闹钟", None, None),
    ("home", "定一个两个半小时的倒计时", "duration", 9_000),
    ("home", "set a timer for an hour and a half", "duration", 5_400),
    ("home", "set a timer for half an hour", "duration", 1_800),
    ("home", "定下午三点一刻的闹钟", "time", "15:15"),
    ("home", "set an alarm for quarter to seven", "time", "06:45"),
    ("home", "set an alarm for 7:05 pm", "time", "19:05"),
    ("home", "下周三下雨吗", "date", "weekday:3"),
    ("home", "三月五号天气怎么样", "date", "--03-05"),
    ("desktop", "打开Chrome", "app", "browser"),
]


@pytest.mark.parametrize(("pack", "text", "name", "value"), VALUES)
def test_values_are_normalised(pack, text, name, value) -> None:
    slots = {slot.name: slot.value for slot in MATCHERS[pack].match(text).slots}
    assert name is None or slots[name] == value


def test_a_slot_tells_how_it_was_said() -> None:
    assert MATCHERS["car"].match("麻烦把空调调到二十六度吧").slots[0].text == "二十六度"


def test_a_value_out_of_range_is_no_match() -> None:
    assert MATCHERS["car"].match("音量调到百分之三百").intent != "volume.set"


def test_words_of_the_same_sound_are_understood() -> None:
    assert MATCHERS["car"].match("打开控条").intent == "climate.on"


def test_none_tells_what_was_likeliest() -> None:
    match = MATCHERS["home"].match("lights", threshold=1.0)
    assert match.intent is None
    assert match.runner_up == Guess(match.runner_up.intent, match.score)


def test_what_means_the_same_is_recalled_where_nothing_is_like_it() -> None:
    class Fixed:
        def nearest(self, pack: str, text: str) -> list[Guess]:
            return [Guess("scene.set", 0.9)]

    match = Matcher(load_shipped()["home"], Fixed()).match("i am knackered")
    assert (match.intent, match.by) == ("scene.set", "embeddings")


def test_nearness_is_on_the_scale_of_the_other_scores_and_each_language_has_its_examples() -> None:
    """Vectors with much in common, as E5's have: what they share is taken away before they are compared."""
    common = np.full(64, 3.0, np.float32)

    def embed(texts: Sequence[str]) -> np.ndarray:
        own = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=64) for text in texts]
        vectors = np.stack([common + each for each in own]).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    nearest = NearestExamples([load_shipped()["home"]], embed).nearest
    for text, intent in (("turn on all the light", "light.on"), ("打开的灯", "light.on")):
        assert nearest("home", text)[0] == Guess(intent, 1.0)
    assert nearest("home", "an ordinary sentence")[0].score < DEFAULT_THRESHOLD


def test_an_unknown_pack_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidOption, match="use one of car, desktop, home"):
        Intents(list(load_shipped().values())).matcher("boat")


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=80))
def test_no_text_raises(text) -> None:
    for matcher in MATCHERS.values():
        assert matcher.match(text).pack == matcher.pack.name


def test_a_pack_of_ones_own_is_matched() -> None:
    pack = read_pack(
        b"slots: {n: {type: number, max: 5}}\nintents:\n  coffee.make:\n    en: ['make {n} coffees']\n", "bar.yaml"
    )
    match = Matcher(pack).match("Please make three coffees.")
    assert (match.intent, match.slots[0].value) == ("coffee.make", 3)
