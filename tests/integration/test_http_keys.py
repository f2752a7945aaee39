"""Keys over HTTP: made, shown without their secrets, changed, rotated and revoked; every refusal names its field."""

from collections.abc import Iterator

import httpx
import pytest

from access_doors import bearer, settings_in
from lingting.domain import Scope
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def admin(open_live, tmp_path_factory) -> Iterator[httpx.Client]:
    with open_live(FakeEngine(), settings_in(tmp_path_factory.mktemp("keys"))) as live:
        first = httpx.post(f"{live.url}/v1/admin/keys", json={"scopes": ["admin"]}).json()
        with httpx.Client(base_url=live.url, headers=bearer(first["key"])) as client:
            yield client


def make(admin: httpx.Client, **wish: object) -> dict[str, object]:
    answer = admin.post("/v1/admin/keys", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def me(admin: httpx.Client, key: object) -> httpx.Response:
    return admin.get("/v1/me", headers=bearer(str(key)))


def test_a_key_is_made_as_it_was_asked_for(admin) -> None:
    wish = {
        "label": "病房 7",
        "tenant": "clinic",
        "scopes": ["jobs", "stream"],
        "networks": ["127.0.0.1"],
        "limits": {"requests_per_minute": 600, "streams": 0},
        "expires_seconds": 3_600,
    }
    made = make(admin, **wish)
    assert (made["label"], made["tenant"], made["scopes"]) == ("病房 7", "clinic", ["jobs", "stream"])
    assert made["networks"] == ["127.0.0.1/32"]
    assert made["limits"] == {
        "requests_per_minute": 600,
        "streams": 0,
        "audio_seconds_per_day": None,
        "audio_seconds_per_month": None,
    }
    assert made["state"] == "active"
    assert made["expires_at"]
    own = me(admin, made["key"]).json()
    assert (own["key_id"], own["tenant"], own["scopes"]) == (made["id"], "clinic", ["jobs", "stream"])


def test_an_empty_body_makes_a_key_for_a_callers_own_work(admin) -> None:
    made = admin.post("/v1/admin/keys").json()
    assert set(made["scopes"]) == {scope.value for scope in Scope} - {"admin", "chat", "commands", "metrics"}


def test_a_secret_is_shown_once(admin) -> None:
    made = make(admin)
    secret = str(made["key"]).split("_", 2)[2]
    for path in ("/v1/admin/keys", f"/v1/admin/keys/{made['id']}"):
        assert secret not in admin.get(path).text
    assert secret not in admin.patch(f"/v1/admin/keys/{made['id']}", json={"label": "x"}).text


def test_a_change_leaves_what_it_does_not_name(admin) -> None:
    made = make(admin, label="a", scopes=["jobs"], limits={"streams": 3}, expires_seconds=3_600)
    path = f"/v1/admin/keys/{made['id']}"
    changed = admin.patch(path, json={"label": "b", "limits": {"requests_per_minute": 5}}).json()
    assert (changed["label"], changed["scopes"]) == ("b", ["jobs"])
    assert (changed["limits"]["streams"], changed["limits"]["requests_per_minute"]) == (3, 5)
    assert changed["expires_at"] is not None
    cleared = admin.patch(path, json={"expires_seconds": None, "limits": {"streams": None}}).json()
    assert cleared["expires_at"] is None
    assert cleared["limits"]["streams"] is None


def test_a_changed_key_is_good_for_that_at_once(admin) -> None:
    made = make(admin, scopes=["jobs"])
    admin.patch(f"/v1/admin/keys/{made['id']}", json={"networks": ["10.0.0.0/8"]})
    assert me(admin, made["key"]).json()["code"] == "address_not_allowed"


def test_a_rotated_key_has_a_grace_if_that_was_asked(admin) -> None:
    made = make(admin)
    rotated = admin.post(f"/v1/admin/keys/{made['id']}/rotate", json={"grace_seconds": 3_600}).json()
    assert [me(admin, each["key"]).status_code for each in (made, rotated)] == [200, 200]
    again = admin.post(f"/v1/admin/keys/{made['id']}/rotate").json()
    assert [me(admin, each["key"]).status_code for each in (made, rotated, again)] == [401, 401, 200]


def test_a_revoked_key_is_good_for_nothing_and_still_listed(admin) -> None:
    made = make(admin, tenant="gone")
    assert admin.delete(f"/v1/admin/keys/{made['id']}").json()["state"] == "revoked"
    assert me(admin, made["key"]).status_code == 401
    listed = admin.get("/v1/admin/keys", params={"tenant": "gone"}).json()["keys"]
    assert [(key["id"], key["state"]) for key in listed] == [(made["id"], "revoked")]


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": "jobs"}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": [1]}, "scopes"),
        ({"networks": ["10.0.0.1/8"]}, "networks"),
        ({"networks": None}, "networks"),
        ({"limits": []}, "limits"),
        ({"limits": {"words": 1}}, "limits.words"),
        ({"limits": {"streams": 1.5}}, "streams"),
        ({"limits": {"streams": -1}}, "streams"),
        ({"expires_seconds": 0}, "expires_seconds"),
        ({"expires_seconds": "soon"}, "expires_seconds"),
        ({"label": 7}, "label"),
        ({"tenant": "a b"}, "tenant"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_a_wish_that_cannot_be_names_its_field(admin, wish, param) -> None:
    before = len(admin.get("/v1/admin/keys").json()["keys"])
    answer = admin.post("/v1/admin/keys", json=wish)
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    assert len(admin.get("/v1/admin/keys").json()["keys"]) == before


@pytest.mark.parametrize("identity", ["0123456789ab", "nonsense", "%00", "x" * 300])
def test_an_unknown_id_is_not_found(admin, identity) -> None:
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate")):
        assert admin.request(method, f"/v1/admin/keys/{identity}{path}").json()["code"] == "record_not_found"


@pytest.mark.parametrize("user", ["x" * 201, "a\tb"])
def test_a_user_that_cannot_be_is_refused(admin, user) -> None:
    answer = admin.get("/v1/me", headers={"X-Lingting-User": user})
    assert (answer.status_code, answer.json()["param"]) == (400, "x-lingting-user")


def test_a_user_may_be_written_in_utf_8(admin) -> None:
    assert admin.get("/v1/me", headers={"X-Lingting-User": "病人 17".encode()}).status_code == 200
