"""POST /v1/subtitles: the house's own renderer for transcripts that callers hold."""

import httpx
import pytest

pytestmark = pytest.mark.integration

SEGMENTS = [{"text": "你好，世界。", "start_seconds": 0.5, "end_seconds": 2.0, "language": "zh"}]


def ask(live, **body: object) -> httpx.Response:
    return httpx.post(f"{live.url}/v1/subtitles", json=body)


@pytest.mark.parametrize(
    ("form", "media_type", "text"),
    [
        ("srt", "application/x-subrip", "1\n00:00:00,500 --> 00:00:02,000\n你好，世界。\n"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n你好，世界。\n"),
        ("txt", "text/plain", "你好，世界。\n"),
        ("tsv", "text/tab-separated-values", "start\tend\ttext\n500\t2000\t你好，世界。\n"),
    ],
)
def test_a_transcript_becomes_a_file(live, form, media_type, text) -> None:
    answer = ask(live, segments=SEGMENTS, format=form)
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert answer.text == text


def test_what_comes_as_json_goes_in_again(live) -> None:
    first = ask(live, segments=SEGMENTS, format="json").json()
    again = ask(live, format="json", **{name: first[name] for name in ("segments", "language", "duration_seconds")})
    assert again.json() == first


def test_an_unknown_format_is_refused(live) -> None:
    answer = ask(live, segments=[], format="docx")
    assert (answer.status_code, answer.json()["code"]) == (400, "unsupported_format")
