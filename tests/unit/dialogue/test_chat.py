"""What leaves for a language model, what it costs, and what is remembered of it."""

from __future__ import annotations

import json
import os
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.dialogue.chat.chat import Chat, ChatAnswer, ChatAsk, ChatParts, ChatTools
from lingting.dialogue.chat.chat_models import Message, Role, ScriptedChat, ToolCall, estimate_tokens
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.like_questions import LikeQuestions
from lingting.dialogue.chat.memory import window
from lingting.dialogue.chat.settling import Settled, settled_by, stages_of
from lingting.dialogue.chat.toolkit import Toolkit
from lingting.dialogue.talk.sentences import fixed_sentence
from lingting.dialogue.turns.turn_news import Cancel, Finished, Fixed, TurnTimes
from lingting.domain import Call, Principal, RedactMode, Scope
from lingting.domain.conversation import TurnStages
from lingting.domain.errors import (
    ChatUnavailable,
    LingtingError,
    QuotaExceeded,
    RecordNotFound,
    SettingsInvalid,
    WrongState,
)
from lingting.domain.intents import IntentMatch
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.security.token_quota import TokenQuota
from lingting.storage.caching.cache import CacheSettings, MemoryCache
from lingting.storage.caching.cached_results import CachedResults, CacheTag
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock
from lingting.text.commands.intent_packs import read_pack

pytestmark = pytest.mark.unit

ANN, BOB = Call(Principal("ann"), "chat"), Call(Principal("bob"), "chat")
LAMP = b"intents: {lamp.on: {en: [lamp on]}}"
LAMP_ON = ToolCall("c1", "lamp-lamp_on", "{}")
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
        self.told: list[tuple[str, str, str | None]] = []
        kit = Toolkit([read_pack(LAMP, "lamp.yaml")])
        tools = ChatTools(kit, lambda call, said, match: self.told.append((call.request_id, said.text, match.intent)))
        bound = chosen.cache_similarity
        alike = LikeQuestions(lambda texts: np.ones((len(texts), 1), np.float32), bound, self.clock) if bound else None
        offered = tools if chosen.tools else None
        observer = self.telemetry.dialogue
        parts = ChatParts(self.model, quota, self.results, self.clock, observer, tools=offered, alike=alike)
        self.chat = Chat(chosen, parts)

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


async def test_users_get_their_own_data_back_and_the_model_and_the_memory_never_have_it() -> None:
    house = House(["好的，给[电", "话_1]打电话。"], ["是【电话_1】。"], redact=RedactMode.TAG)
    first = await house.say("我的手机号是13812345678，帮我记一下")
    again = await house.say("再说一遍", conversation=first.conversation)
    assert (first.text, again.text) == ("好的，给13812345678打电话。", "是13812345678。")
    house.chat.settle("ann", first.conversation, Settled("是138"))
    await house.say("还有139 8765 4321", conversation=first.conversation)
    assert "138" not in json.dumps([[m.text for m in asked] for asked in house.model.asked])
    assert [message.text for message in house.model.asked[2][1:]] == [
        "我的手机号是[电话_1]，帮我记一下",
        "好的，给[电话_1]打电话。",
        "再说一遍",
        "是",
        "还有[电话_2]",
    ]
    assert "原样写出标记" in house.model.asked[0][0].text


async def test_without_putting_back_the_reply_keeps_its_tags() -> None:
    house = House(["[PHONE_1]"], redact=RedactMode.TAG, restore_tags=False)
    assert (await house.say("My number is 13812345678")).text == "[PHONE_1]"


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


async def test_only_what_was_heard_of_a_spoken_reply_is_remembered() -> None:
    house = House(["今天", "是晴天，", "明天有雨。"])
    first = await house.say("天气？")
    house.chat.settle("ann", first.conversation, Settled("今天是晴天，", is_interrupted=True))
    house.chat.settle("bob", first.conversation, Settled("别的"))
    house.chat.settle("ann", "unknown", Settled("别的"))
    await house.say("后天？", conversation=first.conversation)
    assert [m.text for m in house.model.asked[1][1:]] == ["天气？", "今天是晴天，", "后天？"]


async def test_what_was_heard_may_be_said_while_the_reply_still_comes() -> None:
    house = House(["今天", "是晴天，", "明天有雨。"])
    talk = house.chat.begin("ann")
    async with aclosing(house.chat.reply(ChatAsk(ANN, "天气？", conversation=talk))) as pieces:
        await anext(pieces)
        await anext(pieces)
        house.chat.settle("ann", talk, Settled("今天"))
    await house.say("后天？", conversation=talk)
    assert [m.text for m in house.model.asked[1][1:]] == ["天气？", "今天", "后天？"]


async def test_words_of_which_no_answer_was_heard_go_with_the_next_ones() -> None:
    house = House()
    talk = house.chat.begin("ann")
    await house.say("一", conversation=talk)
    house.chat.settle("ann", talk, Settled(""))
    await house.say("二", conversation=talk)
    house.chat.settle("ann", talk, Settled("", is_withdrawn=True))
    await house.say("二三", conversation=talk)
    assert [m.text for m in house.model.asked[2][1:]] == ["一\n二三"]


def test_a_reply_of_which_nothing_sounded_is_withdrawn_when_the_user_goes_on() -> None:
    times = TurnTimes(speech_ended_seconds=1.0, final_seconds=1.2, first_token_seconds=1.5, ended_seconds=2.0)
    assert settled_by(Cancel(1, "", times)) == Settled(
        "",
        TurnStages(pytest.approx(0.2), first_token_seconds=0.5, ended_seconds=1.0),
        is_interrupted=True,
        is_withdrawn=True,
    )
    heard = replace(times, first_audio_seconds=1.75)
    assert settled_by(Finished(1, "今天", heard)) == Settled(
        "今天", TurnStages(pytest.approx(0.2), None, 0.5, 0.75, 1.0)
    )
    assert not settled_by(Cancel(1, "", heard)).is_withdrawn
    assert stages_of(TurnTimes()) == TurnStages()


async def test_a_common_question_is_answered_again_without_the_model() -> None:
    house = House()
    await house.say("今天星期几？")
    again = await house.say("今天 星期几")
    assert (again.text, again.is_cached, again.tokens) == ("你好，世界。", True, None)
    assert len(house.model.asked) == 1
    assert len(house.usage.tokens) == 1
    assert 'asr_chat_replies_total{outcome="cached"} 1.0' in house.metrics()


async def test_a_question_in_other_words_has_the_reply_where_that_is_wished() -> None:
    house = House(cache_similarity=0.9)
    await house.say("今天天气怎么样？")
    again = await house.say("请问今天天气如何")
    assert (again.text, again.is_cached, again.tokens) == ("你好，世界。", True, None)
    assert not (await house.say("明天天气如何")).is_cached
    assert not (await house.say("请问今天天气如何", BOB)).is_cached
    assert 'asr_chat_replies_total{outcome="alike"} 1.0' in house.metrics()
    await house.results.erase(tags=[CacheTag.owner("ann")])
    assert not (await house.say("今天的天气如何")).is_cached
    plain = House()
    await plain.say("今天天气怎么样？")
    assert not (await plain.say("请问今天天气如何")).is_cached


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


async def test_a_model_has_a_command_obeyed_and_all_its_rounds_are_charged() -> None:
    house = House([LAMP_ON], ["It is on."], tools=("lamp",))
    answer = await house.say("It is dark here, my mail is ann@example.com")
    assert answer.text == "It is on."
    assert [call.tool for call in answer.calls] == ["lamp-lamp_on"]
    assert house.told == [(ANN.request_id, "It is dark here, my mail is ***************", "lamp.on")]
    assert answer.tokens is not None
    assert house.usage.tokens == [("ann", answer.tokens.all)]
    assert answer.tokens.read == sum(map(estimate_tokens, house.model.asked))
    assert 'asr_chat_tools_total{outcome="called"} 1.0' in house.metrics()


async def test_a_reply_for_which_something_was_done_is_never_kept() -> None:
    house = House([LAMP_ON], ["It is on."], [LAMP_ON], ["It is on."], tools=("lamp",))
    for _ in range(2):
        assert not (await house.say("It is dark here")).is_cached
    assert len(house.told) == 2


async def test_words_that_come_again_have_nothing_done_twice() -> None:
    again = [LAMP_ON], ["It is on."]
    house = House([LAMP_ON], ChatUnavailable("it is away"), *again, *again, *again, tools=("lamp",))
    talk = house.chat.begin("ann")
    with pytest.raises(ChatUnavailable):
        await house.say("It is dark", conversation=talk)
    await house.say("It is dark", conversation=talk)
    house.chat.settle("ann", talk, Settled("", is_withdrawn=True))
    await house.say("It is dark in here", conversation=talk)
    assert len(house.told) == 1
    await house.say("It is dark again", conversation=talk)
    assert len(house.told) == 2


@pytest.mark.parametrize(
    ("call", "ask"),
    [
        (Call(Principal("eve", scopes=frozenset({Scope.CHAT})), "chat"), {}),
        (ANN, {"use_tools": False}),
        (ANN, {"command": IntentMatch("lamp", "lamp.on", 1.0)}),
    ],
    ids=["a key that may not command", "not wished", "obeyed before"],
)
async def test_no_tools_are_offered_where_nothing_may_be_done(call: Call, ask: dict[str, object]) -> None:
    house = House(["Hm."], tools=("lamp",))
    await house.say("It is dark here", call, **ask)
    assert house.model.offered == [()]


def test_a_window_holds_the_newest_that_fit() -> None:
    messages = [Message(Role.USER, "一" * 10) for _ in range(5)]
    assert len(window(messages, 30)) == 2
    assert window([Message(Role.USER, "a"), Message(Role.USER, "b" * 400), Message(Role.USER, "c")], 20) == [
        Message(Role.USER, "c")
    ]


def test_every_fixed_sentence_is_there_in_both_languages() -> None:
    for what in Fixed:
        assert fixed_sentence(what, "zh") != fixed_sentence(what, "en")
