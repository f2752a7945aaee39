"""Questions in other words: which are taken for the same, and above all which are not."""

from __future__ import annotations

import numpy as np
import pytest

from lingting.dialogue.chat.gist import gist
from lingting.dialogue.chat.like_questions import KEPT_SECONDS, MAX_WORDINGS, LikeQuestions
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

ALIKE = [
    ("今天天气怎么样", "请问今天天气如何？"),
    ("怎么退货", "如何办理退货"),
    ("可以用微信支付吗", "能不能用微信付款"),
    ("二十号开门吗", "20号开门吗"),
    ("What time do you open?", "When do you open, please?"),
    ("Tell me a joke", "Could you please tell me a joke?"),
    ("What's the capital of France?", "what is the capital of France"),
]
APART = [
    ("北京今天天气怎么样", "上海今天天气怎么样"),
    ("三号楼在哪里", "四号楼在哪里"),
    ("我可以退货吗", "我不可以退货吗"),
    ("怎么打开空调", "怎么关闭空调"),
    ("去火车站怎么走", "去飞机场怎么走"),
    ("苹果多少钱", "香蕉多少钱"),
    ("明天几点开门", "今天几点开门"),
    ("怎么注册会员", "怎么注销会员"),
    ("最便宜的套餐是哪个", "最贵的套餐是哪个"),
    ("李白是谁", "杜甫是谁"),
    ("一美元等于多少人民币", "一欧元等于多少人民币"),
    ("你们几点开门", "你们几点关门"),
    ("怎么充值", "怎么提现"),
    ("男士尺码怎么选", "女士尺码怎么选"),
    ("上班时间是几点", "下班时间是几点"),
    ("怎么退款", "怎么付款"),
    ("感冒吃什么药", "发烧吃什么药"),
    ("孕妇能吃螃蟹吗", "孕妇能吃虾吗"),
    ("What is the capital of France?", "What is the capital of Germany?"),
    ("How do I open an account?", "How do I close an account?"),
    ("Is it safe to drink?", "Is it not safe to drink?"),
    ("What is 2 plus 3?", "What is 2 plus 4?"),
    ("How do I turn on the alarm?", "How do I turn off the alarm?"),
    ("Who is Ann Smith?", "Who is Bob Smith?"),
    ("What's the cheapest plan?", "What's the most expensive plan?"),
    ("When do you open?", "When do you close?"),
    ("How do I get to the airport?", "How do I get to the station?"),
    ("Can I take ibuprofen with alcohol?", "Can I take paracetamol with alcohol?"),
    ("How many days in March?", "How many days in April?"),
    ("What's the weather today?", "What's the weather tomorrow?"),
    ("How do I upload a file?", "How do I download a file?"),
    ("Is the shop open on Monday?", "Is the shop open on Sunday?"),
    ("What is the best way to lose weight?", "What is the best way to gain weight?"),
    ("How do I buy shares?", "How do I sell shares?"),
    ("Can dogs eat apples?", "Can dogs eat grapes?"),
    ("What does 'affect' mean?", "What does 'effect' mean?"),
    ("Do I need a visa for China?", "Do I need a visa for Japan?"),
    ("How old is the president?", "How old is the prime minister?"),
    ("怎么退货", "怎么退货款"),
    ("你们几点开门", "你们周末几点开门"),
    ("狗能吃猫粮吗", "猫能吃狗粮吗"),
    ("我想注销会员，怎么办", "怎么注册会员"),
    ("会员怎么取消自动续费", "会员怎么开通自动续费"),
    ("北京到上海怎么走", "上海到北京怎么走"),
    ("有没有素食", "有没有肉食"),
    ("能带宠物吗", "能带小孩吗"),
    ("Is the pool open?", "Is the pool open for children?"),
    ("Trains from Paris to London?", "Trains from London to Paris?"),
    ("I want to close my account, how?", "How do I open an account?"),
    ("How do I enable dark mode?", "I want to disable dark mode"),
    ("Who won the world cup in 2018?", "Who won the world cup in 2022?"),
    ("Is parking free?", "Is breakfast free?"),
    ("What do cats eat?", "What eats cats?"),
    ("Can I bring a dog?", "Can I bring a child?"),
    ("你们几点开门", "你们怎么开门"),
    ("多少钱能到", "多久能到"),
    ("Where do you open?", "When do you open?"),
    ("How do I cancel my order?", "When do I cancel my order?"),
    ("Can I call you?", "Can you call me?"),
    ("你能给我打电话吗", "我能给你打电话吗"),
    ("Who is the manager?", "Where is the manager?"),
    ("Why is the shop closed?", "When is the shop closed?"),
    ("会员是什么", "会员是谁"),
    ("什么时候退货", "为什么退货"),
    ("在哪里付款", "怎么付款"),
    ("How much is delivery?", "When is delivery?"),
    ("How long is the trip?", "How much is the trip?"),
    ("谁买票", "怎么买票"),
    ("What is it for?", "Who is it for?"),
    ("Do I need to pay you?", "Do you need to pay me?"),
    ("这个怎么用", "那个怎么用"),
    ("Is this open?", "Is that open?"),
    ("要不要预约", "怎么预约"),
    ("需要预约吗", "可以预约吗"),
    ("Do I have to book?", "Can I book?"),
    ("Will it rain here?", "Will it rain there?"),
    ("我要先付款吗", "我要再付款吗"),
]
"""The pairs of docs/chat.md."""


def language_of(text: str) -> str:
    return "zh" if any(sign > "\u4e00" for sign in text) else "en"


def embed(texts: list[str]) -> np.ndarray:
    """All the same, but for those with a mark of their own."""
    return np.array([[1.0, 0.0] if "far" not in text else [0.0, 1.0] for text in texts], np.float32)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_wordings_of_one_question_have_one_gist(one: str, other: str) -> None:
    assert gist(one, language_of(one)) == gist(other, language_of(other)) != ()


@pytest.mark.parametrize(("one", "other"), APART)
def test_questions_with_other_answers_never_have_the_same_gist(one: str, other: str) -> None:
    assert gist(one, language_of(one)) != gist(other, language_of(other))


def test_other_languages_have_none() -> None:
    assert gist("Wie spät ist es?", "de") == ()


async def test_a_question_is_found_by_other_words_in_its_own_scope() -> None:
    questions = LikeQuestions(embed, 0.95, VirtualClock())
    questions.add("ann", "怎么退货", "zh", name="kept")
    assert await questions.nearest("ann", "如何退货？", "zh") == "kept"
    assert await questions.nearest("bob", "如何退货？", "zh") is None
    assert await questions.nearest("ann", "如何退款？", "zh") is None


async def test_the_same_gist_with_another_meaning_is_not_found() -> None:
    questions = LikeQuestions(lambda texts: np.eye(len(texts), dtype=np.float32), 0.95, VirtualClock())
    questions.add("ann", "怎么退货", "zh", name="kept")
    assert await questions.nearest("ann", "如何退货？", "zh") is None


async def test_what_is_known_has_a_bound_in_number_and_in_age() -> None:
    clock = VirtualClock()
    questions = LikeQuestions(lambda texts: embed(list(texts)), 0.95, clock)
    for i in range(MAX_WORDINGS + 1):
        questions.add("ann", "怎么退货" + "？" * i, "zh", name=str(i))
    assert await questions.nearest("ann", "如何退货", "zh") == "1"
    clock.advance(KEPT_SECONDS + 1)
    assert await questions.nearest("ann", "如何退货", "zh") is None
