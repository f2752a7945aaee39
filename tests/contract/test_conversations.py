"""What kept conversations rely on, on each database."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, update

from databases import KINDS, fresh_database
from kept import House, change_of, open_house, talked
from lingting.domain import mood_from
from lingting.domain.conversation import TurnStages
from lingting.domain.errors import InvalidOption, RecordNotFound, SealBroken
from lingting.storage.conversations import conversation_store
from lingting.storage.conversations.conversation_records import KeptConversation, turn_from
from lingting.storage.erasing import Erasure
from lingting.storage.tables import conversation_turns, conversations

pytestmark = pytest.mark.contract
DAY_SECONDS = 86_400.0


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path) as made:
            yield made


async def keep(house: House, name: str, *turns: str, **more) -> int:
    """One save with a turn for each name; the clock moves on, as between turns it does."""
    change = change_of(house.clock, name, *(talked(house.clock, turn) for turn in turns), **more)
    revision = await house.conversations.save(change, keep_seconds=DAY_SECONDS)
    house.clock.advance(1.0)
    return revision


async def get(house: House, name: str) -> KeptConversation:
    return await house.conversations.get(name, owner="key1")


async def count(house: House, table: Table) -> int:
    return await house.database.read(lambda c: c.scalar(select(func.count()).select_from(table)))


async def test_a_conversation_comes_back_as_it_was(house) -> None:
    turn = replace(
        talked(house.clock, "ct_1", "我的手机号是***********", "好的\ud800。", is_interrupted=True),
        mood=mood_from(-0.5), intent="car.temperature", read_tokens=90, written_tokens=7, is_cached=True, is_cut=True,
        stages=TurnStages(0.25, 0.5, 0.75, 3.125),
    )  # fmt: skip
    change = change_of(house.clock, "cv_1", turn, user="Ann", context='{"order": "A-17"}')
    assert await house.conversations.save(change, keep_seconds=DAY_SECONDS) == 1
    kept = await get(house, "cv_1")
    assert (kept.turns, kept.user, kept.context, kept.facts) == ([turn], "Ann", '{"order": "A-17"}', change.facts)
    record = kept.record
    assert (record.turns, record.revision, record.door) == (1, 1, "/v1/chat")
    assert record.expires == record.last + timedelta(days=1)


async def test_turns_come_in_order_and_keep_it_alive(house) -> None:
    assert await keep(house, "cv_1", "b") == 1
    assert await keep(house, "cv_1", "a", "c", is_begun=True) == 2
    kept = await get(house, "cv_1")
    assert [turn.id for turn in kept.turns] == ["b", "a", "c"]
    assert kept.record.expires == kept.record.began + timedelta(days=1, seconds=1)
    newest = await house.conversations.get("cv_1", owner="key1", newest=2)
    assert [turn.id for turn in newest.turns] == ["a", "c"]


async def test_what_was_heard_of_a_reply_is_changed_where_it_stands(house) -> None:
    await keep(house, "cv_1", "a", "b")
    heard = talked(house.clock, "a", heard="only this")
    change = change_of(house.clock, "cv_1", heard, is_begun=True)
    await house.conversations.save(change, keep_seconds=DAY_SECONDS)
    assert [turn.heard for turn in (await get(house, "cv_1")).turns] == ["only this", "hear b"]


async def test_a_turn_that_was_withdrawn_is_gone(house) -> None:
    await keep(house, "cv_1", "a", "b")
    await keep(house, "cv_1", "c", withdrawn=("b",), is_begun=True)
    kept = await get(house, "cv_1")
    assert ([turn.id for turn in kept.turns], kept.record.turns) == (["a", "c"], 2)


async def test_a_save_that_is_tried_again_adds_nothing_twice(house) -> None:
    for _ in range(2):
        await keep(house, "cv_1", "a")
    assert (await get(house, "cv_1")).record.turns == 1


async def test_one_that_was_erased_is_not_made_again(house) -> None:
    await keep(house, "cv_1", "a")
    await house.eraser.erase(Erasure("key1", id="cv_1"))
    with pytest.raises(RecordNotFound):
        await keep(house, "cv_1", "b", is_begun=True)
    assert [await count(house, table) for table in (conversations, conversation_turns)] == [0, 0]


async def test_the_oldest_turns_of_a_very_long_one_go(house, monkeypatch) -> None:
    monkeypatch.setattr(conversation_store, "MAX_KEPT_TURNS", 3)
    await keep(house, "cv_1", *"abcde")
    kept = await get(house, "cv_1")
    assert ([turn.id for turn in kept.turns], kept.record.turns) == (["c", "d", "e"], 3)


async def test_nobody_else_finds_it(house) -> None:
    await keep(house, "cv_1", "a")
    with pytest.raises(RecordNotFound):
        await house.conversations.get("cv_1", owner="key2")
    assert await house.conversations.revision("cv_1", owner="key2") is None
    assert await house.conversations.revision("cv_1", owner="key1") == 1
    assert not (await house.conversations.page("key2")).records


async def test_servers_that_answer_the_same_conversation_lose_no_turn(house) -> None:
    await keep(house, "cv_1", "a")
    changes = [change_of(house.clock, "cv_1", talked(house.clock, f"t{i}"), is_begun=True) for i in range(8)]
    revisions = await asyncio.gather(*(house.conversations.save(each, keep_seconds=60.0) for each in changes))
    assert sorted(revisions) == list(range(2, 10))
    assert {turn.id for turn in (await get(house, "cv_1")).turns} == {"a", *(f"t{i}" for i in range(8))}


async def test_pages_hold_every_conversation_once_newest_first(house) -> None:
    for i in range(5):
        await keep(house, f"cv_{i}", f"t{i}", user="Ann" if i % 2 else "")
    await keep(house, "cv_other", "o", owner="key2")
    seen, cursor = [], None
    while True:
        page = await house.conversations.page("key1", cursor=cursor, limit=2)
        seen += [record.id for record in page.records]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [f"cv_{i}" for i in reversed(range(5))]
    assert [record.id for record in (await house.conversations.page("key1", user="Ann")).records] == ["cv_3", "cv_1"]
    assert len((await house.conversations.page(None)).records) == 6
    with pytest.raises(InvalidOption):
        await house.conversations.page("key1", cursor="made up")


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Erasure("key1", user="Ann"), {"cv_key", "cv_other"}),
        (Erasure("key1", everything=True), {"cv_other"}),
        (Erasure(None, key="key2"), {"cv_ann", "cv_key"}),
        (Erasure("key1", id="cv_other"), {"cv_ann", "cv_key", "cv_other"}),
        (Erasure(None, everything=True), set()),
    ],
    ids=["a person's", "an owner's", "a key's", "somebody else's", "everybody's"],
)
async def test_what_is_erased_is_gone_with_its_turns(house, asked, left) -> None:
    await keep(house, "cv_ann", "a", user="Ann")
    await keep(house, "cv_key", "b")
    await keep(house, "cv_other", "c", owner="key2")
    assert (await house.eraser.erase(asked)).conversations == 3 - len(left)
    assert {record.id for record in (await house.conversations.page(None)).records} == left
    assert await count(house, conversation_turns) == len(left)


async def test_what_is_only_in_memory_is_erased_and_counted_once(house) -> None:
    told: list[Erasure] = []
    await keep(house, "cv_1", "a")
    house.eraser.watch(lambda asked: told.append(asked) or ["cv_1", "cv_memory"])
    asked = Erasure("key1", everything=True)
    assert (await house.eraser.erase(asked)).conversations == 2
    assert told == [asked]


async def test_one_that_has_had_its_time_is_swept(house) -> None:
    await keep(house, "cv_1", "a")
    house.clock.advance(DAY_SECONDS - 10.0)
    await keep(house, "cv_2", "b")
    house.clock.advance(20.0)
    assert (await house.sweeper.sweep())["conversations"] == 1
    assert [record.id for record in (await house.conversations.page(None)).records] == ["cv_2"]
    assert await count(house, conversation_turns) == 1


async def test_nothing_that_was_said_is_in_a_row(house) -> None:
    turn = talked(house.clock, "ct_1", "a known sentence", "its answer")
    change = change_of(house.clock, "cv_1", turn, user="Ann", context="order A-17")
    await house.conversations.save(change, keep_seconds=DAY_SECONDS)
    for table in (conversations, conversation_turns):
        rows = await house.database.read(lambda c, t=table: c.execute(select(t)))
        values = b"\0".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
        assert not any(needle in values for needle in (b"known", b"answer", b"Ann", b"A-17"))


@pytest.mark.parametrize("table", [conversations, conversation_turns], ids=lambda table: table.name)
async def test_a_changed_or_moved_row_is_found(house, table) -> None:
    await keep(house, "cv_1", "a", "b")
    sealed = await house.database.read(lambda c: c.scalar(select(table.c.sealed)))
    harmed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    await house.database.write(lambda c: c.execute(update(table).values(sealed=harmed)))
    with pytest.raises(SealBroken):
        await get(house, "cv_1")


async def test_a_turn_of_another_conversation_is_not_read(house) -> None:
    await keep(house, "cv_1", "a")
    await keep(house, "cv_2", "b")
    await house.database.write(lambda c: c.execute(update(conversation_turns).values(conversation_id="cv_1")))
    with pytest.raises(SealBroken):
        await get(house, "cv_1")


def test_a_turn_of_another_version_is_said_to_be_one() -> None:
    for data in (b"", b"{}", b"[]", b'{"mood":[1],"began":"x","stages":{}}', b"\xff"):
        with pytest.raises(SealBroken, match="another version"):
            turn_from(data)
