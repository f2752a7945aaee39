"""What pages of other sites can do through a browser on the same machine, where no key is asked for: nothing."""

import httpx
import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/admin/keys"), ("POST", "/v1/asr"), ("GET", "/v1/history")])
def test_a_page_of_another_site_is_refused(live, origin, method, path) -> None:
    answer = httpx.request(method, live.url + path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_page_of_its_own_is_let_in(live) -> None:
    assert httpx.get(f"{live.url}/v1/me", headers={"Origin": live.url}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1", "localhost.evil.example"]
)
def test_a_name_that_was_made_to_lead_here_is_refused(live, host) -> None:
    answer = httpx.get(f"{live.url}/v1/me", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "workstation", "127.0.0.1", "[::1]:8000", "lingting.localhost"]
)
def test_the_names_of_this_machine_are_let_in(live, host) -> None:
    assert httpx.get(f"{live.url}/v1/me", headers={"Host": host}).status_code == 200
