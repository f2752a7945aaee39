"""The native REST and the operators' routes, over a real decoder and a scripted engine."""

import base64
import json

import httpx
import pytest

from lingting.engines.fake import FakeEngine
from lingting.testing import silence, wav_bytes

pytestmark = pytest.mark.integration


@pytest.fixture
def http(live):
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield client


def asr_body(audio: bytes, **fields: object) -> dict[str, object]:
    return {"audio": base64.b64encode(audio).decode(), "language": "en-US", **fields}


def test_base64_audio_becomes_a_transcript(http, speech) -> None:
    answer = http.post("/v1/asr", json=asr_body(speech, format="flac")).json()
    assert answer["status"] == "SUCCESS"
    assert "seconds of speech" in answer["transcript"]
    assert answer["language"] == "en"
    assert answer["duration_seconds"] == pytest.approx(8, abs=4)
    assert answer["segments"][0]["end"] > answer["segments"][0]["start"]
    assert "words" not in answer["segments"][0]


def test_words_come_when_asked_for(http, speech) -> None:
    segment = http.post("/v1/asr", json=asr_body(speech, words=True)).json()["segments"][0]
    assert set(segment["words"][0]) == {"word", "start", "end", "probability"}


def test_a_bearer_key_is_no_obstacle_where_none_is_asked_for(http, speech) -> None:
    answer = http.post("/v1/asr", json=asr_body(speech), headers={"Authorization": "Bearer anything"})
    assert answer.json()["status"] == "SUCCESS"


def test_headerless_audio_is_read_as_declared(http) -> None:
    pcm = bytes(2 * 8_000 * 3)
    answer = http.post("/v1/asr", json=asr_body(pcm, format="pcm", sample_rate=8_000)).json()
    assert answer["duration_seconds"] == pytest.approx(3.0)
    assert answer["transcript"] == ""


@pytest.mark.parametrize(("path", "field"), [("/recognize", "file"), ("/asr", "audio")])
def test_multipart_doors_answer_with_text(http, speech, path, field) -> None:
    answer = http.post(path, files={field: ("speech.flac", speech)}, data={"language": "zh-CN"})
    assert list(answer.json()) == ["text"]
    assert "seconds of speech" in answer.json()["text"]


def test_silence_is_an_empty_text_and_no_error(http) -> None:
    assert http.post("/asr", files={"audio": wav_bytes(silence(2))}).json() == {"text": ""}


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"language": "klingon"}, "unsupported_language", "language"),
        ({"format": "docx"}, "unsupported_format", "format"),
        ({"format": "pcm", "sample_rate": 0.5}, "invalid_option", "sample_rate"),
        ({"format": "pcm", "sample_rate": 1}, "invalid_option", "sample_rate"),
        ({"beam_size": 99}, "invalid_option", "beam_size"),
        ({"beam_size": 10**400}, "invalid_option", "beam_size"),
        ({"beam_size": True}, "invalid_option", "beam_size"),
        ({"beam_size": [1]}, "invalid_option", "beam_size"),
        ({"temperature": "hot"}, "invalid_option", "temperature"),
        ({"temperature": "nan"}, "invalid_option", "temperature"),
        ({"temperature": "inf"}, "invalid_option", "temperature"),
        ({"words": "perhaps"}, "invalid_option", "words"),
        ({"words": {}}, "invalid_option", "words"),
        ({"prompt": "x" * 2_000}, "invalid_option", "prompt"),
        ({"prompt": "\ud800"}, "invalid_option", "prompt"),
        ({"prompt": 7}, "invalid_option", "prompt"),
        ({"script": "runes"}, "invalid_option", "script"),
        ({"task": "sing"}, "invalid_option", "task"),
        ({"channel": "left"}, "invalid_option", "channel"),
        ({"channel": "999999999999"}, "invalid_option", "channel"),
        ({"audio": ""}, "invalid_option", "audio"),
        ({"audio": None}, "invalid_option", "audio"),
        ({"audio": 12}, "invalid_option", "audio"),
        ({"audio": "!!!!"}, "audio_undecodable", "audio"),
        ({"audio": "QUJD\u00e9"}, "audio_undecodable", "audio"),
        ({"audio": "QUJDRA=="}, "audio_undecodable", None),
    ],
)
def test_a_wrong_field_is_refused_by_name(http, speech, fields, code, param) -> None:
    content = json.dumps(asr_body(speech) | fields)
    answer = http.post("/v1/asr", content=content, headers={"Content-Type": "application/json"})
    body = answer.json()
    assert (answer.status_code, body["code"], body["param"]) == (400, code, param), body
    assert body["status"] == "FAILED"
    assert body["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"audio":' + b"9" * 9_000]
)
def test_a_body_that_is_no_json_object_is_refused(http, content) -> None:
    answer = http.post("/v1/asr", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x\r\n"),
        (FORM, b"nothing of the kind"),
        ("multipart/form-data; boundary=" + "x" * 5_000, b"--x\r\n"),
        ("multipart/form-data; boundary=x; charset=klingon", PART + b"--x--\r\n"),
        (FORM, b"--x\r\nContent-Disposition: form-data; name=\xff\xfe\r\n\r\n1\r\n--x--\r\n"),
        (FORM, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        (FORM, b"--x\r\n" + b"A: b\r\n" * 5_000),
        (FORM, FILE + b"half a file"),
        (FORM, PART * 500 + b"--x--\r\n"),
        (FORM, PART.replace(b"1", b"1" * 200_000) + b"--x--\r\n"),
    ],
)
def test_a_form_that_is_none_is_refused(http, content_type, content) -> None:
    answer = http.post("/recognize", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in {"invalid_input", "invalid_option"}


def test_two_files_in_one_form_are_refused(http, speech) -> None:
    answer = http.post("/recognize", files=[("file", ("a", speech)), ("file", ("b", speech))])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/asr", 405), ("POST", "/healthz", 405)]
)
def test_unknown_paths_and_methods_are_coded(http, method, path, status) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["code"] in {"not_found", "method_not_allowed"}
    assert (status == 405) == ("allow" in answer.headers)


def test_every_answer_has_an_id_and_safe_headers(http) -> None:
    for path in ("/healthz", "/nowhere", "/v1/models", "/docs", "/docs/static/swagger-ui.css", "/metrics"):
        headers = http.get(path).headers
        assert headers["x-request-id"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_sane_request_id_is_kept_and_a_wild_one_replaced(http) -> None:
    assert http.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    wild = "a b;" * 100
    assert http.get("/healthz", headers={"X-Request-ID": wild}).headers["x-request-id"] != wild


def test_documentation_comes_whole_from_this_server(http) -> None:
    page = http.get("/docs").text
    assert "https://" not in page
    assert "http://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert http.get(f"/docs/static/{name}").status_code == 200
    paths = http.get("/openapi.json").json()["paths"]
    assert {"/v1/asr", "/recognize", "/asr", "/v1/audio/transcriptions", "/v1/audio/translations"} <= set(paths)
    assert "example" in json.dumps(paths["/v1/asr"])


def test_metrics_count_requests_by_route_and_outcome(http, speech) -> None:
    http.post("/recognize", files={"file": speech})
    text = http.get("/metrics").text
    assert 'asr_requests_total{door="/recognize",outcome="200"}' in text
    assert "asr_latency_seconds_bucket" in text
    assert "asr_real_time_factor_bucket" in text


def test_a_failing_engine_is_a_coded_503_without_the_cause(open_live, speech) -> None:
    engine = FakeEngine(lambda clip: RuntimeError("secret path") if clip.audio.duration_seconds > 2.5 else "warm")
    with open_live(engine) as server:
        answer = httpx.post(f"{server.url}/recognize", files={"file": speech}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_failed")
    assert "secret" not in answer.text


def test_uploads_beyond_a_megabyte_take_the_way_over_disk(http) -> None:
    long = wav_bytes(silence(60))
    assert len(long) > 1_500_000
    assert http.post("/recognize", files={"file": long}).json() == {"text": ""}
