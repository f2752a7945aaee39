"""Subtitle rooms over real sockets: what clients see, whatever they do."""

import asyncio
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from lingting.rooms.parts import RoomSettings
from room_server import Events, room_server, said

pytestmark = pytest.mark.integration


@pytest.fixture
async def server():
    async with room_server() as running:
        yield running


async def closed(websocket) -> tuple[int, str]:
    async with asyncio.timeout(10):
        while True:
            try:
                await websocket.recv()
            except ConnectionClosed as ended:
                return ended.rcvd.code, ended.rcvd.reason


async def test_a_viewer_follows_a_room_by_the_link_it_was_given(server) -> None:
    room = await server.create(name="talk", title="A talk")
    session = await server.publish(room)
    session.final(1, "Good evening.")
    async with connect(room["links"]["view"]) as viewer:
        snapshot = await said(viewer)
        session.partial(2, "My")
        partial = await said(viewer)
        session.final(2, "My name.", 1.0, 2.0)
        final = await said(viewer)
    assert (snapshot["title"], [caption["text"] for caption in snapshot["captions"]]) == ("A talk", ["Good evening."])
    assert (partial["text"], partial["is_final"], partial["revision"]) == ("My", False, 0)
    assert (final["text"], final["is_final"], final["revision"]) == ("My name.", True, 1)


async def test_each_viewer_has_its_own_format(server) -> None:
    room = await server.create()
    session = await server.publish(room)
    session.final(1, "Fish & chips.", 0.0, 2.0)
    async with (
        connect(f"{room['links']['view']}&format=vtt") as cues,
        connect(f"{room['links']['view']}&format=text") as plain,
    ):
        first = await cues.recv(), await plain.recv()
        session.partial(2, "not shown")
        session.final(2, "Peas.", 2.0, 3.0)
        second = await cues.recv(), await plain.recv()
    assert first == (
        "WEBVTT\n\n1-1\n00:00:00.000 --> 00:00:02.000\nFish &amp; chips.\n",
        "Fish & chips.",
    )
    assert second == ("1-2\n00:00:02.000 --> 00:00:03.000\nPeas.\n", "Peas.")


async def test_an_event_stream_resumes_where_it_was_left(server) -> None:
    room = await server.create()
    session = await server.publish(room)
    async with server.client.stream("GET", room["links"]["events"]) as answer:
        events = Events(answer)
        snapshot = await events.json()
        session.final(1, "Won.")
        identity, _ = await events.take()
    session.final(2, "Two.", 1.0, 2.0)
    path = f"/v1/rooms/{room['room']}"
    headers = {"Authorization": f"Bearer {room['publish_token']}"}
    await server.client.put(f"{path}/captions/1-1", json={"text": "One."}, headers=headers)
    async with server.client.stream("GET", room["links"]["events"], headers={"Last-Event-ID": identity}) as answer:
        missed = await Events(answer).json()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (snapshot["type"], snapshot["captions"]) == ("snapshot", [])
    assert (missed["resumed"], [caption["text"] for caption in missed["captions"]]) == (True, ["One.", "Two."])


async def test_a_silent_event_stream_is_kept_alive() -> None:
    async with room_server(RoomSettings(keep_alive_seconds=0.05)) as server:
        room = await server.create()
        async with server.client.stream("GET", room["links"]["events"]) as answer, asyncio.timeout(10):
            comments = [line async for line in _until(answer.aiter_lines(), ":")]
    assert comments[-1].startswith(":")


async def _until(lines, prefix):
    async for line in lines:
        yield line
        if line.startswith(prefix):
            return


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("srt", "1\n00:00:00,000 --> 00:00:02,000\nOne.\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nOne.\n"),
        ("txt", "One.\nTwo.\n"),
        ("json", '{"text": "One. Two."'),
    ],
)
async def test_the_history_can_be_downloaded(server, kind, begins) -> None:
    room = await server.create(name="talk", language="en")
    session = await server.publish(room)
    session.final(1, "One.", 0.0, 2.0)
    session.final(2, "Two.", 2.0, 4.0)
    session.partial(3, "not yet")
    answer = await server.client.get(f"/v1/rooms/talk/transcript?format={kind}&token={room['view_token']}")
    assert answer.text.startswith(begins)
    assert "not yet" not in answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="talk.{kind}"'


async def test_a_room_that_is_deleted_ends_for_all(server) -> None:
    room = await server.create(name="talk")
    async with (
        connect(room["links"]["view"]) as viewer,
        server.client.stream("GET", room["links"]["events"]) as answer,
    ):
        events = Events(answer)
        await said(viewer)
        await events.json()
        headers = {"Authorization": f"Bearer {room['publish_token']}"}
        deleted = await server.client.delete("/v1/rooms/talk", headers=headers)
        last = await said(viewer), await events.json()
        end = await closed(viewer)
    assert deleted.json() == {"status": "SUCCESS", "room": "talk"}
    assert last == ({"type": "ended"}, {"type": "ended"})
    assert end == (1000, "ended")
    assert (await server.client.get("/v1/rooms/talk", headers=headers)).status_code == 404


async def test_a_wrong_or_missing_token_is_refused_everywhere(server) -> None:
    await server.create(name="talk")
    for token in ("", "?token=wrong"):
        path = f"/v1/rooms/talk{{}}{token}"
        answers = [
            await server.client.get(path.format("")),
            await server.client.delete(path.format("")),
            await server.client.get(path.format("/events")),
            await server.client.get(path.format("/transcript")),
            await server.client.put(path.format("/captions/1-1"), json={"text": "x"}),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "not_allowed")] * 5
        async with connect(f"{server.ws}{path.format('/view')}") as viewer:
            assert (await said(viewer))["code"] == "not_allowed"
            assert await closed(viewer) == (1008, "not_allowed")


async def test_a_room_that_is_not_there_is_not_found(server) -> None:
    answer = await server.client.get("/v1/rooms/nowhere/events")
    async with connect(f"{server.ws}/v1/rooms/nowhere/view?format=text") as viewer:
        end = await closed(viewer)
    assert (answer.status_code, answer.json()["code"]) == (404, "room_not_found")
    assert end == (1008, "room_not_found")


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"name": "a b"}, "name"),
        ({"title": "x" * 201}, "title"),
        ({"history_limit": 0}, "history_limit"),
        ({"history_limit": 10**9}, "history_limit"),
        ({"ttl_seconds": 1}, "ttl_seconds"),
        ({"ttl_seconds": "soon"}, "ttl_seconds"),
        ({"public": "perhaps"}, "public"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_an_odd_wish_for_a_room_is_refused_by_name(server, wish, param) -> None:
    answer = await server.client.post("/v1/rooms", json=wish)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


async def test_pages_from_elsewhere_make_no_rooms(server) -> None:
    theirs = await server.client.post("/v1/rooms", headers={"Origin": "https://example.com"})
    ours = await server.client.post("/v1/rooms", headers={"Origin": server.url})
    assert (theirs.status_code, theirs.json()["code"], ours.status_code) == (403, "not_allowed", 201)


async def test_odd_bodies_are_refused(server) -> None:
    room = await server.create(name="talk")
    path = f"/v1/rooms/talk/captions/1-1?token={room['publish_token']}"
    answers = [
        await server.client.post("/v1/rooms", content=b"[1]"),
        await server.client.post("/v1/rooms", content=b"{"),
        await server.client.post("/v1/rooms", content=b" " * 100_000),
        await server.client.put(path, content=b""),
        await server.client.put(path, json={"text": 1}),
        await server.client.put(path, content=b'{"text": "\\ud800"}'),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 413, 400, 400, 400]


@pytest.mark.parametrize("query", ["format=xml", "history=-1", "history=501", "history=x", "partials=maybe", "after=x"])
async def test_an_odd_wish_of_a_viewer_is_refused(server, query) -> None:
    room = await server.create()
    answer = await server.client.get(f"{room['links']['events']}&{query}")
    async with connect(f"{room['links']['view']}&{query}") as viewer:
        assert (await closed(viewer))[0] == 1008
    assert (answer.status_code, answer.json()["param"]) == (400, query.partition("=")[0])


async def test_what_a_viewer_sends_is_not_listened_to(server) -> None:
    room = await server.create()
    session = await server.publish(room)
    async with connect(room["links"]["view"]) as viewer:
        await said(viewer)
        for garbage in ("{", b"\x00" * 1000, "PUBLISH"):
            await viewer.send(garbage)
        session.final(1, "Undisturbed.")
        assert (await said(viewer))["text"] == "Undisturbed."


async def test_viewers_that_leave_are_forgotten(server) -> None:
    room = await server.create()
    for _ in range(3):
        async with (
            connect(room["links"]["view"]) as viewer,
            server.client.stream("GET", room["links"]["events"]) as answer,
        ):
            await said(viewer)
            await Events(answer).json()
            assert server.observer.viewers == 2
        await _until_true(lambda: server.observer.viewers == 0)


async def _until_true(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the server counts and does not tell
            await asyncio.sleep(0.01)


def stuck_viewer(server, target: str, *, upgrade: bool) -> socket.socket:
    """Connects, asks, and never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if upgrade:
        head += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    connection.sendall(f"{head}\r\n".encode())
    return connection


@pytest.mark.parametrize("kind", ["view", "events"])
async def test_a_viewer_that_never_reads_is_cut_and_harms_nobody(kind) -> None:
    async with room_server(RoomSettings(send_seconds=0.3, waiting_updates=8)) as server:
        room = await server.create(name="talk")
        session = await server.publish(room)
        target = f"/v1/rooms/talk/{kind}?token={room['view_token']}"
        stuck = stuck_viewer(server, target, upgrade=kind == "view")
        async with connect(room["links"]["view"]) as reader:
            await said(reader)
            await _until_true(lambda: server.observer.viewers == 2)
            number = 0
            while server.observer.cut == 0 and number < 2_000:
                number += 1
                session.final(number, f"{number} {'x' * 30_000}", number, number + 0.5)
                assert (await said(reader))["text"].startswith(f"{number} x")
            await _until_true(lambda: server.observer.viewers == 1)
        stuck.close()
    assert server.observer.cut == 1


async def test_a_stopping_server_sends_its_viewers_away(server) -> None:
    room = await server.create()
    async with (
        connect(room["links"]["view"]) as viewer,
        server.client.stream("GET", room["links"]["events"]) as answer,
    ):
        await said(viewer)
        events = Events(answer)
        await events.json()
        server.hub.stop_viewers()
        end = await closed(viewer)
        with pytest.raises(EOFError):
            await events.take()
    assert end == (1012, "shutting_down")


async def test_the_overlay_is_served_under_a_strict_policy(server) -> None:
    page = await server.client.get("/rooms/any/overlay?token=%3Cscript%3E")
    parts = [await server.client.get(f"/overlay/{name}") for name in ("overlay.css", "overlay.js", "follow.js")]
    missing = await server.client.get("/overlay/..%2f__init__.py")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "token" not in page.text
    assert [part.status_code for part in parts] == [200, 200, 200]
    assert missing.status_code == 404


async def test_links_of_a_public_room_hold_no_token(server) -> None:
    room = await server.create(name="open", public=True)
    async with connect(room["links"]["view"]) as viewer:
        assert (await said(viewer))["room"] == "open"
    assert all(room["view_token"] not in link for link in room["links"].values())
