"""The doctor's look at the database, the master keys and the servers that the settings name."""

import asyncio
from pathlib import Path

import pytest

from databases import KINDS, fresh_database
from lingting.cli.doctor_checks import Finding, Level
from lingting.cli.doctor_platform import examine_platform
from lingting.domain import SystemClock
from lingting.server import open_kept
from lingting.settings import Settings, load_settings
from redis_server import own_redis

pytestmark = pytest.mark.integration


def settings_with(folder: Path, **sections: dict[str, object]) -> Settings:
    settings = load_settings()
    changed = {name: getattr(settings, name).model_copy(update=values) for name, values in sections.items()}
    return settings.model_copy(update={"data_dir": folder, **changed})


def start_once(settings: Settings) -> None:
    async def start() -> None:
        async with open_kept(settings, SystemClock()):
            pass

    asyncio.run(start())


def seen(settings: Settings) -> dict[str, Finding]:
    """By subject; the gravest of each."""
    worst: dict[str, Finding] = {}
    order = [Level.OK, Level.NOTE, Level.BAD]
    for finding in examine_platform(settings):
        known = worst.get(finding.subject, finding)
        worst[finding.subject] = max(known, finding, key=lambda each: order.index(each.level))
    return worst


def test_before_the_first_start_nothing_is_missing_and_nothing_is_made(tmp_path: Path) -> None:
    findings = examine_platform(settings_with(tmp_path))
    assert {finding.level for finding in findings} == {Level.OK}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_was_started_is_up_to_date(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        key_file = tmp_path / "master.keys"
        start_once(settings_with(tmp_path))
        settings = settings_with(tmp_path, storage={"url": url}, vault={"key_file": key_file})
        start_once(settings)
        assert "up to date" in seen(settings)["database"].seen


def test_a_database_server_that_does_not_answer_must_be_mended(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, storage={"url": "postgresql://somebody:hidden@127.0.0.1:9/x"})
    finding = seen(settings)["database"]
    assert finding.level is Level.BAD
    assert "hidden" not in finding.seen


def test_a_key_file_that_others_may_read_is_told_with_the_line_that_mends_it(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    start_once(settings)
    assert seen(settings)["master keys"].level is Level.OK
    (tmp_path / "master.keys").chmod(0o644)
    assert seen(settings)["master keys"].remedy == f"chmod 600 {tmp_path / 'master.keys'}"


def test_a_key_file_that_is_gone_must_be_mended(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, vault={"key_file": tmp_path / "elsewhere.keys"})
    assert seen(settings)["master keys"].level is Level.BAD


def test_a_redis_is_asked(tmp_path: Path) -> None:
    with own_redis(tmp_path) as redis:
        settings = settings_with(tmp_path / "data", limits={"redis_url": redis.url}, jobs={"broker_url": redis.url})
        assert {name: finding.seen for name, finding in seen(settings).items() if name != "database"}.items() >= {
            "redis_limits": "answers",
            "broker": "answers",
        }.items()
        redis.stop()
        assert seen(settings)["redis_limits"].level is Level.NOTE


def test_a_rabbit_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, jobs={"broker_url": "amqp://guest:hidden@127.0.0.1:9//"})
    finding = seen(settings)["broker"]
    assert finding.level is Level.NOTE
    assert "hidden" not in finding.seen + finding.remedy
