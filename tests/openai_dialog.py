"""What a developer does with OpenAI's client, against a server; run as a script, so that it may be any version.

python openai_dialog.py BASE_URL SPEECH_FILE prints a JSON object: the version, and for each check None or what failed.
"""

import json
import sys
import traceback
from pathlib import Path

import openai

__all__ = ["CHECKS"]


def json_is_the_default(client, speech):
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech)
    assert "seconds of speech" in answer.text
    assert answer.usage.type == "duration"


def text_is_a_string(client, speech):
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech, response_format="text")
    assert isinstance(answer, str)
    assert "seconds of speech" in answer


def srt_has_times(client, speech):
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech, response_format="srt")
    assert answer.startswith("1\n00:00:")
    assert "-->" in answer


def vtt_has_its_header(client, speech):
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech, response_format="vtt")
    assert answer.startswith("WEBVTT\n")


def verbose_json_has_segments(client, speech):
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech, response_format="verbose_json")
    assert type(answer).__name__ == "TranscriptionVerbose"
    assert answer.duration > 1
    assert answer.language
    assert answer.segments[0].end > answer.segments[0].start
    assert answer.words is None


def words_alone_leave_out_segments(client, speech):
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=speech, response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert answer.segments is None
    assert answer.words[0].end >= answer.words[0].start


def both_granularities_give_both(client, speech):
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=speech, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert answer.segments
    assert answer.words


def diarized_json_names_the_speaker_of_each_segment(client, speech):
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=speech,
        response_format="diarized_json",
        extra_body={"channel": "split", "channel_names": "agent"},
    )
    assert type(answer).__name__ == "TranscriptionDiarized"
    assert answer.duration > 1
    assert {segment.speaker for segment in answer.segments} == {"agent"}
    assert answer.segments[0].end > answer.segments[0].start


def words_without_verbose_json_are_refused(client, speech):
    error = _refused(
        openai.BadRequestError,
        client.audio.transcriptions.create,
        model="whisper-1",
        file=speech,
        timestamp_granularities=["word"],
    )
    assert error.type == "invalid_request_error"


def events_end_with_the_whole_text(client, speech):
    events = list(client.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=speech, stream=True))
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == "".join(deltas) != ""


def all_options_are_taken(client, speech):
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe",
        file=speech,
        language="en",
        prompt="kitchen, lights",
        temperature=0.2,
        chunking_strategy={"type": "server_vad", "silence_duration_ms": 300, "threshold": 0.4},
        extra_body={"beam_size": 2, "something_new": "x"},
    )
    assert answer.text


def translation_is_text(client, speech):
    assert "seconds of speech" in client.audio.translations.create(model="whisper-1", file=speech).text
    verbose = client.audio.translations.create(model="whisper-1", file=speech, response_format="verbose_json")
    assert verbose.language == "english"


def models_are_listed(client, speech):
    assert "whisper-1" in {model.id for model in client.models.list()}
    assert client.models.retrieve("whisper-1").id == "whisper-1"


def an_unknown_model_is_not_found(client, speech):
    error = _refused(openai.NotFoundError, client.models.retrieve, "whisper-99")
    assert error.code == "model_not_found"
    _refused(openai.BadRequestError, client.audio.transcriptions.create, model="whisper-99", file=speech)


def what_is_no_audio_is_a_bad_request(client, speech):
    error = _refused(
        openai.BadRequestError, client.audio.transcriptions.create, model="whisper-1", file=("a.wav", b"no audio")
    )
    assert error.code == "audio_undecodable"
    error = _refused(
        openai.BadRequestError,
        client.audio.transcriptions.create,
        model="whisper-1",
        file=("a.wav", b"no audio"),
        stream=True,
    )
    assert error.code == "audio_undecodable"


def too_much_audio_is_a_status_error(client, speech):
    error = _refused(
        openai.APIStatusError, client.audio.transcriptions.create, model="whisper-1", file=("a.wav", bytes(1_500_000))
    )
    assert (error.status_code, error.code) == (413, "audio_too_large")
    assert error.request_id


CHECKS = (
    json_is_the_default,
    text_is_a_string,
    srt_has_times,
    vtt_has_its_header,
    verbose_json_has_segments,
    words_alone_leave_out_segments,
    both_granularities_give_both,
    diarized_json_names_the_speaker_of_each_segment,
    words_without_verbose_json_are_refused,
    events_end_with_the_whole_text,
    all_options_are_taken,
    translation_is_text,
    models_are_listed,
    an_unknown_model_is_not_found,
    what_is_no_audio_is_a_bad_request,
    too_much_audio_is_a_status_error,
)


def _refused(kind, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def main(base_url: str, speech_file: str) -> None:
    results = {}
    with openai.OpenAI(base_url=base_url, api_key="any", max_retries=0, timeout=30) as client:
        for check in CHECKS:
            try:
                check(client, ("speech.flac", Path(speech_file).read_bytes()))
                results[check.__name__] = None
            except Exception:  # noqa: BLE001 - the report says what it was
                results[check.__name__] = traceback.format_exc()
    print(json.dumps({"version": openai.__version__, "results": results}))


if __name__ == "__main__":
    main(*sys.argv[1:])
