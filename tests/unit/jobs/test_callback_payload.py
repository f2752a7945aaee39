"""What a callback says."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.jobs.callbacks import MAX_PAYLOAD_BYTES, callback_payload, callback_row
from lingting.jobs.outcome import JobOutcome

pytestmark = pytest.mark.unit

OUTCOME = JobOutcome(
    job_id="job1",
    owner="k1",
    state="succeeded",
    finished=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    batch_id="b1",
    audio_seconds=12.5,
)


def said(**changes: object) -> dict[str, object]:
    return json.loads(callback_payload(dataclasses.replace(OUTCOME, **changes)))


def test_a_callback_says_which_job_ended_how_and_when() -> None:
    assert said() == {
        "type": "job.succeeded",
        "timestamp": "2026-01-02T03:04:05.000Z",
        "data": {"job_id": "job1", "batch_id": "b1", "state": "succeeded", "audio_seconds": 12.5, "error": None},
    }


def test_a_failure_has_its_code() -> None:
    failed = said(state="failed", error_code="audio_undecodable", error_message="not audio")
    assert failed["type"] == "job.failed"
    assert failed["data"]["error"] == {"code": "audio_undecodable", "message": "not audio"}


def test_the_transcript_is_told_only_where_it_was_asked_for() -> None:
    assert "result" not in said()["data"]
    assert said(result={"text": "你好"})["data"]["result"] == {"text": "你好"}


def test_a_result_that_is_too_large_is_left_out_and_said_to_be() -> None:
    data = said(result={"text": "x" * MAX_PAYLOAD_BYTES})["data"]
    assert (data["result"], data["result_omitted"]) == (None, True)


def test_a_row_has_an_id_of_its_own_and_waits() -> None:
    vault = Vault(Keyring.parse([new_master_key()]))
    one, other = (callback_row(vault, OUTCOME, "https://example.org/", now_ms=7) for _ in range(2))
    assert one["id"] != other["id"]
    assert (one["state"], one["next_ms"], one["job_id"]) == ("waiting", 7, "job1")


def test_rows_of_one_host_are_known_by_it() -> None:
    vault = Vault(Keyring.parse([new_master_key()]))
    urls = ("https://example.org/a", "https://example.org/b", "https://example.org:8443/a")
    one, other, elsewhere = (callback_row(vault, OUTCOME, url, now_ms=7)["host_hash"] for url in urls)
    assert one == other != elsewhere
