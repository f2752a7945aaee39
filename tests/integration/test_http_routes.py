"""Routes, chains and budgets over HTTP: who answered, what was tried, what was spent."""

import base64
import json

import httpx
import pytest
from websockets.sync.client import connect

from access_doors import bearer, settings_in
from lingting.domain.errors import EngineUnavailable
from lingting.engines.fake import FakeEngine
from lingting.engines.fake_remote import FakeRemote
from lingting.settings import ServeEntry
from lingting.settings.serving import RouteEntry
from spoken import pcm_of

pytestmark = pytest.mark.integration

SERVE = (
    ServeEntry(name="cloud", engine="fake-remote", price_per_minute=0.6),
    ServeEntry(name="away", engine="fake-remote"),
)
ROUTES = (
    RouteEntry(models=("best",), chain=("away", "whisper-base")),
    RouteEntry(languages=("zh",), chain=("cloud", "whisper-base")),
)


def serving(open_live, folder):
    settings = settings_in(folder)
    budgets = settings.budgets.model_copy(update={"minutes_per_day": 0.2})
    settings = settings.model_copy(update={"serve": SERVE, "routes": ROUTES, "budgets": budgets})
    engines = {
        "cloud": FakeRemote(lambda _: "cloud"),
        "away": FakeRemote(lambda _: EngineUnavailable("away")),
    }
    return open_live(FakeEngine(lambda _: "here"), settings, engines=engines)


def client_of(live, key: str) -> httpx.Client:
    return httpx.Client(base_url=live.url, headers=bearer(key))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("routes")


def asked(client: httpx.Client, speech: bytes, **fields: object) -> httpx.Response:
    body = {"audio": base64.b64encode(speech).decode(), "cache": False, **fields}
    return client.post("/v1/asr", json=body)


def test_a_day_with_routes_chains_and_a_budget(open_live, folder, speech) -> None:
    with serving(open_live, folder) as live:
        admin = httpx.post(f"{live.url}/v1/admin/keys", json={"scopes": ["admin"]}).json()["key"]
        made = httpx.post(f"{live.url}/v1/admin/keys", json={}, headers=bearer(admin)).json()
        key, key_id = made["key"], made["id"]
        with client_of(live, key) as client:
            names = [model["id"] for model in client.get("/v1/models").json()["data"]]
            assert {"whisper-base", "cloud", "away", "best"} <= set(names)

            plain = asked(client, speech).json()
            assert (plain["model"], plain["attempts"]) == ("whisper-base", [])

            best = asked(client, speech, model="best").json()
            assert best["model"] == "whisper-base"
            assert set(best["attempts"]) == {"away: engine_unavailable"}

            chinese = asked(client, speech, language="zh").json()
            assert (chinese["engine"], chinese["model"], chinese["attempts"]) == ("fake-remote", "cloud", [])

            private = asked(client, speech, language="zh", local_only=True).json()
            assert (private["model"], private["attempts"]) == ("whisper-base", [])
            refused = asked(client, speech, model="cloud", local_only=True)
            assert (refused.status_code, refused.json()["param"]) == (400, "local_only")

            spent = asked(client, speech, language="zh").json()
            assert "cloud: budget_spent" in spent["attempts"]
            alone = asked(client, speech, model="cloud")
            assert (alone.status_code, alone.json()["code"]) == (429, "quota_exceeded")
            assert int(alone.headers["Retry-After"]) > 1

            used = client.get("/v1/usage").json()["today"]
            assert 0 < used["paid_seconds"] <= 12.0
            assert used["money"] == pytest.approx(used["paid_seconds"] / 60 * 0.6, abs=1e-4)
        with client_of(live, admin) as client:
            metrics = client.get("/metrics").text
            assert 'asr_model_clips_total{model="cloud",outcome="budget_spent"}' in metrics
            assert 'asr_spent_money_total{model="cloud"}' in metrics
            assert key_id not in metrics
            assert client.get("/readyz").json()["checks"]["models"]["required"] is False

    with serving(open_live, folder) as live, client_of(live, key) as client:
        assert asked(client, speech, model="cloud").status_code == 429, "a restart fills no purse"


def test_a_substitute_is_not_kept_for_the_next_who_asks(open_live, tmp_path, speech) -> None:
    with serving(open_live, tmp_path) as live:
        files = {"file": speech}
        for _ in range(2):
            answer = httpx.post(f"{live.url}/recognize", files=files, data={"model": "best"})
            assert answer.headers["X-Lingting-Cache"] == "miss"
        for expected in ("miss", "hit"):
            answer = httpx.post(f"{live.url}/recognize", files=files)
            assert answer.headers["X-Lingting-Cache"] == expected


def test_a_live_final_says_who_recognised_it_and_what_was_tried(open_live, tmp_path, speech) -> None:
    settings = settings_in(tmp_path).model_copy(update={"serve": SERVE, "routes": ROUTES})
    engines = {"cloud": FakeRemote(lambda _: "cloud"), "away": FakeRemote(lambda _: EngineUnavailable("away"))}
    house = open_live(FakeEngine(lambda _: "here"), settings, engines=engines)
    with house as live, connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        config = {"encoding": "LINEAR16", "sample_rate": 16_000, "model": "best", "partials": False}
        socket.send(json.dumps({"type": "INIT", "config": config}))
        socket.send(pcm_of(speech))
        socket.send(json.dumps({"type": "END"}))
        finals = [message for message in map(json.loads, socket) if message["type"] == "FINAL"]
    assert finals
    assert {(final["model"], final["transcript"]) for final in finals} == {("whisper-base", "here")}
    assert finals[0]["attempts"] == ["away: engine_unavailable"]
