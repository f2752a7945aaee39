"""Every door, found by walking the application: whom it lets in, and whom it refuses before it reads a body."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from access_doors import House, Live, ask, bearer, code_of, doors, make_keys, named, settings_in, shake
from lingting.api.ws import key_watch
from lingting.domain import Scope
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

OPEN = {
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "HEAD /openapi.json",
    "GET /docs",
    "MOUNT /docs/static",
    # The pages of a room and their parts say nothing; what they show comes through the doors below.
    "GET /rooms/{room}/overlay",
    "GET /rooms/{room}/watch",
    "GET /overlay/{name}",
    # So does the console. For Aliyun's CreateToken, at the same path, the signature of the request is looked at.
    "GET /console/{path:path}",
    "GET /",
    "POST /",
    # A room's own tokens open these.
    "GET /v1/rooms/{room}",
    "DELETE /v1/rooms/{room}",
    "PUT /v1/rooms/{room}/captions/{caption}",
    "GET /v1/rooms/{room}/events",
    "GET /v1/rooms/{room}/transcript",
    "WS /v1/rooms/{room}/view",
}
"""Doors that ask for no key. Whoever adds one here says why."""
DOORS = list(doors())
GUARDED = [door for door in DOORS if door.asks]
HTTP = [door for door in GUARDED if door.method != "WS"]
SOCKETS = [door for door in GUARDED if door.method == "WS"]


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory) -> Iterator[House]:
    settings = settings_in(tmp_path_factory.mktemp("house"))
    keys, ids = asyncio.run(make_keys(settings))
    with open_live(FakeEngine(), settings) as live:
        yield House(live, keys, ids)


def test_every_door_asks_for_a_key_or_says_why_not() -> None:
    assert {door.name for door in DOORS if not door.asks} == OPEN


def test_no_door_has_its_body_read_before_the_key() -> None:
    assert [door.name for door in DOORS if door.body_is_read_by_fastapi] == []


@pytest.mark.parametrize("door", HTTP, ids=named)
def test_without_a_key_there_is_no_way_in(house, door) -> None:
    status, headers, body = ask(house.live, door, {})
    assert (status, code_of(door, body)) == (401, "missing_api_key")
    assert headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("kind", ["wrong secret", "unknown", "garbage", "client secret", "revoked", "expired"])
@pytest.mark.parametrize("door", HTTP, ids=named)
def test_a_key_that_is_not_good_is_refused(house, door, kind) -> None:
    status, headers, body = ask(house.live, door, bearer(house.keys[kind]))
    assert (status, code_of(door, body)) == (401, "invalid_api_key")
    assert headers["WWW-Authenticate"].startswith("Bearer error=")
    assert house.keys[kind].encode() not in body


@pytest.mark.parametrize("door", [door for door in HTTP if door.scope is not None], ids=named)
def test_a_key_without_the_scope_is_refused(house, door) -> None:
    status, _, body = ask(house.live, door, bearer(house.wrong_scope(door)))
    assert (status, code_of(door, body)) == (403, "missing_scope")


@pytest.mark.parametrize("door", HTTP, ids=named)
def test_a_key_of_another_network_is_refused(house, door) -> None:
    status, _, body = ask(house.live, door, bearer(house.keys["elsewhere"]))
    assert (status, code_of(door, body)) == (403, "address_not_allowed")


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
@pytest.mark.parametrize("door", HTTP, ids=named)
def test_a_key_with_just_this_scope_is_let_in(house, door, header) -> None:
    key = house.right(door)
    status, _, body = ask(house.live, door, bearer(key) if header == "Authorization" else {header: key}, body=b"{}")
    assert status not in (401, 403), body


@pytest.mark.parametrize("door", HTTP, ids=named)
def test_an_admin_is_let_in_everywhere(house, door) -> None:
    assert ask(house.live, door, bearer(house.keys[Scope.ADMIN]), body=b"{}")[0] not in (401, 403)


@pytest.mark.parametrize("door", [door for door in DOORS if door.name in OPEN and door.method != "WS"], ids=named)
def test_an_open_door_asks_for_no_key(house, door) -> None:
    """What is 401 or 403 at a room is its own token's refusal."""
    method = "GET" if door.method == "MOUNT" else door.method
    answer = httpx.request(method, house.live.url + door.path, json={"text": ""} if method == "PUT" else None)
    assert "api_key" not in answer.text


@pytest.mark.parametrize("door", SOCKETS, ids=named)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (None, 401),
        ("wrong secret", 401),
        ("unknown", 401),
        ("garbage", 401),
        ("client secret", 401),
        ("revoked", 401),
        ("expired", 401),
        ("elsewhere", 403),
        ("admin", 101),
    ],
)
def test_a_socket_opens_for_a_good_key_only(house, door, kind, status) -> None:
    assert shake(house.live, door, house.keys[kind] if kind else None) == status


@pytest.mark.parametrize("door", SOCKETS, ids=named)
def test_a_socket_opens_for_a_key_with_its_scope_only(house, door) -> None:
    assert shake(house.live, door, house.wrong_scope(door)) == 403
    assert shake(house.live, door, house.right(door)) == 101


@pytest.mark.parametrize("door", SOCKETS, ids=named)
def test_a_browser_hands_its_key_over_as_a_subprotocol(house, door) -> None:
    own = "realtime" if "realtime" in door.path else "lingting"
    offered = [own, f"openai-insecure-api-key.{house.right(door)}"]
    with connect(f"ws://127.0.0.1:{house.live.port}{door.path}", subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == own


@pytest.mark.parametrize("door", SOCKETS, ids=named)
def test_a_socket_takes_a_key_in_its_address(house, door) -> None:
    key = house.right(door)
    with connect(f"ws://127.0.0.1:{house.live.port}{door.path}?api_key={key}", proxy=None):
        pass


def test_a_client_secret_opens_live_speech_and_nothing_else(house) -> None:
    made = httpx.post(f"{house.live.url}/v1/realtime/client_secrets", headers=bearer(house.keys["stream"]), json={})
    secret = made.json()["value"]
    for door in SOCKETS:
        assert shake(house.live, door, secret) == (101 if door.scope is Scope.STREAM else 403)
    assert httpx.get(f"{house.live.url}/v1/models", headers=bearer(secret)).status_code == 401


def test_a_client_secret_does_not_outlive_its_key(house) -> None:
    admin = bearer(house.keys[Scope.ADMIN])
    key = httpx.post(f"{house.live.url}/v1/admin/keys", headers=admin, json={"scopes": ["stream"]}).json()
    made = httpx.post(f"{house.live.url}/v1/realtime/client_secrets", headers=bearer(key["key"]), json={})
    httpx.delete(f"{house.live.url}/v1/admin/keys/{key['id']}", headers=admin)
    assert shake(house.live, SOCKETS[0], made.json()["value"]) == 401


def test_a_live_session_is_resumed_by_its_owner_only(house) -> None:
    address = f"ws://127.0.0.1:{house.live.port}/v1/asr/stream"
    with connect(address, additional_headers=bearer(house.keys["clinic"]), proxy=None) as socket:
        socket.send(json.dumps({"type": "INIT"}))
        session = json.loads(socket.recv())["session"]
        socket.close(1001)
    answers = {}
    for name in ("school", "clinic too"):
        with connect(address, additional_headers=bearer(house.keys[name]), proxy=None) as socket:
            socket.send(json.dumps({"type": "RESUME", "session": session, "seq": 0}))
            answers[name] = json.loads(socket.recv())
    assert answers["school"]["code"] == "session_not_found"
    assert answers["clinic too"]["session"] == session


@pytest.mark.parametrize("door", SOCKETS, ids=named)
def test_an_open_socket_does_not_outlive_its_key(house, door, monkeypatch) -> None:
    monkeypatch.setattr(key_watch, "RECHECK_SECONDS", 0.02)
    admin = bearer(house.keys[Scope.ADMIN])
    key = httpx.post(f"{house.live.url}/v1/admin/keys", headers=admin, json={"scopes": [door.scope]}).json()
    address = f"ws://127.0.0.1:{house.live.port}{door.path}"
    with connect(address, additional_headers=bearer(key["key"]), proxy=None) as socket:
        httpx.delete(f"{house.live.url}/v1/admin/keys/{key['id']}", headers=admin)
        with pytest.raises(ConnectionClosed) as closed:
            list(socket)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "invalid_api_key")


def test_an_opened_house_asks_nobody_for_a_key(open_live) -> None:
    with open_live(FakeEngine()) as live:
        me = httpx.get(f"{live.url}/v1/me", headers=bearer("sk-whatever-the-client-needs")).json()
        assert me["key_id"] == ""
        assert me["scopes"] == sorted(Scope)
        assert shake(live, SOCKETS[0], None) == 101


def test_from_the_first_key_on_it_asks_everybody(open_live) -> None:
    with open_live(FakeEngine()) as live:
        made = httpx.post(f"{live.url}/v1/admin/keys", json={"label": "first", "scopes": ["admin"]}).json()
        assert httpx.get(f"{live.url}/v1/me").status_code == 401
        admin = bearer(made["key"])
        assert httpx.delete(f"{live.url}/v1/admin/keys/{made['id']}", headers=admin).json()["state"] == "revoked"
        assert httpx.get(f"{live.url}/v1/me").status_code == 401
        assert httpx.get(f"{live.url}/v1/me", headers=admin).status_code == 401


def test_a_key_may_be_asked_for_before_there_is_one(open_live, tmp_path) -> None:
    with open_live(FakeEngine(), settings_in(tmp_path, required=True)) as live:
        assert httpx.get(f"{live.url}/v1/me").status_code == 401


def test_after_too_many_wrong_keys_an_address_waits(open_live, tmp_path) -> None:
    with open_live(FakeEngine(), settings_in(tmp_path, required=True, failures_per_minute=3)) as live:
        answers = [httpx.get(f"{live.url}/v1/me", headers=bearer("wrong")) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert shake(live, SOCKETS[0], "wrong") == 429


@pytest.fixture(scope="module")
def fenced(open_live, tmp_path_factory) -> Iterator[Live]:
    """Lets in 10.0.0.0/8 only, behind a proxy on this machine."""
    settings = settings_in(tmp_path_factory.mktemp("fenced"), networks=("10.0.0.0/8",))
    server = settings.server.model_copy(update={"trusted_proxies": ("127.0.0.0/8",)})
    with open_live(FakeEngine(), settings.model_copy(update={"server": server})) as live:
        yield live


@pytest.mark.parametrize("door", [door for door in DOORS if door.method not in ("WS", "MOUNT")], ids=named)
def test_other_addresses_are_refused_at_every_door(fenced, door) -> None:
    status, _, body = ask(fenced, door, {"X-Forwarded-For": "10.0.0.1, 203.0.113.9"})
    if door.path in ("/healthz", "/readyz"):
        assert status == 200
    elif door.method == "HEAD":
        assert status == 403
    else:
        assert (status, code_of(door, body)) == (403, "address_not_allowed")


@pytest.mark.parametrize("door", [door for door in DOORS if door.method == "WS"], ids=named)
def test_and_at_every_socket(fenced, door) -> None:
    assert shake(fenced, door, None) == 403


@pytest.mark.parametrize("forwarded", ["10.1.2.3", "203.0.113.9, 10.1.2.3", "::ffff:10.1.2.3"])
def test_addresses_of_the_list_are_let_in(fenced, forwarded) -> None:
    answer = httpx.get(f"{fenced.url}/v1/me", headers={"X-Forwarded-For": forwarded})
    assert answer.status_code == 200


def test_a_trusted_proxy_says_how_it_was_reached(fenced) -> None:
    headers = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https", "Host": "asr.example.org"}
    links = httpx.post(f"{fenced.url}/v1/rooms", headers=headers).json()["links"]
    assert links["events"].startswith("https://asr.example.org/")
    assert links["view"].startswith("wss://asr.example.org/")


def test_nobody_else_does(house) -> None:
    headers = bearer(house.keys[Scope.ROOMS]) | {"X-Forwarded-Proto": "https"}
    links = httpx.post(f"{house.live.url}/v1/rooms", headers=headers).json()["links"]
    assert links["events"].startswith("http://127.0.0.1")


def test_an_address_that_is_only_claimed_does_not_count(house) -> None:
    headers = bearer(house.keys["elsewhere"]) | {"X-Forwarded-For": "10.1.2.3", "X-Real-IP": "10.1.2.3"}
    assert httpx.get(f"{house.live.url}/v1/me", headers=headers).status_code == 403
