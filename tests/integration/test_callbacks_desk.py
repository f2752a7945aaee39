"""Looking after callbacks, over HTTP and on the command line."""

import asyncio
import base64
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert
from standardwebhooks import Webhook
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.domain import SystemClock
from lingting.engines.fake import FakeEngine
from lingting.jobs.callbacks import callback_row
from lingting.jobs.outcome import JobOutcome
from lingting.security.signatures import CallbackSigner
from lingting.server.kept import open_kept
from lingting.settings import Settings, load_settings
from lingting.storage.jobs.delivery_store import DeliveryStore
from lingting.storage.tables import deliveries
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.integration

NOBODY_THERE = "https://127.0.0.1/hook"
"""Refused by the guard, so that these callbacks stay as they are put in."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return load_settings().model_copy(update={"data_dir": tmp_path_factory.mktemp("desk")})


@pytest.fixture(scope="module")
def client(settings, open_live):
    with open_live(FakeEngine(), settings) as live, httpx.Client(base_url=live.url) as made:
        yield made


def put_in(settings: Settings, count: int, *, owner: str = "", state: str = "dead") -> list[str]:
    """Callbacks that ended so, as another server of the installation would have left them."""

    async def work() -> list[str]:
        async with open_kept(settings, SystemClock(), Telemetry()) as kept:
            now_ms = DeliveryStore(kept.database, kept.vault, SystemClock()).now_ms()
            ended = {"state": state, "attempts": 7, "last_error": "answered_500", "last_status": 500}
            rows = []
            for number in range(count):
                outcome = JobOutcome(f"job{number}", owner, "failed", SystemClock().now())
                rows.append(callback_row(kept.vault, outcome, NOBODY_THERE, now_ms=now_ms + number) | ended)
            await kept.database.write(lambda connection: connection.execute(insert(deliveries), rows))
            return [str(row["id"]) for row in rows]

    return asyncio.run(work())


def forget(client: httpx.Client, names: list[str]) -> None:
    for name in names:
        assert client.delete(f"/v1/callbacks/{name}").status_code == 200


def test_the_secret_is_the_same_each_time_and_not_cached(client) -> None:
    first, second = client.get("/v1/callbacks/secret"), client.get("/v1/callbacks/secret")
    assert first.json() == second.json()
    assert first.json()["secret"].startswith("whsec_")
    assert first.headers["cache-control"] == "no-store"


def test_a_rotated_secret_is_another_and_says_how_long_the_one_before_holds(client) -> None:
    before = client.get("/v1/callbacks/secret").json()["secret"]
    after = client.post("/v1/callbacks/secret/rotate").json()
    assert after["secret"] != before
    assert after["previous_until"].endswith("Z")


def test_the_dead_are_listed_page_by_page(client, settings) -> None:
    names = put_in(settings, 5)
    seen: list[str] = []
    query: dict[str, str] = {"state": "dead", "limit": "2"}
    while True:
        page = client.get("/v1/callbacks", params=query).json()
        seen += [each["id"] for each in page["callbacks"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == names[::-1]
    forget(client, names)


def test_a_listed_callback_says_what_went_wrong(client, settings) -> None:
    names = put_in(settings, 1)
    (shown,) = client.get("/v1/callbacks").json()["callbacks"]
    assert (shown["state"], shown["attempts"]) == ("dead", 7)
    assert (shown["last_error"], shown["last_status"], shown["next_attempt"]) == ("answered_500", 500, None)
    forget(client, names)


def test_one_is_sent_again(client, settings) -> None:
    (name,) = put_in(settings, 1)
    answer = client.post(f"/v1/callbacks/{name}/redeliver")
    assert answer.status_code == 202
    assert answer.json()["callback"]["state"] == "waiting"


def test_a_removed_one_is_not_found(client, settings) -> None:
    (name,) = put_in(settings, 1)
    forget(client, [name])
    answer = client.delete(f"/v1/callbacks/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")


def test_somebody_elses_is_not_found(client, settings) -> None:
    (name,) = put_in(settings, 1, owner="another")
    assert client.post(f"/v1/callbacks/{name}/redeliver").status_code == 404
    assert name not in client.get("/v1/callbacks").text


@pytest.mark.parametrize("name", ["msg_1", "x" * 300, "msg_%00", "..%2f"])
def test_what_cannot_be_an_id_is_not_found(client, name) -> None:
    assert client.post(f"/v1/callbacks/{name}/redeliver").status_code == 404


@pytest.mark.parametrize(
    ("query", "param"),
    [({"state": "lost"}, "state"), ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit"), ({"cursor": "x"}, "cursor")],
)
def test_a_question_that_cannot_be_answered_names_the_field(client, query, param) -> None:
    answer = client.get("/v1/callbacks", params=query)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))
    runner = CliRunner()

    return lambda *words: runner.invoke(app, ["callbacks", *words])


def settings_at(folder: Path) -> Settings:
    return load_settings().model_copy(update={"data_dir": folder})


def test_the_command_lists_everybodys(run, tmp_path) -> None:
    names = put_in(settings_at(tmp_path), 2, owner="k1")
    listed = run("list", "--state", "dead")
    assert listed.exit_code == 0
    assert all(name in listed.stdout for name in names)


def test_the_command_sends_all_the_dead_again(run, tmp_path) -> None:
    put_in(settings_at(tmp_path), 3)
    assert run("redeliver", "--dead").exit_code == 0
    listed = run("list").stdout
    assert "waiting" in listed
    assert "dead" not in listed


def test_the_command_wants_to_know_which(run) -> None:
    assert run("redeliver").exit_code == 2


def test_the_command_says_when_there_is_none_of_that_id(run) -> None:
    result = run("redeliver", "msg_0")
    assert result.exit_code == 1
    assert "record_not_found" in result.stderr


def test_the_command_shows_and_rotates_the_secret_that_signs(run, tmp_path) -> None:
    shown = run("secret", "--owner", "k1").stdout.strip()
    fresh = run("secret", "--owner", "k1", "--rotate").stdout.strip()

    async def headers() -> dict[str, str]:
        async with open_kept(settings_at(tmp_path), SystemClock(), Telemetry()) as kept:
            signer = CallbackSigner(kept.database, kept.vault, SystemClock(), grace_seconds=60.0)
            return await signer.headers("k1", "msg_1", b"{}")

    for secret in (shown, fresh):
        base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        Webhook(secret).verify(b"{}", asyncio.run(headers()))
