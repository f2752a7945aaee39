"""Several models behind every door: named, loaded on use, seen and changed by those who may."""

import base64
import io
import json
from contextlib import contextmanager

import av
import httpx
import pytest
from websockets.sync.client import connect

from access_doors import bearer, settings_in
from lingting.engines.fake import FakeEngine
from lingting.engines.fake_remote import FakeRemote
from lingting.settings import ServeEntry

pytestmark = pytest.mark.integration

SERVE = (
    ServeEntry(name="second", engine="fake", aliases=("whisper-1",)),
    ServeEntry(name="cloud", engine="fake-remote", memory_bytes=5),
    ServeEntry(name="early", engine="fake", preload=True),
)


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory):
    engines = {
        "second": FakeEngine(lambda _: "second"),
        "cloud": FakeRemote(lambda _: "cloud"),
        "early": FakeEngine(lambda _: "early"),
    }
    settings = settings_in(tmp_path_factory.mktemp("models")).model_copy(update={"serve": SERVE})
    with open_live(FakeEngine(lambda _: "default"), settings, engines=engines) as live:
        admin = httpx.post(f"{live.url}/v1/admin/keys", json={"scopes": ["admin"]}).json()["key"]
        plain = httpx.post(f"{live.url}/v1/admin/keys", json={}, headers=bearer(admin)).json()["key"]
        with httpx.Client(base_url=live.url, headers=bearer(admin)) as client:
            client.key, client.plain, client.port = bearer(admin), bearer(plain), live.port
            yield client


def states(house) -> dict[str, str]:
    return {model["name"]: model["state"] for model in house.get("/v1/admin/models").json()["models"]}


def who(answer: httpx.Response) -> set[str]:
    """Each engine says its name for each piece."""
    assert answer.status_code == 200, answer.text
    return set(answer.json()["text"].split())


def test_every_name_is_listed(house) -> None:
    names = [model["id"] for model in house.get("/v1/models").json()["data"]]
    assert names[:5] == ["whisper-base", "second", "whisper-1", "cloud", "early"]
    assert house.get("/v1/models/cloud").json()["id"] == "cloud"
    assert house.get("/v1/models/none").status_code == 404


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("whisper-base", "default"),
        ("gpt-transcribe", "default"),
        ("second", "second"),
        ("whisper-1", "second"),
        ("cloud", "cloud"),
    ],
)
def test_the_openai_route_serves_each_by_its_name(house, speech, model, said) -> None:
    answer = house.post("/v1/audio/transcriptions", files={"file": speech}, data={"model": model})
    assert who(answer) == {said}


@pytest.mark.parametrize("path", ["/recognize", "/asr"])
def test_the_plain_routes_take_a_model(house, speech, path) -> None:
    field = "file" if path == "/recognize" else "audio"
    answer = house.post(path, files={field: speech}, data={"model": "cloud"})
    assert who(answer) == {"cloud"}
    assert who(house.post(path, files={field: speech})) == {"default"}


@pytest.mark.parametrize("path", ["/recognize", "/v1/jobs"])
def test_an_unknown_model_is_refused_with_those_there_are(house, speech, path) -> None:
    answer = house.post(path, files={"file": speech}, data={"model": "none"})
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (400, "model_not_found", "model")
    assert "second" in answer.json()["message"]


def test_the_cache_keeps_the_models_apart(house, speech) -> None:
    first = house.post("/recognize", files={"file": speech}, data={"model": "cloud"})
    again = house.post("/recognize", files={"file": speech}, data={"model": "cloud"})
    other = house.post("/recognize", files={"file": speech}, data={"model": "second"})
    assert (who(first), who(again), again.headers["X-Lingting-Cache"]) == ({"cloud"}, {"cloud"}, "hit")
    assert who(other) == {"second"}


def test_a_verbose_answer_says_who_gave_it(house, speech) -> None:
    body = {"audio": base64.b64encode(speech).decode(), "model": "cloud"}
    answer = house.post("/v1/asr", json=body).json()
    assert (answer["engine"], answer["model"], answer["attempts"]) == ("fake-remote", "cloud", [])


@contextmanager
def opened(house, config: dict):
    """A live session, and its first message."""
    url = f"ws://127.0.0.1:{house.port}/v1/asr/stream"
    with connect(url, additional_headers=house.key, proxy=None) as socket:
        socket.send(json.dumps({"type": "INIT", "config": config}))
        yield socket, json.loads(socket.recv(timeout=10))


def test_a_live_session_chooses_its_model(house, speech) -> None:
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
    pcm = b"".join(frame.to_ndarray().tobytes() for frame in frames)
    with opened(house, {"model": "second", "ack": False}) as (socket, _):
        socket.send(pcm)
        socket.send('{"type": "END"}')
        said = [json.loads(message) for message in socket]
    finals = [each["transcript"] for each in said if each["type"] == "FINAL"]
    assert finals
    assert set(" ".join(finals).split()) == {"second"}


def test_a_live_session_with_an_unknown_model_is_refused(house) -> None:
    with opened(house, {"model": "none"}) as (_, refusal):
        assert (refusal["code"], refusal["param"]) == ("model_not_found", "model")


def test_models_are_loaded_and_unloaded_by_those_who_may(house) -> None:
    assert states(house)["early"] == "loaded"
    assert house.post("/v1/admin/models/second/load").json()["state"] == "loaded"
    unloaded = house.post("/v1/admin/models/early/unload")
    assert (unloaded.json()["state"], states(house)["early"]) == ("unloaded", "unloaded")
    kept = house.post("/v1/admin/models/whisper-base/unload")
    assert (kept.status_code, kept.json()["code"]) == (409, "wrong_state")
    unknown = house.post("/v1/admin/models/none/load")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "model_not_found")
    assert house.get("/v1/admin/models", headers=house.plain).status_code == 403
    assert house.post("/v1/admin/models/second/load", headers=house.plain).status_code == 403
    actions = [row["action"] for row in house.get("/v1/admin/audit").json()["rows"]]
    assert {"models.loaded", "models.unloaded"} <= set(actions)


def test_metrics_tell_what_is_in_memory(house) -> None:
    house.post("/v1/admin/models/second/load")
    found = house.get("/metrics").text
    assert 'asr_model_loaded{model="second"} 1.0' in found
    assert 'asr_model_loads_total{model="second",outcome="loaded"}' in found
