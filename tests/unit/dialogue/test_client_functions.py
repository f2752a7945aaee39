"""Functions of the client: offered, called in the middle of a reply, and answered while the conversation goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from conversation import Line
from talk_stage import SlowModel, Stage
from test_chat import House

from lingting.dialogue.chat.chat_models import Delta, Message, Role, Tool, ToolCall
from lingting.dialogue.chat.functions import Functions
from lingting.dialogue.talk.talk_events import ReplyAsks, ReplyEnded, ReplyStarted, ReplyText
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.domain import RedactMode

pytestmark = pytest.mark.unit

QUESTION = Line(0.5, 1.0, "还有茶吗？")
STOCK = Tool("stock", "How many are left.", {"type": "object"})
WISH = TalkWish(functions=(STOCK,))


@dataclass
class CallingModel(SlowModel):
    """Says it will look, looks, and says what it found."""

    before: str = "我看一下，"

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()):
        self.pieces = ["还有三份。"] if messages[-1].role is Role.TOOL else [self.before]
        async for delta in super().reply(messages, tools):
            yield delta
        if messages[-1].role is not Role.TOOL:
            assert STOCK in tools
            yield Delta(calls=(ToolCall("c1", "stock", '{"item": "tea"}'),))


def test_the_words_before_a_call_are_heard_first_and_the_reply_goes_on_with_the_result() -> None:
    talk = Stage([QUESTION], CallingModel(), wish=WISH, results_after=1.0).run()
    assert talk.names == [
        *("ReplyStarted", "ReplyText", "ReplySound", "ReplyAsks"),
        *("ReplyText", "ReplySound", "ReplyMade", "ReplyEnded", "TalkEnded"),
    ]
    assert talk.of(ReplyEnded)[0].heard_text.replace("\n", "") == "我看一下，还有三份。"
    assert talk.model.asked[-1][-1] == Message(Role.TOOL, "stock: 3", answers="c1")
    (call,) = talk.of(ReplyAsks)[0].calls
    assert call.id != "c1", "no other call of the conversation has this id"


def test_who_speaks_while_a_result_is_waited_for_is_answered_anew() -> None:
    model = CallingModel(before="")
    talk = Stage([QUESTION, Line(3.0, 1.0, "算了，咖啡呢？")], model, wish=WISH, results_after=3.5).run()
    assert [event.asked_text for event in talk.of(ReplyStarted)] == ["还有茶吗？", "还有茶吗？算了，咖啡呢？"]
    assert [event.was_cut for event in talk.of(ReplyEnded)] == [True, False]


def test_a_client_that_never_answers_is_given_up_like_a_slow_model() -> None:
    talk = Stage([QUESTION], CallingModel(before=""), wish=WISH, until=60.0).run()
    assert "".join(event.text for event in talk.of(ReplyText)) == "抱歉，我想得太久了，请再问一次。"
    assert talk.when(ReplyEnded) == pytest.approx(talk.when(ReplyStarted) + 15.0, abs=0.01)


@pytest.mark.parametrize("restores", [True, False])
async def test_the_client_gets_its_users_data_and_the_model_none_of_the_results(restores: bool) -> None:
    called = []

    async def results(calls: Sequence[ToolCall]) -> list[str]:
        called.extend(calls)
        await asyncio.sleep(0)
        return ['{"manager": "139 8765 4321"}']

    wanted = ToolCall("c1", "stock", '{"of": ["[电话_1]"]}')
    house = House([wanted], ["请打[电话_2]。"], redact=RedactMode.TAG, restore_tags=restores)
    answer = await house.say("我的手机号是13812345678", functions=Functions((STOCK,), results))
    number = "13812345678" if restores else "[电话_1]"
    assert json.loads(called[0].arguments) == {"of": [number]}
    assert house.model.asked[1][-1].text == '{"manager": "[电话_2]"}'
    assert house.model.asked[1][-2].calls == (wanted,)
    assert answer.text == ("请打139 8765 4321。" if restores else "请打[电话_2]。")
    assert [tool.name for tool in house.model.offered[0]] == ["stock"]


async def test_a_reply_with_functions_is_not_kept_and_what_is_kept_not_given() -> None:
    async def results(calls: Sequence[ToolCall]) -> list[str]:
        return ["3" for _ in calls]

    house = House(["好。"])
    offered = Functions((STOCK,), results)
    assert not (await house.say("还有茶吗？")).is_cached
    assert not (await house.say("还有茶吗？", functions=offered)).is_cached
    assert (await house.say("还有茶吗？")).is_cached
    assert len(house.model.asked) == 2


@pytest.mark.parametrize("arguments", ["{item: tea", "[" * 600 + "]" * 600, "[" * 4_000])
async def test_arguments_that_are_no_sound_json_go_to_the_client_as_they_are(arguments: str) -> None:
    called = []

    async def results(calls: Sequence[ToolCall]) -> list[str]:
        called.extend(call.arguments for call in calls)
        return ["?"]

    house = House([ToolCall("c1", "stock", arguments)], ["什么？"])
    await house.say("还有茶吗？", functions=Functions((STOCK,), results))
    assert called == [arguments]


async def test_calls_of_the_client_and_commands_are_answered_in_their_order() -> None:
    async def results(calls: Sequence[ToolCall]) -> list[str]:
        return [f"{call.name} {call.id}" for call in calls]

    first = [ToolCall("a", "nothing", "{}"), ToolCall("b", "stock", "{}"), ToolCall("c", "stock", "{}")]
    house = House(first, ["好。"])
    await house.say("还有茶吗？", functions=Functions((STOCK,), results))
    answers = {message.answers: message.text for message in house.model.asked[1] if message.role is Role.TOOL}
    assert list(answers) == ["a", "b", "c"]
    assert "there is no such tool" in answers["a"]
    assert (answers["b"], answers["c"]) == ("stock b", "stock c")
