"""What leaves for a language model, what it costs, and what is remembered of it."""

from __future__ import annotations

import json
import os
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.dialogue.chat import Chat, ChatAnswer, ChatAsk, ChatParts
from lingting.dialogue.chat_models import Message, Role, ScriptedChat, estimate_tokens
from lingting.dialogue.chat_settings import ChatSettings
from lingting.dialogue.memory import window
from lingting.dialogue.sentences import fixed_sentence
from lingting.dialogue.turn_news import Fixed
from lingting.domain import Call, Principal, RedactMode
from lingting.domain.errors import (
    ChatUnavailable,
    LingtingError,
    QuotaExceeded,
    RecordNotFound,
    SettingsInvalid,
    WrongState,
)
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.security.token_quota import TokenQuota
from lingting.storage.caching.cache import CacheSettings, MemoryCache
from lingting.storage.caching.cached_results import CachedResults, CacheTag
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

ANN, BOB = Call(Principal("ann"), "chat"), Call(Principal("bob"), "chat")
LOCAL = "http://127.0.0.1:1/v1"


@dataclass
class Usage:
    tokens: list[tuple[str, int]] = field(default_factory=list)

    def add(self, key_id: str, *, tokens: int) -> None:
        self.tokens.append((key_id, tokens))


class House:
    def __init__(self, *replies: object, **settings: object) -> None:
        self.clock, self.usage, self.telemetry = VirtualClock(), Usage(), Telemetry()
        self.model = ScriptedChat(*(replies or (["你好", "，世界。"],)))
        store = CountStore(
            ClockedMemory(self.clock), on_failure="allow", clock=self.clock, observer=self.telemetry.limits
        )
        vault = Vault(Keyring.parse([new_master_key()]), os.urandom(32))
        cache = MemoryCache(CacheSettings(), self.clock, self.telemetry.cache)
        self.results = CachedResults(cache, vault, self.telemetry.cache, max_value_bytes=100_000)
        chosen = ChatSettings(base_url=LOCAL, model="m", **settings)
        quota = TokenQuota(chosen.tokens_per_day, store, self.usage, self.clock)
        self.chat = Chat(chosen, ChatParts(self.model, quota, self.results, self.clock, self.telemetry.dialogue))

    async def say(self, text: str, call: Call = ANN, **ask: object) -> ChatAnswer:
        async with aclosing(self.chat.reply(ChatAsk(call, text, **ask))) as pieces:
            said = [piece async for piece in pieces]
        assert isinstance(said[-1], ChatAnswer)
        assert "".join(piece for piece in said[:-1] if isinstance(piece, str)) == said[-1].text
        return said[-1]

    def metrics(self) -> str:
        return self.telemetry.exposition().decode()


async def test_a_reply_comes_in_pieces_and_ends_in_the_whole_of_it() -> None:
    house = House()
    answer = await house.say("你好")
    assert (answer.text, answer.language, answer.is_cached) == ("你好，世界。", "zh", False)
    assert house.model.asked[0][0].role is Role.SYSTEM
    assert house.model.asked[0][-1] == Message(Role.USER, "你好")


async def test_personal_data_does_not_leave_and_is_not_remembered() -> None:
    house = House()
    answer = await house.say("我的手机号是13812345678，帮我记一下")
    await house.say("再说一遍", conversation=answer.conversation)
    assert [kind.value for kind in answer.hidden] == ["phone"]
    assert "13812345678" not in json.dumps([[m.text for m in asked] for asked in house.model.asked])
    assert house.model.asked[1][1].text == "我的手机号是***********，帮我记一下"


async def test_a_model_on_this_machine_may_be_told_everything() -> None:
    house = House(redact=RedactMode.OFF)
    await house.say("我的手机号是13812345678")
    assert "13812345678" in house.model.asked[0][-1].text


@pytest.mark.parametrize("mode", [RedactMode.OFF, RedactMode.TOKEN])
def test_a_model_elsewhere_may_not(mode: RedactMode) -> None:
    with pytest.raises(SettingsInvalid, match=r"chat\.redact"):
        ChatSettings(base_url="https://api.example.com/v1", model="m", redact=mode)


async def test_the_model_is_told_the_language_and_the_mood() -> None:
    house = House()
    await house.say("这个服务太差了，我非常生气！")
    await house.say("What time is it?")
    assert "不高兴" in house.model.asked[0][0].text
    assert "(en)" in house.model.asked[1][0].text


async def test_a_conversation_goes_on_from_what_was_said() -> None:
    house = House()
    first = await house.say("你好")
    again = await house.say("然后呢", conversation=first.conversation)
    assert again.conversation == first.conversation
    assert [message.text for message in house.model.asked[1][1:]] == ["你好", "你好，世界。", "然后呢"]


async def test_a_conversation_belongs_to_its_owner_and_is_forgotten_when_it_was_quiet() -> None:
    house = House(conversation_seconds=60.0)
    first = await house.say("你好")
    with pytest.raises(RecordNotFound):
        await house.say("然后呢", BOB, conversation=first.conversation)
    house.clock.advance(61.0)
    with pytest.raises(RecordNotFound):
        await house.say("然后呢", conversation=first.conversation)


async def test_a_conversation_is_answered_one_message_at_a_time() -> None:
    house = House()
    first = await house.say("你好")
    async with aclosing(house.chat.reply(ChatAsk(ANN, "一", conversation=first.conversation))) as pieces:
        await anext(pieces)
        with pytest.raises(WrongState):
            await house.say("二", conversation=first.conversation)
    await house.say("三", conversation=first.conversation)


async def test_of_a_reply_that_was_cut_off_what_was_given_is_remembered_and_charged() -> None:
    house = House(["今天", "是晴天"])
    first = await house.say("天气？")
    charged = len(house.usage.tokens)
    async with aclosing(house.chat.reply(ChatAsk(ANN, "明天？", conversation=first.conversation))) as pieces:
        assert await anext(pieces) == "今天"
    assert house.model.closed == 1
    await house.say("后天？", conversation=first.conversation)
    assert house.model.asked[2][-2] == Message(Role.ASSISTANT, "今天")
    assert house.usage.tokens[charged][1] == estimate_tokens(house.model.asked[1]) + 6
    assert 'asr_chat_replies_total{outcome="gone"} 1.0' in house.metrics()


async def test_a_common_question_is_answered_again_without_the_model() -> None:
    house = House()
    await house.say("今天星期几？")
    again = await house.say("今天 星期几")
    assert (again.text, again.is_cached, again.tokens) == ("你好，世界。", True, None)
    assert len(house.model.asked) == 1
    assert len(house.usage.tokens) == 1
    assert 'asr_chat_replies_total{outcome="cached"} 1.0' in house.metrics()


@pytest.mark.parametrize(
    ("text", "call", "ask"),
    [("今天星期几", BOB, {}), ("今天星期几", ANN, {"use_cache": False}), ("明天星期几", ANN, {})],
    ids=["somebody else", "not wanted", "another question"],
)
async def test_nobody_gets_a_kept_reply_that_is_not_theirs(text: str, call: Call, ask: dict[str, object]) -> None:
    house = House()
    await house.say("今天星期几")
    assert not (await house.say(text, call, **ask)).is_cached


async def test_personal_questions_and_later_ones_are_never_kept() -> None:
    house = House()
    for _ in range(2):
        assert not (await house.say("我的手机号是13812345678，对吗")).is_cached
    first = await house.say("你好")
    for _ in range(2):
        assert not (await house.say("为什么", conversation=first.conversation)).is_cached


async def test_kept_replies_are_erased_with_their_owner() -> None:
    house = House()
    await house.say("今天星期几")
    assert await house.results.erase(tags=[CacheTag.owner("ann")]) == 1
    assert not (await house.say("今天星期几")).is_cached


async def test_a_day_has_so_many_tokens_for_each_key() -> None:
    house = House(tokens_per_day=20)
    await house.say("你好")
    with pytest.raises(QuotaExceeded, match="20 tokens"):
        await house.say("再来")
    await house.say("你好", BOB)
    house.clock.advance(86_400.0)
    await house.say("再来")
    assert [key for key, _ in house.usage.tokens] == ["ann", "bob", "ann"]


async def test_calls_at_the_same_moment_see_each_other() -> None:
    house = House(tokens_per_day=100, max_tokens=90)
    async with aclosing(house.chat.reply(ChatAsk(ANN, "一"))) as pieces:
        await anext(pieces)
        with pytest.raises(QuotaExceeded):
            await house.say("二")


async def test_a_model_that_fails_costs_nothing_and_leaves_no_trace() -> None:
    house = House(["好"], ChatUnavailable("it is away"), ["好"])
    first = await house.say("你好")
    with pytest.raises(LingtingError, match="away"):
        await house.say("一", conversation=first.conversation)
    await house.say("二", conversation=first.conversation)
    assert [message.text for message in house.model.asked[2][1:]] == ["你好", "好", "二"]
    assert len(house.usage.tokens) == 2
    assert 'asr_chat_replies_total{outcome="chat_unavailable"} 1.0' in house.metrics()


def test_a_window_holds_the_newest_that_fit() -> None:
    messages = [Message(Role.USER, "一" * 10) for _ in range(5)]
    assert len(window(messages, 30)) == 2
    assert window([Message(Role.USER, "a"), Message(Role.USER, "b" * 400), Message(Role.USER, "c")], 20) == [
        Message(Role.USER, "c")
    ]


def test_every_fixed_sentence_is_there_in_both_languages() -> None:
    for what in Fixed:
        assert fixed_sentence(what, "zh") != fixed_sentence(what, "en")
