"""What Kafka is told."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from lingting.domain import Final, Word
from lingting.jobs.messages import MAX_BYTES, final_message, job_message, session_name
from lingting.jobs.outcome import JobOutcome

pytestmark = pytest.mark.unit

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FINAL = Final(
    seq=7,
    segment=2,
    start_seconds=1.0,
    end_seconds=2.5,
    text="hello there",
    language="en",
    words=(Word("hello", 1.0, 1.4, 0.9), Word(" there", 1.5, 2.0, 0.9)),
    stable="hello",
    lag_seconds=0.4,
)
OUTCOME = JobOutcome("job1", "k1", "failed", AT, error_code="audio_undecodable", error_message="not audio")


def test_a_final_says_where_it_stands_and_not_what_was_said() -> None:
    message = final_message("secret-id", "k1", FINAL, at=AT, include_text=False)
    said = json.loads(message.value)
    assert (said["schema"], said["type"], said["seq"], said["segment"]) == (1, "final", 7, 2)
    assert (said["start_seconds"], said["end_seconds"], said["characters"]) == (1.0, 2.5, 11)
    assert b"hello" not in message.value


def test_a_final_has_its_text_and_words_where_they_are_asked_for() -> None:
    said = json.loads(final_message("secret-id", "k1", FINAL, at=AT, include_text=True).value)
    assert said["text"] == "hello there"
    assert said["words"][0] == {"word": "hello", "start": 1.0, "end": 1.4}


def test_the_id_that_resumes_a_session_is_not_told() -> None:
    message = final_message("secret-id", "k1", FINAL, at=AT, include_text=True)
    assert b"secret-id" not in message.key + message.value
    assert message.key == f"k1/{session_name('secret-id')}".encode()


def test_a_job_says_how_it_ended() -> None:
    message = job_message(OUTCOME, include_text=False)
    said = json.loads(message.value)
    assert message.key == b"k1/job1"
    assert (said["type"], said["job_id"], said["state"]) == ("job.failed", "job1", "failed")
    assert said["error"] == {"code": "audio_undecodable", "message": "not audio"}


@pytest.mark.parametrize(("include_text", "told"), [(True, True), (False, False)])
def test_a_result_is_told_only_where_text_is(include_text, told) -> None:
    outcome = dataclasses.replace(OUTCOME, result={"text": "hello"})
    assert ("result" in json.loads(job_message(outcome, include_text=include_text).value)) is told


def test_a_result_no_broker_takes_is_left_out_and_said_to_be() -> None:
    outcome = dataclasses.replace(OUTCOME, result={"text": "x" * MAX_BYTES})
    message = job_message(outcome, include_text=True)
    assert len(message.value) < MAX_BYTES
    assert json.loads(message.value)["result_omitted"] is True
