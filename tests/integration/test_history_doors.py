"""History over HTTP, on a real server with a scripted engine."""

import asyncio
import io
import json
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import av
import httpx
import pytest
from websockets.sync.client import connect

from kept import call_by, said
from lingting.domain import SystemClock, Transcript
from lingting.engines.fake import FakeEngine
from lingting.server import open_kept
from lingting.settings import Settings, load_settings
from lingting.storage.blobs import BlobKind

pytestmark = pytest.mark.integration
T = TypeVar("T")
NEEDLE = "the patient said nothing of the kind"


@pytest.fixture(scope="module")
def settings() -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"data_dir": Path(tempfile.mkdtemp(dir=settings.data_dir))})


@pytest.fixture(scope="module")
def http(open_live, settings):
    with open_live(FakeEngine(), settings) as live, httpx.Client(base_url=live.url, timeout=30.0) as client:
        yield client


def keep(
    settings: Settings, transcript: Transcript, *, user: str = "", key: str = "", audio: bytes | None = None
) -> str:
    """As another process that shares the data does."""

    async def save() -> str:
        async with open_kept(settings, SystemClock()) as kept:
            blob = await kept.blobs.put(audio, kind=BlobKind.AUDIO, owner=key, user=user) if audio else None
            saved = await kept.history.save(call_by(key, user=user), transcript, kind="file", blob_id=blob)
            assert saved
            return saved

    return asyncio.run(save())


def test_a_record_is_listed_found_read_and_erased(http, settings) -> None:
    record = keep(settings, said("Good morning.", "How are you?"), user="Ann")
    assert record in [each["id"] for each in http.get("/v1/history", params={"user": "Ann"}).json()["records"]]
    (found,) = http.get("/v1/history", params={"q": '"morning how"'}).json()["records"]
    assert (found["id"], found["text"], found["user"]) == (record, "Good morning. How are you?", "Ann")
    (found,) = http.get("/v1/history", params={"q": "morning"}).json()["records"]
    assert [hit["text"] for hit in found["hits"]] == ["Good morning."]
    assert http.delete(f"/v1/history/{record}").json()["erased"]["transcripts"] == 1
    assert http.get(f"/v1/history/{record}").json()["code"] == "record_not_found"
    assert http.delete(f"/v1/history/{record}").status_code == 404


@pytest.mark.parametrize(
    ("chosen", "begins"),
    [("txt", "One. Two."), ("srt", "1\n00:00:00,000 -->"), ("vtt", "WEBVTT"), ("tsv", "start\tend"), ("json", "{")],
)
def test_a_record_is_downloaded_in_every_format(http, settings, chosen, begins) -> None:
    record = keep(settings, said("One.", "Two."))
    answer = http.get(f"/v1/history/{record}", params={"format": chosen})
    assert (answer.status_code, answer.text[: len(begins)]) == (200, begins)


def test_a_whole_record_has_words_and_times(http, settings) -> None:
    record = keep(settings, said("One."), user="Ann")
    answer = http.get(f"/v1/history/{record}").json()
    assert answer["transcript"]["segments"][0]["words"][0]["text"] == "One."
    assert (answer["user"], answer["door"], answer["kind"]) == ("Ann", "/asr", "file")


def test_an_export_has_a_line_for_every_record(http, settings) -> None:
    records = {keep(settings, said(f"Number {i}."), user="Export") for i in range(3)}
    lines = http.get("/v1/history/export", params={"user": "Export"}).text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == records
    assert json.loads(lines[0])["transcript"]["segments"]


def test_a_recording_that_was_kept_comes_back(http, settings) -> None:
    record, without = keep(settings, said("One."), audio=b"sound" * 100_000), keep(settings, said("Two."))
    assert http.get(f"/v1/history/{record}/audio").content == b"sound" * 100_000
    assert http.get(f"/v1/history/{without}/audio").status_code == 404


def test_everything_of_a_person_is_erased(http, settings) -> None:
    keep(settings, said("One."), user="Eve", audio=b"sound")
    answer = http.post("/v1/erase", json={"user": "Eve"}).json()
    assert answer["erased"] == {"transcripts": 1, "jobs": 0, "recordings": 1, "cached": 0, "conversations": 0}
    assert not http.get("/v1/history", params={"user": "Eve"}).json()["records"]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"kind": "song"}, "kind"),
        ({"since": "yesterday"}, "since"),
        ({"since": "0001-01-01T00:00:00+23:00"}, "since"),
        ({"min_seconds": "inf"}, "min_seconds"),
        ({"cursor": "x"}, "cursor"),
        ({"q": "..."}, "q"),
        ({"q": "x" * 300}, "q"),
        ({"engine": "a\0b"}, "engine"),
        ({"user": "x" * 300}, "user"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(http, params, param) -> None:
    answer = http.get("/v1/history", params=params)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


@pytest.mark.parametrize("body", [{}, {"user": ""}, {"who": "Ann"}, {"before": "soon"}, {"user": 7}])
def test_an_erasure_that_is_not_clear_erases_nothing(http, settings, body) -> None:
    record = keep(settings, said("One."))
    assert http.post("/v1/erase", json=body).status_code == 400
    assert http.get(f"/v1/history/{record}").status_code == 200


@pytest.mark.parametrize("record", ["tr_none", "../x", "a" * 200, "%00", "漢"])
def test_a_record_that_cannot_be_is_not_there(http, record) -> None:
    assert http.get(f"/v1/history/{record}").status_code == 404


def test_no_file_of_the_server_holds_what_was_said(http, settings) -> None:
    keep(settings, said(NEEDLE), user="a person's own name", audio=NEEDLE.encode() * 100)
    http.get("/v1/history", params={"q": NEEDLE})
    held = b"\0".join(path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())
    assert b"tr_" in held
    for needle in (NEEDLE, "patient", "own name"):
        assert needle.encode() not in held
        assert needle.encode("utf-16-le") not in held


def speak(http, speech: bytes, query: str) -> None:
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
    address = str(http.base_url).replace("http", "ws") + f"/v1/asr/stream?{query}"
    with connect(address, proxy=None) as client:
        client.send(json.dumps({"type": "INIT", "config": {}}))
        client.send(b"".join(frame.to_ndarray().tobytes() for frame in frames))
        client.send(json.dumps({"type": "END"}))
        for _ in client:
            pass


def test_what_was_said_live_is_kept_unless_the_caller_says_no(http, speech) -> None:
    speak(http, speech, "user=Livia&store=true")
    speak(http, speech, "user=Livius&store=false")
    (record,) = until(lambda: http.get("/v1/history", params={"user": "Livia", "text": "1"}).json()["records"])
    assert (record["kind"], record["door"], record["engine"]) == ("stream", "/v1/asr/stream", "given")
    assert record["text"]
    assert record["duration_seconds"] > 5.0
    assert not http.get("/v1/history", params={"user": "Livius"}).json()["records"]


def until(look: Callable[[], T]) -> T:
    """What it finds, once it finds something: a session is kept just after its socket has closed."""
    for _ in range(500):
        if found := look():
            return found
        threading.Event().wait(0.01)
    raise TimeoutError("nothing was found")


def recognize(http, speech: bytes, user: str) -> httpx.Response:
    return http.post("/recognize", files={"file": ("a.flac", speech)}, data={"user": user})


def test_what_was_erased_is_not_answered_from_the_cache(http, speech) -> None:
    first, again = recognize(http, speech, "Cathy"), recognize(http, speech, "Cathy")
    assert (first.headers["X-Lingting-Cache"], again.headers["X-Lingting-Cache"]) == ("miss", "hit")
    record = first.headers["X-Lingting-Record"]
    assert http.get(f"/v1/history/{record}").json()["text"] == first.json()["text"]
    assert http.post("/v1/erase", json={"user": "Cathy"}).json()["erased"]["cached"] == 1
    assert http.get(f"/v1/history/{record}").status_code == 404
    assert recognize(http, speech, "Cathy").headers["X-Lingting-Cache"] == "miss"
    http.post("/v1/erase", json={"user": "Cathy"})


def test_jobs_of_a_person_are_erased_with_their_results(http, speech, settings) -> None:
    made = http.post("/v1/jobs", files={"file": ("a.flac", speech)}, data={"user": "Jo", "cache": "false"}).json()
    job = made["job"]["id"]
    until(lambda: http.get(f"/v1/jobs/{job}").json()["job"]["state"] == "succeeded")
    erased = http.post("/v1/erase", json={"user": "Jo"}).json()["erased"]
    assert (erased["transcripts"], erased["jobs"]) == (1, 1)
    assert http.get(f"/v1/jobs/{job}").status_code == 404
    assert http.get(f"/v1/jobs/{job}/result").status_code == 404
    assert not [path for path in (settings.data_dir / "blobs").rglob("*job*") if path.is_file()]
