"""`/readyz` names each part and how it is; `/healthz` says no more than that the process lives."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lingting.engines.fake import FakeEngine, Gate
from lingting.settings import Settings, load_settings
from redis_server import own_redis

pytestmark = pytest.mark.integration
DEADLINE_SECONDS = 60.0


def settings_with(**sections: dict[str, object]) -> Settings:
    settings = load_settings()
    changed = {name: getattr(settings, name).model_copy(update=values) for name, values in sections.items()}
    return settings.model_copy(update=changed)


def test_a_ready_server_names_its_parts(live) -> None:
    answer = httpx.get(f"{live.url}/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    checks = answer.json()["checks"]
    assert {"engine", "database", "disk"} <= set(checks)
    assert all(check["status"] == "ok" and check["milliseconds"] >= 0 for check in checks.values())


def test_a_disk_without_room_makes_it_unready_and_not_dead(open_live) -> None:
    with open_live(FakeEngine(), settings_with(health={"min_disk_bytes": 2**60})) as live:
        answer = httpx.get(f"{live.url}/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "failing")
        assert answer.json()["checks"]["disk"]["reason"] == "storage_unavailable"
        assert httpx.get(f"{live.url}/healthz").json() == {"status": "alive"}


def test_an_engine_that_does_not_come_back_makes_it_unready(open_live, speech: bytes) -> None:
    gate = Gate()
    gate.let_through()  # for the warm-up
    settings = settings_with(health={"stuck_seconds": 0.0, "keep_seconds": 0.0})
    with open_live(FakeEngine(gate=gate), settings) as live, ThreadPoolExecutor(1) as caller:
        gate.wait_for_arrival()
        sent = caller.submit(httpx.post, f"{live.url}/recognize", files={"file": speech}, timeout=DEADLINE_SECONDS)
        gate.wait_for_arrival()
        assert httpx.get(f"{live.url}/readyz").json()["checks"]["engine"]["reason"] == "engine_failed"
        gate.let_through(batches=8)
        assert sent.result().status_code == httpx.codes.OK
        assert httpx.get(f"{live.url}/readyz").status_code == httpx.codes.OK


def test_a_redis_that_is_away_is_told_and_the_server_stays_ready(open_live, tmp_path: Path) -> None:
    with own_redis(tmp_path) as redis:
        settings = settings_with(rooms={"redis_url": redis.url}, health={"keep_seconds": 0.0})
        with open_live(FakeEngine(), settings) as live:
            assert httpx.get(f"{live.url}/readyz").json()["checks"]["redis_rooms"]["status"] == "ok"
            redis.stop()
            answer = httpx.get(f"{live.url}/readyz")
            check = answer.json()["checks"]["redis_rooms"]
    assert (answer.status_code, check["status"], check["required"]) == (200, "failing", False)
    assert redis.url.rpartition(":")[2] not in answer.text
