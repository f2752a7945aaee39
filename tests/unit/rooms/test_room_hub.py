"""The hub of subtitle rooms: who may do what, what a viewer gets, what stays."""

import asyncio

import pytest

from lingting.domain.errors import InvalidOption, NotAllowed, Overloaded, RoomNotFound, RoomTaken, ShuttingDown
from lingting.rooms.hub import CreatedRoom, RoomHub, RoomWish
from lingting.rooms.parts import RoomSettings
from lingting.rooms.viewers import View
from room_doubles import House, ScriptedSession, read, read_all, settle

pytestmark = pytest.mark.unit


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def hub(house):
    hub = house.hub()
    yield hub
    await hub.aclose()


@pytest.fixture
async def room(hub) -> CreatedRoom:
    return await hub.create(RoomWish(name="talk", title="A talk", language="en"))


def texts(messages) -> list[str]:
    return [message["text"] for message in messages if message["type"] == "caption"]


async def published(hub: RoomHub, room: CreatedRoom, identity: str = "session-1") -> ScriptedSession:
    session = ScriptedSession(identity)
    await hub.publish(room.record.name, room.publish_token, session)
    return session


async def test_a_viewer_gets_a_snapshot_then_what_is_said(hub, room) -> None:
    session = await published(hub, room)
    session.final(1, "Good evening.")
    session.partial(2, "My name")
    viewer = await hub.watch("talk", room.view_token, View())
    snapshot = await read(viewer)
    session.final(2, "My name is Ling.", 1.0, 2.5)
    update = await read(viewer)
    assert (snapshot["type"], snapshot["room"], snapshot["title"], snapshot["live"]) == (
        "snapshot",
        "talk",
        "A talk",
        True,
    )
    assert [caption["text"] for caption in snapshot["captions"]] == ["Good evening.", "My name"]
    assert update == {
        "type": "caption",
        "id": "1-2",
        "revision": 1,
        "start_ms": 1000,
        "end_ms": 2500,
        "text": "My name is Ling.",
        "is_final": True,
        "language": "en",
    }


async def test_revisions_rise_from_the_first_partial_to_the_final_and_to_corrections(hub, room) -> None:
    session = await published(hub, room)
    viewer = await hub.watch("talk", room.view_token, View())
    await read(viewer)
    revisions = []
    for text in ("I", "I sea", "I sea"):
        session.partial(1, text)
        revisions += [message["revision"] for message in await read_all(viewer)]
    session.final(1, "I sea.")
    revisions += [message["revision"] for message in await read_all(viewer)]
    await hub.correct("talk", room.publish_token, "1-1", "I see.")
    corrected = await read(viewer)
    assert [*revisions, corrected["revision"]] == [0, 1, 2, 3]
    assert corrected["text"] == "I see."


async def test_an_empty_final_takes_back_what_was_shown_and_says_nothing_else(hub, room) -> None:
    session = await published(hub, room)
    viewer = await hub.watch("talk", room.view_token, View())
    await read(viewer)
    session.partial(1, "Thanks for watching")
    await settle()
    await read(viewer)
    session.final(1, "")
    session.final(2, "")
    messages = await read_all(viewer)
    late = await hub.watch("talk", room.view_token, View())
    assert [(message["id"], message["text"], message["is_final"]) for message in messages] == [("1-1", "", True)]
    assert (await read(late))["captions"] == []
    assert (await hub.history("talk", room.view_token))[1] == []


async def test_what_was_last_shown_stands_when_a_session_breaks(hub, room) -> None:
    session = await published(hub, room)
    session.partial(1, "and so we")
    session.close()
    _, captions = await hub.history("talk", room.view_token)
    assert [(caption.text, caption.revision) for caption in captions] == [("and so we", 1)]


async def test_a_viewer_who_has_not_read_gets_only_the_newest_of_each_caption(hub, room) -> None:
    session = await published(hub, room)
    viewer = await hub.watch("talk", room.view_token, View())
    await read(viewer)
    for text in ("a", "a b", "a b c"):
        session.partial(1, text)
    session.final(1, "A b c.")
    session.partial(2, "d")
    assert texts(await read_all(viewer)) == ["A b c.", "d"]


async def test_a_slow_viewer_is_skipped_forward_to_a_fresh_snapshot(house, hub, room) -> None:
    session = await published(hub, room)
    slow = await hub.watch("talk", room.view_token, View(history=3))
    quick = await hub.watch("talk", room.view_token, View())
    await read(slow)
    await read(quick)
    for i in range(100):
        session.final(i + 1, f"Sentence {i}.", i, i + 0.9)
        assert (await read(quick))["text"] == f"Sentence {i}."
    messages = await read_all(slow)
    first = messages[0]
    assert (first["type"], first["skipped"]) == ("snapshot", 65)
    assert [caption["text"] for caption in first["captions"]] == [f"Sentence {i}." for i in (97, 98, 99)]
    assert messages[1:] == []
    assert house.observer.skipped == 65


async def test_a_snapshot_has_as_many_finals_as_asked_for_and_the_open_one(hub, room) -> None:
    session = await published(hub, room)
    for i in range(30):
        session.final(i + 1, f"{i}.", i, i + 1)
    session.partial(31, "31")
    usual = await read(await hub.watch("talk", room.view_token, View()))
    two = await read(await hub.watch("talk", room.view_token, View(history=2)))
    assert len(usual["captions"]) == 21
    assert [caption["text"] for caption in two["captions"]] == ["28.", "29.", "31"]


@pytest.mark.parametrize("history", [-1, 501])
def test_more_history_than_a_snapshot_holds_is_refused(history) -> None:
    with pytest.raises(InvalidOption, match="history"):
        View(history=history)


async def test_the_history_has_a_limit(hub) -> None:
    room = await hub.create(RoomWish(name="short", history_limit=3))
    session = await published(hub, room)
    for i in range(10):
        session.final(i + 1, f"{i}.", i, i + 1)
    await settle()
    _, captions = await hub.history("short", room.view_token)
    assert [caption.text for caption in captions] == ["7.", "8.", "9."]
    with pytest.raises(InvalidOption, match="dropped"):
        await hub.correct("short", room.publish_token, "1-1", "x")


async def test_a_room_goes_when_nothing_was_published_for_its_time_to_live(house, hub) -> None:
    room = await hub.create(RoomWish(name="brief", ttl_seconds=600))
    session = await published(hub, room)
    viewer = await hub.watch("brief", room.view_token, View())
    house.clock.advance(590)
    session.final(1, "Still here.")
    await settle()
    session.close()
    house.clock.advance(590)
    await hub.sweep()
    before = [message["type"] for message in await read_all(viewer)]
    house.clock.advance(20)
    await hub.sweep()
    after = [message["type"] for message in await read_all(viewer)]
    with pytest.raises(RoomNotFound):
        await hub.describe("brief", room.view_token)
    assert (before, after) == (["snapshot"], ["ended"])


async def test_two_publishers_at_once_are_one_too_many(hub, room) -> None:
    first = await published(hub, room)
    with pytest.raises(RoomTaken):
        await published(hub, room, "session-2")
    await hub.publish("talk", room.publish_token, first)
    assert first.observers == 1


async def test_a_room_outlives_its_publisher_and_its_time_goes_on(house, hub, room) -> None:
    first = await published(hub, room)
    first.final(1, "Before.", 0.0, 4.0)
    first.close()
    house.clock.advance(60)
    second = await published(hub, room, "session-2")
    second.final(1, "After.", 1.0, 2.0)
    _, captions = await hub.history("talk", room.view_token)
    assert [(c.id, c.text, c.start_ms) for c in captions] == [("1-1", "Before.", 0), ("2-1", "After.", 61_000)]


async def test_a_session_that_was_faster_than_the_clock_is_not_overlapped(house, hub, room) -> None:
    first = await published(hub, room)
    first.final(1, "An hour in a second.", 3_590.0, 3_600.0)
    first.close()
    house.clock.advance(1)
    second = await published(hub, room, "session-2")
    second.final(1, "Later.", 0.5, 1.0)
    _, captions = await hub.history("talk", room.view_token)
    assert captions[-1].start_ms == 3_600_500


async def test_a_publisher_whose_connection_was_lost_gives_way_to_another(hub, room) -> None:
    first = await published(hub, room)
    first.has_client = False
    second = await published(hub, room, "session-2")
    first.final(1, "The end of it.")
    second.final(1, "A beginning.")
    first.close()
    viewer = await hub.watch("talk", room.view_token, View())
    snapshot = await read(viewer)
    assert [caption["text"] for caption in snapshot["captions"]] == ["The end of it.", "A beginning."]
    assert snapshot["live"] is True


async def test_viewers_are_told_when_somebody_begins_and_ceases_to_publish(hub, room) -> None:
    viewer = await hub.watch("talk", room.view_token, View())
    assert (await read(viewer))["live"] is False
    session = await published(hub, room)
    began = await read_all(viewer)
    session.close()
    assert (began, await read_all(viewer)) == (
        [{"type": "status", "live": True}],
        [{"type": "status", "live": False}],
    )


async def test_wrong_and_missing_tokens_open_nothing(hub, room) -> None:
    for token in ("", "wrong", room.view_token + "x", "\udc80"):
        for refused in (
            hub.describe("talk", token),
            hub.watch("talk", token, View()),
            hub.history("talk", token),
            hub.publish("talk", token, ScriptedSession()),
            hub.correct("talk", token, "1-1", "x"),
            hub.delete("talk", token),
        ):
            with pytest.raises(NotAllowed):
                await refused


async def test_the_view_token_does_not_publish_but_the_publish_token_views(hub, room) -> None:
    for refused in (
        hub.publish("talk", room.view_token, ScriptedSession()),
        hub.correct("talk", room.view_token, "1-1", "x"),
        hub.delete("talk", room.view_token),
    ):
        with pytest.raises(NotAllowed):
            await refused
    assert (await hub.describe("talk", room.publish_token)).record.title == "A talk"


async def test_a_public_room_is_watched_without_a_token_but_not_published_in(hub) -> None:
    await hub.create(RoomWish(name="open", is_public=True))
    viewer = await hub.watch("open", "", View())
    assert (await read(viewer))["room"] == "open"
    with pytest.raises(NotAllowed):
        await hub.publish("open", "", ScriptedSession())


async def test_tokens_are_random_and_kept_as_hashes_only(house, hub, room) -> None:
    other = await hub.create(RoomWish())
    standing = await house.store.find("talk")
    kept = repr(standing)
    assert len({room.publish_token, room.view_token, other.publish_token, other.view_token}) == 4
    assert room.publish_token not in kept
    assert room.view_token not in kept
    assert len(other.record.name) >= 12


async def test_a_name_that_is_taken_or_odd_is_refused(hub, room) -> None:
    with pytest.raises(RoomTaken):
        await hub.create(RoomWish(name="talk"))
    for name in ("", "a b", "../x", "a" * 65, "é"):
        with pytest.raises(InvalidOption, match="name"):
            RoomWish(name=name)
    with pytest.raises(RoomNotFound):
        await hub.describe("../x", "")


async def test_there_are_no_more_rooms_than_the_settings_allow() -> None:
    house = House(settings=RoomSettings(max_rooms=2))
    hub = house.hub()
    await hub.create(RoomWish())
    first = await hub.create(RoomWish())
    with pytest.raises(Overloaded):
        await hub.create(RoomWish())
    await hub.delete(first.record.name, first.publish_token)
    await hub.create(RoomWish())
    await hub.aclose()


async def test_there_are_no_more_viewers_than_the_settings_allow() -> None:
    house = House(settings=RoomSettings(max_viewers=2, max_all_viewers=3))
    hub = house.hub()
    one, two = await hub.create(RoomWish()), await hub.create(RoomWish())
    first = await hub.watch(one.record.name, one.view_token, View())
    await hub.watch(one.record.name, one.view_token, View())
    with pytest.raises(Overloaded, match="2 viewers"):
        await hub.watch(one.record.name, one.view_token, View())
    await hub.watch(two.record.name, two.view_token, View())
    with pytest.raises(Overloaded, match="3 viewers"):
        await hub.watch(two.record.name, two.view_token, View())
    first.leave()
    await hub.watch(two.record.name, two.view_token, View())
    assert house.observer.viewers == 3
    await hub.aclose()


async def test_a_deleted_room_tells_its_viewers_and_stops_its_publisher(hub, room) -> None:
    session = await published(hub, room)
    viewer = await hub.watch("talk", room.view_token, View())
    await read(viewer)
    await hub.delete("talk", room.publish_token)
    session.final(1, "Unheard.")
    assert [message["type"] for message in await read_all(viewer)] == ["ended"]
    with pytest.raises(RoomNotFound):
        await hub.history("talk", room.view_token)


async def test_a_name_can_be_used_again_after_its_room_was_deleted(hub, room) -> None:
    session = await published(hub, room)
    session.final(1, "Of the first.")
    await hub.delete("talk", room.publish_token)
    again = await hub.create(RoomWish(name="talk"))
    assert (await hub.history("talk", again.view_token))[1] == []
    with pytest.raises(NotAllowed):
        await hub.history("talk", room.view_token)


async def test_a_resumed_viewer_gets_what_changed_meanwhile_and_corrections_among_it(hub, room) -> None:
    session = await published(hub, room)
    session.final(1, "Won.")
    session.final(2, "Two.", 1.0, 2.0)
    position = next(reversed((await hub.history("talk", room.view_token))[1])).changed
    session.final(3, "Three.", 2.0, 3.0)
    await hub.correct("talk", room.publish_token, "1-1", "One.")
    viewer = await hub.watch("talk", room.view_token, View(after=position))
    snapshot = await read(viewer)
    assert snapshot["resumed"] is True
    assert [caption["text"] for caption in snapshot["captions"]] == ["One.", "Three."]


@pytest.mark.parametrize("caption_id", ["", "1-9", "x-1", "1", "1-1-1", "9" * 40 + "-1", "-1"])
async def test_a_correction_of_what_is_not_there_is_refused(hub, room, caption_id) -> None:
    (await published(hub, room)).final(1, "One.")
    with pytest.raises(InvalidOption, match="caption"):
        await hub.correct("talk", room.publish_token, caption_id, "x")


async def test_an_open_caption_is_not_corrected(hub, room) -> None:
    (await published(hub, room)).partial(1, "One")
    with pytest.raises(InvalidOption, match="still being said"):
        await hub.correct("talk", room.publish_token, "1-1", "x")


async def test_viewers_are_sent_away_when_the_server_stops(hub, room) -> None:
    viewer = await hub.watch("talk", room.view_token, View())
    await read(viewer)
    waiting = asyncio.ensure_future(anext(viewer))
    await settle()
    hub.stop_viewers()
    with pytest.raises(ShuttingDown):
        await waiting
    with pytest.raises(ShuttingDown):
        await hub.watch("talk", room.view_token, View())


async def test_nothing_is_left_of_a_hub_that_was_closed(house, room, hub) -> None:
    await published(hub, room)
    viewer = await hub.watch("talk", room.view_token, View())
    await hub.aclose()
    viewer.leave()
    await settle()
    tasks = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("room")]
    assert (tasks, house.observer.rooms, house.observer.viewers) == ([], 0, 0)


async def test_a_room_that_nobody_uses_is_closed_but_kept(house, hub, room) -> None:
    session = await published(hub, room)
    session.final(1, "Kept.")
    await settle()
    session.close()
    await settle()
    await hub.sweep()
    open_rooms = house.observer.rooms
    _, captions = await hub.history("talk", room.view_token)
    assert open_rooms == 0
    assert [caption.text for caption in captions] == ["Kept."]
