"""Log lines: events and fields, whoever wrote them, with nothing secret or personal in them."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.telemetry import about, configure_logs, log, request_id
from lingting.telemetry.masks import mask

pytestmark = pytest.mark.unit

SECRET = "hsZ8vq2LtYw4c1nB7XkQ0aRm"


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What has been logged since the test began."""
    file = tmp_path / "server.log"
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("info", "json", file=file)
    yield lambda: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_carries_its_fields_its_request_and_its_job(lines) -> None:
    token = request_id.set("r-1")
    with about(job_id="j-1"):
        log.info("job.finished", audio_seconds=2.5)
    request_id.reset(token)
    (line,) = lines()
    assert line["event"] == "job.finished"
    assert line["audio_seconds"] == 2.5
    assert (line["request_id"], line["job_id"], line["level"]) == ("r-1", "j-1", "info")


def test_the_job_is_forgotten_where_its_work_ends(lines) -> None:
    with about(job_id="j-1"):
        pass
    log.info("later")
    assert "job_id" not in lines()[0]


def test_a_library_that_logs_by_the_standard_library_is_heard_in_the_same_form(lines) -> None:
    logging.getLogger("uvicorn.error").error("Invalid HTTP request from %s", "somewhere")
    (line,) = lines()
    assert (line["event"], line["logger"]) == ("library.said", "uvicorn.error")
    assert line["message"] == "Invalid HTTP request from somewhere"


def test_what_libraries_tell_of_contents_is_below_what_is_heard(lines) -> None:
    logging.getLogger("websockets").debug("< TEXT 'private words'")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?token=1")
    assert lines() == []


def test_a_level_that_a_library_made_up_is_no_obstacle(lines) -> None:
    logging.getLogger("celery").log(35, "between warning and error")
    assert lines()[0]["level"] == "warning"


def test_the_message_of_a_strangers_error_stays_out(lines) -> None:
    heard = " ".join(("the", "patient", "said"))
    try:
        int(heard)
    except ValueError:
        log.error("request.broke", exc_info=True)
    (line,) = lines()
    assert "builtins.ValueError" in str(line["exception"])
    assert "test_logs.py" in str(line["exception"])
    assert heard not in str(line)


def test_the_message_of_our_own_error_and_its_cause_are_told(lines) -> None:
    error = InvalidOption("language", "is unknown")
    error.__cause__ = OSError(28, "No space left", "recording of somebody.wav")
    log.error("request.broke", exc_info=error)
    told = str(lines()[0]["exception"])
    assert told.index("[errno 28]") < told.index("language: is unknown")
    assert "somebody" not in told


def test_two_processes_may_share_a_file_that_is_moved_away(lines, tmp_path: Path) -> None:
    log.info("first")
    (tmp_path / "server.log").rename(tmp_path / "server.log.1")
    log.info("second")
    assert [line["event"] for line in lines()] == ["second"]
    assert "first" in (tmp_path / "server.log.1").read_text(encoding="utf-8")


def test_others_may_not_read_the_file(lines, tmp_path: Path) -> None:
    assert (tmp_path / "server.log").stat().st_mode & 0o007 == 0


def test_a_file_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(SettingsInvalid, match=r"log\.file"):
        configure_logs("info", "json", file=tmp_path / "taken" / "server.log")


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f'{{"key": "ltk_a1b2c3d4e5f6_{SECRET}"}}', '{"key": "ltk_***"}'),
        (f"client secret ek_{SECRET}", "client secret ek_***"),
        (f"whsec_{SECRET}==", "whsec_***"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        ('{"auth": "bearer abcdefgh", "n": 1}', '{"auth": "bearer ***", "n": 1}'),
        ("GET /v1/asr/stream?api_key=abc&language=zh", "GET /v1/asr/stream?api_key=***&language=zh"),
        ("ws://h/rooms/x?token=abc#part", "ws://h/rooms/x?token=***#part"),
        ("postgresql://user:word@host/database", "postgresql://***@host/database"),
        ("amqp://user:**@host//", "amqp://user:**@host//"),
        ("openai-insecure-api-key.abc, realtime", "openai-insecure-api-key.***, realtime"),
        ("the week_end and the desk_top stay", "the week_end and the desk_top stay"),
        ("https://example.org/a?language=zh", "https://example.org/a?language=zh"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str, masked: str) -> None:
    assert mask(line) == masked


def test_masking_twice_changes_nothing() -> None:
    once = mask(f"Bearer {SECRET} ltk_{SECRET} https://a:b@c/?key=d")
    assert mask(once) == once
