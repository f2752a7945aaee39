"""Answers that are known, as callers on HTTP see them."""

import json
import threading

import httpx
import pytest

from lingting.engines.fake import FakeEngine, Gate
from lingting.settings import load_settings
from redis_server import require_redis

pytestmark = pytest.mark.integration

WAIT_SECONDS = 30.0


def post(server, path: str = "/recognize", *, speech: bytes, headers=None, **fields: str) -> httpx.Response:
    name = "audio" if path == "/asr" else "file"
    data = {"model": "whisper-1", **fields} if path.startswith("/v1") else fields
    answer = httpx.post(f"{server.url}{path}", files={name: speech}, data=data, headers=headers, timeout=WAIT_SECONDS)
    return answer.raise_for_status()


def told(answer: httpx.Response) -> str:
    return answer.headers["x-lingting-cache"]


def unlike(speech: bytes) -> bytes:
    """The same sound in other bytes, so that each test asks a question of its own."""
    unlike.count = getattr(unlike, "count", 0) + 1
    return speech + bytes([unlike.count])


@pytest.mark.parametrize("path", ["/recognize", "/asr", "/v1/audio/transcriptions", "/v1/audio/translations"])
def test_the_same_is_answered_the_same_without_recognising(live, speech, path) -> None:
    speech = unlike(speech)
    first = post(live, path, speech=speech)
    computed = len(live.engine.computed)
    second = post(live, path, speech=speech)
    assert (told(first), told(second), len(live.engine.computed)) == ("miss", "hit", computed)
    assert (first.content, first.headers["content-type"]) == (second.content, second.headers["content-type"])
    assert first.headers["x-lingting-record"] == second.headers["x-lingting-record"]


def test_doors_share_what_is_known(live, speech) -> None:
    speech = unlike(speech)
    post(live, "/recognize", speech=speech)
    assert told(post(live, "/v1/audio/transcriptions", speech=speech)) == "hit"
    assert told(post(live, "/v1/audio/transcriptions", speech=speech, response_format="srt")) == "miss"
    assert told(post(live, "/v1/audio/transcriptions", speech=speech, response_format="vtt")) == "hit"


def test_the_native_answer_says_that_it_was_known_and_where_it_is_kept(live, speech) -> None:
    import base64

    body = {"audio": base64.b64encode(unlike(speech)).decode()}
    first, second = (httpx.post(f"{live.url}/v1/asr", json=body, timeout=WAIT_SECONDS).json() for _ in range(2))
    assert (first["cached"], second["cached"]) == (False, True)
    assert first["id"] == second["id"]
    assert first["id"].startswith("tr_")
    assert httpx.get(f"{live.url}/v1/history/{first['id']}").json()["id"] == first["id"]


@pytest.mark.parametrize(
    ("headers", "fields"),
    [({"Cache-Control": "no-store"}, {}), ({"Cache-Control": "max-age=0, no-cache"}, {}), ({}, {"cache": "false"})],
)
def test_a_caller_may_ask_for_it_anew(live, speech, headers, fields) -> None:
    speech = unlike(speech)
    post(live, speech=speech)
    assert told(post(live, speech=speech, headers=headers, **fields)) == "off"


def test_what_is_not_to_be_stored_has_no_record(live, speech) -> None:
    speech = unlike(speech)
    assert "x-lingting-record" not in post(live, speech=speech, store="false").headers
    assert "x-lingting-record" in post(live, speech=speech).headers


def test_each_person_has_answers_of_their_own(live, speech) -> None:
    speech = unlike(speech)
    post(live, speech=speech, user="Ann")
    assert told(post(live, speech=speech, user="Bob")) == "miss"
    assert told(post(live, speech=speech, headers={"X-Lingting-User": "Ann"})) == "hit"


def test_what_was_erased_is_not_answered_again(live, speech) -> None:
    speech = unlike(speech)
    record = post(live, speech=speech, user="Cay").headers["x-lingting-record"]
    httpx.delete(f"{live.url}/v1/history/{record}").raise_for_status()
    again = post(live, speech=speech, user="Cay")
    assert told(again) == "miss"
    assert again.headers["x-lingting-record"] != record


def test_a_stream_of_what_is_known_has_the_same_events(live, speech) -> None:
    speech = unlike(speech)
    first, second = (
        post(live, "/v1/audio/transcriptions", speech=speech, stream="true", response_format="json") for _ in range(2)
    )
    done = [json.loads(answer.text.split("data: ")[-1]) for answer in (first, second)]
    assert done[0] == done[1]
    assert done[0]["type"] == "transcript.text.done"
    assert told(second) == "hit"


def test_an_odd_wish_is_refused_with_its_field(live, speech) -> None:
    answers = [
        httpx.post(f"{live.url}/recognize", files={"file": speech}, data=data)
        for data in ({"cache": "perhaps"}, {"store": "perhaps"}, {"user": "a\nb"})
    ]
    assert [(answer.status_code, answer.json()["param"]) for answer in answers] == [
        (400, "cache"),
        (400, "store"),
        (400, "user"),
    ]


def test_equal_requests_in_hand_are_recognised_once_and_leave_one_by_one(open_live, speech) -> None:
    gate = Gate()
    gate.let_through()
    engine = FakeEngine(gate=gate)
    answers: list[str] = []
    with open_live(engine) as server:
        gate.wait_for_arrival()  # the warm-up
        asking = [threading.Thread(target=lambda: answers.append(told(post(server, speech=speech)))) for _ in range(3)]
        asking[0].start()
        gate.wait_for_arrival()
        for thread in asking[1:]:
            thread.start()
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/recognize", files={"file": speech}, timeout=0.5)
        wait_for(server, 'asr_cache_lookups_total{outcome="joined"} 3.0')
        gate.let_through(100)
        for thread in asking:
            thread.join(WAIT_SECONDS)
    assert sorted(answers) == ["hit", "hit", "miss"]


def wait_for(server, line: str) -> None:
    for _ in range(1_000):
        if line in httpx.get(f"{server.url}/metrics").text:
            return
        threading.Event().wait(0.01)
    raise TimeoutError(line)


def test_a_server_without_a_cache_says_so(open_live, speech) -> None:
    settings = load_settings()
    settings = settings.model_copy(update={"cache": settings.cache.model_copy(update={"enabled": False})})
    with open_live(FakeEngine(), settings) as server:
        assert [told(post(server, speech=speech)) for _ in range(2)] == ["off", "off"]


def test_servers_of_one_house_share_answers_in_redis(open_live, speech, tmp_path) -> None:
    settings = load_settings()
    cache = settings.cache.model_copy(update={"redis_url": require_redis(), "ttl_seconds": 30.0})
    settings = settings.model_copy(update={"cache": cache, "data_dir": tmp_path})
    with open_live(FakeEngine(), settings) as one, open_live(FakeEngine(), settings) as other:
        assert (told(post(one, speech=speech)), told(post(other, speech=speech))) == ("miss", "hit")
