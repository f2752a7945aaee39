"""OpenAI's audio routes on the wire: shapes, rules for formats, events, and errors, without their client."""

import json
from dataclasses import replace

import httpx
import numpy as np
import pytest

from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import Audio
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.testing import join, silence, wav_bytes

pytestmark = pytest.mark.integration
PATH = "/v1/audio/transcriptions"


@pytest.fixture
def http(live):
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield client


@pytest.fixture
def ask(http, speech):
    def post(path: str = PATH, audio: bytes = speech, **fields: object) -> httpx.Response:
        data = {"model": "whisper-1"} | {name.replace("_array", "[]"): value for name, value in fields.items()}
        return http.post(path, files={"file": ("speech.flac", audio)}, data=data)

    return post


def test_json_holds_text_and_usage_by_duration(ask) -> None:
    answer = ask().json()
    assert set(answer) == {"text", "usage"}
    assert answer["usage"]["type"] == "duration"
    assert answer["usage"]["seconds"] > 1


@pytest.mark.parametrize(
    ("response_format", "media_type", "beginning"),
    [("text", "text/plain", ""), ("srt", "text/plain", "1\n00:00:0"), ("vtt", "text/vtt", "WEBVTT\n")],
)
def test_plain_formats_come_as_text(ask, response_format, media_type, beginning) -> None:
    answer = ask(response_format=response_format)
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.text.startswith(beginning)
    assert "seconds" in answer.text


def test_verbose_json_has_segments_by_default(ask) -> None:
    answer = ask(response_format="verbose_json").json()
    assert answer["language"] == "english"
    assert isinstance(answer["duration"], float)
    assert answer["words"] is None
    keys = {"id", "seek", "start", "end", "text", "tokens", "temperature"}
    assert set(answer["segments"][0]) == keys | {"avg_logprob", "compression_ratio", "no_speech_prob"}


@pytest.mark.parametrize(
    ("given", "has_segments", "has_words"),
    [(["word"], False, True), (["segment"], True, False), (["word", "segment"], True, True)],
)
@pytest.mark.parametrize("name", ["timestamp_granularities_array", "timestamp_granularities"])
def test_granularities_decide_what_is_timed(ask, name, given, has_segments, has_words) -> None:
    answer = ask(response_format="verbose_json", **{name: given}).json()
    assert (answer["segments"] is not None, answer["words"] is not None) == (has_segments, has_words)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "whisper-99"}, "model"),
        ({"model": ""}, "model"),
        ({"response_format": "xml"}, "response_format"),
        ({"speakers": "many"}, "speakers"),
        ({"speakers": "0"}, "speakers"),
        ({"speakers": "21"}, "speakers"),
        ({"speakers": "2", "channel": "split"}, "speakers"),
        ({"speakers": "2", "stream": "true"}, "stream"),
        ({"known_speaker_names_array": ["Ann"]}, "known_speaker_names"),
        ({"timestamp_granularities_array": ["word"]}, "timestamp_granularities"),
        ({"timestamp_granularities_array": ["syllable"], "response_format": "verbose_json"}, "timestamp_granularities"),
        ({"language": "xx"}, "language"),
        ({"languages_array": ["en", "xx"]}, "language"),
        ({"temperature": "2"}, "temperature"),
        ({"stream": "true", "response_format": "srt"}, "stream"),
        ({"chunking_strategy": "magic"}, "chunking_strategy"),
        ({"chunking_strategy[type]": "server_vad", "chunking_strategy[threshold]": "7"}, "vad_threshold"),
        ({"include_array": ["logprobs"]}, "include"),
    ],
)
def test_a_wrong_field_is_refused_by_name(ask, fields, param) -> None:
    answer = ask(**fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"chunking_strategy": "auto"},
        {"chunking_strategy[type]": "server_vad", "chunking_strategy[silence_duration_ms]": "300"},
        {"keywords_array": ["Lingting", "subtitles"]},
        {"languages_array": ["en", "zh"]},
        {"language": "zh-CN", "prompt": "names", "temperature": "0.2"},
        {"something_new": "from extra_body"},
        {"model": "gpt-4o-transcribe"},
        {"model": "whisper-base"},
    ],
)
def test_what_clients_send_is_accepted(ask, fields) -> None:
    answer = ask(**fields)
    assert answer.status_code == 200, answer.text


def test_translation_answers_in_english(ask) -> None:
    answer = ask("/v1/audio/translations", response_format="verbose_json").json()
    assert (answer["task"], answer["language"]) == ("translate", "english")
    assert ask("/v1/audio/translations", response_format="diarized_json").status_code == 400


def test_split_channels_are_the_speakers_of_diarized_json(ask, speech) -> None:
    with Decoder() as decoder, decoder.open(AudioSource(data=speech)) as opened:
        said = Audio(np.concatenate([block[0] for block in opened]))
    pause = silence(said.duration_seconds)
    stereo = wav_bytes(join([said, pause]), join([pause, said]))
    answer = ask(audio=stereo, response_format="diarized_json", channel="split", channel_names="agent").json()
    assert {"task", "duration", "text", "segments", "usage"} == set(answer)
    assert {segment["speaker"] for segment in answer["segments"]} == {"agent", "Channel 2"}
    assert {segment["type"] for segment in answer["segments"]} == {"transcript.text.segment"}
    assert [segment["id"] for segment in answer["segments"]] == [str(i) for i in range(len(answer["segments"]))]


def events_of(answer: httpx.Response) -> list[dict[str, object]]:
    lines = [line for line in answer.text.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_events_end_with_the_whole_text(ask) -> None:
    answer = ask(stream="true")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *deltas, done = events_of(answer)
    assert deltas
    assert {event["type"] for event in deltas} == {"transcript.text.delta"}
    assert done["type"] == "transcript.text.done"
    assert done["text"] == "".join(str(event["delta"]) for event in deltas) != ""


def test_silence_streams_a_single_done(ask) -> None:
    events = events_of(ask(stream="true", audio=wav_bytes(silence(2))))
    assert [(event["type"], event["text"]) for event in events] == [("transcript.text.done", "")]


def test_an_error_before_the_first_event_is_an_http_error(ask) -> None:
    answer = ask(stream="true", audio=b"no audio at all")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "audio_undecodable")


def test_an_error_after_the_first_event_is_an_event(open_live, speech) -> None:
    long = _repeated(speech, 8)
    seen = []

    def answer_first(clip):
        if clip not in seen:
            seen.append(clip)
        return "fine" if seen.index(clip) <= 1 else RuntimeError("broken")  # the warm-up and the first piece

    one_by_one = replace(FAKE_CAPABILITIES, max_batch=1)
    with open_live(FakeEngine(answer_first, capabilities=one_by_one)) as server:
        data = {"model": "whisper-1", "stream": "true", "language": "en"}
        answer = httpx.post(server.url + PATH, files={"file": long}, data=data, timeout=30)
    assert answer.status_code == 200
    *_, last = events_of(answer)
    assert last["error"]["code"] == "engine_failed"


def test_the_first_text_is_sent_while_the_rest_is_still_with_the_engine(open_live, speech) -> None:
    gate = Gate()
    gate.let_through(2)  # the warm-up and the first piece
    data = {"model": "whisper-1", "stream": "true", "language": "en"}
    with (
        open_live(FakeEngine(gate=gate, capabilities=replace(FAKE_CAPABILITIES, max_batch=1))) as server,
        httpx.stream("POST", server.url + PATH, files={"file": _repeated(speech, 8)}, data=data, timeout=30) as answer,
    ):
        lines = (line for line in answer.iter_lines() if line)
        first = json.loads(next(lines).removeprefix("data: "))
        gate.let_through(100)
        *_, last = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert first["type"] == "transcript.text.delta"
    assert last["type"] == "transcript.text.done"
    assert last["text"].startswith(first["delta"])
    assert len(last["text"]) > 3 * len(first["delta"])


def _repeated(speech: bytes, times: int) -> bytes:
    from lingting.audio.decode import AudioSource, Decoder
    from lingting.domain import Audio
    from lingting.testing import join

    decoder = Decoder()
    try:
        with decoder.open(AudioSource(data=speech)) as decoded:
            parts = [Audio(block[0]) for block in decoded]
    finally:
        decoder.close()
    return wav_bytes(join([*parts, silence(2.0)] * times))


def test_the_models_list_names_the_model_and_its_aliases(http) -> None:
    models = http.get("/v1/models").json()
    names = [model["id"] for model in models["data"]]
    assert models["object"] == "list"
    assert {"whisper-base", "whisper-1", "gpt-4o-transcribe"} <= set(names)
    assert http.get("/v1/models/whisper-1").json()["id"] == "whisper-1"


def test_an_unknown_model_is_a_404(http) -> None:
    answer = http.get("/v1/models/whisper-99")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_unknown_audio_paths_answer_in_the_same_shape(http) -> None:
    answer = http.post("/v1/audio/nothing", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_missing_file_is_named(http) -> None:
    answer = http.post(PATH, files={"other": b"x"}, data={"model": "whisper-1"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")
