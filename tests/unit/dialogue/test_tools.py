"""What a language model may have done: only what is sound, once, and within its bounds."""

from __future__ import annotations

import json

import pytest

from lingting.dialogue.chat.chat_models import Delta, Message, Role, ScriptedChat, ToolCall
from lingting.dialogue.chat.tool_rounds import MAX_CALLS, Offer, Rounds
from lingting.dialogue.chat.toolkit import Toolkit
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.domain.intents import IntentMatch
from lingting.text.commands.intent_packs import load_shipped, read_pack
from lingting.text.commands.slot_schema import FORMS, schema_of, value_of
from lingting.text.commands.slots import KINDS, SlotSpec

pytestmark = pytest.mark.unit

BAR = """
title: The coffee bar
slots:
  cups: {type: number, min: 1, max: 9}
  drink: {type: enum, values: {latte: [latte, 拿铁], tea: [tea, 茶]}}
  at: {type: time}
intents:
  drink.make:
    zh: ["来{cups}杯{drink}"]
    en: ["make {cups} {drink} [at {at}]"]
  bar.close:
    en: ["close the bar"]
""".encode()
KIT = Toolkit([read_pack(BAR, "bar.yaml")])
ASKED = [Message(Role.USER, "two lattes please")]


def call(name: str = "bar-drink_make", *, id: str = "c1", **given: object) -> ToolCall:  # noqa: A002 - the wire's word
    return ToolCall(id, name, json.dumps(given or {"cups": 2, "drink": "latte"}))


class Bar:
    def __init__(self, *replies: object, rounds: int = 3) -> None:
        self.told: list[IntentMatch] = []
        self.model = ScriptedChat(*replies)
        self.rounds = Rounds(self.model, Offer(KIT, self.told.append, rounds))

    async def said(self) -> str:
        return "".join([delta.text async for delta in self.rounds.reply(ASKED)])

    def results(self, asked: int = -1) -> list[dict[str, str]]:
        return [json.loads(each.text) for each in self.model.asked[asked] if each.role is Role.TOOL]


def test_each_kind_of_slot_can_be_filled_by_a_model() -> None:
    assert FORMS.keys() == KINDS.keys()


def test_a_command_is_offered_with_its_slots_and_their_ranges() -> None:
    tool = {tool.name: tool for tool in KIT.tools}["bar-drink_make"]
    assert tool.description == "The coffee bar: drink.make. Users say: 来{cups}杯{drink}; make {cups} {drink} at {at}"
    assert tool.parameters["required"] == ["cups", "drink"]
    assert tool.parameters["properties"]["cups"] == {"type": "number", "minimum": 1.0, "maximum": 9.0}
    assert tool.parameters["properties"]["drink"] == {"type": "string", "enum": ["latte", "tea"]}


@pytest.mark.parametrize("name", ["car", "desktop", "home"])
def test_the_packs_that_ship_can_be_offered(name: str) -> None:
    assert 0 < Toolkit([load_shipped()[name]]).tokens < 4_000


def test_more_commands_than_models_take_stop_the_start() -> None:
    many = "intents:\n" + "".join(f"  i{i}: {{en: [say {i}]}}\n" for i in range(129))
    with pytest.raises(SettingsInvalid, match=r"chat\.tools: 129 commands"):
        Toolkit([read_pack(many.encode(), "many.yaml")])


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (call("bar-drink_spill"), "no such tool"),
        (ToolCall("c", "bar-drink_make", "{cups: 2"), "not a JSON object"),
        (ToolCall("c", "bar-drink_make", "[2]"), "not a JSON object"),
        (ToolCall("c", "bar-drink_make", "[" * 100_000), "too long"),
        (call(cups=2), "do not go together; give cups, drink or at, cups, drink"),
        (call(cups=2, drink="tea", sugar=1), "sugar: is no parameter"),
        (call(cups=10, drink="tea"), "10 is above 9"),
        (call(cups=True, drink="tea"), "not a number"),
        (call(cups=2, drink="beer"), "'beer' is unknown; use one of latte, tea"),
        (call(cups=2, drink="tea", at="half past nine"), "HH:MM"),
    ],
)
def test_a_call_that_is_not_sound_is_refused_with_the_reason(asked: ToolCall, reason: str) -> None:
    with pytest.raises(InvalidOption, match=reason):
        KIT.read(asked)


def test_a_sound_call_is_the_command_that_the_words_would_be() -> None:
    match = KIT.read(ToolCall("c", "bar-drink_make", '{"cups": 2.0, "drink": "拿铁", "at": null}'))
    assert (match.pack, match.intent, match.by) == ("bar", "drink.make", "model")
    assert {slot.name: slot.value for slot in match.slots} == {"cups": 2, "drink": "latte"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("duration", 90, 1.5),
        ("digits", "1380", "13-80"),
        ("time", "15:30", "25:00"),
        ("date", "weekday:3", "Wednesday"),
        ("text", "a song", "a\nsong"),
        ("name", "妈妈", ""),
    ],
)
def test_values_have_the_form_of_those_that_are_heard(kind: str, good: object, bad: object) -> None:
    spec = SlotSpec("slot", kind)
    assert schema_of(spec)["type"] in ("string", "integer")
    assert value_of(spec, good) == good
    with pytest.raises(InvalidOption):
        value_of(spec, bad)


async def test_a_call_is_obeyed_and_the_model_goes_on() -> None:
    bar = Bar(["One moment.", call()], ["Two lattes."])
    assert await bar.said() == "One moment.\nTwo lattes."
    assert [match.intent for match in bar.told] == ["drink.make"]
    assert bar.model.asked[1][1:] == (
        Message(Role.ASSISTANT, "One moment.", (call(),)),
        Message(Role.TOOL, '{"status": "done"}', answers="c1"),
    )
    assert bar.rounds.calls[0].match is not None


async def test_what_is_refused_is_never_obeyed_and_the_model_is_told_why() -> None:
    bar = Bar([call(cups=99, drink="tea")], ["Sorry."])
    assert await bar.said() == "Sorry."
    assert not bar.told
    assert bar.results() == [{"status": "error", "problem": "cups: 99 is above 9"}]
    assert bar.rounds.calls[0].problem == "cups: 99 is above 9"


async def test_what_was_refused_is_refused_again_for_the_same_reason() -> None:
    bar = Bar([call(cups=99, drink="tea")], [call(cups=99, drink="tea")], ["Sorry."])
    await bar.said()
    assert [result["problem"] for result in bar.results()] == ["cups: 99 is above 9"] * 2


async def test_the_same_call_is_obeyed_once() -> None:
    bar = Bar([call(), call(id="c2")], [call(id="c3")], ["Done."])
    await bar.said()
    assert len(bar.told) == len(bar.rounds.calls) == 1
    assert [result["status"] for result in bar.results()] == ["done", "error", "error"]


async def test_a_model_that_calls_for_ever_is_stopped() -> None:
    bar = Bar([call()], rounds=2)
    assert await bar.said() == ""
    assert [len(offered) for offered in bar.model.offered] == [2, 2, 0]


async def test_no_reply_makes_more_calls_than_the_bound() -> None:
    wild = [call(id=str(i), cups=1 + i / 100, drink="tea") for i in range(MAX_CALLS + 3)]
    bar = Bar(wild, ["Enough."])
    await bar.said()
    assert len(bar.told) == MAX_CALLS


async def test_all_rounds_are_counted_even_when_the_last_is_cut_off() -> None:
    bar = Bar([call()], ["Two ", "lattes."])
    reply = bar.rounds.reply(ASKED)
    assert await anext(reply) == Delta("Two ")
    cut = bar.rounds.used()
    await reply.aclose()
    whole = Bar([call()], ["Two ", "lattes."])
    await whole.said()
    used = whole.rounds.used()
    assert cut is not None
    assert used is not None
    assert cut.is_estimate
    assert not used.is_estimate
    assert used.written > cut.written > 0
    first = Bar(["x"])
    assert first.rounds.used() is None
