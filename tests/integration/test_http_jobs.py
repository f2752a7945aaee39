"""Jobs at the door: handed in, followed, cancelled, read and forgotten, on a real server with a scripted engine."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from lingting.engines.fake import FakeEngine, Gate
from lingting.settings import load_settings
from lingting.testing import silence, wav_bytes

pytestmark = pytest.mark.integration
WAIT_SECONDS = 20.0
SILENT = wav_bytes(silence(0.5))


class Caller(httpx.Client):
    def hand_in(self, *recordings: bytes, expect: int = 202, headers=None, **fields) -> dict:
        files = [("file", (f"r{i}.flac", data)) for i, data in enumerate(recordings)]
        answer = self.post("/v1/jobs", files=files, data=fields, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def job(self, name: str) -> dict:
        return self.get(f"/v1/jobs/{name}").raise_for_status().json()["job"]

    def until(self, name: str, *states: str) -> dict:
        give_up = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up:
            job = self.job(name)
            if job["state"] in states:
                return job
            time.sleep(0.02)
        raise AssertionError(f"the job did not become {states}, it is {job}")


def jobs_settings(**jobs):
    settings = load_settings()
    quick = {"watch_seconds": 0.1, "poll_seconds": 0.1} | jobs
    return settings.model_copy(update={"jobs": settings.jobs.model_copy(update=quick)})


@pytest.fixture(scope="module")
def caller(open_live) -> Iterator[Caller]:
    with open_live(FakeEngine(), jobs_settings(max_batch=3)) as live, Caller(base_url=live.url) as client:
        yield client


@pytest.fixture
def held(open_live):
    """A server whose engine stands still until the gate is opened; one worker."""
    gate = Gate()
    engine = FakeEngine()
    settings = jobs_settings(workers=1, max_open=3)
    with open_live(engine, settings) as live, Caller(base_url=live.url) as client:
        engine._gate = gate  # after the warm-up
        yield client, gate
        gate.let_through(100)


def test_a_recording_is_accepted_and_becomes_a_transcript(caller, speech) -> None:
    answer = caller.post("/v1/jobs", files={"file": ("talk.flac", speech)}, data={"language": "en"})
    job = answer.json()["job"]
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["name"], job["attempts"]) == ("queued", "talk.flac", 0)
    done = caller.until(job["id"], "succeeded")
    assert done["progress"]["ratio"] == 1.0
    assert done["progress"]["total_seconds"] == pytest.approx(8, abs=1)
    assert done["finished_at"]
    assert "seconds of speech" in caller.get(f"/v1/jobs/{job['id']}/result").json()["text"]


@pytest.mark.parametrize(
    ("format_", "sign"),
    [("json", '"text"'), ("verbose_json", '"segments"'), ("text", "speech"), ("srt", "-->"), ("vtt", "WEBVTT")],
)
def test_a_result_is_there_in_every_format(caller, speech, format_, sign) -> None:
    job = caller.hand_in(speech)["job"]
    caller.until(job["id"], "succeeded")
    answer = caller.get(f"/v1/jobs/{job['id']}/result", params={"format": format_})
    assert answer.status_code == 200
    assert sign in answer.text


def test_many_recordings_are_a_batch(caller, speech) -> None:
    answer = caller.hand_in(speech, SILENT, speech)
    assert answer["batch"]["jobs"] == 3
    batch = answer["batch"]["id"]
    assert [job["name"] for job in answer["jobs"]] == ["r0.flac", "r1.flac", "r2.flac"]
    for job in answer["jobs"]:
        caller.until(job["id"], "succeeded")
    told = caller.get(f"/v1/batches/{batch}").json()["batch"]
    assert (told["done"], told["counts"]["succeeded"]) == (True, 3)
    listed = caller.get("/v1/jobs", params={"batch": batch, "state": "succeeded", "limit": 2}).json()
    assert len(listed["jobs"]) == 2
    rest = caller.get("/v1/jobs", params={"batch": batch, "cursor": listed["next_cursor"]}).json()
    assert len(rest["jobs"]) == 1
    assert rest["next_cursor"] is None


def test_a_list_shows_the_newest_job_first(caller) -> None:
    names = [caller.hand_in(SILENT)["job"]["id"] for _ in range(2)]
    assert [job["id"] for job in caller.get("/v1/jobs", params={"limit": 2}).json()["jobs"]] == names[::-1]


def test_too_many_recordings_are_refused(caller) -> None:
    answer = caller.hand_in(*[SILENT] * 4, expect=400)
    assert answer["status"] == "FAILED"


def test_what_is_no_audio_fails_at_once_with_its_code(caller) -> None:
    job = caller.hand_in(b"this is no audio")["job"]
    failed = caller.until(job["id"], "failed")
    assert (failed["error"]["code"], failed["attempts"]) == ("audio_undecodable", 1)
    answer = caller.get(f"/v1/jobs/{job['id']}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "audio_undecodable")


def test_metadata_comes_back_as_it_was(caller) -> None:
    metadata = {"ticket": 7, "who": "聆听"}
    job = caller.hand_in(SILENT, metadata=json.dumps(metadata))["job"]
    assert job["metadata"] == metadata


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"priority": "10"}, "priority"),
        ({"metadata": "[1]"}, "metadata"),
        ({"metadata": "{"}, "metadata"),
        ({"metadata": json.dumps({"a": "x" * 5_000})}, "metadata"),
        ({"callback_url": "https://127.0.0.1/hook"}, "callback"),
        ({"callback_url": "http://example.com/hook"}, "callback"),
        ({"language": "klingon"}, "language"),
        ({"beam_size": "x"}, "beam_size"),
        ({"user": "x" * 300}, "user"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(caller, fields, param) -> None:
    answer = caller.hand_in(SILENT, expect=400, **fields)
    assert answer["param"] == param


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "https://example.com/a.wav", "urls": []},
        {"urls": []},
        {"urls": "https://example.com/a.wav"},
        {"url": 7},
        {"urls": ["https://example.com/a.wav"] * 4},
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": "file:///etc/passwd"},
        {"url": "https://example.com/a.wav", "callback": "https://example.com"},
    ],
)
def test_json_that_cannot_be_done_is_refused(caller, body) -> None:
    answer = caller.post("/v1/jobs", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in {"invalid_option", "url_not_allowed"}


def test_a_form_without_a_recording_is_refused(caller) -> None:
    answer = caller.post("/v1/jobs", files={"other": ("a.wav", SILENT)})
    assert (answer.status_code, answer.json()["param"]) == (400, "file")


def test_the_same_request_under_one_key_is_one_job(caller, speech) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = caller.hand_in(speech, headers=headers)["job"]
    again = caller.hand_in(speech, headers=headers, expect=200)["job"]
    assert first["id"] == again["id"]


@pytest.mark.parametrize("change", ["recording", "option", "number"])
def test_another_request_under_the_key_is_a_conflict(caller, change) -> None:
    headers = {"Idempotency-Key": f"k-{change}"}
    caller.hand_in(SILENT, headers=headers)
    recordings = [b"another"] if change == "recording" else [SILENT, SILENT] if change == "number" else [SILENT]
    fields = {"language": "zh"} if change == "option" else {}
    answer = caller.hand_in(*recordings, headers=headers, expect=409, **fields)
    assert answer["code"] == "idempotency_conflict"


def test_the_same_batch_under_one_key_is_one_batch(caller) -> None:
    headers = {"Idempotency-Key": "b-1"}
    first = caller.hand_in(SILENT, SILENT, headers=headers)
    again = caller.hand_in(SILENT, SILENT, headers=headers, expect=200)
    assert [job["id"] for job in again["jobs"]] == [job["id"] for job in first["jobs"]]


@pytest.mark.parametrize("key", ["x" * 200, "with space"])
def test_an_idempotency_key_is_short_and_plain(caller, key) -> None:
    assert caller.hand_in(SILENT, headers={"Idempotency-Key": key}, expect=400)["param"] == "Idempotency-Key"


@pytest.mark.parametrize("path", ["/v1/jobs/job_x", "/v1/jobs/job_x/result", "/v1/batches/b", f"/v1/jobs/{'x' * 500}"])
def test_what_is_not_there_is_not_found(caller, path) -> None:
    answer = caller.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"state": "odd"}, {"cursor": "!"}])
def test_a_list_is_asked_for_within_bounds(caller, params) -> None:
    assert caller.get("/v1/jobs", params=params).status_code == 400


def test_a_list_that_names_no_batch_has_all_jobs(caller, speech) -> None:
    alone = caller.hand_in(speech)["job"]["id"]
    assert caller.get("/v1/jobs").json()["jobs"][0]["id"] == alone


def test_a_job_that_ended_is_forgotten_when_asked(caller) -> None:
    job = caller.hand_in(SILENT)["job"]
    caller.until(job["id"], "succeeded")
    assert caller.delete(f"/v1/jobs/{job['id']}").status_code == 200
    assert caller.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_running_job_is_taken_back_and_the_next_one_runs(held, speech) -> None:
    caller, gate = held
    job, other = caller.hand_in(speech)["job"]["id"], caller.hand_in(speech, language="en")["job"]["id"]
    caller.until(job, "running")
    assert caller.get(f"/v1/jobs/{job}/result").json()["code"] == "wrong_state"
    assert caller.delete(f"/v1/jobs/{job}").json()["code"] == "wrong_state"
    assert caller.post(f"/v1/jobs/{job}/cancel").json()["job"]["state"] == "cancelling"
    caller.until(job, "cancelled")
    gate.let_through(10)
    caller.until(other, "succeeded")
    assert caller.post(f"/v1/jobs/{other}/cancel").status_code == 409
    assert caller.post(f"/v1/jobs/{job}/cancel").json()["job"]["state"] == "cancelled"


def test_a_waiting_job_is_taken_back_at_once(held, speech) -> None:
    caller, _ = held
    first, waiting = caller.hand_in(speech)["job"]["id"], caller.hand_in(speech)["job"]["id"]
    caller.until(first, "running")
    assert caller.post(f"/v1/jobs/{waiting}/cancel").json()["job"]["state"] == "cancelled"


def test_no_more_jobs_are_accepted_than_may_be_open(held, speech) -> None:
    caller, _ = held
    for _ in range(3):
        caller.hand_in(speech)
    answer = caller.post("/v1/jobs", files={"file": ("a.flac", speech)})
    assert (answer.status_code, answer.json()["code"]) == (429, "overloaded")
    assert int(answer.headers["retry-after"]) > 0


def test_an_engine_that_breaks_is_tried_again(open_live, speech) -> None:
    breaks = [RuntimeError("broke")] * 2  # the batch, and its clip by itself
    engine = FakeEngine()
    with open_live(engine, jobs_settings(retry_seconds=0.1)) as live, Caller(base_url=live.url) as caller:
        answer = engine._answer
        engine._answer = lambda clip: breaks.pop() if breaks else answer(clip)
        job = caller.until(caller.hand_in(speech)["job"]["id"], "succeeded")
        assert job["attempts"] >= 2


def test_a_server_that_stops_gives_its_jobs_back_and_the_next_one_ends_them(open_live, speech, tmp_path) -> None:
    settings = jobs_settings().model_copy(update={"data_dir": tmp_path})
    engine, gate = FakeEngine(), Gate()
    with open_live(engine, settings) as live, Caller(base_url=live.url) as caller:
        engine._gate = gate
        job = caller.hand_in(speech)["job"]["id"]
        caller.until(job, "running")
        threading.Timer(1.0, gate.let_through, [10]).start()  # the engine ends its batch, for nobody
    with open_live(FakeEngine(), settings) as live, Caller(base_url=live.url) as caller:
        assert caller.until(job, "succeeded")["attempts"] == 1
