"""What of conversations is stored, when, and what becomes of them while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import replace

import pytest

from kept import call_by
from lingting.dialogue.chat.chat import Chat, ChatAnswer, ChatAsk, ChatParts
from lingting.dialogue.chat.chat_models import ScriptedChat
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.keeping import ConversationKeeper, KeepSettings
from lingting.dialogue.chat.settling import Settled
from lingting.domain import Call, Redaction, RedactMode
from lingting.domain.conversation import ConversationTurn
from lingting.domain.errors import RecordNotFound, StorageUnavailable, WrongState
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.security.token_quota import TokenQuota
from lingting.storage.conversations.conversation_records import (
    ConversationChange,
    ConversationRecord,
    KeptConversation,
)
from lingting.storage.erasing import Erasure
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

ANN, BOB = call_by("ann", user="Ann"), call_by("bob")
AWAY = StorageUnavailable("the database is away", retry_after_seconds=1.0)


class Store:
    """Keeps in memory what it is given; away, or held up, when it is told to be."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.changes: dict[str, ConversationChange] = {}
        self.turns: dict[str, dict[str, ConversationTurn]] = {}
        self.revisions: dict[str, int] = {}
        self.is_away = False
        self.saves = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def save(self, change: ConversationChange, *, keep_seconds: float) -> int:
        self.saves += 1
        await self.goes_on.wait()
        self._require()
        name = change.facts.id
        if change.is_begun and name not in self.revisions:
            raise RecordNotFound("erased")
        turns = self.turns.setdefault(name, {})
        turns |= {turn.id: turn for turn in change.turns}
        for gone in change.withdrawn:
            turns.pop(gone, None)
        self.changes[name] = change
        self.revisions[name] = self.revisions.get(name, 0) + 1
        return self.revisions[name]

    async def revision(self, name: str, *, owner: str) -> int | None:
        self._require()
        is_own = name in self.changes and self.changes[name].facts.owner == owner
        return self.revisions.get(name) if is_own else None

    async def get(self, name: str, *, owner: str, newest: int) -> KeptConversation:
        if await self.revision(name, owner=owner) is None:
            raise RecordNotFound("none")
        facts, now = self.changes[name].facts, self._clock.now()
        turns = list(self.turns[name].values())[-newest:]
        moments = (facts.began, now, now)
        record = ConversationRecord(
            name, facts.owner, facts.key_id, *moments, facts.door, len(turns), self.revisions[name]
        )
        return KeptConversation(record, facts.user, self.changes[name].context, turns)

    def erase(self, name: str) -> None:
        del self.revisions[name], self.turns[name], self.changes[name]

    def heard(self, name: str) -> list[tuple[str, str]]:
        return [(turn.asked, turn.heard) for turn in self.turns[name].values()]

    def _require(self) -> None:
        if self.is_away:
            raise AWAY


class Server:
    """One process on the store."""

    def __init__(self, store: Store, clock: VirtualClock, *replies: object, **keep: object) -> None:
        self.telemetry, self.model = Telemetry(), ScriptedChat(*(replies or (["好", "的。"],)))
        counts = CountStore(ClockedMemory(clock), on_failure="allow", clock=clock, observer=self.telemetry.limits)
        settings = KeepSettings(**{"seconds": 60.0, "redaction": Redaction(RedactMode.MASK)} | keep)
        self.keeper = ConversationKeeper(store, settings, self.telemetry.dialogue)
        quota = TokenQuota(0, counts, _Usage(), clock)
        parts = ChatParts(self.model, quota, None, clock, self.telemetry.dialogue, self.keeper)
        self.chat = Chat(ChatSettings(base_url="http://127.0.0.1:1/v1", model="m"), parts)

    async def say(self, text: str, call: Call = ANN, **ask: object) -> ChatAnswer:
        async with aclosing(self.chat.reply(ChatAsk(call, text, **ask))) as pieces:
            return [piece async for piece in pieces][-1]

    def asked(self) -> list[str]:
        return [message.text for message in self.model.asked[-1][1:]]

    def counted(self, metric: str) -> float:
        lines = self.telemetry.exposition().decode().splitlines()
        return float(next(line for line in lines if line.startswith(metric)).split()[-1])


class _Usage:
    def add(self, key_id: str, *, tokens: int) -> None: ...


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock) -> Store:
    return Store(clock)


@asynccontextmanager
async def held(store: Store) -> AsyncIterator[None]:
    """Nothing is committed meanwhile."""
    store.goes_on.clear()
    try:
        yield
    finally:
        store.goes_on.set()


async def test_another_server_goes_on_from_what_is_stored(store, clock) -> None:
    one, two = Server(store, clock), Server(store, clock)
    first = await one.say("一", context="订单 A-17")
    assert first.is_kept
    await two.say("二", conversation=first.conversation)
    assert two.asked() == ["一", "好的。", "二"]
    assert "订单 A-17" in two.model.asked[-1][0].text
    await one.say("三", conversation=first.conversation)
    assert one.asked() == ["一", "好的。", "二", "好的。", "三"]
    facts = store.changes[first.conversation].facts
    assert (facts.owner, facts.user, facts.door) == ("ann", "Ann", "/asr")


async def test_nobody_else_goes_on_with_it(store, clock) -> None:
    first = await Server(store, clock).say("一")
    for server in (Server(store, clock), Server(store, clock)):
        with pytest.raises(RecordNotFound):
            await server.say("二", BOB, conversation=first.conversation)


async def test_personal_data_in_a_reply_is_not_stored_either(store, clock) -> None:
    server = Server(store, clock, ["请拨打13812345678", "。"])
    first = await server.say("电话？")
    assert first.text == "请拨打13812345678。"
    assert store.heard(first.conversation) == [("电话？", "请拨打***********。")]


async def test_a_message_that_is_not_to_be_stored_is_not_nor_is_its_context(store, clock) -> None:
    server = Server(store, clock)
    private = replace(ANN, keep=False)
    first = await server.say("一", private, context="秘密")
    assert not first.is_kept
    again = await server.say("二", conversation=first.conversation)
    await server.say("三", private, conversation=first.conversation)
    assert again.is_kept
    assert server.asked()[0] == "一"
    assert store.heard(first.conversation) == [("二", "好的。")]
    assert store.changes[first.conversation].context == ""


async def test_what_was_heard_is_stored_after_the_reply(store, clock) -> None:
    server = Server(store, clock)
    first = await server.say("一")
    server.chat.settle("ann", first.conversation, Settled("好", is_interrupted=True))
    await server.keeper.aclose()
    assert store.heard(first.conversation) == [("一", "好")]
    server.chat.settle("ann", first.conversation, Settled("", is_withdrawn=True))
    server.chat.settle("ann", first.conversation, Settled("好的。"))
    await server.keeper.aclose()
    assert store.heard(first.conversation) == []


async def test_what_is_heard_while_the_turn_is_being_stored_is_stored_after_it(store, clock) -> None:
    server = Server(store, clock)
    async with held(store):
        first = await server.say("一")
        assert not first.is_kept
        server.chat.settle("ann", first.conversation, Settled("好"))
    await server.keeper.aclose()
    assert (store.heard(first.conversation), store.saves) == ([("一", "好")], 2)


async def test_a_reply_that_was_cut_off_is_stored_as_far_as_it_was_given(store, clock) -> None:
    server = Server(store, clock)
    talk = server.chat.begin("ann")
    async with aclosing(server.chat.reply(ChatAsk(ANN, "一", conversation=talk))) as pieces:
        await anext(pieces)
    await server.keeper.aclose()
    turn = next(iter(store.turns[talk].values()))
    assert (turn.heard, turn.is_interrupted) == ("好", True)
    assert store.changes[talk].facts.user == "Ann"


async def test_one_that_was_withdrawn_before_it_was_stored_leaves_nothing(store, clock) -> None:
    server = Server(store, clock)
    talk = server.chat.begin("ann")
    async with aclosing(server.chat.reply(ChatAsk(ANN, "一", conversation=talk))) as pieces:
        await anext(pieces)
        server.chat.settle("ann", talk, Settled("", is_withdrawn=True))
    await server.keeper.aclose()
    assert store.saves == 0


async def test_while_the_store_is_away_it_goes_on_in_memory_and_catches_up(store, clock) -> None:
    server = Server(store, clock)
    first = await server.say("一")
    store.is_away = True
    again = await server.say("二", conversation=first.conversation)
    assert not again.is_kept
    assert server.asked() == ["一", "好的。", "二"]
    assert server.counted("asr_conversation_failures_total") == 2
    store.is_away = False
    assert (await server.say("三", conversation=first.conversation)).is_kept
    assert [asked for asked, _ in store.heard(first.conversation)] == ["一", "二", "三"]
    assert server.counted("asr_conversation_turns_total") == 3


async def test_what_is_not_in_memory_cannot_be_found_while_the_store_is_away(store, clock) -> None:
    first = await Server(store, clock).say("一")
    store.is_away = True
    with pytest.raises(StorageUnavailable):
        await Server(store, clock).say("二", conversation=first.conversation)


async def test_a_history_that_is_required_is_an_error_when_it_cannot_be_kept(store, clock) -> None:
    server = Server(store, clock, is_required=True)
    first = await server.say("一")
    store.is_away = True
    for conversation in (None, first.conversation):
        with pytest.raises(StorageUnavailable):
            await server.say("二", conversation=conversation)


async def test_one_that_was_erased_elsewhere_is_over_and_not_made_again(store, clock) -> None:
    server = Server(store, clock)
    first = await server.say("一")
    async with aclosing(server.chat.reply(ChatAsk(ANN, "二", conversation=first.conversation))) as pieces:
        await anext(pieces)
        store.erase(first.conversation)
        assert [piece async for piece in pieces][-1].is_kept is False
    assert store.turns == {}
    with pytest.raises(RecordNotFound):
        await server.say("三", conversation=first.conversation)


@pytest.mark.parametrize(
    ("asked", "is_gone"),
    [
        (Erasure("ann", everything=True), True),
        (Erasure("ann", user="Ann"), True),
        (Erasure(None, key="ann"), True),
        (Erasure("ann", user="Cathy"), False),
        (Erasure("bob", everything=True), False),
    ],
)
async def test_what_is_erased_is_forgotten_in_memory_too(store, clock, asked, is_gone) -> None:
    server = Server(store, clock, seconds=0.0)
    first = await server.say("一")
    assert server.chat.forget(asked) == ([first.conversation] if is_gone else [])
    with pytest.raises(RecordNotFound) if is_gone else nullcontext():
        await server.say("二", conversation=first.conversation)
    assert store.saves == 0


async def test_one_that_is_erased_while_it_is_answered_is_not_stored(store, clock) -> None:
    server = Server(store, clock)
    talk = server.chat.begin("ann")
    async with aclosing(server.chat.reply(ChatAsk(ANN, "一", conversation=talk))) as pieces:
        await anext(pieces)
        assert list(server.chat.forget(Erasure("ann", id=talk))) == [talk]
    await server.keeper.aclose()
    assert store.saves == 0
    with pytest.raises(RecordNotFound):
        await server.say("二", conversation=talk)


async def test_one_that_is_looked_for_is_answered_once_at_a_time(store, clock) -> None:
    first = await Server(store, clock).say("一")
    server = Server(store, clock)
    said = (server.say("二", conversation=first.conversation), server.say("三", conversation=first.conversation))
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert [type(each) for each in outcomes] == [ChatAnswer, WrongState]
